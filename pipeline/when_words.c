#include "when_words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spoken_number.h"

enum { DAYS_AHEAD_MAX = 36600 };

struct unit_seconds {
    const char *name;
    double seconds;
};

static const struct unit_seconds time_units[] = {
    {"second", 1},     {"seconds", 1}, {"sec", 1},     {"secs", 1},     {"minute", 60},
    {"minutes", 60},   {"min", 60},    {"mins", 60},   {"hour", 3600},  {"hours", 3600},
    {"hr", 3600},      {"hrs", 3600},  {"day", 86400}, {"days", 86400}, {"week", 604800},
    {"weeks", 604800}, {NULL, 0},
};

static double unit_at(const struct words *words, int at)
{
    for (const struct unit_seconds *u = time_units; u->name; u++) {
        if (words_is(words, at, u->name))
            return u->seconds;
    }
    return 0;
}

/* "a", "an", "half an", "quarter of an", "three quarters of an": how many of the unit that follows.
 */
static int article_amount(const struct words *words, int at, double *amount)
{
    static const struct {
        const char *phrase;
        double value;
    } articles[] = {
        {"three quarters of an", 0.75},
        {"three quarters of a", 0.75},
        {"a quarter of an", 0.25},
        {"quarter of an", 0.25},
        {"half an", 0.5},
        {"half a", 0.5},
        {"a half", 0.5},
        {"a", 1},
        {"an", 1},
        {"another", 1},
    };
    for (size_t i = 0; i < sizeof(articles) / sizeof(articles[0]); i++) {
        int n = words_phrase(words, at, articles[i].phrase);
        if (n && unit_at(words, at + n) > 0) {
            *amount = articles[i].value;
            return n;
        }
    }
    return 0;
}

/* "hour and a half": the fraction belongs to the unit said before it. */
static int trailing_fraction(const struct words *words, int at, double *fraction)
{
    static const struct {
        const char *phrase;
        double value;
    } fractions[] = {{"and a half", 0.5}, {"and a quarter", 0.25}, {"and three quarters", 0.75}};
    for (size_t i = 0; i < 3; i++) {
        int n = words_phrase(words, at, fractions[i].phrase);
        if (n && unit_at(words, at + n) == 0) {
            *fraction = fractions[i].value;
            return n;
        }
    }
    return 0;
}

/* One "amount unit [and a half]" term; returns the words read. */
static int parse_term(const struct words *words, int at, double *seconds, double *unit)
{
    double amount;
    int n = article_amount(words, at, &amount);
    if (n == 0)
        n = spoken_number_parse(words, at, &amount);
    double said = n ? unit_at(words, at + n) : 0;
    if (said == 0)
        return 0;
    *unit = said;
    n++;
    double fraction = 0;
    n += trailing_fraction(words, at + n, &fraction);
    *seconds = (amount + fraction) * *unit;
    return n;
}

bool duration_parse(const char *text, double *ret_seconds)
{
    struct words words;
    words_split(&words, text);
    double total = 0, part, unit = 0, number;
    for (int at = 0; at < words.count;) {
        int n = parse_term(&words, at, &part, &unit);
        if (n) {
            total += part;
            at += n;
            continue;
        }
        /* "two minutes thirty": a bare number after minutes or hours counts in the next smaller
         * unit. */
        n = spoken_number_parse(&words, at, &number);
        if (n && unit >= 60 && unit <= 3600 && at + n == words.count)
            total += number * unit / 60;
        at += n ? n : 1;
    }
    if (!(total > 0))
        return false;
    *ret_seconds = total;
    return true;
}

enum half { HALF_UNKNOWN, HALF_AM, HALF_PM };

static enum half half_of_day(const struct words *words)
{
    static const char *const am[] = {"am", "morning", NULL};
    static const char *const pm[] = {"pm", "afternoon", "evening", "tonight", "night", NULL};
    for (int i = 0; i < words->count; i++) {
        if (words_any(words, i, am) || (words_is(words, i, "a") && words_is(words, i + 1, "m")))
            return HALF_AM;
        if (words_any(words, i, pm) || (words_is(words, i, "p") && words_is(words, i + 1, "m")))
            return HALF_PM;
    }
    return HALF_UNKNOWN;
}

