#include "written.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The sentence as words, and what is written of it so far. */
struct sentence {
    char text[WRITTEN_TEXT_MAX];
    const char *word[WRITTEN_WORDS_MAX];
    unsigned count;
    char *out;
    size_t size, used;
    bool overflow;
};

static const char *const ones[] = {"zero",    "one",     "two",       "three",    "four",
                                   "five",    "six",     "seven",     "eight",    "nine",
                                   "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                                   "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
static const char *const tens[] = {"twenty", "thirty",  "forty",  "fifty",
                                   "sixty",  "seventy", "eighty", "ninety"};
static const char *const ordinal_ones[] = {
    "zeroth",     "first",     "second",    "third",       "fourth",     "fifth",     "sixth",
    "seventh",    "eighth",    "ninth",     "tenth",       "eleventh",   "twelfth",   "thirteenth",
    "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"};
static const char *const ordinal_tens[] = {"twentieth", "thirtieth",  "fortieth",  "fiftieth",
                                           "sixtieth",  "seventieth", "eightieth", "ninetieth"};
static const char *const months[] = {"january",   "february", "march",    "april",
                                     "may",       "june",     "july",     "august",
                                     "september", "october",  "november", "december"};
static const char *const units[] = {
    "second",      "seconds",     "minute",    "minutes",  "hour",       "hours",       "day",
    "days",        "week",        "weeks",     "month",    "months",     "year",        "years",
    "degree",      "degrees",     "percent",   "mile",     "miles",      "meter",       "meters",
    "kilometer",   "kilometers",  "foot",      "feet",     "inch",       "inches",      "yard",
    "yards",       "gram",        "grams",     "kilogram", "kilograms",  "kilos",       "pound",
    "pounds",      "ounce",       "ounces",    "ton",      "tons",       "cup",         "cups",
    "liter",       "liters",      "gallon",    "gallons",  "tablespoon", "tablespoons", "teaspoon",
    "teaspoons",   "dollar",      "dollars",   "cent",     "cents",      "euro",        "euros",
    "milliliters", "centimeters", "knots",     "celsius",  "fahrenheit", "kelvin",      "volts",
    "watts",       "gigabytes",   "megabytes", "am",       "pm",         "hundred",     "thousand",
    "million",     "billion",     "times",     "divided",  "plus",       "minus"};
/* A bare "six thirty" or "ten to five" is a time only after one of these. */
static const char *const before_time[] = {"at",     "by",    "until", "till", "before",
                                          "after",  "it's",  "is",    "past", "from",
                                          "around", "about", "for"};

static int find(const char *word, const char *const *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(word, list[i]) == 0)
            return (int)i;
    return -1;
}
#define FIND(word, list) find(word, list, sizeof(list) / sizeof(list[0]))

static const char *word_at(const struct sentence *s, unsigned at)
{
    return at < s->count ? s->word[at] : "";
}

static bool is(const struct sentence *s, unsigned at, const char *word)
{
    return strcmp(word_at(s, at), word) == 0;
}

/* The parsers below return how many words from `at` on they take, 0 when there is no match. */

static unsigned small(const struct sentence *s, unsigned at, unsigned low, unsigned *ret_value)
{
    int one = FIND(word_at(s, at), ones), ten = FIND(word_at(s, at), tens);
    if (one >= (int)low) {
        *ret_value = (unsigned)one;
        return 1;
    }
    if (ten < 0)
        return 0;
    *ret_value = 20 + 10 * (unsigned)ten;
    int more = FIND(word_at(s, at + 1), ones);
    if (more < 1 || more > 9)
        return 1;
    *ret_value += (unsigned)more;
    return 2;
}

/* What may follow "hundred" and "thousand": a smaller number, perhaps after "and". */
static unsigned rest(const struct sentence *s, unsigned at, unsigned *ret_value)
{
    unsigned joined = is(s, at, "and"), taken = small(s, at + joined, 1, ret_value);
    return taken ? taken + joined : 0;
}

static unsigned below_thousand(const struct sentence *s, unsigned at, unsigned *ret_value)
{
    unsigned taken = small(s, at, 0, ret_value), more;
    if (!taken && is(s, at, "a") && is(s, at + 1, "hundred"))
        taken = *ret_value = 1;
    if (!taken || *ret_value == 0 || !is(s, at + taken, "hundred"))
        return taken;
    *ret_value *= 100;
    taken++;
    unsigned further = rest(s, at + taken, &more);
    if (further)
        *ret_value += more;
    return taken + further;
}

