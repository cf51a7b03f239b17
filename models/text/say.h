/* Numbers as English words, appended to a bounded text.
 *
 * Thread: any, for all functions. */
#ifndef LINNET_MODELS_SAY_H
#define LINNET_MODELS_SAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Words under construction; `full` is set once something did not fit, and stays. */
struct say {
    char *text;
    size_t size;
    size_t length;
    bool full;
};

/* Append a word or several, with a space before them unless they come first. */
void say_words(struct say *words, const char *text);
/* The same for `length` bytes. */
void say_span(struct say *words, const char *text, size_t length);
/* The name of a letter or digit: "p." for 'p' or 'P', "five" for '5'; others are ignored. */
void say_character(struct say *words, char c);

/* 1234 -> "one thousand two hundred thirty four". */
void say_cardinal(struct say *words, uint64_t value);
/* 21 -> "twenty first". */
void say_ordinal(struct say *words, uint64_t value);
/* 1905 -> "nineteen oh five"; 1000..2999, others as cardinals. */
void say_year(struct say *words, unsigned year);
/* "0420" -> "zero four two zero". */
void say_digits(struct say *words, const char *digits, size_t count);

/* A number as written: optional sign, digits with or without thousands separators, decimals. */
struct say_number {
    uint64_t whole;
    unsigned whole_digits; /* as written, 0 for ".5" */
    const char *fraction;  /* digits behind the point */
    unsigned fraction_digits;
    bool negative;
    bool grouped; /* thousands separators */
};

/* Read a number at `text`; returns the bytes used, 0 when there is none (or more than 18 digits).
 */
size_t say_parse(const char *text, size_t length, struct say_number *ret_number);

/* -3.50 -> "minus three point five zero". */
void say_decimal(struct say *words, const struct say_number *number);

/* Is it exactly one (then a unit is singular)? */
static inline bool say_is_one(const struct say_number *number)
{
    return number->whole == 1 && number->fraction_digits == 0;
}

#endif
