#include "normalise.h"

#include <stdint.h>
#include <string.h>

#include "normalise_rules.h"

/* ---- folding to ASCII ---- */

/* Letters U+00C0..U+017F without their accents; '.' where there is no one letter. */
static const char latin_letters[] =
    "AAAAAAACEEEEIIII.NOOOOO\4OUUUUY.saaaaaaaceeeeiiii.nooooo\5ouuuuy.y"
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi..JjKkkLlLlLlLlLlNnNnNnnNn"
    "OoOoOo..RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";

static const struct {
    uint32_t code;
    const char *text;
} folded[] = {
    {0xa0, " "},     {0xa2, "\11"},   {0xa3, "\2"},   {0xa5, "\6"},    {0xb0, "\1"},
    {0xb2, "\7"},    {0xb3, "\10"},   {0xb4, "'"},    {0xba, "\1"},    {0xbc, " 1/4"},
    {0xbd, " 1/2"},  {0xbe, " 3/4"},  {0xd7, "\4"},   {0xf7, "\5"},    {0xc6, "Ae"},
    {0xe6, "ae"},    {0xdf, "ss"},    {0x152, "Oe"},  {0x153, "oe"},   {0x2009, " "},
    {0x200b, ""},    {0x2010, "-"},   {0x2011, "-"},  {0x2012, "-"},   {0x2013, " - "},
    {0x2014, " , "}, {0x2015, " , "}, {0x2018, "'"},  {0x2019, "'"},   {0x201a, "'"},
    {0x201c, "\""},  {0x201d, "\""},  {0x201e, "\""}, {0x2022, " , "}, {0x2026, ". "},
    {0x202f, " "},   {0x2032, "'"},   {0x2033, "\""}, {0x20ac, "\3"},  {0x2103, "\1C"},
    {0x2109, "\1F"}, {0x2212, "-"},   {0x2122, ""},
};

static const char *fold_code(uint32_t code, char buffer[2])
{
    for (size_t i = 0; i < sizeof(folded) / sizeof(folded[0]); i++)
        if (folded[i].code == code)
            return folded[i].text;
    if (code >= 0xc0 && code < 0xc0 + sizeof(latin_letters) - 1) {
        buffer[0] = latin_letters[code - 0xc0];
        return buffer[0] == '.' ? "" : buffer;
    }
    return " ";
}

/* One UTF-8 character; broken bytes come back one by one as U+FFFD. */
static size_t decode(const unsigned char *s, uint32_t *ret_code)
{
    size_t extra = s[0] < 0x80 ? 0 : s[0] >= 0xf0 ? 3 : s[0] >= 0xe0 ? 2 : s[0] >= 0xc2 ? 1 : 9;
    uint32_t code = extra == 0 ? s[0] : extra > 3 ? 0xfffd : s[0] & (0x3f >> extra);
    for (size_t i = 1; extra <= 3 && i <= extra; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            *ret_code = 0xfffd;
            return 1;
        }
        code = code << 6 | (s[i] & 0x3f);
    }
    *ret_code = code;
    return extra > 3 ? 1 : extra + 1;
}

/* An en dash between digits is a range, elsewhere a break: the blanks around it decide later. */
static bool between_digits(const char *text, const unsigned char *s, size_t used)
{
    return (const char *)s > text && s[-1] >= '0' && s[-1] <= '9' && s[used] >= '0' &&
           s[used] <= '9';
}

static bool fold(const char *text, char *ret, size_t size)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t at = 0;
    while (*s != '\0') {
        uint32_t code;
        char buffer[2] = {0};
        size_t used = decode(s, &code);
        const char *to = buffer;
        if (code < 0x80)
            buffer[0] = code < ' ' || code == 0x7f ? ' ' : (char)code;
        else if (code == 0x2013 && between_digits(text, s, used))
            to = "-";
        else
            to = fold_code(code, buffer);
        size_t n = strlen(to);
        if (at + n >= size)
            return false;
        memcpy(ret + at, to, n);
        at += n;
        s += used;
    }
    ret[at] = '\0';
    return true;
}

