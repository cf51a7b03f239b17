#include "privacy_view.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- characters ---- */

/* One character at `at`; bytes that are no UTF-8 count as themselves. Returns its length. */
static size_t character_at(const char *text, size_t length, size_t at, uint32_t *ret_code)
{
    const unsigned char *c = (const unsigned char *)text + at;
    size_t left = length - at;
    size_t n = c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : c[0] >= 0xc2 ? 2 : 1;
    uint32_t code = n == 1 ? c[0] : c[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (i >= left || (c[i] & 0xc0) != 0x80) {
            *ret_code = c[0];
            return 1;
        }
        code = code << 6 | (c[i] & 0x3f);
    }
    *ret_code = code;
    return n;
}

/* Value of a decimal digit of the scripts in everyday use, -1 for anything else. */
static int digit_value(uint32_t code)
{
    static const uint32_t zeros[] = {'0', 0x660, 0x6f0, 0x966, 0x9e6, 0xff10};
    for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
        if (code >= zeros[i] && code < zeros[i] + 10)
            return (int)(code - zeros[i]);
    }
    return -1;
}

static bool is_ascii_letter(uint32_t code)
{
    return code < 0x80 && isalpha((int)code);
}

/* Signs beyond ASCII that end a word: Latin-1 signs, general and CJK punctuation. */
static bool is_foreign_sign(uint32_t code)
{
    return (code >= 0x80 && code < 0xc0) || (code >= 0x2000 && code < 0x2070) ||
           (code >= 0x3000 && code < 0x3040);
}

static bool is_word_character(uint32_t code)
{
    return code < 0x80 ? isalnum((int)code) : !is_foreign_sign(code);
}

/* ---- digits ---- */

struct number_word {
    const char *word;
    const char *digits;
};

/* "hundred" and "thousand" only go on with a number. */
static const struct number_word number_words[] = {
    {"zero", "0"},      {"oh", "0"},        {"nought", "0"},   {"one", "1"},
    {"two", "2"},       {"three", "3"},     {"four", "4"},     {"five", "5"},
    {"six", "6"},       {"seven", "7"},     {"eight", "8"},    {"nine", "9"},
    {"ten", "10"},      {"eleven", "11"},   {"twelve", "12"},  {"thirteen", "13"},
    {"fourteen", "14"}, {"fifteen", "15"},  {"sixteen", "16"}, {"seventeen", "17"},
    {"eighteen", "18"}, {"nineteen", "19"}, {"twenty", "20"},  {"thirty", "30"},
    {"forty", "40"},    {"fifty", "50"},    {"sixty", "60"},   {"seventy", "70"},
    {"eighty", "80"},   {"ninety", "90"},   {"hundred", "00"}, {"thousand", "000"},
};

enum { GAP_MAX = 3 };

struct joiner {
    const char *text;
    size_t length;
    struct digit_view *view;
    bool in_run;     /* the last thing written is a digit */
    bool after_tens; /* it is the 0 of twenty ... ninety */
    size_t gap;      /* where what may be dropped began, when gap_count > 0 */
    int gap_count;
    int repeat; /* of the next digit: "double", "triple" */
};

static void put(struct joiner *j, char c, size_t from, size_t to)
{
    j->view->span[j->view->length] = (struct text_span){(uint32_t)from, (uint32_t)to};
    j->view->text[j->view->length++] = c;
}

/* What was held back is no gap between digits after all. */
static void end_run(struct joiner *j, size_t at)
{
    for (size_t i = j->gap; j->gap_count && i < at; i++)
        put(j, j->text[i], i, i + 1);
    j->in_run = j->after_tens = false;
    j->gap_count = 0;
    j->repeat = 1;
}

static void put_digits(struct joiner *j, const char *digits, size_t from, size_t to)
{
    bool fills_tens = j->after_tens && strlen(digits) == 1 && *digits != '0';
    size_t start = j->repeat > 1 ? j->gap : from;
    for (int i = 0; i < j->repeat; i++) {
        if (fills_tens && i == 0)
            j->view->length--;
        for (const char *d = digits; *d; d++)
            put(j, *d, start, to);
    }
    j->in_run = true;
    j->after_tens = false;
    j->gap_count = 0;
    j->repeat = 1;
}

