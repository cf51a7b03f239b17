#include "lm_pretokenizer.h"

#include <string.h>

#include "lm_unicode_table.h"

enum kind { LETTER, NUMBER, SPACE, OTHER };

/* One character: its bytes and what it is. */
struct character {
    size_t length;
    uint32_t code;
    enum kind kind;
};

static bool in_ranges(uint32_t code, const struct lm_range *ranges, size_t count)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && code >= ranges[low].first;
}

/* Unicode's White_Space property. */
static bool is_space(uint32_t c)
{
    return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

static enum kind kind_of(uint32_t code)
{
    if (code < 128) {
        if ((code | 32) >= 'a' && (code | 32) <= 'z')
            return LETTER;
        if (code >= '0' && code <= '9')
            return NUMBER;
        return is_space(code) ? SPACE : OTHER;
    }
    if (is_space(code))
        return SPACE;
    if (in_ranges(code, lm_letters, sizeof(lm_letters) / sizeof(lm_letters[0])))
        return LETTER;
    if (in_ranges(code, lm_numbers, sizeof(lm_numbers) / sizeof(lm_numbers[0])))
        return NUMBER;
    return OTHER;
}

/* Decodes UTF-8; a byte that is no part of it is a character of kind OTHER. */
static struct character character_at(struct lm_piece text, size_t at)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)text.data + at;
    if (p[0] < 0x80)
        return (struct character){1, p[0], kind_of(p[0])};
    size_t length = p[0] >= 0xf0 && p[0] < 0xf8   ? 4
                    : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
                    : p[0] >= 0xc0 && p[0] < 0xe0 ? 2
                                                  : 0;
    if (length == 0 || length > text.length - at)
        return (struct character){1, p[0], OTHER};
    uint32_t code = p[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return (struct character){1, p[0], OTHER};
        code = code << 6 | (p[i] & 0x3f);
    }
    if (code < least[length] || code > 0x10ffff)
        return (struct character){1, p[0], OTHER};
    return (struct character){length, code, kind_of(code)};
}

/* Length of the contraction at the start, or 0. */
static size_t contraction(struct lm_piece text)
{
    static const char *const endings[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t length = strlen(endings[i]);
        if (text.length >= length && memcmp(text.data, endings[i], length) == 0)
            return length;
    }
    return 0;
}

static size_t run_end(struct lm_piece text, size_t at, enum kind kind)
{
    while (at < text.length) {
        struct character c = character_at(text, at);
        if (c.kind != kind)
            break;
        at += c.length;
    }
    return at;
}

/* \s+(?!\S)|\s+ : spaces, but the last one is left to the word that follows. */
static size_t space_run(struct lm_piece text)
{
    size_t at = 0, last = 0;
    while (at < text.length) {
        struct character c = character_at(text, at);
        if (c.kind != SPACE)
            return last > 0 ? last : at;
        last = at;
        at += c.length;
    }
    return at;
}

static size_t gpt2_word(struct lm_piece text)
{
    size_t length = text.data[0] == '\'' ? contraction(text) : 0;
    if (length > 0)
        return length;
    struct character first = character_at(text, 0);
    if (first.code == ' ' && first.kind == SPACE && text.length > 1) {
        struct character second = character_at(text, 1);
        if (second.kind != SPACE)
            return run_end(text, 1, second.kind);
    }
    if (first.kind == SPACE)
        return space_run(text);
    return run_end(text, 0, first.kind);
}

/* Where the next number begins: the text before it is cut as if it ended there. */
static size_t before_number(struct lm_piece text)
{
    size_t at = 0;
    while (at < text.length) {
        struct character c = character_at(text, at);
        if (c.kind == NUMBER)
            break;
        at += c.length;
    }
    return at;
}

size_t lm_pretokenizer_word(enum lm_pre pre, struct lm_piece text)
{
    if (pre == LM_PRE_GPT2)
        return gpt2_word(text);
    size_t plain = before_number(text);
    if (plain == 0)
        return character_at(text, 0).length;
    return gpt2_word((struct lm_piece){text.data, plain});
}
