/* The word search on phone scores made from text. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "asr_fixture.h"
#include "asr_nbest.h"
#include "asr_search.h"
#include "asr_synthetic.h"
#include "harness.h"

enum { LIMIT = 128 };

static struct fixture_language language;
static struct synthetic spoken;

static struct asr_search *open_search(const char *name)
{
    fixture_language(&language, name);
    struct asr_search_config config = fixture_search(&language);
    struct asr_search *search = NULL;
    CHECK_OK(asr_search_create(&config, &search, NULL));
    return search;
}

static void write_text(char *text, size_t size, const struct asr_lattice_word *words,
                       uint32_t count)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? " " : "",
                                 asr_lexicon_word(&language.lexicon, words[i].word));
}

static uint32_t decode(struct asr_search *search, struct asr_lattice_word *words)
{
    asr_search_reset(search);
    for (uint32_t f = 0; f < spoken.frames; f++)
        asr_search_step(search, spoken.scores[f]);
    return asr_search_finish(search, words, LIMIT);
}

static const float clear[2] = {20, 1};

static const char *const sentences[] = {
    "what time is it in tokyo",
    "set a timer for twenty five minutes",
    "wake me up at half past six tomorrow morning",
    "convert seven miles to kilometers",
    "what is twelve times seventeen",
    "turn the volume down",
    "cancel the pasta timer",
    "how many grams are in a pound",
    "the old man looked at the sea and said nothing",
    "never mind",
};

TEST(clear_sentences_come_back_word_for_word)
{
    struct asr_search *search = open_search("assistant");
    struct test_random random = test_random_init();
    struct asr_lattice_word words[LIMIT];
    char text[2048];
    for (size_t round = 0; round < 4; round++)
        for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
            synthetic_speak(&spoken, &language.lexicon, sentences[i], clear, &random);
            uint32_t count = decode(search, words);
            write_text(text, sizeof text, words, count);
            CHECK_STR(text, sentences[i]);
        }
    asr_search_destroy(search);
}

/* Random words have no help from the language model; homophones may be exchanged, so only what
 * sounds the same as a word counts: the word ends at the same node. */
TEST_TIMEOUT(random_words_are_heard_as_they_sound, 300)
{
    struct asr_search *search = open_search("general");
    struct test_random random = test_random_init();
    struct asr_lattice_word words[LIMIT];
    uint32_t total = 0, close = 0;
    for (int round = 0; round < 100; round++) {
        char text[512];
        size_t used = 0;
        uint32_t said = (uint32_t)test_random_range(&random, 1, 6);
        for (uint32_t i = 0; i < said; i++)
            used += (size_t)snprintf(
                text + used, sizeof text - used, "%s%s", i ? " " : "",
                asr_lexicon_word(&language.lexicon, (uint32_t)test_random_range(
                                                        &random, 0, language.lexicon.words - 1)));
        synthetic_speak(&spoken, &language.lexicon, text, (const float[2]){40, 1}, &random);
        uint32_t count = decode(search, words);
        total += said;
        close += count > said ? 2 * said - count : count;
    }
    test_note("%u words said, %u heard", total, close);
    CHECK(close * 10 >= total * 8);
    asr_search_destroy(search);
}

TEST(times_follow_the_words)
{
    struct asr_search *search = open_search("assistant");
    struct test_random random = test_random_init();
    struct asr_lattice_word words[LIMIT];
    synthetic_speak(&spoken, &language.lexicon, "set a timer for ten minutes", clear, &random);
    CHECK_EQ(decode(search, words), 6);
    for (uint32_t i = 0; i < 6; i++) {
        CHECK_NEAR(words[i].begin, spoken.begin[i], 2);
        CHECK_NEAR(words[i].end, spoken.end[i], 2);
        CHECK(words[i].confidence > 0.5f && words[i].confidence <= 1);
    }
    CHECK(asr_search_match(search) > -0.5f);
    asr_search_destroy(search);
}