static unsigned cardinal(const struct sentence *s, unsigned at, uint64_t *ret_value)
{
    static const char *const names[] = {"billion", "million", "thousand"};
    static const uint64_t sizes[] = {1000000000, 1000000, 1000};
    unsigned part, taken = below_thousand(s, at, &part), next = 0;
    *ret_value = 0;
    if (!taken && is(s, at, "a") && FIND(word_at(s, at + 1), names) >= 0)
        taken = part = 1;
    while (taken) {
        int scale = FIND(word_at(s, at + taken), names);
        if (scale < (int)next) {
            *ret_value += part;
            return taken;
        }
        *ret_value += part * sizes[scale];
        next = (unsigned)scale + 1;
        unsigned joined = is(s, at + taken + 1, "and");
        unsigned more = below_thousand(s, at + taken + 1 + joined, &part);
        taken += 1 + (more ? joined + more : 0);
        if (!more)
            return taken;
    }
    return 0;
}

/* "nineteen eighty four", "twenty twenty six", "nineteen oh five" */
static unsigned year(const struct sentence *s, unsigned at, unsigned *ret_value)
{
    unsigned century, tail, taken = small(s, at, 1, &century);
    if (taken != 1 || century < 11 || century > 20)
        return 0;
    if (is(s, at + 1, "oh") && FIND(word_at(s, at + 2), ones) >= 1 &&
        FIND(word_at(s, at + 2), ones) <= 9) {
        *ret_value = 100 * century + (unsigned)FIND(word_at(s, at + 2), ones);
        return 3;
    }
    unsigned more = small(s, at + 1, 10, &tail);
    if (!more || tail < 10 || FIND(word_at(s, at + 1 + more), units) >= 0)
        return 0;
    *ret_value = 100 * century + tail;
    return 1 + more;
}

static unsigned ordinal(const struct sentence *s, unsigned at, unsigned *ret_value)
{
    int one = FIND(word_at(s, at), ordinal_ones), ten = FIND(word_at(s, at), ordinal_tens);
    int lead = FIND(word_at(s, at), tens), tail = FIND(word_at(s, at + 1), ordinal_ones);
    if (lead >= 0 && tail >= 1 && tail <= 9) {
        *ret_value = 20 + 10 * (unsigned)lead + (unsigned)tail;
        return 2;
    }
    if (one < 1 && ten < 0)
        return 0;
    *ret_value = one > 0 ? (unsigned)one : 20 + 10 * (unsigned)ten;
    return 1;
}

static void put(struct sentence *s, const char *text)
{
    size_t length = strlen(text), space = s->used > 0;
    if (s->used + space + length + 1 > s->size) {
        s->overflow = true;
        return;
    }
    if (space)
        s->out[s->used] = ' ';
    memcpy(s->out + s->used + space, text, length + 1);
    s->used += space + length;
}

/* The rules write what they matched and return how many words that was. */

static unsigned meridiem(const struct sentence *s, unsigned at, const char **ret_text)
{
    bool there = is(s, at, "am") || is(s, at, "pm");
    *ret_text = is(s, at, "am") ? " am" : there ? " pm" : "";
    return there;
}

static void put_time(struct sentence *s, unsigned hour, unsigned minute, const char *half)
{
    char text[24];
    snprintf(text, sizeof(text), "%u:%02u%s", hour, minute, half);
    put(s, text);
}

/* Minutes before "past" or "to"; a bare number must be one that clocks are read by. */
static unsigned minutes(const struct sentence *s, unsigned at, unsigned *ret_value)
{
    if (is(s, at, "half") || is(s, at, "quarter")) {
        *ret_value = is(s, at, "half") ? 30 : 15;
        return 1;
    }
    unsigned article = is(s, at, "a") && is(s, at + 1, "quarter");
    if (article) {
        *ret_value = 15;
        return 2;
    }
    unsigned taken = small(s, at, 1, ret_value);
    if (!taken || *ret_value >= 60)
        return 0;
    if (is(s, at + taken, "minutes"))
        return taken + 1;
    return *ret_value % 5 == 0 ? taken : 0;
}

static bool after_time_word(const struct sentence *s, unsigned at)
{
    return at > 0 && FIND(word_at(s, at - 1), before_time) >= 0;
}

