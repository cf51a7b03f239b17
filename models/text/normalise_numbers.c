#include "normalise_rules.h"

#include <ctype.h>
#include <string.h>

static const struct token *token_at(const struct sentence *s, size_t at)
{
    static const struct token none = {.text = ""};
    return at < s->count ? &s->tokens[at] : &none;
}

static unsigned two_digits(const char *text, size_t length)
{
    return (unsigned)(text[0] - '0') * (length > 1 ? 10 : 1) +
           (length > 1 ? (unsigned)(text[1] - '0') : 0);
}

/* Value of `length` <= 9 digits. */
static unsigned digits_value(const char *text, size_t length)
{
    unsigned value = 0;
    for (size_t i = 0; i < length; i++)
        value = value * 10 + (unsigned)(text[i] - '0');
    return value;
}

/* ---- clock times ---- */

/* 'a' or 'p' for am/pm in any writing, else 0. */
static char half_of_day(const char *text, size_t length)
{
    static const char *const forms[] = {"am", "a.m", "pm", "p.m"};
    for (size_t i = 0; i < 4; i++)
        if (normalise_equals(text, length, forms[i]))
            return forms[i][0];
    return 0;
}

static void say_half(struct say *w, char half)
{
    say_character(w, half);
    say_character(w, 'm');
}

/* A dot after "p.m." ends the sentence only when nothing follows. */
static void settle_dot(struct sentence *s, size_t at)
{
    if (s->tokens[at].after == '.' && at + 1 < s->count &&
        !isupper((unsigned char)s->tokens[at + 1].text[0]))
        s->tokens[at].after = 0;
}

static void say_clock(struct say *w, unsigned hour, unsigned minute, bool half)
{
    say_cardinal(w, hour);
    if (minute == 0) {
        if (!half)
            say_words(w, hour >= 1 && hour <= 12 ? "o'clock" : "hundred hours");
        return;
    }
    if (minute < 10)
        say_words(w, "oh");
    say_cardinal(w, minute);
}

/* A token such as 6:25, 18:30, 6:25pm or 6:25:10. */
struct clock_text {
    unsigned hour, minute, second;
    bool seconds;
    char half; /* of the day, when it is part of the token */
};

static bool parse_clock(const struct token *t, struct clock_text *ret)
{
    size_t h = 0;
    while (h < t->length && h < 2 && isdigit((unsigned char)t->text[h]))
        h++;
    if (h == 0 || h + 2 >= t->length || t->text[h] != ':' ||
        !normalise_is_digits(t->text + h + 1, 2))
        return false;
    const char *rest = t->text + h + 3;
    size_t left = t->length - h - 3;
    struct clock_text c = {.hour = two_digits(t->text, h),
                           .minute = two_digits(t->text + h + 1, 2)};
    c.half = half_of_day(rest, left);
    c.seconds = left == 3 && rest[0] == ':' && normalise_is_digits(rest + 1, 2);
    if (c.seconds)
        c.second = two_digits(rest + 1, 2);
    *ret = c;
    return c.hour <= 24 && c.minute <= 59 && (left == 0 || c.seconds || c.half != 0);
}

static size_t rule_clock(struct sentence *s, size_t at)
{
    const struct token *t = &s->tokens[at], *next = token_at(s, at + 1);
    struct clock_text c;
    size_t used = 1;
    if (!parse_clock(t, &c))
        return 0;
    if (c.half == 0 && !c.seconds && t->after == 0) {
        c.half = half_of_day(next->text, next->length);
        used += c.half != 0;
    }
    say_clock(s->words, c.hour, c.minute, c.half != 0);
    if (c.seconds) {
        say_words(s->words, "and");
        say_cardinal(s->words, c.second);
        say_words(s->words, "seconds");
    }
    if (c.half != 0) {
        say_half(s->words, c.half);
        settle_dot(s, at + used - 1);
    }
    return used;
}

/* 6pm, 6 pm, 11 a.m. */
static size_t rule_hour(struct sentence *s, size_t at)
{
    const struct token *t = &s->tokens[at];
    size_t h = 0, used = 1;
    while (h < t->length && h < 3 && isdigit((unsigned char)t->text[h]))
        h++;
    if (h == 0 || h > 2)
        return 0;
    char half = half_of_day(t->text + h, t->length - h);
    if (h == t->length && t->after == 0) {
        half = half_of_day(token_at(s, at + 1)->text, token_at(s, at + 1)->length);
        used = 2;
    }
    if (half == 0)
        return 0;
    say_cardinal(s->words, two_digits(t->text, h));
    say_half(s->words, half);
    settle_dot(s, at + used - 1);
    return used;
}

