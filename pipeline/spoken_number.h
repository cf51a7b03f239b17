/* Numbers as people say them: "twenty five", "a hundred and six", "three point five", "two and a
 * half", "25".
 *
 * Thread: any, for all functions; no allocation. */
#ifndef LINNET_PIPELINE_SPOKEN_NUMBER_H
#define LINNET_PIPELINE_SPOKEN_NUMBER_H

#include "words.h"

/* Parse the longest number that begins at word `at`. Returns the count of words read, 0 when there
 * is none (then *ret_value is untouched). Negative numbers begin with "minus" or "negative". */
int spoken_number_parse(const struct words *words, int at, double *ret_value);

/* A cardinal below sixty as one spoken group ("five", "oh five", "twenty five"), for clock times;
 * returns words read. */
int spoken_minute_parse(const struct words *words, int at, int *ret_value);

/* Write a value as short as it can be said truthfully: "40", "2.5", "0.333". At most `digits`
 * decimals. */
void spoken_number_format(double value, int digits, char *text, size_t size);

#endif
