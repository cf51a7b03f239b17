#include "normalise_rules.h"

#include <ctype.h>
#include <string.h>

enum { WORD_MAX = 64 };

static bool is_upper(char c)
{
    return isupper((unsigned char)c) != 0;
}

static bool is_alpha(char c)
{
    return isalpha((unsigned char)c) != 0;
}

/* "St. Paul" but "Main St. is closed": NULL unless the short form stands behind a name. */
static const char *behind_a_name(const struct sentence *s, size_t at, const char *lower)
{
    bool last = at + 1 == s->count;
    if (at == 0 || (!last && is_upper(s->tokens[at + 1].text[0])))
        return NULL;
    return strcmp(lower, "st") == 0 ? "street" : strcmp(lower, "dr") == 0 ? "drive" : NULL;
}

/* "no." and "sun." are words at the end of a sentence, "no." is "number" only before digits. */
static bool is_plain_word(const struct sentence *s, size_t at, const char *lower)
{
    const struct token *t = &s->tokens[at];
    if (at + 1 == s->count)
        return t->dotted && normalise_abbreviation(lower, false) == NULL;
    return strcmp(lower, "no") == 0 && !isdigit((unsigned char)s->tokens[at + 1].text[0]);
}

/* Mr., Dr., etc., No. 5. */
static size_t rule_abbreviation(struct sentence *s, size_t at)
{
    struct token *t = &s->tokens[at];
    char lower[WORD_MAX];
    normalise_lower(t->text, t->length, lower, sizeof(lower));
    const char *full = normalise_abbreviation(lower, t->dotted);
    if (full == NULL || is_plain_word(s, at, lower))
        return 0;
    const char *street = behind_a_name(s, at, lower);
    say_words(s->words, street != NULL ? street : full);
    bool last = at + 1 == s->count;
    bool may_end = strcmp(lower, "etc") == 0 || strcmp(lower, "inc") == 0;
    if (t->after == '.' && !last && !(may_end && is_upper(s->tokens[at + 1].text[0])))
        t->after = 0;
    return 1;
}

/* a.m, U.S.A: letters between dots. */
static size_t rule_dotted_letters(struct sentence *s, size_t at)
{
    struct token *t = &s->tokens[at];
    if (t->length < 3 || t->length % 2 == 0)
        return 0;
    for (size_t i = 0; i < t->length; i++)
        if (i % 2 == 0 ? !is_alpha(t->text[i]) : t->text[i] != '.')
            return 0;
    for (size_t i = 0; i < t->length; i += 2)
        say_character(s->words, t->text[i]);
    if (t->after == '.' && at + 1 < s->count)
        t->after = 0;
    return 1;
}

/* Value of a Roman numeral up to 39, 0 when it is none. */
static unsigned roman_value(const char *text, size_t length)
{
    unsigned value = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned v = text[i] == 'I' ? 1 : text[i] == 'V' ? 5 : text[i] == 'X' ? 10 : 0;
        char next = i + 1 < length ? text[i + 1] : 0;
        if (v == 0)
            return 0;
        if (v == 1 && (next == 'V' || next == 'X'))
            value += (next == 'V' ? 4 : 9), i++;
        else
            value += v;
    }
    return value;
}

/* World War II, Henry VIII: behind a capitalised word. */
static size_t rule_roman(struct sentence *s, size_t at)
{
    const struct token *t = &s->tokens[at];
    if (at == 0 || t->length < 2 || t->length > 6 || !is_upper(s->tokens[at - 1].text[0]))
        return 0;
    unsigned value = roman_value(t->text, t->length);
    if (value < 2)
        return 0;
    say_cardinal(s->words, value);
    return 1;
}

static bool all_upper(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_upper(text[i]))
            return false;
    return true;
}

/* Is the whole sentence shouted? Then capitals mean nothing. */
static bool is_shouted(const struct sentence *s)
{
    size_t upper = 0, words = 0;
    for (size_t i = 0; i < s->count; i++) {
        bool letters = s->tokens[i].length > 1 && is_alpha(s->tokens[i].text[0]);
        words += letters;
        upper += letters && all_upper(s->tokens[i].text, s->tokens[i].length);
    }
    return words > 2 && upper * 10 >= words * 8;
}

/* USB, FAQs, TV's. */
static size_t rule_acronym(struct sentence *s, size_t at)
{
    const struct token *t = &s->tokens[at];
    size_t n = t->length;
    char lower[WORD_MAX];
    bool possessive = n > 3 && t->text[n - 1] == 's' && t->text[n - 2] == '\'';
    bool plural = !possessive && n > 2 && t->text[n - 1] == 's';
    n -= possessive ? 2 : plural ? 1 : 0;
    if (n < 2 || n > 5 || !all_upper(t->text, n) || is_shouted(s))
        return 0;
    normalise_lower(t->text, n, lower, sizeof(lower));
    if (normalise_is_spoken_acronym(lower))
        return 0;
    for (size_t i = 0; i + 1 < n; i++)
        say_character(s->words, t->text[i]);
    char last[4] = {lower[n - 1], '.', '\'', 's'};
    say_span(s->words, last, possessive || plural ? 4 : 2);
    return 1;
}

