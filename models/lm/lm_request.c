#include "lm_request.h"

#include <stdbool.h>
#include <string.h>

/* A text being rewritten pass by pass; the guards let a pass look around without checks. */
enum { GUARD = 4 };

struct text {
    char bytes[GUARD + LM_MAX_REQUEST_BYTES + GUARD];
    size_t length;
};

static char at(const struct text *t, size_t i, int offset)
{
    return t->bytes[GUARD + i + (size_t)offset];
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_word(char c)
{
    return is_digit(c) || is_letter(c) || c == '_' || (c & 0x80); /* a byte of UTF-8: a letter */
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void put(struct text *t, char c)
{
    t->bytes[GUARD + t->length++] = c;
}

/* Sequences of UTF-8 that have a plain form. */
static const struct {
    const char *from, *to;
} plain_forms[] = {{"\xe2\x80\x99", "'"}, {"\xe2\x80\x98", "'"}, {"`", "'"},
                   {"\xc3\x97", "*"},     {"\xc3\xb7", "/"},     {"\xc2\xb0", " degrees "}};

static size_t put_plain_form(struct text *t, const char *p)
{
    for (size_t i = 0; i < sizeof(plain_forms) / sizeof(plain_forms[0]); i++) {
        size_t length = strlen(plain_forms[i].from);
        if (strncmp(p, plain_forms[i].from, length) != 0)
            continue;
        for (const char *c = plain_forms[i].to; *c; c++)
            put(t, *c);
        return length;
    }
    return 0;
}

static void fold(const char *text, struct text *to)
{
    for (const char *p = text; *p;) {
        size_t used = put_plain_form(to, p);
        if (used == 0) {
            put(to, *p >= 'A' && *p <= 'Z' ? (char)(*p | 32) : *p);
            used = 1;
        }
        p += used;
    }
}

/* "a.m.", "p. m" -> "am", "pm"; returns how many bytes were used, or 0. */
static size_t put_am_pm(const struct text *from, size_t i, struct text *to)
{
    char c = at(from, i, 0);
    if ((c != 'a' && c != 'p') || is_word(at(from, i, -1)) || at(from, i, 1) != '.')
        return 0;
    size_t m = i + 2 + is_space(at(from, i, 2));
    if (m >= from->length || at(from, m, 0) != 'm' || is_word(at(from, m, 1)))
        return 0;
    put(to, c);
    put(to, 'm');
    return m + 1 + (at(from, m, 1) == '.') - i;
}

static void pass_am_pm(const struct text *from, struct text *to)
{
    for (size_t i = 0; i < from->length;) {
        size_t used = put_am_pm(from, i, to);
        if (used == 0)
            put(to, at(from, i, 0));
        i += used ? used : 1;
    }
}

/* 1,000 -> 1000 */
static void pass_thousands(const struct text *from, struct text *to)
{
    for (size_t i = 0; i < from->length; i++) {
        bool drop = at(from, i, 0) == ',' && is_digit(at(from, i, -1)) &&
                    is_digit(at(from, i, 1)) && is_digit(at(from, i, 2)) &&
                    is_digit(at(from, i, 3));
        if (!drop)
            put(to, at(from, i, 0));
    }
}

static char point(const struct text *t, size_t i)
{
    char c = at(t, i, 0);
    bool mark = c == '.' || c == ':';
    return mark && !(is_digit(at(t, i, -1)) && is_digit(at(t, i, 1))) ? ' ' : c;
}

static char hyphen(const struct text *t, size_t i)
{
    char c = at(t, i, 0);
    return c == '-' && (is_letter(at(t, i, -1)) || is_letter(at(t, i, 1))) ? ' ' : c;
}

static char known(const struct text *t, size_t i)
{
    char c = at(t, i, 0);
    return is_digit(c) || is_letter(c) || (c && strchr("'.:+*/%$-", c)) ? c : ' ';
}

static char apostrophe(const struct text *t, size_t i)
{
    char c = at(t, i, 0);
    return c == '\'' && !(is_letter(at(t, i, -1)) && is_letter(at(t, i, 1))) ? ' ' : c;
}

static void pass_each(char (*rule)(const struct text *, size_t), const struct text *from,
                      struct text *to)
{
    for (size_t i = 0; i < from->length; i++)
        put(to, rule(from, i));
}

static enum status collapse(const struct text *t, char *ret_text, size_t capacity)
{
    size_t n = 0;
    for (size_t i = 0; i < t->length; i++) {
        bool space = at(t, i, 0) == ' ';
        if (space && (n == 0 || at(t, i, -1) == ' '))
            continue;
        if (n + 1 >= capacity)
            return STATUS_LIMIT;
        ret_text[n++] = at(t, i, 0);
    }
    n -= n > 0 && ret_text[n - 1] == ' ';
    ret_text[n] = 0;
    return STATUS_OK;
}

enum status lm_request_normalise(const char *text, char *ret_text, size_t capacity)
{
    struct text a = {.length = 0}, b = {.length = 0};
    /* The degree sign grows most: two bytes become nine. */
    if (capacity == 0 || strlen(text) > LM_MAX_REQUEST_BYTES / 9)
        return STATUS_LIMIT;
    fold(text, &a);
    pass_am_pm(&a, &b);
    static char (*const rules[])(const struct text *, size_t) = {point, hyphen, known, apostrophe};
    a = (struct text){.length = 0};
    pass_thousands(&b, &a);
    for (size_t i = 0; i < 4; i++) {
        b = (struct text){.length = 0};
        pass_each(rules[i], &a, &b);
        a = b;
    }
    return collapse(&a, ret_text, capacity);
}