static bool parse_digital(const char *word, int *hour, int *minute)
{
    char *end;
    long h = strtol(word, &end, 10);
    if (end == word || *end != ':')
        return false;
    const char *rest = end + 1;
    long m = strtol(rest, &end, 10);
    if (end == rest || *end || h < 0 || h > 23 || m < 0 || m > 59)
        return false;
    *hour = (int)h;
    *minute = (int)m;
    return true;
}

/* Hour word 0..23 at `at`. */
static int parse_hour(const struct words *words, int at, int *hour)
{
    int value;
    int n = spoken_minute_parse(words, at, &value);
    /* "six thirty" must not be read as one group, "twenty three" must. */
    if (n == 0 || value > 23)
        return 0;
    *hour = value;
    return n;
}

/* Minutes before "past" or "to": "quarter", "half", "ten", "twenty five [minutes]". */
static int parse_relative_minutes(const struct words *words, int at, int *minutes)
{
    int skip = words_is(words, at, "a") ? 1 : 0;
    if (words_is(words, at + skip, "quarter")) {
        *minutes = 15;
        return skip + 1;
    }
    if (words_is(words, at + skip, "half")) {
        *minutes = 30;
        return skip + 1;
    }
    int n = spoken_minute_parse(words, at, minutes);
    return n ? n + (words_is(words, at + n, "minutes") ? 1 : 0) : 0;
}

static bool parse_relative(const struct words *words, int at, int *hour, int *minute)
{
    static const char *const past[] = {"past", "after", NULL};
    static const char *const to[] = {"to", "before", "till", "of", NULL};
    int minutes, base;
    int n = parse_relative_minutes(words, at, &minutes);
    if (n == 0)
        return false;
    bool is_past = words_any(words, at + n, past);
    if (!is_past && !words_any(words, at + n, to))
        return false;
    if (words_is(words, at + n + 1, "noon") || words_is(words, at + n + 1, "midday"))
        base = 12;
    else if (words_is(words, at + n + 1, "midnight"))
        base = 0;
    else if (!parse_hour(words, at + n + 1, &base))
        return false;
    *hour = is_past ? base : (base + 23) % 24;
    /* "ten to one": twelve fifty, not zero fifty. */
    if (!is_past && base == 1)
        *hour = 12;
    *minute = is_past ? minutes : 60 - minutes;
    if (*minute == 60)
        *minute = 0;
    return true;
}

static bool parse_absolute(const struct words *words, int at, int *hour, int *minute)
{
    if (at < words->count && parse_digital(words->word[at], hour, minute))
        return true;
    *minute = 0;
    if (words_is(words, at, "noon") || words_is(words, at, "midday")) {
        *hour = 12;
        return true;
    }
    if (words_is(words, at, "midnight")) {
        *hour = 0;
        return true;
    }
    int n = parse_hour(words, at, hour);
    if (n == 0)
        return false;
    int m;
    if (spoken_minute_parse(words, at + n, &m))
        *minute = m;
    return true;
}

static void apply_half(struct clock_time *time, enum half half, bool digital_24)
{
    time->half_known = half != HALF_UNKNOWN || time->hour > 12 || time->hour == 0 || digital_24;
    if (half == HALF_PM && time->hour < 12)
        time->hour += 12;
    if (half == HALF_AM && time->hour == 12)
        time->hour = 0;
}

bool clock_time_parse(const char *text, struct clock_time *ret_time)
{
    struct words words;
    words_split(&words, text);
    struct clock_time time = {0};
    for (int at = 0; at < words.count; at++) {
        bool named = words_is(&words, at, "noon") || words_is(&words, at, "midnight") ||
                     words_is(&words, at, "midday");
        if (parse_relative(&words, at, &time.hour, &time.minute) ||
            parse_absolute(&words, at, &time.hour, &time.minute)) {
            apply_half(&time, named ? HALF_UNKNOWN : half_of_day(&words), named);
            *ret_time = time;
            return true;
        }
    }
    return false;
}

static int weekday_at(const struct words *words, int at)
{
    static const char *const names[] = {"sunday",   "monday", "tuesday",  "wednesday",
                                        "thursday", "friday", "saturday", NULL};
    for (int i = 0; names[i]; i++) {
        size_t length = strlen(names[i]);
        if (at < words->count && strncmp(words->word[at], names[i], length) == 0) {
            const char *rest = words->word[at] + length;
            if (!*rest || strcmp(rest, "s") == 0 || strcmp(rest, "'s") == 0)
                return i;
        }
    }
    return -1;
}

