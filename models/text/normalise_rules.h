/* Inside of the normaliser: tokens and the rules that turn them into words. See normalise.h.
 *
 * Thread: any, for all functions. */
#ifndef LINNET_MODELS_NORMALISE_RULES_H
#define LINNET_MODELS_NORMALISE_RULES_H

#include "say.h"

/* Bytes that stand for symbols outside ASCII once the text is folded. */
enum {
    SYMBOL_DEGREE = 1,
    SYMBOL_POUND,
    SYMBOL_EURO,
    SYMBOL_TIMES,
    SYMBOL_DIVIDE,
    SYMBOL_YEN,
    SYMBOL_SQUARED,
    SYMBOL_CUBED,
    SYMBOL_CENT
};

/* A run of bytes between blanks, brackets, quotes and closing punctuation taken off. */
struct token {
    const char *text;
    size_t length;
    char after;  /* , . ? ! or 0 */
    bool dotted; /* a dot was taken off its end */
    bool opens;  /* a bracket was taken off its start */
};

struct sentence {
    struct token *tokens;
    size_t count;
    struct say *words;
};

/* Say the token at `at`, and those behind it that belong to it (a unit, a month's day). Returns how
 * many were used; never 0. */
size_t normalise_apply(struct sentence *sentence, size_t at);

/* Rules about numbers (normalise_numbers.c); 0 when they do not concern this token. */
size_t normalise_apply_number(struct sentence *sentence, size_t at);

/* ---- tables (normalise_tables.c) ---- */

/* What an abbreviation stands for; NULL when unknown. `dotted`: it was written with a dot. */
const char *normalise_abbreviation(const char *word, bool dotted);

struct unit_name {
    const char *symbol;
    const char *one;
    const char *many;
    bool spaced; /* clear enough to be taken as a unit after a blank */
};

const struct unit_name *normalise_unit(const char *text, size_t length);

/* Full name of a month from its name or abbreviation in any case; NULL otherwise. */
const char *normalise_month(const char *text, size_t length);
const char *normalise_month_number(unsigned month);

/* Words for a lone symbol ("&" -> "and"); NULL otherwise. */
const char *normalise_symbol(char c);

/* Capital words that are spoken as words ("NASA"); all others up to five letters are spelt. */
bool normalise_is_spoken_acronym(const char *lower);

/* "thousand", "million", ... or their letters k, m, bn behind money; NULL otherwise. */
const char *normalise_scale(const char *text, size_t length);

/* ---- small text helpers ---- */

bool normalise_equals(const char *text, size_t length, const char *other); /* ignoring case */
size_t normalise_lower(const char *text, size_t length, char *ret,
                       size_t size); /* NUL-terminated */
bool normalise_is_digits(const char *text, size_t length);

#endif