TEST(partials_grow_and_the_ending_is_known)
{
    struct asr_search *search = open_search("assistant");
    struct test_random random = test_random_init();
    struct asr_lattice_word words[LIMIT];
    synthetic_speak(&spoken, &language.lexicon, "set a timer for ten minutes", clear, &random);
    asr_search_reset(search);
    float after_for = 1;
    uint32_t settled;
    for (uint32_t f = 0; f < spoken.frames; f++) {
        asr_search_step(search, spoken.scores[f]);
        if (f + 1 == spoken.end[2]) { /* "timer" stands before anything follows it */
            CHECK_EQ(asr_search_partial(search, words, LIMIT, &settled), 3);
            CHECK_EQ(settled, 2);
            CHECK_STR(asr_lexicon_word(&language.lexicon, words[2].word), "timer");
        }
        if (f + 1 == spoken.end[3])
            after_for = asr_search_ending(search).end_probability;
    }
    CHECK_EQ(asr_search_partial(search, words, LIMIT, &settled), 6);
    CHECK_EQ(settled, 6);
    struct asr_search_ending ending = asr_search_ending(search);
    CHECK_EQ(ending.words, 6);
    CHECK(ending.silence >= 3);
    CHECK(ending.end_probability > 0.2f);
    CHECK(after_for < 0.05f);
    asr_search_destroy(search);
}

TEST(silence_gives_no_words)
{
    struct asr_search *search = open_search("assistant");
    struct test_random random = test_random_init();
    struct asr_lattice_word words[LIMIT];
    spoken.frames = 0;
    synthetic_hold(&spoken, 0, 100, clear, &random);
    CHECK_EQ(decode(search, words), 0);
    CHECK_EQ(asr_search_ending(search).words, 0);
    spoken.frames = 0;
    CHECK_EQ(decode(search, words), 0);
    asr_search_destroy(search);
}

TEST(alternatives_begin_with_the_best_and_fall)
{
    struct asr_search *search = open_search("assistant");
    struct test_random random = test_random_init();
    struct asr_lattice_word words[LIMIT];
    struct asr_nbest *nbest = NULL;
    CHECK_OK(asr_nbest_create(&nbest, NULL));
    synthetic_speak(&spoken, &language.lexicon, "set a timer for fifteen minutes",
                    (const float[2]){4, 2}, &random);
    uint32_t count = decode(search, words), final;
    struct asr_lattice *lattice = asr_search_lattice(search, &final);
    asr_nbest_list(nbest, lattice, final);
    struct asr_nbest_sentence first, other;
    CHECK(asr_nbest_get(nbest, 0, &first));
    CHECK_EQ(first.count, count);
    for (uint32_t i = 0; i < count; i++)
        CHECK_EQ(first.words[i], words[i].word);
    float last = first.score;
    for (uint32_t i = 1; asr_nbest_get(nbest, i, &other); i++) {
        CHECK(other.score <= last + 1e-2f);
        CHECK(other.count != first.count ||
              memcmp(other.words, first.words, count * sizeof *first.words) != 0);
        last = other.score;
    }
    asr_nbest_destroy(nbest);
    asr_search_destroy(search);
}

TEST_TIMEOUT(long_noise_needs_no_more_memory, 300)
{
    struct asr_search *search = open_search("general");
    struct test_random random = test_random_init();
    asr_search_reset(search);
    size_t before = mallinfo2().uordblks;
    for (int round = 0; round < 3; round++) {
        spoken.frames = 0;
        synthetic_hold(&spoken, -1, 100, (const float[2]){0, 1}, &random);
        for (uint32_t f = 0; f < spoken.frames; f++)
            asr_search_step(search, spoken.scores[f]);
        uint32_t most, tokens = asr_search_tokens(search, &most);
        CHECK(tokens > 0 && most <= 4 * asr_search_defaults().max_tokens);
    }
    CHECK_EQ(mallinfo2().uordblks, before);
    asr_search_destroy(search);
}