/* The hour behind "past" or "to", unless it counts something. */
static unsigned hour_after(const struct sentence *s, unsigned at, unsigned *ret_value)
{
    const char *half;
    unsigned taken = small(s, at, 1, ret_value);
    bool counts = FIND(word_at(s, at + 1), units) >= 0 && !meridiem(s, at + 1, &half);
    return taken == 1 && *ret_value <= 12 && !counts ? 1 : 0;
}

/* "ten to five" is a time when something says so; "quarter to five" is one by itself. */
static bool is_time_to(const struct sentence *s, unsigned at, unsigned taken)
{
    bool number = FIND(word_at(s, at), ones) >= 0 || FIND(word_at(s, at), tens) >= 0;
    const char *half;
    return !number || after_time_word(s, at) || is(s, at + taken - 1, "minutes") ||
           meridiem(s, at + taken + 2, &half);
}

/* "twenty five past six", "ten to five" */
static unsigned clock_relative(struct sentence *s, unsigned at)
{
    unsigned minute, hour, taken = minutes(s, at, &minute);
    bool to = is(s, at + taken, "to");
    if (!taken || (!to && !is(s, at + taken, "past")) || (to && minute == 30))
        return 0;
    if (!hour_after(s, at + taken + 1, &hour) || (to && !is_time_to(s, at, taken)))
        return 0;
    const char *half;
    unsigned last = meridiem(s, at + taken + 2, &half);
    if (to)
        put_time(s, hour == 1 ? 12 : hour - 1, 60 - minute, half);
    else
        put_time(s, hour, minute, half);
    return taken + 2 + last;
}

/* "oh five" or 10 to 59 */
static unsigned minutes_after(const struct sentence *s, unsigned at, unsigned *ret_value)
{
    int one = FIND(word_at(s, at + 1), ones);
    if (is(s, at, "oh") && one >= 1 && one <= 9) {
        *ret_value = (unsigned)one;
        return 2;
    }
    unsigned taken = small(s, at, 10, ret_value);
    return taken && *ret_value >= 10 && *ret_value < 60 ? taken : 0;
}

/* "six thirty pm", "seven o'clock", "nine am" */
static unsigned clock_plain(struct sentence *s, unsigned at)
{
    unsigned hour, minute;
    const char *half;
    if (small(s, at, 1, &hour) != 1 || hour > 12)
        return 0;
    unsigned sharp = is(s, at + 1, "o'clock");
    unsigned taken = sharp ? 0 : minutes_after(s, at + 1, &minute);
    unsigned last = meridiem(s, at + 1 + sharp + taken, &half);
    if (sharp)
        minute = 0;
    else if (!last &&
             !(taken && after_time_word(s, at) && FIND(word_at(s, at + 1 + taken), units) < 0))
        return 0;
    if (sharp || taken) {
        put_time(s, hour, minute, half);
        return 1 + sharp + taken + last;
    }
    char text[16];
    snprintf(text, sizeof(text), "%u%s", hour, half);
    put(s, text);
    return 1 + last;
}

/* Digits said one by one, three or more: a code, a telephone number. */
static unsigned digits(struct sentence *s, unsigned at)
{
    char text[64];
    unsigned count = 0;
    for (; count < sizeof(text) - 1; count++) {
        int one = is(s, at + count, "oh") ? 0 : FIND(word_at(s, at + count), ones);
        if (one < 0 || one > 9)
            break;
        text[count] = (char)('0' + one);
    }
    /* What a number goes on with belongs to it. */
    if (count < 3 || is(s, at, "oh") || is(s, at + count, "hundred") ||
        is(s, at + count, "thousand") || is(s, at + count, "point"))
        return 0;
    text[count] = '\0';
    put(s, text);
    return count;
}

static unsigned written_year(struct sentence *s, unsigned at)
{
    unsigned value, taken = year(s, at, &value);
    char text[16];
    if (!taken)
        return 0;
    snprintf(text, sizeof(text), "%u", value);
    put(s, text);
    return taken;
}

static unsigned written_ordinal(struct sentence *s, unsigned at)
{
    static const char *const ends[] = {"th", "st", "nd", "rd"};
    unsigned value, taken = ordinal(s, at, &value);
    char text[16];
    bool date = at > 0 && FIND(word_at(s, at - 1), months) >= 0;
    if (!taken || (value < 10 && !date))
        return 0;
    unsigned last = value / 10 % 10 == 1 || value % 10 > 3 ? 0 : value % 10;
    snprintf(text, sizeof(text), "%u%s", value, ends[last]);
    put(s, text);
    return taken;
}