static bool is_gap(uint32_t code)
{
    return (code < 0x80 && code && strchr(" -./()\n\t", (int)code)) || code == 0xa0 ||
           (code >= 0x2000 && code <= 0x2015);
}

static void hold(struct joiner *j, size_t at)
{
    if (j->gap_count++ == 0)
        j->gap = at;
}

static const struct number_word *find_number_word(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof(number_words) / sizeof(number_words[0]); i++) {
        const char *known = number_words[i].word;
        if (strlen(known) == length && strncasecmp(known, word, length) == 0)
            return &number_words[i];
    }
    return NULL;
}

static size_t letters_at(const struct joiner *j, size_t at)
{
    size_t end = at;
    while (end < j->length && is_ascii_letter((unsigned char)j->text[end]))
        end++;
    return end - at;
}

static int repeat_word(const char *word, size_t length)
{
    if (length == 6 && strncasecmp(word, "double", 6) == 0)
        return 2;
    return length == 6 && strncasecmp(word, "triple", 6) == 0 ? 3 : 1;
}

/* A word that begins at `at`; false when it is none of a number. */
static bool join_word(struct joiner *j, size_t at, size_t length)
{
    const char *word = j->text + at;
    const struct number_word *number = find_number_word(word, length);
    if (repeat_word(word, length) > 1) {
        if (j->repeat > 1)
            end_run(j, at);
        hold(j, at);
        j->gap_count = 1;
        j->repeat = repeat_word(word, length);
        return true;
    }
    if (!number || (strncmp(number->digits, "00", 2) == 0 && !j->in_run))
        return false;
    put_digits(j, number->digits, at, at + length);
    j->after_tens =
        strlen(number->digits) == 2 && number->digits[1] == '0' && number->digits[0] >= '2';
    return true;
}

static bool digits_at(const struct joiner *j, size_t at, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (at + i >= j->length || !isdigit((unsigned char)j->text[at + i]))
            return false;
    }
    return true;
}

/* yyyy-mm-dd, alone. */
static bool is_date_at(const struct joiner *j, size_t at)
{
    const char *t = j->text + at;
    return digits_at(j, at, 4) && at + 10 <= j->length && t[4] == '-' && digits_at(j, at + 5, 2) &&
           t[7] == '-' && digits_at(j, at + 8, 2) && !digits_at(j, at + 10, 1) &&
           (at == 0 || !digits_at(j, at - 1, 1));
}

static void copy(struct joiner *j, size_t from, size_t to)
{
    end_run(j, from);
    for (size_t i = from; i < to; i++)
        put(j, j->text[i], i, i + 1);
}

/* Read one thing; returns where the next begins. */
static size_t join_next(struct joiner *j, size_t at)
{
    uint32_t code;
    size_t n = character_at(j->text, j->length, at, &code);
    int value = digit_value(code);
    if (value >= 0 && is_date_at(j, at)) {
        copy(j, at, at + 10);
        return at + 10;
    }
    if (value >= 0) {
        const char digit[2] = {(char)('0' + value), '\0'};
        j->after_tens = false;
        put_digits(j, digit, at, at + n);
        return at + n;
    }
    if ((j->in_run || j->repeat > 1) && is_gap(code) && j->gap_count < GAP_MAX) {
        hold(j, at);
        return at + n;
    }
    size_t letters = letters_at(j, at);
    if (letters == 0 || !join_word(j, at, letters))
        copy(j, at, at + (letters ? letters : n));
    return at + (letters ? letters : n);
}

