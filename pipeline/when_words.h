/* Durations, clock times and days as people say them.
 *
 * Thread: any, for all functions; no allocation. */
#ifndef LINNET_PIPELINE_WHEN_WORDS_H
#define LINNET_PIPELINE_WHEN_WORDS_H

#include "words.h"

/* "an hour and a half", "ninety seconds", "two minutes thirty": seconds > 0; false when no duration
 * is said. */
bool duration_parse(const char *text, double *ret_seconds);

/* A time of day. `half_known` tells whether am/pm was said or is plain from a 24-hour value. */
struct clock_time {
    int hour;   /* 0..23 */
    int minute; /* 0..59 */
    bool half_known;
};

/* "half past six", "six thirty pm", "quarter to seven in the evening", "noon", "6:25", "18:05",
 * "seven o'clock". */
bool clock_time_parse(const char *text, struct clock_time *ret_time);

/* A day, relative to today. */
enum day_kind { DAY_OFFSET, DAY_WEEKDAY };

struct day {
    enum day_kind kind;
    int value; /* days from today, or weekday 0 = Sunday .. 6 = Saturday */
    bool next; /* "next friday": not the one within this very day */
};

/* "today", "tomorrow", "the day after tomorrow", "friday", "next monday", "in three days". */
bool day_parse(const char *text, struct day *ret_day);

/* A feast with a fixed date ("christmas eve", "halloween"): month 1..12 and day 1..31. */
bool feast_parse(const char *text, int *ret_month, int *ret_day);

/* Days from `weekday_today` (0 = Sunday) to the day meant, >= 0 except for "yesterday". */
int day_resolve(const struct day *day, int weekday_today);

/* "1 hour and 5 minutes", "90 seconds" said well: "1 minute and 30 seconds". */
void duration_format(double seconds, char *text, size_t size);

/* "6:25 AM", "12:00 PM". */
void clock_time_format(int hour, int minute, char *text, size_t size);

#endif