/* ---- dates ---- */

static bool is_year(const struct token *t)
{
    if (t->length != 4 || !normalise_is_digits(t->text, 4))
        return false;
    unsigned year = digits_value(t->text, 4);
    return year >= 1100 && year < 2100;
}

/* Day of the month, with or without an ordinal's letters; 0 when it is none. */
static unsigned day_of(const struct token *t)
{
    size_t d = 0;
    while (d < t->length && d < 3 && isdigit((unsigned char)t->text[d]))
        d++;
    size_t left = t->length - d;
    const char *rest = t->text + d;
    bool plain =
        left == 0 ||
        (left == 2 && (normalise_equals(rest, 2, "st") || normalise_equals(rest, 2, "nd") ||
                       normalise_equals(rest, 2, "rd") || normalise_equals(rest, 2, "th")));
    if (d == 0 || d > 2 || !plain)
        return 0;
    unsigned day = two_digits(t->text, d);
    return day >= 1 && day <= 31 ? day : 0;
}

static void say_date(struct say *w, const char *month, unsigned day, unsigned year)
{
    say_words(w, month);
    say_ordinal(w, day);
    if (year > 0) {
        say_words(w, ",");
        say_year(w, year);
    }
}

/* Three numbers of up to four digits between one kind of separator. */
struct three_numbers {
    unsigned value[3];
    size_t digits[3];
    char separator;
};

static bool parse_three(const struct token *t, struct three_numbers *ret)
{
    struct three_numbers n = {.separator = 0};
    size_t at = 0;
    for (size_t part = 0; part < 3; part++) {
        size_t start = at;
        while (at < t->length && at - start < 4 && isdigit((unsigned char)t->text[at]))
            at++;
        n.digits[part] = at - start;
        n.value[part] = digits_value(t->text + start, at - start);
        if (at == start || part == 2)
            break;
        char c = at < t->length ? t->text[at] : 0;
        if ((c != '-' && c != '/') || (part == 1 && c != n.separator))
            return false;
        n.separator = c;
        at++;
    }
    *ret = n;
    return at == t->length && n.digits[2] > 0;
}

/* 2024-05-17, 5/17/2024, 5/17/24. */
static size_t rule_numeric_date(struct sentence *s, size_t at)
{
    struct three_numbers n;
    if (!parse_three(&s->tokens[at], &n))
        return 0;
    bool iso = n.separator == '-' && n.digits[0] == 4;
    bool us = n.separator == '/' && n.digits[2] % 2 == 0;
    const char *month = normalise_month_number(n.value[iso ? 1 : 0]);
    unsigned day = n.value[iso ? 2 : 1];
    unsigned year = iso ? n.value[0] : n.value[2] + (n.digits[2] == 2 ? 2000 : 0);
    if ((!iso && !us) || month == NULL || day == 0 || day > 31)
        return 0;
    say_date(s->words, month, day, year);
    return 1;
}

/* May 5, May 5th 2024, Sept. 3. */
static size_t rule_month_day(struct sentence *s, size_t at)
{
    struct token *t = &s->tokens[at];
    const char *month = normalise_month(t->text, t->length);
    unsigned day = day_of(token_at(s, at + 1));
    if (month == NULL || !isupper((unsigned char)t->text[0]))
        return 0;
    bool short_form = t->length < strlen(month);
    if (day == 0 || (t->after != 0 && !(short_form && t->dotted))) {
        if (!short_form || (!t->dotted && !is_year(token_at(s, at + 1))))
            return 0;
        say_words(s->words, month);
        settle_dot(s, at);
        return 1;
    }
    const struct token *third = token_at(s, at + 2);
    bool with_year =
        is_year(third) && (token_at(s, at + 1)->after == 0 || token_at(s, at + 1)->after == ',');
    say_date(s->words, month, day, with_year ? digits_value(third->text, 4) : 0);
    return with_year ? 3 : 2;
}

