/* The net in C against PyTorch, and against itself. */
#include "harness.h"
#include "wake_ear.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reference {
    uint32_t frames, steps, outputs;
    float *mel, *logits;
};

/* Written by tools/train/wake/export.py --dump. */
static struct reference read_reference(void)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/tests/data/wake_ref.bin", getenv("LINNET_SOURCE"));
    FILE *file = fopen(path, "rb");
    CHECK(file);
    struct reference r;
    CHECK_EQ(fread(&r, sizeof(uint32_t), 3, file), 3);
    size_t inputs = (size_t)r.frames * WAKE_BANDS, outputs = (size_t)r.steps * r.outputs;
    r.mel = malloc(inputs * sizeof(float));
    r.logits = malloc(outputs * sizeof(float));
    CHECK_EQ(fread(r.mel, sizeof(float), inputs, file), inputs);
    CHECK_EQ(fread(r.logits, sizeof(float), outputs, file), outputs);
    fclose(file);
    return r;
}

static void free_reference(struct reference *r)
{
    free(r->mel);
    free(r->logits);
}

/* Posteriors of the reference's frames through one model, against sigmoid(logits). */
static void compare(const char *model, double tolerance)
{
    struct ear ear;
    ear_init(&ear, model);
    struct reference r = read_reference();
    CHECK_EQ(r.outputs, 1 + wake_model_word_count(ear.model));
    uint32_t step = 0;
    for (uint32_t t = 0; t < r.frames; t++) {
        struct wake_scores s;
        if (!wake_session_process(ear.session, r.mel + (size_t)t * WAKE_BANDS, &s))
            continue;
        const float *expected = r.logits + (size_t)step * r.outputs;
        CHECK_EQ(s.frame, t);
        CHECK_NEAR(s.speech, 1 / (1 + exp(-expected[0])), tolerance);
        for (uint32_t w = 0; w + 1 < r.outputs; w++)
            CHECK_NEAR(s.words[w], 1 / (1 + exp(-expected[1 + w])), tolerance);
        step++;
    }
    CHECK_EQ(step, r.steps);
    free_reference(&r);
    ear_finish(&ear);
}

/* F16 matrices on both sides: what differs is the order of sums. */
TEST(wake_equals_the_training_net)
{
    compare(ear_trained(), 1e-4);
}

/* Eight-bit weights and activations move posteriors, but not far. */
TEST(wake_survives_eight_bits)
{
    compare(ear_shipped(), 0.1);
}

TEST(wake_scores_lie_between_zero_and_one_for_wild_frames)
{
    struct ear ear;
    ear_init(&ear, ear_trained());
    struct test_random random = test_random_init();
    for (int t = 0; t < 2000; t++) {
        float frame[WAKE_BANDS];
        for (int b = 0; b < WAKE_BANDS; b++)
            frame[b] = 30 * test_random_float(&random);
        struct wake_scores s;
        if (!wake_session_process(ear.session, frame, &s))
            continue;
        CHECK(s.speech >= 0 && s.speech <= 1);
        CHECK(s.words[0] >= 0 && s.words[0] <= 1);
    }
    ear_finish(&ear);
}

/* Frames before the field of view leave no trace on the words, so a session may start anywhere in a
 * stream. */
TEST(wake_forgets_what_lies_before_its_field)
{
    struct ear a, b;
    ear_init(&a, ear_shipped());
    ear_init(&b, ear_shipped());
    struct test_random random = test_random_init();
    uint64_t start = 58, field = wake_model_field(a.model);
    wake_session_reset(b.session, start);
    for (uint64_t t = 0; t < start + field + 100; t++) {
        float frame[WAKE_BANDS];
        for (int i = 0; i < WAKE_BANDS; i++)
            frame[i] = -5 + 4 * test_random_float(&random);
        struct wake_scores sa, sb;
        bool step = wake_session_process(a.session, frame, &sa);
        if (t < start)
            continue;
        CHECK_EQ(wake_session_process(b.session, frame, &sb), step);
        if (step && t >= start + field)
            CHECK(memcmp(sa.words, sb.words, sizeof(sa.words)) == 0);
    }
    ear_finish(&a);
    ear_finish(&b);
}

TEST(wake_words_are_found_by_name)
{
    struct ear ear;
    ear_init(&ear, ear_trained());
    int jarvis = wake_model_find_word(ear.model, "jarvis");
    CHECK(jarvis >= 0);
    CHECK_EQ(wake_model_find_word(ear.model, "hey jarvis"), jarvis);
    CHECK(wake_model_find_word(ear.model, "computer") >= 0);
    CHECK_EQ(wake_model_find_word(ear.model, "hey"), -1);
    CHECK_EQ(wake_model_find_word(ear.model, "snowboy"), -1);
    ear_finish(&ear);
}

TEST(wake_refuses_other_and_damaged_files)
{
    struct wake_model *model;
    struct error error;
    CHECK_STATUS(wake_model_create(&model, "/nowhere/wake.gguf", &error), STATUS_IO);
    char path[4096];
    snprintf(path, sizeof(path), "%s/tests/data/asr_tiny.gguf", getenv("LINNET_SOURCE"));
    CHECK_STATUS(wake_model_create(&model, path, &error), STATUS_FORMAT);
    CHECK(strstr(error.text, "linnet-wake"));
    const char *part = test_path("part.gguf");
    for (int bytes = 0; bytes < 3000; bytes += 97) {
        CHECK_EQ(ear_shell("head -c %d '%s' > '%s'", bytes, ear_trained(), part), 0);
        CHECK(wake_model_create(&model, part, &error) != STATUS_OK);
        CHECK(error.text[0]);
    }
}