static void say_address_part(struct say *w, const char *text, size_t length)
{
    char lower[WORD_MAX];
    bool letters = true;
    for (size_t i = 0; i < length; i++)
        letters = letters && is_alpha(text[i]);
    normalise_lower(text, length, lower, sizeof(lower));
    if (letters && strcmp(lower, "www") != 0)
        say_words(w, lower);
    else
        for (size_t i = 0; i < length; i++)
            say_character(w, text[i]);
}

static const char *address_sign(char c)
{
    return c == '.'   ? "dot"
           : c == '@' ? "at"
           : c == '-' ? "dash"
           : c == '_' ? "underscore"
           : c == '/' ? "slash"
                      : "";
}

static bool is_address(const struct token *t)
{
    size_t dots = 0;
    for (size_t i = 0; i < t->length; i++) {
        char c = t->text[i];
        bool inner = i > 0 && i + 1 < t->length;
        if (c == '.' && inner && is_alpha(t->text[i + 1]) && isalnum((unsigned char)t->text[i - 1]))
            dots++;
        else if (!isalnum((unsigned char)c) && strchr("@-_/:", c) == NULL)
            return false;
    }
    return dots > 0;
}

/* someone@example.com, example.com, www.x.org/y. */
static size_t rule_address(struct sentence *s, size_t at)
{
    const struct token *t = &s->tokens[at];
    if (!is_address(t))
        return 0;
    size_t i = t->length > 8 && memcmp(t->text, "https://", 8) == 0 ? 8 : 0;
    i = t->length > 7 && memcmp(t->text, "http://", 7) == 0 ? 7 : i;
    for (size_t n; i < t->length; i += n + 1) {
        n = 0;
        while (i + n < t->length && isalnum((unsigned char)t->text[i + n]))
            n++;
        say_address_part(s->words, t->text + i, n);
        if (i + n < t->length)
            say_words(s->words, address_sign(t->text[i + n]));
    }
    return 1;
}

/* -s of "don't" stays, other signs split: twenty-five, and/or, mp3, B2B. */
static void say_run(struct say *w, const char *text, size_t length)
{
    char lower[WORD_MAX];
    if (normalise_is_digits(text, length)) {
        struct say_number n;
        if (text[0] != '0' && say_parse(text, length, &n) == length)
            say_decimal(w, &n);
        else
            say_digits(w, text, length);
        return;
    }
    while (length > 0 && *text == '\'')
        text++, length--;
    while (length > 0 && text[length - 1] == '\'' && (length < 2 || text[length - 2] != 's'))
        length--;
    say_span(w, lower, normalise_lower(text, length, lower, sizeof(lower)));
}

static void say_letters(struct say *w, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        say_character(w, text[i]);
}

static bool has_vowel(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (strchr("aeiouyAEIOUY", text[i]) != NULL)
            return true;
    return false;
}

/* Letters and digits in one token. */
static bool is_mixed(const struct token *t)
{
    bool digit = false, letter = false;
    for (size_t i = 0; i < t->length; i++) {
        digit = digit || isdigit((unsigned char)t->text[i]);
        letter = letter || is_alpha(t->text[i]);
    }
    return digit && letter;
}

static void say_symbol(struct say *w, const struct token *t, size_t i)
{
    char c = t->text[i];
    const char *name = normalise_symbol(c);
    bool between = i > 0 && i + 1 < t->length;
    if (name == NULL)
        return;
    if (c == '/' && between)
        name = "slash";
    if (c == '#' && i + 1 < t->length && is_alpha(t->text[i + 1]))
        name = "hashtag";
    if ((c == '*' || c == '<' || c == '>') && t->length > 1 && !between)
        return;
    say_words(w, name);
}

static size_t run_length(const struct token *t, size_t at)
{
    bool digit = isdigit((unsigned char)t->text[at]) != 0;
    size_t n = 1;
    while (at + n < t->length) {
        char c = t->text[at + n];
        if (digit ? !isdigit((unsigned char)c) : !(is_alpha(c) || c == '\''))
            break;
        n++;
    }
    return n;
}

/* Letters beside digits are spelt when short or in capitals ("mp3", "B2B"), and so is what has no
 * vowel ("pst"). */
static bool is_spelt(const char *text, size_t length, bool mixed)
{
    if (!is_alpha(*text) || memchr(text, '\'', length) != NULL)
        return false;
    if (mixed && (length == 1 || (length <= 3 && all_upper(text, length))))
        return true;
    return length > 1 && length <= 5 && !has_vowel(text, length);
}

/* Whatever is left: words, joined words, symbols. */
static size_t rule_word(struct sentence *s, size_t at)
{
    const struct token *t = &s->tokens[at];
    bool mixed = is_mixed(t);
    for (size_t i = 0, n; i < t->length; i += n) {
        char c = t->text[i];
        n = 1;
        if (c == '-' && t->length == 1) {
            say_words(s->words, ",");
        } else if (!isalnum((unsigned char)c) && c != '\'') {
            say_symbol(s->words, t, i);
        } else {
            n = run_length(t, i);
            (is_spelt(t->text + i, n, mixed) ? say_letters : say_run)(s->words, t->text + i, n);
        }
    }
    return 1;
}

size_t normalise_apply(struct sentence *sentence, size_t at)
{
    static size_t (*const rules[])(struct sentence *, size_t) = {
        normalise_apply_number, rule_abbreviation, rule_dotted_letters, rule_roman, rule_acronym,
        rule_address,           rule_word};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        size_t used = rules[i](sentence, at);
        if (used > 0)
            return used;
    }
    return 1;
}