/* 5 May, 5th May 2024. */
static size_t rule_day_month(struct sentence *s, size_t at)
{
    const struct token *t = &s->tokens[at];
    const struct token *m = token_at(s, at + 1), *y = token_at(s, at + 2);
    unsigned day = day_of(t);
    const char *month = normalise_month(m->text, m->length);
    if (day == 0 || month == NULL || t->after != 0 || !isupper((unsigned char)m->text[0]))
        return 0;
    bool with_year = is_year(y) && (m->after == 0 || m->after == ',');
    say_date(s->words, month, day, with_year ? digits_value(y->text, 4) : 0);
    return with_year ? 3 : 2;
}

/* 1990s, '90s. */
static size_t rule_decade(struct sentence *s, size_t at)
{
    const struct token *t = &s->tokens[at];
    const char *text = t->text;
    size_t n = t->length;
    if (n > 0 && text[0] == '\'') {
        text++;
        n--;
    }
    if ((n != 5 && n != 3) || text[n - 1] != 's' || text[n - 2] != '0' ||
        !normalise_is_digits(text, n - 1))
        return 0;
    static const char *const decades[] = {"hundreds", "tens",    "twenties", "thirties",
                                          "forties",  "fifties", "sixties",  "seventies",
                                          "eighties", "nineties"};
    if (n == 5 && !(text[1] == '0' && text[2] == '0'))
        say_cardinal(s->words, two_digits(text, 2));
    else if (n == 5)
        say_cardinal(s->words, two_digits(text, 2) * 100);
    say_words(s->words, decades[text[n - 3] - '0']);
    return 1;
}

/* ---- digits one by one ---- */

/* Digits to be read one by one: with dashes and at least seven of them, or after a plus, or ten and
 * more, or led by a zero. */
static bool is_digit_string(const struct token *t)
{
    size_t digits = 0, dashes = 0, plus = t->text[0] == '+';
    for (size_t i = plus; i < t->length; i++) {
        bool digit = isdigit((unsigned char)t->text[i]);
        if (!digit && (t->text[i] != '-' || i == 0))
            return false;
        digits += digit;
        dashes += !digit;
    }
    bool years = digits == 8 && dashes == 1 && t->text[4] == '-' && t->text[0] < '3';
    if (dashes > 0 || plus)
        return digits >= 7 && !years;
    return digits >= 10 || (digits >= 2 && t->text[0] == '0');
}

/* 555-1234, +1-800-555-0199, 0420. */
static size_t rule_phone(struct sentence *s, size_t at)
{
    const struct token *t = &s->tokens[at];
    if (!is_digit_string(t))
        return 0;
    for (size_t i = 0; i < t->length; i++) {
        if (t->text[i] == '-')
            say_words(s->words, ",");
        else if (t->text[i] == '+')
            say_words(s->words, "plus");
        say_digits(s->words, t->text + i, 1);
    }
    return 1;
}

/* Digits in parts between single dots: how many parts, 0 when it is something else. */
static size_t dotted_parts(const char *text, size_t length)
{
    size_t parts = 1;
    for (size_t i = 0; i < length; i++) {
        bool dot = text[i] == '.' && i > 0 && i + 1 < length && text[i - 1] != '.';
        if (!dot && !isdigit((unsigned char)text[i]))
            return 0;
        parts += dot;
    }
    return length > 0 ? parts : 0;
}

/* 1.2.3, v2, 192.168.0.1: number by number. */
static size_t rule_version(struct sentence *s, size_t at)
{
    const struct token *t = &s->tokens[at];
    size_t named = t->length > 1 && (t->text[0] == 'v' || t->text[0] == 'V');
    size_t parts = dotted_parts(t->text + named, t->length - named);
    if (parts == 0 || (parts < 3 && !named))
        return 0;
    if (named)
        say_words(s->words, "version");
    for (size_t i = named, n; i < t->length; i += n + 1) {
        n = 0;
        while (i + n < t->length && t->text[i + n] != '.')
            n++;
        if (n > 4)
            say_digits(s->words, t->text + i, n);
        else
            say_cardinal(s->words, digits_value(t->text + i, n));
        if (i + n < t->length)
            say_words(s->words, "point");
    }
    return 1;
}

/* ---- quantities ---- */