/* "point one four" after a number; the digits go to `text`. */
static unsigned decimals(const struct sentence *s, unsigned at, char *text, size_t size)
{
    size_t used = 1;
    unsigned taken = 1;
    text[0] = '\0';
    if (!is(s, at, "point"))
        return 0;
    for (; used + 1 < size; taken++) {
        int one = is(s, at + taken, "oh") ? 0 : FIND(word_at(s, at + taken), ones);
        if (one < 0 || one > 9)
            break;
        text[used++] = (char)('0' + one);
    }
    if (used == 1)
        return 0;
    text[0] = '.';
    text[used] = '\0';
    return taken;
}

/* "and fifty cents" after dollars */
static unsigned cents(const struct sentence *s, unsigned at, unsigned *ret_value)
{
    unsigned joined = is(s, at, "and"), taken = small(s, at + joined, 1, ret_value);
    unsigned end = at + joined + taken;
    return taken && *ret_value < 100 && (is(s, end, "cents") || is(s, end, "cent"))
               ? joined + taken + 1
               : 0;
}

/* The number itself stands in `text`; what is said after it decides how it looks. */
static unsigned finish_number(struct sentence *s, unsigned at, const char *text)
{
    char whole[96];
    unsigned more = 0, value = 0;
    if (is(s, at, "percent")) {
        snprintf(whole, sizeof(whole), "%s%%", text);
        more = 1;
    } else if (is(s, at, "dollars") || is(s, at, "dollar")) {
        more = 1 + cents(s, at + 1, &value);
        if (more > 1)
            snprintf(whole, sizeof(whole), "$%s.%02u", text, value);
        else
            snprintf(whole, sizeof(whole), "$%s", text);
    } else {
        snprintf(whole, sizeof(whole), "%s", text);
    }
    put(s, whole);
    return more;
}

static unsigned number(struct sentence *s, unsigned at)
{
    uint64_t value;
    char point[24], text[64];
    unsigned below = (is(s, at, "minus") || is(s, at, "negative")) &&
                     !(at > 0 && FIND(word_at(s, at - 1), ones) >= 0);
    unsigned taken = cardinal(s, at + below, &value);
    if (!taken)
        return 0;
    unsigned tail = decimals(s, at + below + taken, point, sizeof(point));
    unsigned end = at + below + taken + tail;
    bool unit = FIND(word_at(s, end), units) >= 0;
    if (value < 10 && !tail && !below && !unit)
        return 0;
    snprintf(text, sizeof(text), "%s%llu%s", below ? "-" : "", (unsigned long long)value,
             tail ? point : "");
    return below + taken + tail + finish_number(s, end, text);
}

static enum status cut(struct sentence *s, const char *words, struct error *ret_error)
{
    size_t length = strlen(words);
    char *next = NULL;
    if (length >= sizeof(s->text))
        return error_set(ret_error, STATUS_LIMIT, "words: %zu bytes, expected fewer than %zu",
                         length, sizeof(s->text));
    memcpy(s->text, words, length + 1);
    for (char *w = strtok_r(s->text, " ", &next); w; w = strtok_r(NULL, " ", &next)) {
        if (s->count == WRITTEN_WORDS_MAX)
            return error_set(ret_error, STATUS_LIMIT, "more than %d words", WRITTEN_WORDS_MAX);
        s->word[s->count++] = w;
    }
    return STATUS_OK;
}

static void write_all(struct sentence *s)
{
    static unsigned (*const rules[])(struct sentence *, unsigned) = {
        clock_relative, clock_plain, digits, written_year, written_ordinal, number};
    for (unsigned at = 0; at < s->count;) {
        unsigned taken = 0;
        for (unsigned r = 0; r < sizeof(rules) / sizeof(rules[0]) && !taken; r++)
            taken = rules[r](s, at);
        if (!taken)
            put(s, s->word[at]);
        at += taken ? taken : 1;
    }
}

enum status written_text(const char *words, char *ret_text, size_t size, struct error *ret_error)
{
    struct sentence s = {.out = ret_text, .size = size};
    if (size > 0)
        ret_text[0] = '\0';
    TRY(cut(&s, words, ret_error));
    write_all(&s);
    if (!s.overflow)
        return STATUS_OK;
    if (size > 0)
        ret_text[0] = '\0';
    return error_set(ret_error, STATUS_LIMIT,
                     "written words: expected room for more than %zu bytes", size);
}
