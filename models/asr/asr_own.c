#include "asr_own.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHARE 0.3f
#define ONE_SHARE 0.2f /* of the class, for one word */
#define BOOST 2.0f

/* Sounds from which a word is hard to mistake, and what each one missing costs. */
enum { PLENTY = 5 };
#define SHORT_COST 1.0f

/* Sayings by text, while the words are counted and the tree grows. */
struct build {
    const struct asr_lexicon *lexicon;
    const struct asr_saying **saying;
    uint32_t count, phones, *shortest; /* [words] phones of the shortest way */
};

static int by_text(const void *a, const void *b)
{
    const struct asr_saying *const *x = a, *const *y = b;
    int order = strcmp((*x)->text, (*y)->text);
    return order ? order : (*x > *y) - (*x < *y);
}

static bool is_tidy(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || text[0] == ' ' || text[length - 1] == ' ' || strstr(text, "  "))
        return false;
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127)
            return false;
    return true;
}

static enum status check_saying(const struct build *b, const struct asr_saying *s,
                                struct error *ret_error)
{
    if (strlen(s->text) >= ASR_OWN_TEXT || s->count > ASR_OWN_PHONES)
        return error_set(ret_error, STATUS_LIMIT,
                         "own word \"%.40s\": longer than %d bytes or %d sounds", s->text,
                         ASR_OWN_TEXT - 1, ASR_OWN_PHONES);
    if (!is_tidy(s->text))
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "own word \"%.40s\": expected words with single spaces", s->text);
    if (s->count == 0 && asr_lexicon_find(b->lexicon, s->text) == b->lexicon->words)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "own word \"%s\": no way to say it, and the lexicon lacks it", s->text);
    for (uint32_t i = 0; i < s->count; i++)
        if (s->phones[i] == 0 || s->phones[i] >= b->phones)
            return error_set(ret_error, STATUS_INVALID_ARGUMENT, "own word \"%s\": phone %u of %u",
                             s->text, s->phones[i], b->phones);
    return STATUS_OK;
}

/* Phones of the lexicon's way `place`, from the first to the last. */
static uint32_t spell(const struct asr_lexicon *l, uint32_t place, uint8_t *ret_phones)
{
    uint32_t count = 0;
    for (uint32_t n = l->place[place]; n != 0 && count < ASR_OWN_PHONES; n = l->parent[n])
        count++;
    uint32_t at = count;
    for (uint32_t n = l->place[place]; n != 0 && at > 0; n = l->parent[n])
        ret_phones[--at] = l->phone[n];
    return count;
}

static enum status allocate(struct build *b, struct asr_own *own, struct error *ret_error)
{
    uint32_t nodes = 1, ways = 1;
    size_t text = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        const struct asr_saying *s = b->saying[i];
        const uint32_t *place = b->lexicon->first_place + asr_lexicon_find(b->lexicon, s->text);
        uint8_t phones[ASR_OWN_PHONES];
        for (uint32_t p = place[0]; s->count == 0 && p < place[1]; p++, ways++)
            nodes += spell(b->lexicon, p, phones);
        nodes += s->count;
        ways += s->count > 0;
        text += strlen(s->text) + 1;
    }
    own->word = calloc(b->count + 1, sizeof *own->word);
    own->node = calloc(nodes, sizeof *own->node);
    own->ending = calloc(ways, sizeof *own->ending);
    own->place = calloc(b->lexicon->words, sizeof *own->place);
    own->text = calloc(text + 1, 1);
    b->shortest = calloc(b->count + 1, sizeof *b->shortest);
    if (!own->word || !own->node || !own->ending || !own->place || !own->text || !b->shortest)
        return error_set(ret_error, STATUS_NO_MEMORY, "%u own words", b->count);
    own->nodes = own->endings = 1;
    return STATUS_OK;
}

/* A phrase ends like its last word does, as far as the language model knows that. */
static uint32_t state_after(const struct asr_lexicon *l, const char *text)
{
    const char *space = strrchr(text, ' ');
    uint32_t last = space ? asr_lexicon_find(l, space + 1) : l->words;
    return last < l->words ? last : ASR_NGRAM_EMPTY;
}

static void add_word(const struct build *b, struct asr_own *own, const char *text, char **end)
{
    uint32_t known = asr_lexicon_find(b->lexicon, text), at = own->words++;
    size_t size = strlen(text) + 1;
    memcpy(*end, text, size);
    own->word[at] = (struct asr_own_word){*end, known < b->lexicon->words ? known : own->first + at,
                                          state_after(b->lexicon, text), 0};
    if (known < b->lexicon->words)
        own->place[known] = (uint16_t)(at + 1);
    b->shortest[at] = UINT32_MAX;
    *end += size;
}

static uint32_t child_of(struct asr_own *own, uint32_t node, uint8_t phone)
{
    uint32_t c = own->node[node].child;
    while (c && own->node[c].phone != phone)
        c = own->node[c].sibling;
    if (c)
        return c;
    c = own->nodes++;
    own->node[c] = (struct asr_own_node){0, own->node[node].child, 0, 0, phone};
    own->node[node].child = c;
    return c;
}