static const struct currency {
    char sign;
    const char *one, *many, *cent, *cents;
} currencies[] = {{'$', "dollar", "dollars", "cent", "cents"},
                  {SYMBOL_POUND, "pound", "pounds", "penny", "pence"},
                  {SYMBOL_EURO, "euro", "euros", "cent", "cents"},
                  {SYMBOL_YEN, "yen", "yen", "sen", "sen"}};

static const struct currency *find_currency(char sign)
{
    for (size_t i = 0; i < sizeof(currencies) / sizeof(currencies[0]); i++)
        if (currencies[i].sign == sign)
            return &currencies[i];
    return NULL;
}

static void say_small_money(struct say *w, const struct currency *c, const struct say_number *n)
{
    unsigned cents = n->fraction_digits == 2 ? digits_value(n->fraction, 2) : 0;
    if (n->negative)
        say_words(w, "minus");
    if (n->whole > 0 || cents == 0) {
        say_cardinal(w, n->whole);
        say_words(w, n->whole == 1 ? c->one : c->many);
    }
    if (n->whole > 0 && cents > 0)
        say_words(w, "and");
    if (cents > 0) {
        say_cardinal(w, cents);
        say_words(w, cents == 1 ? c->cent : c->cents);
    }
}

/* $5, $3.50, $1,200, $3.5 million, 5 EUR left alone. */
static size_t rule_money(struct sentence *s, size_t at)
{
    const struct token *t = &s->tokens[at];
    struct say_number n;
    size_t sign = t->length > 1 && t->text[0] == '-';
    const struct currency *c = t->length > 1 ? find_currency(t->text[sign]) : NULL;
    size_t used = c == NULL ? 0 : say_parse(t->text + sign + 1, t->length - sign - 1, &n);
    if (used == 0)
        return 0;
    n.negative = sign;
    size_t tokens = 1;
    const char *scale = NULL;
    if (sign + 1 + used < t->length) {
        scale = normalise_scale(t->text + sign + 1 + used, t->length - sign - 1 - used);
        if (scale == NULL)
            return 0;
    } else if (t->after == 0 && token_at(s, at + 1)->length > 2) {
        scale = normalise_scale(token_at(s, at + 1)->text, token_at(s, at + 1)->length);
        tokens += scale != NULL;
    }
    if (scale == NULL && (n.fraction_digits == 0 || n.fraction_digits == 2)) {
        say_small_money(s->words, c, &n);
        return 1;
    }
    say_decimal(s->words, &n);
    if (scale != NULL)
        say_words(s->words, scale);
    say_words(s->words, c->many);
    return tokens;
}

static const char *fraction_name(unsigned below, bool one)
{
    static const char *const singular[] = {"half",    "third",  "quarter", "fifth", "sixth",
                                           "seventh", "eighth", "ninth",   "tenth"};
    static const char *const plural[] = {"halves",   "thirds",  "quarters", "fifths", "sixths",
                                         "sevenths", "eighths", "ninths",   "tenths"};
    if (below < 2 || below > 10)
        return NULL;
    return one ? singular[below - 2] : plural[below - 2];
}

/* Reads "3/4"; false when it is none. */
static bool parse_fraction(const struct token *t, unsigned *ret_above, unsigned *ret_below)
{
    const char *slash = memchr(t->text, '/', t->length);
    if (slash == NULL)
        return false;
    size_t a = (size_t)(slash - t->text), b = t->length - a - 1;
    if (a > 3 || b > 3 || !normalise_is_digits(t->text, a) || !normalise_is_digits(slash + 1, b))
        return false;
    *ret_above = digits_value(t->text, a);
    *ret_below = digits_value(slash + 1, b);
    return true;
}

/* 1/2, 3/4, 2/7; "1 1/2" is handled by rule_number. */
static size_t rule_fraction(struct sentence *s, size_t at)
{
    unsigned above, below;
    if (!parse_fraction(&s->tokens[at], &above, &below))
        return 0;
    const char *name = fraction_name(below, above == 1);
    say_cardinal(s->words, above);
    if (name != NULL && above < below) {
        say_words(s->words, name);
    } else {
        say_words(s->words, "over");
        say_cardinal(s->words, below);
    }
    return 1;
}

