/* Trigram probabilities against the training code (tests/data/asr_ngram_ref.txt), and their sum. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "asr_fixture.h"
#include "harness.h"

static uint32_t word_of(const struct fixture_language *l, const char *text)
{
    if (text[0] == '<')
        return text[1] == '/' ? l->ngram.words + 1 : l->ngram.words;
    return asr_lexicon_find(&l->lexicon, text);
}

/* Lines: model, two words of history, word, ln P by the Python reader of the same file. */
static void compare_model(const char *name)
{
    static struct fixture_language l;
    char path[1024], line[512], model[32], a[64], b[64], w[64];
    double expected, largest = 0;
    uint32_t lines = 0;
    fixture_language(&l, name);
    snprintf(path, sizeof path, "%s/tests/data/asr_ngram_ref.txt", getenv("LINNET_SOURCE"));
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file)) {
        CHECK_EQ(sscanf(line, "%31s %63s %63s %63s %lf", model, a, b, w, &expected), 5);
        if (model[0] != name[0])
            continue;
        uint32_t state = word_of(&l, a);
        asr_ngram_score(&l.ngram, state, word_of(&l, b), &state);
        double got = asr_ngram_score(&l.ngram, state, word_of(&l, w), NULL);
        largest = fmax(largest, fabs(got - expected));
        lines++;
    }
    fclose(file);
    test_note("%s: %u probabilities, largest difference %.2g", name, lines, largest);
    CHECK(lines >= 100);
    CHECK(largest < 1e-4);
}

TEST(assistant_model_equals_python)
{
    compare_model("assistant");
}

TEST(general_model_equals_python)
{
    compare_model("general");
}

TEST(probabilities_sum_to_about_one)
{
    static struct fixture_language l;
    fixture_language(&l, "assistant");
    const char *const history[][2] = {{"<s>", "set"}, {"what", "time"}, {"minutes", "minutes"}};
    for (size_t i = 0; i < sizeof history / sizeof *history; i++) {
        uint32_t state = word_of(&l, history[i][0]);
        asr_ngram_score(&l.ngram, state, word_of(&l, history[i][1]), &state);
        double sum = exp(asr_ngram_end(&l.ngram, state));
        for (uint32_t w = 0; w < l.ngram.words; w++)
            sum += exp(asr_ngram_score(&l.ngram, state, w, NULL));
        CHECK_NEAR(sum, 1, 0.1);
    }
}

TEST(look_ahead_is_the_best_word_below_a_node)
{
    static struct fixture_language l;
    struct asr_ahead *ahead = NULL;
    fixture_language(&l, "assistant");
    CHECK_OK(asr_ahead_create(&l.lexicon, &l.ngram, &l.base, 1 << 20, &ahead, NULL));
    struct test_random random = test_random_init();
    for (int round = 0; round < 300; round++) {
        uint32_t state = (uint32_t)test_random_range(&random, 0, asr_ngram_states(&l.ngram) - 1);
        struct asr_ahead_view view = asr_ahead_view(ahead, state);
        CHECK_NEAR(asr_ahead_value(&view, 0), l.base.state[state], 1e-4);
        uint32_t e = (uint32_t)test_random_range(&random, 0, l.lexicon.endings - 1);
        uint32_t word = l.lexicon.ending[e];
        float score = asr_ngram_score(&l.ngram, state, word, NULL);
        for (uint32_t n = l.lexicon.place[l.lexicon.first_place[word]]; n != 0;
             n = l.lexicon.parent[n]) {
            CHECK(asr_ahead_value(&view, n) >= fmaxf(score, -60) - 1e-3f);
            CHECK(asr_ahead_value(&view, l.lexicon.parent[n]) >= asr_ahead_value(&view, n));
        }
    }
    asr_ahead_destroy(ahead);
}
