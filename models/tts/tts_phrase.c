#include "tts_phrase.h"

#include <string.h>

enum {
    COLUMN_PHONE,
    COLUMN_STRESS,
    COLUMN_PLACE,
    COLUMN_BREAK,
    COLUMN_LEFT,
    COLUMN_SINCE,
    BREAK_COMMA = 2,
    BREAK_END = 3,
    COUNTED_WORDS = 4,
    WORDS_MAX = 96,     /* of a sentence */
    CUT_AT_COMMA = 220, /* phones after which a comma ends the sentence */
    CUT_AT_WORD = 320
};

struct word {
    const char *text;
    size_t length;
};

/* A sentence under construction. */
struct builder {
    const struct g2p *g2p;
    struct tts_sentence *sentence;
    size_t phrase_start; /* first phone of the phrase */
    size_t words;        /* of the phrase */
    size_t all_words;
    uint8_t word_of[TTS_PHONES_MAX]; /* number of the phone's word in its phrase, from 1 */
};

static bool next_token(const char **cursor, struct word *ret)
{
    const char *s = *cursor + strspn(*cursor, " ");
    ret->text = s;
    ret->length = strcspn(s, " ");
    *cursor = s + ret->length;
    return ret->length > 0;
}

static bool is_mark(const struct word *w)
{
    return w->length == 1 && strchr(",.?!", w->text[0]) != NULL;
}

static bool is_word(const struct word *w, const char *text)
{
    return strlen(text) == w->length && memcmp(w->text, text, w->length) == 0;
}

static void add_silence(struct builder *b, uint8_t kind, uint8_t since)
{
    struct tts_sentence *s = b->sentence;
    s->phones[s->count++] = (struct tts_phone){{PHONE_SIL, 0, 3, kind, 0, since}};
}

/* "the" before a vowel, "to" before a consonant: what everybody says. */
static void adapt(struct pronunciation *p, const struct word *w, const struct pronunciation *next)
{
    bool vowel = next->count > 0 && phone_is_vowel(phone_of_code(next->phones[0]));
    if (p->count != 2 || next->count == 0)
        return;
    if (is_word(w, "the"))
        p->phones[1] = phone_code(vowel ? PHONE_IY : PHONE_AH, 0);
    else if (is_word(w, "to") && !vowel)
        p->phones[1] = phone_code(PHONE_AH, 0);
}

static void pronounce(const struct g2p *g2p, const struct word *w, struct pronunciation *ret)
{
    char text[LEXICON_WORD_MAX];
    size_t n = w->length < sizeof(text) - 1 ? w->length : sizeof(text) - 1;
    memcpy(text, w->text, n);
    text[n] = '\0';
    if (is_mark(w) || g2p_variants(g2p, text, ret, 1) == 0)
        ret->count = 0;
}

static void add_word(struct builder *b, const struct pronunciation *p)
{
    struct tts_sentence *s = b->sentence;
    b->words++;
    b->all_words++;
    for (size_t i = 0; i < p->count && s->count < TTS_PHONES_MAX - 1; i++) {
        uint8_t place = (uint8_t)((i == 0) | (i + 1 == p->count) << 1);
        b->word_of[s->count] = (uint8_t)b->words;
        s->phones[s->count++] =
            (struct tts_phone){{(uint8_t)phone_of_code(p->phones[i]),
                                (uint8_t)phone_stress_of_code(p->phones[i]), place, 0, 0, 0}};
    }
}

static uint8_t counted(size_t words)
{
    return (uint8_t)(words < COUNTED_WORDS ? words : COUNTED_WORDS);
}

/* Now that its end is known, tell the phones of the phrase. */
static void close_phrase(struct builder *b, uint8_t kind)
{
    struct tts_sentence *s = b->sentence;
    if (b->words == 0)
        return;
    for (size_t i = b->phrase_start; i < s->count; i++) {
        uint8_t *column = s->phones[i].column;
        column[COLUMN_BREAK] = kind;
        column[COLUMN_LEFT] = counted(b->words - b->word_of[i]);
        column[COLUMN_SINCE] = counted((size_t)b->word_of[i] - 1);
    }
    add_silence(b, kind, 0);
    b->phrase_start = s->count;
    b->words = 0;
}

/* Questions that begin with these fall like statements. */
static bool asks_for_more(const struct word *first)
{
    static const char *const words[] = {"what",  "when",    "where", "which", "who",
                                        "whose", "whom",    "why",   "how",   "what's",
                                        "who's", "where's", "how's", "when's"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (is_word(first, words[i]))
            return true;
    return false;
}

/* Does the sentence end behind this token? */
static bool ends_here(const struct builder *b, const struct word *token)
{
    size_t count = b->sentence->count;
    if (is_mark(token) && token->text[0] != ',')
        return true;
    return (is_mark(token) && count > CUT_AT_COMMA) || count > CUT_AT_WORD ||
           b->all_words >= WORDS_MAX;
}

bool tts_phrase_next(const struct g2p *g2p, const char **cursor, struct tts_sentence *ret_sentence)
{
    struct builder b = {.g2p = g2p, .sentence = ret_sentence};
    struct word token, next, first = {.text = "", .length = 0};
    struct pronunciation now, coming;
    ret_sentence->count = 0;
    ret_sentence->ending = TTS_ENDING_FALL;
    add_silence(&b, BREAK_END, COUNTED_WORDS);
    b.phrase_start = ret_sentence->count;
    bool more = next_token(cursor, &token);
    if (more)
        pronounce(g2p, &token, &now);
    while (more) {
        const char *behind = *cursor;
        coming.count = 0;
        more = next_token(cursor, &next);
        if (more)
            pronounce(g2p, &next, &coming);
        if (now.count > 0) {
            adapt(&now, &token, &coming);
            add_word(&b, &now);
            first = b.all_words == 1 ? token : first;
        } else if (is_mark(&token) && token.text[0] == ',') {
            close_phrase(&b, ends_here(&b, &token) ? BREAK_END : BREAK_COMMA);
        }
        if (ends_here(&b, &token) && b.all_words > 0) {
            if (token.text[0] == '?' && !asks_for_more(&first))
                ret_sentence->ending = TTS_ENDING_RISE;
            *cursor = behind;
            break;
        }
        token = next;
        now = coming;
    }
    close_phrase(&b, BREAK_END);
    if (b.all_words == 0)
        ret_sentence->count = 0;
    return b.all_words > 0;
}