static void add_way(const struct build *b, struct asr_own *own, const uint8_t *phones,
                    uint32_t count)
{
    uint32_t node = 0, word = own->words - 1, number = own->word[word].number;
    for (uint32_t i = 0; i < count; i++)
        node = child_of(own, node, phones[i]);
    b->shortest[word] = count < b->shortest[word] ? count : b->shortest[word];
    for (uint32_t e = own->node[node].ending; e; e = own->ending[e].next)
        if (own->ending[e].word == number)
            return;
    own->ending[own->endings] = (struct asr_own_ending){number, own->node[node].ending};
    own->node[node].ending = own->endings++;
}

static void add_ways(const struct build *b, struct asr_own *own, const struct asr_saying *saying)
{
    const struct asr_lexicon *l = b->lexicon;
    uint8_t phones[ASR_OWN_PHONES];
    if (saying->count > 0) {
        add_way(b, own, saying->phones, saying->count);
        return;
    }
    uint32_t word = own->word[own->words - 1].number;
    for (uint32_t p = l->first_place[word]; p < l->first_place[word + 1]; p++)
        add_way(b, own, phones, spell(l, p, phones));
}

static void weigh(const struct build *b, struct asr_own *own, const struct asr_own_limits *limits)
{
    float share = limits->share > 0 ? limits->share : SHARE;
    float even = logf(fminf(share / (float)own->words, ONE_SHARE * share));
    for (uint32_t w = 0; w < own->words; w++) {
        uint32_t sounds = b->shortest[w];
        own->word[w].weight = even - (sounds < PLENTY ? SHORT_COST * (float)(PLENTY - sounds) : 0);
    }
    own->boost = limits->boost > 0 ? limits->boost : BOOST;
    /* A node is made after its parent, a sibling's parent is the same: from the last to the first
     * all below a node is known. */
    for (uint32_t n = own->nodes; n-- > 0;) {
        float best = -INFINITY;
        for (uint32_t e = own->node[n].ending; e; e = own->ending[e].next)
            best = fmaxf(best, asr_own_find(own, own->ending[e].word)->weight);
        for (uint32_t c = own->node[n].child; c; c = own->node[c].sibling)
            best = fmaxf(best, own->node[c].best);
        own->node[n].best = best;
    }
}

static enum status build(struct build *b, struct asr_own *own, const struct asr_own_limits *limits,
                         struct error *ret_error)
{
    for (uint32_t i = 0; i < b->count; i++)
        TRY(check_saying(b, b->saying[i], ret_error));
    TRY(allocate(b, own, ret_error));
    char *end = own->text;
    for (uint32_t i = 0; i < b->count; i++) {
        if (i == 0 || strcmp(b->saying[i]->text, b->saying[i - 1]->text) != 0)
            add_word(b, own, b->saying[i]->text, &end);
        add_ways(b, own, b->saying[i]);
    }
    weigh(b, own, limits);
    return STATUS_OK;
}

enum status asr_own_create(const struct asr_lexicon *lexicon, uint32_t phones,
                           const struct asr_saying *sayings, uint32_t count,
                           const struct asr_own_limits *limits, struct asr_own **ret_own,
                           struct error *ret_error)
{
    if (count > ASR_OWN_SAYINGS)
        return error_set(ret_error, STATUS_LIMIT, "more than %d ways to say own words",
                         ASR_OWN_SAYINGS);
    struct build b = {.lexicon = lexicon, .count = count, .phones = phones};
    struct asr_own *own = calloc(1, sizeof *own);
    b.saying = calloc(count + 1, sizeof *b.saying);
    enum status status = STATUS_OK;
    if (!own || !b.saying) {
        status = error_set(ret_error, STATUS_NO_MEMORY, "%u own words", count);
    } else {
        for (uint32_t i = 0; i < count; i++)
            b.saying[i] = &sayings[i];
        qsort(b.saying, count, sizeof *b.saying, by_text);
        own->first = lexicon->words + 2;
        status = build(&b, own, limits, ret_error);
    }
    free(b.saying);
    free(b.shortest);
    if (status == STATUS_OK)
        *ret_own = own;
    else
        asr_own_destroy(own);
    return status;
}

void asr_own_destroy(struct asr_own *own)
{
    if (!own)
        return;
    free(own->word);
    free(own->node);
    free(own->ending);
    free(own->place);
    free(own->text);
    free(own);
}

const struct asr_own_word *asr_own_find(const struct asr_own *own, uint32_t number)
{
    if (number >= own->first)
        return number - own->first < own->words ? &own->word[number - own->first] : NULL;
    uint32_t place = number < own->first - 2 ? own->place[number] : 0;
    return place ? &own->word[place - 1] : NULL;
}

float asr_own_back_off(const struct asr_ngram *ngram, uint32_t state)
{
    float weight = 0;
    while (state != ASR_NGRAM_EMPTY)
        weight += asr_ngram_back_off(ngram, state, &state);
    return weight;
}

float asr_own_score(const struct asr_own *own, const struct asr_ngram *ngram, uint32_t state,
                    const struct asr_own_word *word, uint32_t *ret_next)
{
    float class = asr_own_back_off(ngram, state) + word->weight;
    if (word->number >= own->first) {
        if (ret_next)
            *ret_next = word->after;
        return class;
    }
    return fmaxf(class, asr_ngram_score(ngram, state, word->number, ret_next) + own->boost);
}
