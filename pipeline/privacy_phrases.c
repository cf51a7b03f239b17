#include "privacy_phrases.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "strbuf.h"

enum { PHRASES_MAX = 65536, PHRASE_BYTES_MAX = 512, STEM_BYTES_MIN = 3 };

/* Parts of names that are everyday words or particles: alone they would hide too much. */
static const char *const common_parts[] = {
    "al",    "an",     "angel", "april", "art",    "august", "bank",   "bell",   "ben",  "bill",
    "bin",   "black",  "bob",   "brown", "buck",   "carol",  "chase",  "chip",   "cook", "da",
    "dawn",  "day",    "de",    "del",   "den",    "der",    "di",     "do",     "dos",  "drew",
    "du",    "el",     "faith", "fox",   "frank",  "gay",    "grace",  "grant",  "gray", "green",
    "guy",   "hall",   "hill",  "hope",  "house",  "hunter", "ivy",    "jack",   "joy",  "june",
    "king",  "la",     "lane",  "le",    "lee",    "lily",   "long",   "love",   "mark", "may",
    "miles", "mr",     "mrs",   "ms",    "nick",   "noble",  "olive",  "page",   "park", "pat",
    "penny", "pierce", "pope",  "price", "rich",   "rob",    "robin",  "rose",   "ruby", "sky",
    "so",    "star",   "storm", "sue",   "summer", "the",    "van",    "victor", "von",  "ward",
    "wells", "west",   "white", "will",  "winter", "wood",   "wright", "young",
};

static bool is_common(const char *word)
{
    for (size_t i = 0; i < sizeof(common_parts) / sizeof(common_parts[0]); i++) {
        if (strcmp(common_parts[i], word) == 0)
            return true;
    }
    return false;
}

static enum status out_of_memory(struct error *ret_error)
{
    return error_set(ret_error, STATUS_NO_MEMORY, "privacy: out of memory");
}

/* Takes `phrase` over. */
static enum status append(struct phrases *phrases, char *phrase, struct error *ret_error)
{
    if (phrases->count == PHRASES_MAX) {
        free(phrase);
        return error_set(ret_error, STATUS_LIMIT, "privacy: more than %d words", PHRASES_MAX);
    }
    if (phrases->count == phrases->room) {
        size_t room = phrases->room ? 2 * phrases->room : 64;
        char **item = realloc(phrases->item, room * sizeof(item[0]));
        if (!item) {
            free(phrase);
            return out_of_memory(ret_error);
        }
        phrases->item = item;
        phrases->room = room;
    }
    phrases->item[phrases->count++] = phrase;
    return STATUS_OK;
}

static enum status add_words(struct phrases *phrases, const struct word_view *words, bool is_stem,
                             struct error *ret_error)
{
    struct strbuf text;
    strbuf_init(&text, PHRASE_BYTES_MAX);
    for (size_t i = 0; i < words->count; i++) {
        if (i > 0)
            strbuf_append_char(&text, ' ');
        strbuf_append(&text, words->word[i].folded);
    }
    if (is_stem)
        strbuf_append_char(&text, '*');
    enum status status = strbuf_status(&text);
    char *phrase = strbuf_take(&text);
    strbuf_finish(&text);
    if (!phrase)
        return error_set(ret_error, status, "privacy: a phrase cannot be kept: %s",
                         status_text(status));
    return append(phrases, phrase, ret_error);
}

enum status phrases_add(struct phrases *phrases, const char *text, struct error *ret_error)
{
    struct word_view words;
    size_t length = strlen(text);
    TRY(word_view_create(text, length, &words, ret_error));
    enum status status = STATUS_OK;
    if (words.count > 0)
        status = add_words(phrases, &words, text[length - 1] == '*', ret_error);
    word_view_finish(&words);
    return status;
}

static enum status add_parts(struct phrases *phrases, const struct word_view *name,
                             struct error *ret_error)
{
    for (size_t i = 0; i < name->count; i++) {
        const struct word_view part = {.word = &name->word[i], .count = 1};
        if (strlen(part.word->folded) >= 2 && !is_common(part.word->folded))
            TRY(add_words(phrases, &part, false, ret_error));
    }
    return STATUS_OK;
}

enum status phrases_add_name(struct phrases *phrases, const char *name, struct error *ret_error)
{
    struct word_view words;
    TRY(phrases_add(phrases, name, ret_error));
    TRY(word_view_create(name, strlen(name), &words, ret_error));
    enum status status = STATUS_OK;
    if (words.count > 1)
        status = add_parts(phrases, &words, ret_error);
    word_view_finish(&words);
    return status;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void phrases_sort(struct phrases *phrases)
{
    if (phrases->count)
        qsort(phrases->item, phrases->count, sizeof(phrases->item[0]), compare);
}

void phrases_finish(struct phrases *phrases)
{
    for (size_t i = 0; i < phrases->count; i++)
        free(phrases->item[i]);
    free(phrases->item);
    *phrases = (struct phrases){0};
}

/* The first phrase that is not before `text`. */
static size_t lower_bound(const struct phrases *phrases, const char *text)
{
    size_t low = 0, high = phrases->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(phrases->item[middle], text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Does one word of a phrase fit? `*phrase` moves behind it and its blank. */
static bool word_fits(const char **phrase, const char *word)
{
    size_t n = strcspn(*phrase, " *");
    bool is_stem = (*phrase)[n] == '*';
    if (strncmp(*phrase, word, n) != 0 || (word[n] && !is_stem))
        return false;
    *phrase += n + ((*phrase)[n] != '\0');
    return true;
}

static size_t phrase_length_at(const char *phrase, const struct word_view *words, size_t first)
{
    size_t count = 0;
    while (*phrase) {
        if (first + count >= words->count || !word_fits(&phrase, words->word[first + count].folded))
            return 0;
        count++;
    }
    return count;
}

/* A single word that begins with one of the stems. */
static bool is_stem_of(const struct phrases *phrases, const char *word)
{
    char stem[WORD_VIEW_BYTES + 1];
    for (size_t n = strlen(word); n >= STEM_BYTES_MIN; n--) {
        memcpy(stem, word, n);
        memcpy(stem + n, "*", 2);
        size_t at = lower_bound(phrases, stem);
        if (at < phrases->count && strcmp(phrases->item[at], stem) == 0)
            return true;
    }
    return false;
}

size_t phrases_find(const struct phrases *phrases, const struct word_view *words, size_t first)
{
    const char *word = words->word[first].folded;
    size_t n = strlen(word), best = 0;
    if (n == 0 || phrases->count == 0)
        return 0;
    /* A blank sorts before all letters, so the phrases that begin with this word stand together. */
    for (size_t i = lower_bound(phrases, word); i < phrases->count; i++) {
        const char *phrase = phrases->item[i];
        if (strncmp(phrase, word, n) != 0 || (phrase[n] && phrase[n] != ' '))
            break;
        size_t length = phrase_length_at(phrase, words, first);
        best = length > best ? length : best;
    }
    return best ? best : is_stem_of(phrases, word);
}
