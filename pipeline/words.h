/* A request cut into words: the common ground of the span parsers (numbers, durations, clock times,
 * expressions).
 *
 * Text is lower-cased; punctuation is dropped except inside numbers and clock times ("3.5", "6:25")
 * and the apostrophe ("o'clock"); "%" becomes the word "percent"; a number glued to letters is
 * split ("5pm" -> "5" "pm").
 *
 * Thread: any, for all functions; no allocation. */
#ifndef LINNET_PIPELINE_WORDS_H
#define LINNET_PIPELINE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { WORDS_MAX = 64, WORDS_BYTES = 512 };

struct words {
    int count;
    const char *word[WORDS_MAX]; /* point into `bytes` */
    char bytes[WORDS_BYTES];
};

/* Cut `text`; what does not fit (more than WORDS_MAX words or WORDS_BYTES bytes) is dropped at the
 * end. */
void words_split(struct words *words, const char *text);

/* True when word number `at` exists and equals `text`. */
bool words_is(const struct words *words, int at, const char *text);

/* True when word `at` is one of a NULL-terminated list. */
bool words_any(const struct words *words, int at, const char *const *list);

/* Number of words matched when the words from `at` on equal the phrase ("square root of"), else 0.
 */
int words_phrase(const struct words *words, int at, const char *phrase);

/* Drop the first `n` words. */
void words_skip(struct words *words, int n);

#endif