static bool parse_offset_day(const struct words *words, int at, int *offset)
{
    static const struct {
        const char *phrase;
        int days;
    } phrases[] = {
        {"day after tomorrow", 2},
        {"day before yesterday", -2},
        {"tomorrow", 1},
        {"tomorrow's", 1},
        {"yesterday", -1},
        {"yesterday's", -1},
        {"today", 0},
        {"today's", 0},
        {"tonight", 0},
    };
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
        if (words_phrase(words, at, phrases[i].phrase)) {
            *offset = phrases[i].days;
            return true;
        }
    }
    double number;
    int n = words_is(words, at, "in") ? spoken_number_parse(words, at + 1, &number) : 0;
    double days = n ? number * unit_at(words, at + 1 + n) / 86400 : 0;
    if (n && unit_at(words, at + 1 + n) >= 86400 && fabs(days) < DAYS_AHEAD_MAX) {
        *offset = (int)days;
        return true;
    }
    return false;
}

bool day_parse(const char *text, struct day *ret_day)
{
    struct words words;
    words_split(&words, text);
    for (int at = 0; at < words.count; at++) {
        int offset;
        if (parse_offset_day(&words, at, &offset)) {
            *ret_day = (struct day){.kind = DAY_OFFSET, .value = offset};
            return true;
        }
        int weekday = weekday_at(&words, at);
        if (weekday >= 0) {
            bool next = at > 0 && words_is(&words, at - 1, "next");
            *ret_day = (struct day){.kind = DAY_WEEKDAY, .value = weekday, .next = next};
            return true;
        }
    }
    return false;
}

bool feast_parse(const char *text, int *ret_month, int *ret_day)
{
    static const struct {
        const char *name;
        int month, day;
    } feasts[] = {
        {"christmas eve", 12, 24},  {"christmas", 12, 25},      {"boxing day", 12, 26},
        {"new year's eve", 12, 31}, {"new year's day", 1, 1},   {"new year's", 1, 1},
        {"new year", 1, 1},         {"valentine's day", 2, 14}, {"halloween", 10, 31},
        {"independence day", 7, 4}, {"fourth of july", 7, 4},   {"saint patrick's day", 3, 17},
        {"bonfire night", 11, 5},   {"april fools' day", 4, 1}, {"veterans day", 11, 11},
    };
    struct words words;
    words_split(&words, text);
    for (size_t i = 0; i < sizeof(feasts) / sizeof(feasts[0]); i++) {
        for (int at = 0; at < words.count; at++) {
            if (!words_phrase(&words, at, feasts[i].name))
                continue;
            *ret_month = feasts[i].month;
            *ret_day = feasts[i].day;
            return true;
        }
    }
    return false;
}

int day_resolve(const struct day *day, int weekday_today)
{
    if (day->kind == DAY_OFFSET)
        return day->value;
    int ahead = (day->value - weekday_today + 7) % 7;
    return ahead == 0 && day->next ? 7 : ahead;
}

static size_t append_unit(char *text, size_t size, size_t used, const char *joiner, long count,
                          const char *unit)
{
    int n = snprintf(text + used, size - used, "%s%ld %s%s", joiner, count, unit,
                     count == 1 ? "" : "s");
    return n < 0 || used + (size_t)n >= size ? size - 1 : used + (size_t)n;
}

void duration_format(double seconds, char *text, size_t size)
{
    static const struct {
        long seconds;
        const char *name;
    } parts[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    long rest = lround(seconds);
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < 4; i++) {
        long count = rest / parts[i].seconds;
        rest -= count * parts[i].seconds;
        if (count == 0 && !(i == 3 && used == 0))
            continue;
        const char *joiner = used == 0 ? "" : rest == 0 ? " and " : ", ";
        used = append_unit(text, size, used, joiner, count, parts[i].name);
    }
}

void clock_time_format(int hour, int minute, char *text, size_t size)
{
    int twelve = hour % 12 == 0 ? 12 : hour % 12;
    snprintf(text, size, "%d:%02d %s", twelve, minute, hour < 12 ? "AM" : "PM");
}
