/* Enrolment on a background and words made here: the net's features of tones and noise. */
#include "harness.h"
#include "wake_ear.h"
#include "wake_enroll.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 60, END = 40 };

static bool open_enroll(struct ear *ear, struct wake_enroll **ret_enroll)
{
    struct error error = {0};
    ear_init(ear, ear_shipped());
    enum status status = wake_enroll_create(ret_enroll, ear->model, ear_shipped(), &error);
    test_note("%s", error.text);
    CHECK_STATUS(status, STATUS_OK);
    return true;
}

/* Faint noise as features; around step END a pattern of its own, `strength` strong. */
static float *recording(size_t size, float strength, struct test_random *random)
{
    float *features = calloc(STEPS * size, sizeof(float));
    CHECK(features);
    for (size_t s = 0; s < STEPS; s++)
        for (size_t i = 0; i < size; i++) {
            float bump = s >= END - 3 && s <= END + 3 ? strength * (float)(i * 7919 % 13) / 13 : 0;
            features[s * size + i] = bump + 0.05f * test_random_float(random);
        }
    return features;
}

static void add(struct wake_enroll *enroll, size_t size, float strength, size_t end,
                struct test_random *random)
{
    float *features = recording(size, strength, random);
    CHECK_STATUS(wake_enroll_add(enroll, features, STEPS, end, NULL), STATUS_OK);
    free(features);
}

/* The word is found in the recording that was left out, and where the guess was 5 steps off. */
TEST(enroll_knows_the_word_again)
{
    struct ear ear;
    struct wake_enroll *enroll;
    struct wake_fit fit;
    struct test_random random = test_random_init();
    open_enroll(&ear, &enroll);
    size_t size = wake_model_features(ear.model);
    for (size_t r = 0; r < 4; r++)
        add(enroll, size, 8, END + (r == 2 ? 5 : 0), &random);
    CHECK_EQ(wake_enroll_count(enroll), 4);
    for (int r = 0; r < 4; r++) {
        CHECK_STATUS(wake_enroll_fit(enroll, r, &fit, NULL), STATUS_OK);
        CHECK(fit.left_out > WAKE_ENROLL_Z);
    }
    wake_enroll_destroy(enroll);
    ear_finish(&ear);
}

/* The fitted row says 0.5 at WAKE_ENROLL_Z deviations: far above the word is 1, background 0. */
TEST(enroll_gives_a_row_of_the_last_layer)
{
    struct ear ear;
    struct wake_enroll *enroll;
    struct wake_fit fit;
    struct test_random random = test_random_init();
    open_enroll(&ear, &enroll);
    size_t size = wake_model_features(ear.model);
    for (size_t r = 0; r < 3; r++)
        add(enroll, size, 8, END, &random);
    CHECK_STATUS(wake_enroll_fit(enroll, -1, &fit, NULL), STATUS_OK);
    float *features = recording(size, 8, &random);
    double word = (double)fit.bias, quiet = (double)fit.bias;
    for (size_t i = 0; i < size; i++) {
        word += (double)fit.weights[i] * (double)features[END * size + i];
        quiet += (double)fit.weights[i] * (double)features[i];
    }
    test_note("logit %.1f on the word, %.1f on background", word, quiet);
    CHECK(word > 0 && quiet < -3);
    free(features);
    wake_enroll_destroy(enroll);
    ear_finish(&ear);
}

TEST(enroll_refuses_too_few_too_many_and_wrong_ends)
{
    struct ear ear;
    struct wake_enroll *enroll;
    struct wake_fit fit;
    struct error error;
    struct test_random random = test_random_init();
    open_enroll(&ear, &enroll);
    size_t size = wake_model_features(ear.model);
    float *features = recording(size, 1, &random);
    CHECK_STATUS(wake_enroll_add(enroll, features, STEPS, STEPS, &error), STATUS_INVALID_ARGUMENT);
    add(enroll, size, 1, END, &random);
    CHECK_STATUS(wake_enroll_fit(enroll, -1, &fit, &error), STATUS_INVALID_ARGUMENT);
    add(enroll, size, 1, END, &random);
    CHECK_STATUS(wake_enroll_fit(enroll, 0, &fit, &error), STATUS_INVALID_ARGUMENT);
    while (wake_enroll_count(enroll) < WAKE_ENROLL_MAX)
        add(enroll, size, 1, END, &random);
    CHECK_STATUS(wake_enroll_add(enroll, features, STEPS, END, &error), STATUS_LIMIT);
    free(features);
    wake_enroll_destroy(enroll);
    ear_finish(&ear);
}

/* Own words are rows behind the built-in ones, of the features that the session shows. */
TEST(own_words_join_the_built_in_ones)
{
    struct ear ear;
    struct error error;
    struct test_random random = test_random_init();
    ear_init(&ear, ear_shipped());
    uint32_t size = wake_model_features(ear.model);
    size_t count = wake_model_word_count(ear.model);
    float *weights = calloc(size, sizeof(float)), *features = calloc(size, sizeof(float));
    for (uint32_t i = 0; i < size; i++)
        weights[i] = 0.1f * test_random_float(&random);
    struct wake_own_word word = {
        .name = "mine", .size = size, .weights = weights, .bias = -0.2f, .threshold = 0.7f};
    CHECK_STATUS(wake_model_add_word(ear.model, &word, &error), STATUS_OK);
    CHECK_EQ(wake_model_word_count(ear.model), count + 1);
    CHECK_EQ(wake_model_find_word(ear.model, "mine"), (int)count);
    word.size--;
    CHECK_STATUS(wake_model_add_word(ear.model, &word, &error), STATUS_INVALID_ARGUMENT);
    struct wake_session *session;
    CHECK_STATUS(wake_session_create(&session, ear.model, &error), STATUS_OK);
    for (int t = 0; t < 300; t++) {
        float frame[WAKE_BANDS];
        struct wake_scores scores;
        for (int b = 0; b < WAKE_BANDS; b++)
            frame[b] = -5 + 4 * test_random_float(&random);
        if (!wake_session_process(session, frame, &scores))
            continue;
        double logit = -0.2;
        wake_session_features(session, features);
        for (uint32_t i = 0; i < size; i++)
            logit += (double)weights[i] * (double)features[i];
        CHECK_NEAR(scores.words[count], 1 / (1 + exp(-logit)), 1e-4);
    }
    wake_session_destroy(session);
    free(weights);
    free(features);
    ear_finish(&ear);
}
