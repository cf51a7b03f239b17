#include "complexity.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { WORD_BYTES = 32, EASY_WORDS = 8, PER_WORD = 300, LENGTH_MAX = 3000, TOPICS_MAX = 7000 };

/* What a word adds. Chosen on requests that a device can and cannot answer; see
 * docs/internals/routing.md. */
static const struct {
    const char *word;
    int weight;
} topics[] = {
    {"why", 5000},       {"explain", 6000},  {"compare", 6000},   {"difference", 5000},
    {"summarize", 6000}, {"summary", 5000},  {"write", 6000},     {"poem", 5000},
    {"story", 4000},     {"essay", 6000},    {"letter", 3000},    {"translate", 5000},
    {"recipe", 4000},    {"plan", 4000},     {"suggest", 5000},   {"recommend", 5000},
    {"should", 4000},    {"advice", 5000},   {"describe", 5000},  {"history", 3000},
    {"meaning", 3000},   {"define", 2000},   {"argue", 6000},     {"opinion", 5000},
    {"better", 3000},    {"best", 3000},     {"how", 2000},       {"who", 2000},
    {"because", 2000},   {"although", 2000}, {"however", 2000},   {"if", 1000},
    {"instead", 1500},   {"except", 1500},   {"between", 1500},   {"without", 1500},
    {"invented", 3000},  {"discover", 3000}, {"president", 3000}, {"capital", 2000},
};

static int weight_of(const char *word)
{
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
        if (strcmp(topics[i].word, word) == 0)
            return topics[i].weight;
    }
    return 0;
}

/* The next word in lower case, letters only; NULL at the end of the text. */
static const char *next_word(const char *text, char *word)
{
    size_t used = 0;
    while (isspace((unsigned char)*text))
        text++;
    if (!*text)
        return NULL;
    for (; *text && !isspace((unsigned char)*text); text++) {
        if (isalpha((unsigned char)*text) && used < WORD_BYTES - 1)
            word[used++] = (char)tolower((unsigned char)*text);
    }
    word[used] = '\0';
    return text;
}

int complexity_words(const char *text)
{
    char word[WORD_BYTES];
    int count = 0;
    while ((text = next_word(text, word)))
        count++;
    return count;
}

int complexity_of(const char *text)
{
    char word[WORD_BYTES];
    int topic = 0, extra = (complexity_words(text) - EASY_WORDS) * PER_WORD;
    while ((text = next_word(text, word)))
        topic += weight_of(word);
    extra = extra < 0 ? 0 : extra > LENGTH_MAX ? LENGTH_MAX : extra;
    return extra + (topic > TOPICS_MAX ? TOPICS_MAX : topic);
}
