#include "spoken_number.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct named_value {
    const char *name;
    double value;
};

static const struct named_value units[] = {
    {"zero", 0},      {"oh", 0},       {"one", 1},      {"two", 2},        {"three", 3},
    {"four", 4},      {"five", 5},     {"six", 6},      {"seven", 7},      {"eight", 8},
    {"nine", 9},      {"ten", 10},     {"eleven", 11},  {"twelve", 12},    {"thirteen", 13},
    {"fourteen", 14}, {"fifteen", 15}, {"sixteen", 16}, {"seventeen", 17}, {"eighteen", 18},
    {"nineteen", 19}, {NULL, 0},
};

static const struct named_value tens[] = {
    {"twenty", 20},  {"thirty", 30}, {"forty", 40},  {"fifty", 50}, {"sixty", 60},
    {"seventy", 70}, {"eighty", 80}, {"ninety", 90}, {NULL, 0},
};

static const struct named_value scales[] = {
    {"thousand", 1e3}, {"million", 1e6}, {"billion", 1e9}, {"trillion", 1e12}, {NULL, 0},
};

static const struct named_value fractions[] = {
    {"half", 0.5}, {"quarter", 0.25}, {"third", 1.0 / 3.0}, {"tenth", 0.1}, {NULL, 0},
};

static bool lookup(const struct named_value *table, const struct words *words, int at,
                   double *value)
{
    for (; table->name; table++) {
        if (words_is(words, at, table->name)) {
            *value = table->value;
            return true;
        }
    }
    return false;
}

static bool digits_value(const struct words *words, int at, double *value)
{
    if (at >= words->count || !isdigit((unsigned char)words->word[at][0]))
        return false;
    char *end;
    double parsed = strtod(words->word[at], &end);
    if (*end)
        return false;
    *value = parsed;
    return true;
}

/* 0..99: "seven", "sixty", "sixty four", or digits of any size. */
static int parse_below_hundred(const struct words *words, int at, double *value)
{
    double unit;
    if (digits_value(words, at, value) || lookup(units, words, at, value))
        return 1;
    if (!lookup(tens, words, at, value))
        return 0;
    if (lookup(units, words, at + 1, &unit) && unit >= 1 && unit <= 9) {
        *value += unit;
        return 2;
    }
    return 1;
}

/* 0..999: "three hundred", "a hundred and six". */
static int parse_below_thousand(const struct words *words, int at, double *value)
{
    int n = words_is(words, at, "a") && words_is(words, at + 1, "hundred")
                ? 1
                : parse_below_hundred(words, at, value);
    if (n == 0)
        return 0;
    if (words_is(words, at, "a"))
        *value = 1;
    if (!words_is(words, at + n, "hundred"))
        return n;
    *value *= 100;
    n++;
    double rest;
    int skip = words_is(words, at + n, "and") ? 1 : 0;
    int more = parse_below_hundred(words, at + n + skip, &rest);
    if (more && rest < 100) {
        *value += rest;
        n += skip + more;
    }
    return n;
}

/* The scales fall: "two million three hundred thousand and five". */
static int parse_cardinal(const struct words *words, int at, double *value)
{
    double total = 0, part, scale, last_scale = INFINITY;
    int n = 0;
    for (;;) {
        int skip = n > 0 && words_is(words, at + n, "and") ? 1 : 0;
        int more = parse_below_thousand(words, at + n + skip, &part);
        bool thousand_alone =
            n == 0 && words_is(words, at, "a") && lookup(scales, words, at + 1, &scale);
        if (thousand_alone) {
            part = 1;
            more = 1;
        }
        if (!more || (n > 0 && part >= last_scale))
            break;
        n += skip + more;
        if (!lookup(scales, words, at + n, &scale) || scale >= last_scale) {
            total += part;
            break;
        }
        total += part * scale;
        last_scale = scale;
        n++;
    }
    if (n)
        *value = total;
    return n;
}

