/* The word search against every sentence of a small vocabulary, each aligned in every way, with
 * scores that depend on the phone before and with scores that do not, with the user's own words
 * and without. */
#include <math.h>
#include <string.h>

#include "asr_fixture.h"
#include "asr_nbest.h"
#include "asr_net.h"
#include "asr_own.h"
#include "asr_search.h"
#include "harness.h"

enum { FRAMES = 14, PHONES = 40, CLASSES = 12, LONGEST = 3, STATES = 32 };

static struct fixture_language language;
static uint32_t left_class[PHONES];
static float scores[FRAMES][PHONES * CLASSES];

/* Three of the user's own: two new words and one that the lexicon has. */
static const uint8_t own_sounds[2][3] = {{20, 2, 31}, {31, 20, 2}};
static const struct asr_saying own_sayings[] = {
    {"kat", own_sounds[0], 3}, {"tka", own_sounds[1], 3}, {"tact", NULL, 0}};

/* A sentence while it is tried, and the best one so far. */
struct attempt {
    const struct asr_search_config *config;
    uint32_t frames, words;
    uint32_t word[LONGEST], place[LONGEST];
    float best;
    uint32_t best_words, best_word[LONGEST];
};

/* Best sum of scores of a chain of outputs, each for a frame or more. */
static float align(const uint32_t *chain, uint32_t states, uint32_t frames)
{
    float best[STATES];
    for (uint32_t s = 0; s < states; s++)
        best[s] = s ? -INFINITY : scores[0][chain[0]];
    for (uint32_t f = 1; f < frames; f++)
        for (uint32_t s = states; s-- > 0;)
            best[s] = fmaxf(best[s], s ? best[s - 1] : -INFINITY) + scores[f][chain[s]];
    return best[states - 1];
}

static uint32_t add_phone(const struct attempt *a, uint32_t *chain, uint32_t states,
                          uint32_t *before, uint32_t phone)
{
    chain[states] = phone ? a->config->left_class[*before] * PHONES + phone : 0;
    *before = phone;
    return states + 1;
}

/* Outputs of the sentence with silence where the bits of `silences` say. */
static uint32_t spell(const struct attempt *a, uint32_t silences, uint32_t *chain)
{
    const struct asr_lexicon *l = a->config->lexicon;
    uint32_t states = 0, before = 0;
    for (uint32_t w = 0; w <= a->words; w++) {
        if (silences >> w & 1)
            states = add_phone(a, chain, states, &before, 0);
        if (w == a->words)
            break;
        uint32_t way[8], count = 0;
        if (a->word[w] >= l->words) {
            for (uint32_t i = 3; i-- > 0;)
                way[count++] = own_sounds[a->place[w]][i];
        } else {
            for (uint32_t n = l->place[a->place[w]]; n; n = l->parent[n])
                way[count++] = l->phone[n];
        }
        while (count > 0)
            states = add_phone(a, chain, states, &before, way[--count]);
    }
    return states;
}

static float language_score(const struct attempt *a)
{
    const struct asr_search_config *c = a->config;
    uint32_t state = asr_ngram_start(c->ngram);
    float total = 0;
    for (uint32_t w = 0; w < a->words; w++) {
        const struct asr_own_word *own = c->own ? asr_own_find(c->own, a->word[w]) : NULL;
        total += own ? asr_own_score(c->own, c->ngram, state, own, &state)
                     : asr_ngram_score(c->ngram, state, a->word[w], &state);
    }
    total += a->words ? asr_ngram_end(c->ngram, state) : 0;
    return c->lm_weight * total + c->word_bonus * (float)a->words;
}

static void try_sentence(struct attempt *a)
{
    float fixed = language_score(a);
    for (uint32_t silences = 0; silences < 2u << a->words; silences++) {
        uint32_t chain[STATES], states = spell(a, silences, chain);
        if (states == 0 || states > a->frames || (a->words == 0 && !silences))
            continue;
        float score = fixed + align(chain, states, a->frames) +
                      a->config->silence_cost * (float)__builtin_popcount(silences);
        if (score > a->best) {
            a->best = score;
            a->best_words = a->words;
            memcpy(a->best_word, a->word, sizeof a->word);
        }
    }
}