/* ---- tokens ---- */

static char stronger(char a, char b)
{
    static const char order[] = ",.!?";
    if (a == 0 || b == 0)
        return a == 0 ? b : a;
    return strchr(order, a) > strchr(order, b) ? a : b;
}

/* Break that a closing mark stands for; 0 for quotes; -1 for anything else. */
static int closing_mark(char c)
{
    switch (c) {
    case '.':
    case ',':
    case '?':
    case '!':
        return c;
    case ';':
    case ':':
    case ')':
    case ']':
    case '}':
        return ',';
    case '"':
    case '`':
        return 0;
    default:
        return -1;
    }
}

static void strip_end(struct token *t)
{
    while (t->length > 0) {
        char c = t->text[t->length - 1];
        bool quote = c == '\'' && t->length > 1 && (t->text[t->length - 2] != 's' || t->dotted);
        int mark = quote ? 0 : closing_mark(c);
        /* 6" is a length */
        if (mark < 0 || (c == '"' && t->length > 1 && t->text[0] >= '0' && t->text[0] <= '9'))
            return;
        t->dotted = t->dotted || c == '.';
        t->after = stronger(t->after, (char)mark);
        t->length--;
    }
}

static void strip_start(struct token *t)
{
    while (t->length > 0) {
        char c = *t->text;
        bool bracket = c == '(' || c == '[' || c == '{';
        bool quote = c == '"' || c == '`' ||
                     (c == '\'' && t->length > 1 && !(t->text[1] >= '0' && t->text[1] <= '9'));
        if (!bracket && !quote)
            return;
        t->opens = t->opens || bracket;
        t->text++;
        t->length--;
    }
}

static bool add_token(struct sentence *s, const char *text, size_t length)
{
    struct token t = {.text = text, .length = length};
    strip_start(&t);
    strip_end(&t);
    if (t.length == 0) {
        if (s->count > 0)
            s->tokens[s->count - 1].after = stronger(s->tokens[s->count - 1].after, t.after);
        return true;
    }
    if (s->count == NORMALISE_TOKENS_MAX)
        return false;
    s->tokens[s->count++] = t;
    return true;
}

static bool tokenise(struct sentence *s, const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, " ");
        if (n > 0 && !add_token(s, text, n))
            return false;
        text += n + (text[n] != '\0');
    }
    return true;
}

/* ---- the whole ---- */

static void say_break(struct say *w, char mark)
{
    if (mark == 0 || w->length == 0)
        return;
    char last = w->text[w->length - 1];
    bool bare = w->length == 1 || w->text[w->length - 2] == ' ';
    if (bare && strchr(",.?!", last) != NULL) {
        w->text[w->length - 1] = stronger(last, mark);
        return;
    }
    say_span(w, &mark, 1);
}

enum status normalise_text(const char *text, char *ret_words, size_t size, struct error *ret_error)
{
    char ascii[NORMALISE_TEXT_MAX + 1];
    struct token tokens[NORMALISE_TOKENS_MAX];
    struct say words = {.text = ret_words, .size = size};
    struct sentence s = {.tokens = tokens, .words = &words};
    if (size == 0)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "normalise: no room for a result");
    ret_words[0] = '\0';
    if (!fold(text, ascii, sizeof(ascii)) || !tokenise(&s, ascii))
        return error_set(ret_error, STATUS_LIMIT,
                         "text of %zu bytes: expected at most %d, %d words", strlen(text),
                         NORMALISE_TEXT_MAX, NORMALISE_TOKENS_MAX);
    for (size_t i = 0; i < s.count && !words.full;) {
        if (tokens[i].opens)
            say_break(&words, ',');
        i += normalise_apply(&s, i);
        say_break(&words, tokens[i - 1].after);
    }
    if (words.full) {
        ret_words[0] = '\0';
        return error_set(ret_error, STATUS_LIMIT, "text in words: expected less than %zu bytes",
                         size);
    }
    return STATUS_OK;
}