/* "point one four": digits one by one, or a spoken group ("point twenty five"). */
static int parse_decimals(const struct words *words, int at, double *value)
{
    if (!words_is(words, at, "point"))
        return 0;
    double scale = 0.1, digit, sum = 0;
    int n = 1;
    while (lookup(units, words, at + n, &digit) && digit <= 9) {
        sum += digit * scale;
        scale /= 10;
        n++;
    }
    if (n == 1) {
        int more = parse_below_hundred(words, at + 1, &digit);
        if (!more || digit > 99)
            return 0;
        sum = digit / (digit < 10 ? 10 : 100);
        n += more;
    }
    *value += sum;
    return n;
}

/* "and a half", "and three quarters". */
static int parse_and_fraction(const struct words *words, int at, double *value)
{
    if (!words_is(words, at, "and"))
        return 0;
    double fraction;
    if (words_is(words, at + 1, "a") && lookup(fractions, words, at + 2, &fraction)) {
        *value += fraction;
        return 3;
    }
    if (words_phrase(words, at, "and three quarters")) {
        *value += 0.75;
        return 3;
    }
    return 0;
}

static int parse_fraction(const struct words *words, int at, double *value)
{
    int n = words_is(words, at, "a") || words_is(words, at, "one") ? 1 : 0;
    if (lookup(fractions, words, at + n, value))
        return n + 1;
    if (words_phrase(words, at, "three quarters")) {
        *value = 0.75;
        return 2;
    }
    return 0;
}

static int parse_dozen(const struct words *words, int at, double *value)
{
    if (words_phrase(words, at, "a dozen")) {
        *value = 12;
        return 2;
    }
    if (words_phrase(words, at, "half a dozen")) {
        *value = 6;
        return 3;
    }
    if (words_phrase(words, at, "a couple")) {
        *value = 2;
        return words_is(words, at + 2, "of") ? 3 : 2;
    }
    return 0;
}

static int parse_unsigned(const struct words *words, int at, double *value)
{
    int n = parse_dozen(words, at, value);
    if (n == 0)
        n = parse_fraction(words, at, value);
    if (n)
        return n;
    if (words_is(words, at, "point")) {
        *value = 0;
        return parse_decimals(words, at, value);
    }
    n = parse_cardinal(words, at, value);
    if (n == 0)
        return 0;
    int more = parse_decimals(words, at + n, value);
    double scale;
    if (more && lookup(scales, words, at + n + more, &scale)) {
        *value *= scale;
        more++;
    }
    return n + (more ? more : parse_and_fraction(words, at + n, value));
}

int spoken_number_parse(const struct words *words, int at, double *ret_value)
{
    bool negative = words_is(words, at, "minus") || words_is(words, at, "negative");
    double value;
    int n = parse_unsigned(words, at + negative, &value);
    if (n == 0)
        return 0;
    *ret_value = negative ? -value : value;
    return n + negative;
}

int spoken_minute_parse(const struct words *words, int at, int *ret_value)
{
    double value;
    int oh = words_is(words, at, "oh") || words_is(words, at, "o") ? 1 : 0;
    int n = parse_below_hundred(words, at + oh, &value);
    if (n == 0 || value >= 60 || value != floor(value) || (oh && value > 9))
        return 0;
    *ret_value = (int)value;
    return n + oh;
}

void spoken_number_format(double value, int digits, char *text, size_t size)
{
    if (fabs(value) >= 1e15) {
        snprintf(text, size, "%.3g", value);
        return;
    }
    /* Keep `digits` significant decimals for small values: 0.0012 must not become 0. */
    if (value != 0 && fabs(value) < 0.1)
        digits += (int)ceil(-log10(fabs(value)));
    snprintf(text, size, "%.*f", digits > 12 ? 12 : digits, value);
    if (!strchr(text, '.'))
        return;
    char *end = text + strlen(text) - 1;
    while (*end == '0')
        *end-- = '\0';
    if (*end == '.')
        *end = '\0';
    if (strcmp(text, "-0") == 0)
        snprintf(text, size, "0");
}
