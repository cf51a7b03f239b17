#include "typed_phrase.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "typed_bigram.h"

enum { VARIANTS_MAX = 3, PHONES_MIN = 5 };

/* Score that background speech reaches once an hour, by the surprise of the phrase (nats). */
#define THRESHOLD_BASE (-0.76f)
#define THRESHOLD_SURPRISE (-0.088f)
/* Above this most speakers would have to try twice. */
#define THRESHOLD_MAX (-1.95f)

/* Letters in lower case, single spaces, nothing else. */
static size_t tidy(const char *text, char *ret_text, size_t size)
{
    size_t used = 0;
    for (; *text && used + 1 < size; text++) {
        bool letter = isalpha((unsigned char)*text) || (*text == '\'' && used);
        if (letter)
            ret_text[used++] = (char)tolower((unsigned char)*text);
        else if (used && ret_text[used - 1] != ' ')
            ret_text[used++] = ' ';
    }
    while (used && ret_text[used - 1] == ' ')
        used--;
    ret_text[used] = '\0';
    return *text ? size : used;
}

static bool append(struct typed_path *path, const struct pronunciation *said, bool pause)
{
    if (path->states + said->count + pause > TYPED_STATES_MAX)
        return false;
    if (pause)
        path->state[path->states++] = TYPED_PAUSE;
    for (size_t i = 0; i < said->count; i++)
        path->state[path->states++] = (uint8_t)phone_of_code(said->phones[i]);
    path->phones = (uint8_t)(path->phones + said->count);
    return true;
}

/* Every path so far with every pronunciation of the word behind it, as many as there is room for:
 * the most usual ones come first. */
static bool extend(struct typed_phrase *phrase, const struct pronunciation *said, size_t count)
{
    struct typed_phrase longer = {0};
    for (size_t v = 0; v < count; v++)
        for (uint32_t p = 0; p < phrase->count && longer.count < TYPED_PATHS_MAX; p++) {
            struct typed_path *path = &longer.paths[longer.count++];
            *path = phrase->paths[p];
            if (!append(path, &said[v], path->states > 0))
                return false;
        }
    phrase->count = longer.count;
    memcpy(phrase->paths, longer.paths, sizeof(longer.paths));
    return true;
}

/* Pronunciations that differ in more than stress. */
static size_t variants(const struct g2p *g2p, const char *word, struct pronunciation *ret_found)
{
    struct pronunciation all[LEXICON_VARIANTS_MAX];
    size_t count = g2p_variants(g2p, word, all, LEXICON_VARIANTS_MAX), kept = 0;
    for (size_t i = 0; i < count && i < LEXICON_VARIANTS_MAX && kept < VARIANTS_MAX; i++) {
        bool is_new = all[i].count > 0;
        for (size_t k = 0; k < kept; k++)
            is_new &= !pronunciation_same(&all[i], &ret_found[k]);
        if (is_new)
            ret_found[kept++] = all[i];
    }
    return kept;
}

enum status typed_phrase_init(struct typed_phrase *ret_phrase, const char *text,
                              const struct g2p *g2p, struct error *ret_error)
{
    struct typed_phrase phrase = {.count = 1};
    char words[TYPED_TEXT_BYTES], *rest;
    size_t length = tidy(text, phrase.text, sizeof(phrase.text));
    if (length >= sizeof(phrase.text))
        return error_set(ret_error, STATUS_LIMIT, "wake word \"%.80s\": longer than %d letters",
                         text, TYPED_TEXT_BYTES - 1);
    memcpy(words, phrase.text, sizeof(words));
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        struct pronunciation said[VARIANTS_MAX];
        size_t count = variants(g2p, word, said);
        if (count > 0 && !extend(&phrase, said, count))
            return error_set(ret_error, STATUS_LIMIT, "wake word \"%s\": more than %d sounds",
                             phrase.text, TYPED_STATES_MAX);
    }
    if (phrase.paths[0].phones == 0)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "wake word \"%s\": no letters to say",
                         text);
    *ret_phrase = phrase;
    return STATUS_OK;
}

static float surprise(const struct typed_path *path)
{
    float nats = 0;
    unsigned before = PHONE_SIL;
    for (size_t i = 0; i < path->states; i++) {
        if (path->state[i] == TYPED_PAUSE)
            continue;
        nats -= (float)typed_bigram[before][path->state[i]] / 100;
        before = path->state[i];
    }
    return nats;
}

/* The path that is easiest to take something else for. */
static const struct typed_path *plainest(const struct typed_phrase *phrase)
{
    const struct typed_path *worst = &phrase->paths[0];
    for (uint32_t p = 1; p < phrase->count; p++)
        if (surprise(&phrase->paths[p]) < surprise(worst))
            worst = &phrase->paths[p];
    return worst;
}

struct typed_outlook typed_phrase_outlook(const struct typed_phrase *phrase)
{
    const struct typed_path *path = plainest(phrase);
    struct typed_outlook outlook = {
        .phones = path->phones, .surprise = surprise(path), .alarms = 1};
    outlook.threshold = THRESHOLD_BASE + THRESHOLD_SURPRISE * outlook.surprise;
    if (outlook.phones < PHONES_MIN)
        outlook.weakness = "too short: fewer than five sounds";
    else if (outlook.threshold > THRESHOLD_MAX)
        outlook.weakness = "too common: its sounds often follow one another in other words";
    return outlook;
}

void typed_path_write(const struct typed_path *path, char *ret_text, size_t size)
{
    size_t used = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < path->states && used < size; i++)
        used += (size_t)snprintf(ret_text + used, size - used, "%s%s", i ? " " : "",
                                 path->state[i] == TYPED_PAUSE ? "|" : phone_name(path->state[i]));
}
