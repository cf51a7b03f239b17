#include "lm_request.h"
#include "lm_sampler.h"

#include <math.h>
#include <string.h>

#include "harness.h"

TEST(requests_are_normalised_as_in_training)
{
    static const char *const pairs[][2] = {
        {"Set a timer for 5 minutes, please!", "set a timer for 5 minutes please"},
        {"What's 1,000 + 2,5?", "what's 1000 + 2 5"},
        {"wake me at 6:30 a.m. tomorrow", "wake me at 6:30 am tomorrow"},
        {"at 7 P. M.", "at 7 pm"},
        {"at 7 p.m.x", "at 7 pmx"},
        {"eighty-one - 3", "eighty one - 3"},
        {"5-3=2", "5-3 2"},
        {"3.5 . :x 4:", "3.5 x 4"},
        {"don\xe2\x80\x99t 'quote' rock 'n' roll dogs'", "don't quote rock n roll dogs"},
        {"90\xc2\xb0 3\xc3\x97"
         "4 8\xc3\xb7"
         "2",
         "90 degrees 3*4 8/2"},
        {"  caf\xc3\xa9 \t\n ", "caf"},
        {"", ""},
        {"50% of $20", "50% of $20"},
        {"m.a.m.", "m am"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char text[256];
        CHECK_OK(lm_request_normalise(pairs[i][0], text, sizeof(text)));
        CHECK_STR(text, pairs[i][1]);
    }
}

TEST(long_requests_are_refused)
{
    char text[LM_MAX_REQUEST_BYTES], out[LM_MAX_REQUEST_BYTES];
    memset(text, 'a', sizeof(text));
    text[LM_MAX_REQUEST_BYTES / 9] = 0;
    CHECK_OK(lm_request_normalise(text, out, sizeof(out)));
    CHECK_STATUS(lm_request_normalise(text, out, LM_MAX_REQUEST_BYTES / 9), STATUS_LIMIT);
    text[LM_MAX_REQUEST_BYTES / 9] = 'a';
    text[LM_MAX_REQUEST_BYTES / 9 + 1] = 0;
    CHECK_STATUS(lm_request_normalise(text, out, sizeof(out)), STATUS_LIMIT);
    /* The text that grows most, at the limit. */
    for (int i = 0; i < LM_MAX_REQUEST_BYTES / 9 - 1; i += 2)
        memcpy(text + i, "\xc2\xb0", 3);
    CHECK_OK(lm_request_normalise(text, out, sizeof(out)));
}

TEST(normalising_twice_changes_nothing)
{
    struct test_random random = test_random_init();
    for (int round = 0; round < 500; round++) {
        static const char some[] = "aAmMpP.:,'-0123 9$%*/+x\xc2\xb0\xe2\x80\x99`\n";
        char text[64], once[256], twice[256];
        size_t n = (size_t)test_random_range(&random, 0, 60);
        for (size_t i = 0; i < n; i++)
            text[i] = some[test_random_range(&random, 0, (int64_t)sizeof(some) - 2)];
        text[n] = 0;
        CHECK_OK(lm_request_normalise(text, once, sizeof(once)));
        CHECK(strspn(once, "abcdefghijklmnopqrstuvwxyz0123456789 '.:+*/%$-") == strlen(once));
        CHECK(once[0] != ' ' && !strstr(once, "  "));
        CHECK_OK(lm_request_normalise(once, twice, sizeof(twice)));
    }
}

TEST(greedy_takes_the_first_of_the_largest)
{
    const float logits[6] = {1.0f, 5.0f, 3.0f, 5.0f, -1.0f, 9.0f};
    const uint8_t allowed[6] = {1, 1, 1, 1, 1, 0};
    const int32_t listed[3] = {2, 4, 0};
    struct lm_sampler s;
    float p;
    lm_sampler_init(&s, &(struct lm_sampling){0});
    CHECK_EQ(lm_sampler_pick(&s, logits, 6, NULL, NULL), 5);
    CHECK_EQ(lm_sampler_pick(&s, logits, 6, allowed, &p), 1);
    double sum = exp(-4.0) + 1.0 + exp(-2.0) + 1.0 + exp(-6.0);
    CHECK_NEAR(p, 1.0 / sum, 1e-6);
    CHECK_EQ(lm_sampler_best_of(logits, listed, 3, &p), 2);
    CHECK_NEAR(p, 1.0 / (1.0 + exp(-4.0) + exp(-2.0)), 1e-6);
    CHECK_NEAR(lm_sampler_share(logits, listed, 3, 4), exp(-4.0) / (1.0 + exp(-4.0) + exp(-2.0)),
               1e-6);
}

static void draw_many(const struct lm_sampling *sampling, const float *logits, int n, int counts[8])
{
    struct lm_sampler s;
    lm_sampler_init(&s, sampling);
    memset(counts, 0, 8 * sizeof(int));
    for (int i = 0; i < 20000; i++)
        counts[lm_sampler_pick(&s, logits, (size_t)n, NULL, NULL)]++;
}

TEST(sampling_follows_the_probabilities)
{
    const float logits[8] = {0.0f, 1.0f, 2.0f, 3.0f, -9.0f, 0.5f, 2.5f, 1.5f};
    int counts[8], again[8];
    double sum = 0.0;
    for (int i = 0; i < 8; i++)
        sum += exp((double)logits[i] / 0.8);
    draw_many(&(struct lm_sampling){0.8f, 1.0f, 0, 5}, logits, 8, counts);
    for (int i = 0; i < 8; i++)
        CHECK_NEAR(counts[i] / 20000.0, exp((double)logits[i] / 0.8) / sum, 0.015);
    draw_many(&(struct lm_sampling){0.8f, 1.0f, 0, 5}, logits, 8, again);
    CHECK(memcmp(counts, again, sizeof(counts)) == 0);
    draw_many(&(struct lm_sampling){0.8f, 1.0f, 2, 5}, logits, 8, counts);
    CHECK(counts[3] > 0 && counts[6] > 0 && counts[3] + counts[6] == 20000);
    draw_many(&(struct lm_sampling){1.0f, 0.4f, 0, 5}, logits, 8, counts);
    CHECK(counts[3] > 0 && counts[3] + counts[6] == 20000);
    draw_many(&(struct lm_sampling){1.0f, 0.01f, 0, 5}, logits, 8, counts);
    CHECK_EQ(counts[3], 20000);
}
