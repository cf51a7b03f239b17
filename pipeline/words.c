#include "words.h"

#include <ctype.h>
#include <string.h>

static bool is_inner_mark(char before, char mark, char after)
{
    bool numeric = isdigit((unsigned char)before) && isdigit((unsigned char)after);
    if (mark == '.' || mark == ':')
        return numeric;
    return mark == '\'' && isalpha((unsigned char)before) && isalpha((unsigned char)after);
}

/* Does a new word begin between these two kept characters? "5pm" is two words, "3.5" is one. */
static bool is_cut(char before, char now)
{
    bool digit_before = isdigit((unsigned char)before) != 0;
    bool alpha_now = isalpha((unsigned char)now) != 0;
    return digit_before && alpha_now;
}

struct builder {
    struct words *words;
    size_t used;
    bool open;
};

static bool builder_put(struct builder *b, char c)
{
    if (b->used + 2 > WORDS_BYTES)
        return false;
    if (!b->open) {
        if (b->words->count == WORDS_MAX)
            return false;
        b->words->word[b->words->count++] = b->words->bytes + b->used;
        b->open = true;
    }
    b->words->bytes[b->used++] = (char)tolower((unsigned char)c);
    return true;
}

static void builder_close(struct builder *b)
{
    if (b->open)
        b->words->bytes[b->used++] = '\0';
    b->open = false;
}

static bool builder_word(struct builder *b, const char *word)
{
    builder_close(b);
    for (; *word; word++) {
        if (!builder_put(b, *word)) {
            builder_close(b);
            return false;
        }
    }
    builder_close(b);
    return true;
}

static bool is_digit_comma(const char *text, size_t at)
{
    return text[at] == ',' && at > 0 && isdigit((unsigned char)text[at - 1]) &&
           isdigit((unsigned char)text[at + 1]) && isdigit((unsigned char)text[at + 2]) &&
           isdigit((unsigned char)text[at + 3]);
}

/* A sign that is a word of its own in arithmetic. */
static const char *sign_word(const char *text, size_t at)
{
    switch (text[at]) {
    case '%':
        return "percent";
    case '+':
        return "plus";
    case '*':
        return "times";
    case '/':
        return "over";
    case '-':
        return isdigit((unsigned char)text[at + 1]) || text[at + 1] == ' ' ? "minus" : NULL;
    default:
        return NULL;
    }
}

void words_split(struct words *words, const char *text)
{
    memset(words, 0, sizeof(*words));
    struct builder b = {.words = words};
    char before = '\0';
    for (size_t i = 0; text[i]; i++) {
        char c = text[i];
        bool keep =
            isalnum((unsigned char)c) || (c & 0x80) || is_inner_mark(before, c, text[i + 1]);
        const char *sign = keep ? NULL : sign_word(text, i);
        if (!keep && is_digit_comma(text, i))
            continue;
        if (!keep || is_cut(before, c))
            builder_close(&b);
        if (sign ? !builder_word(&b, sign) : keep && !builder_put(&b, c))
            break;
        before = keep ? c : '\0';
    }
    builder_close(&b);
}

bool words_is(const struct words *words, int at, const char *text)
{
    return at >= 0 && at < words->count && strcmp(words->word[at], text) == 0;
}

bool words_any(const struct words *words, int at, const char *const *list)
{
    for (; *list; list++) {
        if (words_is(words, at, *list))
            return true;
    }
    return false;
}

int words_phrase(const struct words *words, int at, const char *phrase)
{
    int matched = 0;
    while (*phrase) {
        size_t length = strcspn(phrase, " ");
        if (at + matched >= words->count)
            return 0;
        const char *word = words->word[at + matched];
        if (strlen(word) != length || memcmp(word, phrase, length) != 0)
            return 0;
        matched++;
        phrase += length;
        phrase += *phrase == ' ';
    }
    return matched;
}

void words_skip(struct words *words, int n)
{
    if (n > words->count)
        n = words->count;
    words->count -= n;
    memmove(words->word, words->word + n, (size_t)words->count * sizeof(words->word[0]));
}
