#include "say.h"

#include <ctype.h>
#include <string.h>

static const char *const small[] = {"zero",    "one",     "two",       "three",    "four",
                                    "five",    "six",     "seven",     "eight",    "nine",
                                    "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                                    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
static const char *const tens[] = {"",      "",      "twenty",  "thirty", "forty",
                                   "fifty", "sixty", "seventy", "eighty", "ninety"};
static const char *const small_ordinals[] = {
    "zeroth",     "first",     "second",    "third",       "fourth",     "fifth",     "sixth",
    "seventh",    "eighth",    "ninth",     "tenth",       "eleventh",   "twelfth",   "thirteenth",
    "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"};
static const char *const tens_ordinals[] = {"",          "",         "twentieth", "thirtieth",
                                            "fortieth",  "fiftieth", "sixtieth",  "seventieth",
                                            "eightieth", "ninetieth"};

void say_span(struct say *words, const char *text, size_t length)
{
    size_t space = words->length > 0;
    if (length == 0 || words->full)
        return;
    if (words->length + space + length + 1 > words->size) {
        words->full = true;
        return;
    }
    if (space)
        words->text[words->length++] = ' ';
    memcpy(words->text + words->length, text, length);
    words->length += length;
    words->text[words->length] = '\0';
}

void say_words(struct say *words, const char *text)
{
    say_span(words, text, strlen(text));
}

void say_character(struct say *words, char c)
{
    if (isdigit((unsigned char)c))
        say_words(words, small[c - '0']);
    else if (isalpha((unsigned char)c))
        say_span(words, (char[2]){(char)tolower((unsigned char)c), '.'}, 2);
}

void say_digits(struct say *words, const char *digits, size_t count)
{
    for (size_t i = 0; i < count; i++)
        say_character(words, digits[i]);
}

static void say_below_thousand(struct say *words, unsigned value)
{
    if (value >= 100) {
        say_words(words, small[value / 100]);
        say_words(words, "hundred");
        value %= 100;
    }
    if (value >= 20) {
        say_words(words, tens[value / 10]);
        value %= 10;
    }
    if (value > 0)
        say_words(words, small[value]);
}

static const struct scale {
    uint64_t value;
    const char *name;
} scales[] = {{1000000000000000000u, "quintillion"},
              {1000000000000000u, "quadrillion"},
              {1000000000000u, "trillion"},
              {1000000000u, "billion"},
              {1000000u, "million"},
              {1000u, "thousand"}};

void say_cardinal(struct say *words, uint64_t value)
{
    if (value == 0)
        say_words(words, small[0]);
    for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++) {
        if (value < scales[i].value)
            continue;
        say_below_thousand(words, (unsigned)(value / scales[i].value));
        say_words(words, scales[i].name);
        value %= scales[i].value;
    }
    say_below_thousand(words, (unsigned)value);
}

void say_ordinal(struct say *words, uint64_t value)
{
    unsigned last = (unsigned)(value % 100);
    if (value >= 100) {
        say_cardinal(words, value - last);
        if (last == 0) {
            /* "hundred" -> "hundredth", and so for every larger word. */
            if (words->length + 3 > words->size)
                words->full = true;
            else
                memcpy(words->text + words->length, "th", 3), words->length += 2;
            return;
        }
    }
    if (last < 20) {
        say_words(words, small_ordinals[last]);
    } else if (last % 10 == 0) {
        say_words(words, tens_ordinals[last / 10]);
    } else {
        say_words(words, tens[last / 10]);
        say_words(words, small_ordinals[last % 10]);
    }
}

void say_year(struct say *words, unsigned year)
{
    unsigned century = year / 100, rest = year % 100;
    if (year < 1000 || year > 2999 || (century % 10 == 0 && rest < 10)) {
        say_cardinal(words, year);
        return;
    }
    say_below_thousand(words, century);
    if (rest == 0) {
        say_words(words, "hundred");
        return;
    }
    if (rest < 10)
        say_words(words, "oh");
    say_below_thousand(words, rest);
}

/* Digits with separators in the right places ("12,345"); returns the bytes used. */
static size_t parse_whole(const char *text, size_t length, struct say_number *n)
{
    size_t at = 0, since = 0;
    while (at < length) {
        if (isdigit((unsigned char)text[at])) {
            if (n->grouped && since == 3)
                break;
            n->whole = n->whole * 10 + (uint64_t)(text[at] - '0');
            n->whole_digits++;
            since++;
            at++;
            if (n->whole_digits > 18)
                return 0;
            continue;
        }
        bool comma = text[at] == ',' && at + 3 < length && isdigit((unsigned char)text[at + 1]) &&
                     isdigit((unsigned char)text[at + 2]) && isdigit((unsigned char)text[at + 3]);
        if (!comma || since == 0 || since > 3 || (n->grouped && since != 3))
            break;
        n->grouped = true;
        since = 0;
        at++;
    }
    return at;
}

size_t say_parse(const char *text, size_t length, struct say_number *ret_number)
{
    struct say_number n = {0};
    size_t at = 0;
    if (at < length && (text[at] == '-' || text[at] == '+'))
        n.negative = text[at++] == '-';
    size_t used = parse_whole(text + at, length - at, &n);
    at += used;
    if (at + 1 < length && text[at] == '.' && isdigit((unsigned char)text[at + 1])) {
        n.fraction = text + at + 1;
        while (at + 1 + n.fraction_digits < length &&
               isdigit((unsigned char)n.fraction[n.fraction_digits]))
            n.fraction_digits++;
        at += 1 + n.fraction_digits;
    }
    if (n.whole_digits + n.fraction_digits == 0 || (used == 0 && n.whole_digits > 0))
        return 0;
    *ret_number = n;
    return at;
}

void say_decimal(struct say *words, const struct say_number *number)
{
    if (number->negative)
        say_words(words, "minus");
    say_cardinal(words, number->whole);
    if (number->fraction_digits > 0) {
        say_words(words, "point");
        say_digits(words, number->fraction, number->fraction_digits);
    }
}