enum status digit_view_create(const char *text, size_t length, struct digit_view *ret_view,
                              struct error *ret_error)
{
    struct digit_view view = {0};
    size_t room = length + 1; /* "one" becomes 1 byte, "triple six" 3: never more than the text */
    view.text = malloc(room);
    view.span = malloc(room * sizeof(view.span[0]));
    if (!view.text || !view.span) {
        digit_view_finish(&view);
        return error_set(ret_error, STATUS_NO_MEMORY, "privacy: out of memory");
    }
    struct joiner joiner = {.text = text, .length = length, .view = &view, .repeat = 1};
    for (size_t at = 0; at < length;)
        at = join_next(&joiner, at);
    end_run(&joiner, length);
    view.text[view.length] = '\0';
    *ret_view = view;
    return STATUS_OK;
}

void digit_view_finish(struct digit_view *view)
{
    free(view->text);
    free(view->span);
    *view = (struct digit_view){0};
}

/* ---- words ---- */

/* U+00C0 to U+017F without their accents. */
static const char plain_latin[] =
    "aaaaaaaceeeeiiiidnooooo*ouuuuypsaaaaaaaceeeeiiiidnooooo/ouuuuypy"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static uint32_t fold(uint32_t code)
{
    if (code < 0x80)
        return (uint32_t)tolower((int)code);
    if (code >= 0xc0 && code < 0x180)
        return (unsigned char)plain_latin[code - 0xc0];
    if (code >= 0x391 && code <= 0x3a9) /* Greek */
        return code + 0x20;
    if (code >= 0x410 && code <= 0x42f) /* Cyrillic */
        return code + 0x20;
    if (code >= 0x400 && code <= 0x40f)
        return code + 0x50;
    return code;
}

static size_t append_code(char *out, size_t used, uint32_t code)
{
    char bytes[4];
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (n == 1)
        bytes[0] = (char)code;
    for (size_t i = n; n > 1 && i-- > 0; code >>= 6)
        bytes[i] = i ? (char)(0x80 | (code & 0x3f)) : (char)((0xf00u >> n & 0xff) | code);
    if (used + n >= WORD_VIEW_BYTES)
        return used;
    memcpy(out + used, bytes, n);
    return used + n;
}

/* An apostrophe between letters belongs to the word ("o'neil"). */
static bool goes_on(const char *text, size_t length, size_t at, size_t *ret_next,
                    uint32_t *ret_code)
{
    uint32_t next;
    *ret_next = at + character_at(text, length, at, ret_code);
    if (is_word_character(*ret_code))
        return true;
    if ((*ret_code != '\'' && *ret_code != 0x2019) || *ret_next >= length)
        return false;
    character_at(text, length, *ret_next, &next);
    *ret_code = '\'';
    return is_word_character(next);
}

static size_t read_word(const char *text, size_t length, size_t at, struct word_view_item *item)
{
    size_t used = 0, next;
    uint32_t code;
    size_t mark = 0; /* where an apostrophe stands */
    item->span.from = (uint32_t)at;
    while (at < length && goes_on(text, length, at, &next, &code)) {
        mark = code == '\'' ? at : mark;
        used = append_code(item->folded, used, fold(code));
        at = next;
    }
    item->folded[used] = '\0';
    item->span.to = (uint32_t)at;
    if (used > 2 && mark && strcmp(item->folded + used - 2, "'s") == 0) {
        item->folded[used - 2] = '\0';
        item->span.to = (uint32_t)mark;
    }
    return at;
}

enum status word_view_create(const char *text, size_t length, struct word_view *ret_view,
                             struct error *ret_error)
{
    struct word_view view = {.word = malloc((length / 2 + 1) * sizeof(struct word_view_item))};
    if (!view.word)
        return error_set(ret_error, STATUS_NO_MEMORY, "privacy: out of memory");
    for (size_t at = 0; at < length;) {
        uint32_t code;
        size_t n = character_at(text, length, at, &code);
        if (is_word_character(code))
            at = read_word(text, length, at, &view.word[view.count++]);
        else
            at += n;
    }
    *ret_view = view;
    return STATUS_OK;
}

void word_view_finish(struct word_view *view)
{
    free(view->word);
    *view = (struct word_view){0};
}
