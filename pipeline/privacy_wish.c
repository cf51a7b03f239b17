#include <stdlib.h>
#include <string.h>

#include "privacy.h"
#include "privacy_view.h"

/* To begin is understood before or behind anything else that is said; to end must be all that is
 * said, since a mistake there lets something out. */
static const char *const begin_phrases[] = {
    "keep this private",
    "keep that private",
    "keep it private",
    "keep this between us",
    "this is private",
    "private mode",
    "private mode on",
    "turn on private mode",
    "enable private mode",
    "start private mode",
    "go private",
    "be private",
    "stay private",
    "start being private",
    "off the record",
    "don't send this anywhere",
    "do not send this anywhere",
};

static const char *const end_phrases[] = {
    "stop being private",         "private mode off",           "turn off private mode",
    "turn private mode off",      "disable private mode",       "end private mode",
    "stop private mode",          "leave private mode",         "exit private mode",
    "you can stop being private", "you may stop being private", "no longer private",
    "not private any more",       "not private anymore",        "back on the record",
};

static bool is_polite(const char *word)
{
    static const char *const polite[] = {"please", "hey",   "ok",  "okay",  "now",  "thanks", "and",
                                         "so",     "could", "can", "would", "will", "you"};
    for (size_t i = 0; i < sizeof(polite) / sizeof(polite[0]); i++) {
        if (strcmp(polite[i], word) == 0)
            return true;
    }
    return false;
}

/* Words [first, first + n) are the phrase's; returns n, or 0. */
static size_t phrase_at(const char *phrase, const struct word_view *words, size_t first)
{
    size_t n = 0;
    while (*phrase) {
        size_t length = strcspn(phrase, " ");
        if (first + n >= words->count)
            return 0;
        const char *word = words->word[first + n].folded;
        if (strlen(word) != length || strncmp(word, phrase, length) != 0)
            return 0;
        phrase += length + (phrase[length] == ' ');
        n++;
    }
    return n;
}

static enum privacy_wish wish_of(const struct word_view *all)
{
    struct word_view words = *all;
    while (words.count && is_polite(words.word[words.count - 1].folded))
        words.count--;
    while (words.count && is_polite(words.word[0].folded))
        words.word++, words.count--;
    for (size_t i = 0; i < sizeof(end_phrases) / sizeof(end_phrases[0]); i++) {
        if (words.count && phrase_at(end_phrases[i], &words, 0) == words.count)
            return PRIVACY_WISH_OFF;
    }
    for (size_t i = 0; i < sizeof(begin_phrases) / sizeof(begin_phrases[0]); i++) {
        for (size_t first = 0; first < words.count; first++) {
            size_t n = phrase_at(begin_phrases[i], &words, first);
            if (n > 0 && (first == 0 || first + n == words.count))
                return PRIVACY_WISH_ON;
        }
    }
    return PRIVACY_NO_WISH;
}

enum privacy_wish privacy_wish(const char *text)
{
    struct word_view words;
    /* Without memory nothing is understood; and without memory nothing is sent either. */
    if (word_view_create(text, strlen(text), &words, NULL) != STATUS_OK)
        return PRIVACY_NO_WISH;
    enum privacy_wish wish = wish_of(&words);
    word_view_finish(&words);
    return wish;
}
