/* Written text to the words that are said: "It's 6:25 pm." -> "it's six twenty five p. m. ."
 *
 * The result is lower-case ASCII tokens separated by single spaces. A token is a word (letters and
 * apostrophes; a letter to be named is written with a dot, "p.", as cmudict does) or one of the
 * punctuation marks , . ? ! on its own, which stand for breaks of rising strength and shape the
 * melody. Covered: cardinals, ordinals, decimals, years, decades, dates, clock times, money, units,
 * percentages, fractions, ranges, telephone-like digits, versions, abbreviations, acronyms, Roman
 * numerals after a name, addresses of mail and web, common symbols, Latin letters with accents.
 * Other bytes are dropped. US English.
 *
 *     char words[1024];
 *     TRY(normalise_text("Set it to 21.5 °C, Dr. Hall!", words, sizeof(words), ret_error));
 *     (words: "set it to twenty one point five degrees celsius , doctor hall !")
 *
 * Thread: any, for all functions; no allocation. */
#ifndef LINNET_MODELS_NORMALISE_H
#define LINNET_MODELS_NORMALISE_H

#include <stddef.h>

#include "status.h"

enum { NORMALISE_TEXT_MAX = 4096, NORMALISE_TOKENS_MAX = 512 };

/* Fill ret_words (`size` bytes, NUL-terminated). Errors: LIMIT when the text is longer than
 * NORMALISE_TEXT_MAX bytes or NORMALISE_TOKENS_MAX words, or the result does not fit; ret_words is
 * then an empty string. Text without anything to say gives an empty string and STATUS_OK. */
enum status normalise_text(const char *text, char *ret_words, size_t size, struct error *ret_error);

#endif