static void try_all(struct attempt *a)
{
    const struct asr_lexicon *l = a->config->lexicon;
    try_sentence(a);
    if (a->words == LONGEST)
        return;
    uint32_t at = a->words++;
    for (uint32_t w = 0; w < l->words; w++) {
        a->word[at] = w;
        for (uint32_t p = l->first_place[w]; p < l->first_place[w + 1]; p++) {
            a->place[at] = p;
            try_all(a);
        }
    }
    for (uint32_t i = 0; a->config->own && i < 2; i++) {
        a->word[at] = l->words + 2 + 2 * i; /* "tact" stands between them */
        a->place[at] = i;
        try_all(a);
    }
    a->words = at;
}

static struct asr_search_config exact_search(uint32_t classes)
{
    struct asr_search_config config = fixture_search(&language);
    for (uint32_t p = 0; p < PHONES; p++)
        left_class[p] = p % classes;
    config.left_class = left_class;
    config.outputs = classes * PHONES;
    config.beam = config.word_beam = 1e6f;
    config.break_cost = -INFINITY; /* one sentence only, as the oracle has it */
    config.word_bonus = 0.4f;
    config.silence_cost = -0.6f;
    return config;
}

static void compare(uint32_t classes, const struct asr_own *own)
{
    struct test_random random = test_random_init();
    struct asr_search_config config = exact_search(classes);
    config.own = own;
    struct asr_search *search;
    CHECK_OK(asr_search_create(&config, &search, NULL));
    uint32_t compared = 0, owned = 0;
    for (uint32_t round = 0; round < 40; round++) {
        struct attempt a = {&config, (uint32_t)test_random_range(&random, 2, 8), 0, .best = -1e30f};
        for (uint32_t f = 0; f < a.frames; f++)
            for (uint32_t o = 0; o < config.outputs; o++)
                scores[f][o] = 3 * test_random_float(&random);
        try_all(&a);
        asr_search_reset(search);
        for (uint32_t f = 0; f < a.frames; f++)
            asr_search_step(search, scores[f]);
        struct asr_lattice_word words[16];
        uint32_t count = asr_search_finish(search, words, 16), final;
        if (count > LONGEST)
            continue; /* the oracle did not look that far */
        compared += count > 0;
        CHECK_NEAR(asr_search_lattice(search, &final)->node[final].score, a.best, 1e-3);
        CHECK_EQ(count, a.best_words);
        for (uint32_t w = 0; w < count; w++)
            CHECK_EQ(words[w].word, a.best_word[w]);
        for (uint32_t w = 0; own && w < count; w++)
            owned += asr_own_find(own, words[w].word) != NULL;
    }
    test_note("%u sentences compared, %u own words in them", compared, owned);
    CHECK(compared >= 10);
    CHECK(!own || owned >= 5);
    asr_search_destroy(search);
}

TEST_TIMEOUT(best_sentence_of_all_with_phones_alone, 120)
{
    fixture_language_of(&language, "tests/data/asr_tiny_lm.gguf", "assistant");
    compare(1, NULL);
}

TEST_TIMEOUT(best_sentence_of_all_with_pairs_of_phones, 120)
{
    fixture_language_of(&language, "tests/data/asr_tiny_lm.gguf", "general");
    compare(CLASSES, NULL);
}

static void compare_own(const char *name, uint32_t classes)
{
    const struct asr_own_limits limits = {.share = 2, .boost = 1.5f};
    struct asr_own *own;
    fixture_language_of(&language, "tests/data/asr_tiny_lm.gguf", name);
    CHECK_OK(asr_own_create(&language.lexicon, PHONES, own_sayings, 3, &limits, &own, NULL));
    CHECK_STR(asr_own_find(own, own->first)->text, "kat");
    CHECK_STR(asr_own_find(own, own->first + 2)->text, "tka");
    compare(classes, own);
    asr_own_destroy(own);
}

TEST_TIMEOUT(best_sentence_of_all_with_own_words, 120)
{
    compare_own("assistant", 1);
}

TEST_TIMEOUT(best_sentence_of_all_with_own_words_and_pairs_of_phones, 120)
{
    compare_own("general", CLASSES);
}
