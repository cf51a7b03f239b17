/* Numbers as English words, appended to a bounded text.
 *
 * Thread: any, for all functions. */
#ifndef LINNET_MODELS_NUMBER_WORDS_H
#define LINNET_MODELS_NUMBER_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Words under construction; `full` is set once something did not fit, and stays. */
struct words {
    char *text;
    size_t size;
    size_t length;
    bool full;
};

/* Append a word or several, with a space before them unless they come first. */
void words_say(struct words *words, const char *text);
/* The same for `length` bytes. */
void words_say_span(struct words *words, const char *text, size_t length);
/* The name of a letter or digit: "p." for 'p' or 'P', "five" for '5'; others are ignored. */
void words_say_character(struct words *words, char c);

/* 1234 -> "one thousand two hundred thirty four". */
void words_say_cardinal(struct words *words, uint64_t value);
/* 21 -> "twenty first". */
void words_say_ordinal(struct words *words, uint64_t value);
/* 1905 -> "nineteen oh five"; 1000..2999, others as cardinals. */
void words_say_year(struct words *words, unsigned year);
/* "0420" -> "zero four two zero". */
void words_say_digits(struct words *words, const char *digits, size_t count);

/* A number as written: optional sign, digits with or without thousands separators, decimals. */
struct number {
    uint64_t whole;
    unsigned whole_digits; /* as written, 0 for ".5" */
    const char *fraction;  /* digits behind the point */
    unsigned fraction_digits;
    bool negative;
    bool grouped; /* thousands separators */
};

/* Read a number at `text`; returns the bytes used, 0 when there is none (or more than 18 digits).
 */
size_t number_parse(const char *text, size_t length, struct number *ret_number);

/* -3.50 -> "minus three point five zero". */
void words_say_number(struct words *words, const struct number *number);

/* Is it exactly one (then a unit is singular)? */
static inline bool number_is_one(const struct number *number)
{
    return number->whole == 1 && number->fraction_digits == 0;
}

#endif