/* 1st, 22nd, 103rd. */
static size_t rule_ordinal(struct sentence *s, size_t at)
{
    const struct token *t = &s->tokens[at];
    struct say_number n;
    size_t used = say_parse(t->text, t->length, &n);
    size_t left = t->length - used;
    const char *rest = t->text + used;
    if (used == 0 || left != 2 || n.fraction_digits > 0 || n.negative ||
        !(normalise_equals(rest, 2, "st") || normalise_equals(rest, 2, "nd") ||
          normalise_equals(rest, 2, "rd") || normalise_equals(rest, 2, "th")))
        return 0;
    say_ordinal(s->words, n.whole);
    return 1;
}

static void say_with_unit(struct say *w, const struct say_number *n, const struct unit_name *unit)
{
    say_decimal(w, n);
    say_words(w, say_is_one(n) ? unit->one : unit->many);
}

/* 5-10, 1914-1918, 20-25%. */
static size_t rule_range(struct sentence *s, size_t at)
{
    const struct token *t = &s->tokens[at];
    struct say_number a, b;
    size_t first = say_parse(t->text, t->length, &a);
    if (first == 0 || first + 1 >= t->length || t->text[first] != '-' || a.negative)
        return 0;
    const char *rest = t->text + first + 1;
    size_t left = t->length - first - 1, second = say_parse(rest, left, &b);
    if (second == 0 || b.negative)
        return 0;
    const struct unit_name *unit = normalise_unit(rest + second, left - second);
    if (second < left && unit == NULL)
        return 0;
    bool years = a.whole_digits == 4 && b.whole_digits == 4 && unit == NULL && a.whole < 2100;
    if (years) {
        say_year(s->words, (unsigned)a.whole);
        say_words(s->words, "to");
        say_year(s->words, (unsigned)b.whole);
        return 1;
    }
    say_decimal(s->words, &a);
    say_words(s->words, "to");
    if (unit != NULL)
        say_with_unit(s->words, &b, unit);
    else
        say_decimal(s->words, &b);
    return 1;
}

/* Is a bare 1984 a year here? A following unit or noun of counting says no. */
static bool reads_as_year(const struct sentence *s, size_t at)
{
    const struct token *t = &s->tokens[at];
    static const char *const counted[] = {"people",  "times",  "years",    "miles", "dollars",
                                          "feet",    "meters", "points",   "words", "pounds",
                                          "degrees", "steps",  "calories", "hours", "minutes",
                                          "seconds", "days"};
    const struct token *next = token_at(s, at + 1);
    for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
        if (t->after == 0 && normalise_equals(next->text, next->length, counted[i]))
            return false;
    return is_year(t);
}

/* 5km, 20 °C, 3 kg, 100%, 1 1/2 cups, 1984, 42, -3.5. */
static size_t rule_number(struct sentence *s, size_t at)
{
    const struct token *t = &s->tokens[at], *next = token_at(s, at + 1);
    struct say_number n;
    unsigned above, below;
    size_t used = say_parse(t->text, t->length, &n);
    if (used == 0)
        return 0;
    if (used < t->length) {
        const struct unit_name *unit = normalise_unit(t->text + used, t->length - used);
        if (unit == NULL)
            return 0;
        say_with_unit(s->words, &n, unit);
        return 1;
    }
    if (t->after != 0) {
        next = token_at(s, s->count);
    } else if (n.fraction_digits == 0 && parse_fraction(next, &above, &below) && above < below &&
               fraction_name(below, above == 1) != NULL) {
        say_decimal(s->words, &n);
        say_words(s->words, above == 1 ? "and a" : "and");
        if (above > 1)
            say_cardinal(s->words, above);
        say_words(s->words, fraction_name(below, above == 1));
        return 2;
    }
    const struct unit_name *unit = normalise_unit(next->text, next->length);
    if (unit != NULL && unit->spaced) {
        say_with_unit(s->words, &n, unit);
        return 2;
    }
    if (reads_as_year(s, at))
        say_year(s->words, (unsigned)n.whole);
    else
        say_decimal(s->words, &n);
    return 1;
}

size_t normalise_apply_number(struct sentence *sentence, size_t at)
{
    static size_t (*const rules[])(struct sentence *, size_t) = {
        rule_clock,    rule_hour,    rule_numeric_date, rule_month_day, rule_day_month,
        rule_decade,   rule_phone,   rule_version,      rule_range,     rule_money,
        rule_fraction, rule_ordinal, rule_number};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        size_t used = rules[i](sentence, at);
        if (used > 0)
            return used;
    }
    return 0;
}
