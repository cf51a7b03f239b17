#include "harness.h"

#include <math.h>
#include <string.h>

#include "vectors.h"
#include "vocoder.h"

enum { FRAME_FLOATS = VOCODER_BANDS + 5, FRAMES_MAX = 32 };

static size_t read_frames(struct vocoder_frame *frames)
{
    static float raw[FRAMES_MAX * FRAME_FLOATS];
    size_t count = vector_read("vocoder_frames.f32", raw, sizeof(raw)) / 4 / FRAME_FLOATS;
    for (size_t i = 0; i < count; i++) {
        const float *from = raw + i * FRAME_FLOATS;
        memcpy(frames[i].envelope, from, sizeof(frames[i].envelope));
        frames[i].f0 = from[VOCODER_BANDS];
        frames[i].voiced = from[VOCODER_BANDS + 1] > 0.5f;
        memcpy(frames[i].aperiodicity, from + VOCODER_BANDS + 2, sizeof(frames[i].aperiodicity));
    }
    return count;
}

/* All samples of the frames, delay removed. Returns how many. */
static size_t render(struct vocoder *v, const struct vocoder_frame *frames, size_t count,
                     float *ret)
{
    float block[VOCODER_HOP];
    size_t at = 0;
    vocoder_reset(v);
    for (size_t i = 0; i < count + VOCODER_DELAY; i++) {
        vocoder_push(v, &frames[i < count ? i : count - 1], block);
        if (i < VOCODER_DELAY)
            continue;
        memcpy(ret + at, block, sizeof(block));
        at += VOCODER_HOP;
    }
    return at;
}

TEST(equals_the_numpy_twin)
{
    static struct vocoder_frame frames[FRAMES_MAX];
    static float expected[FRAMES_MAX * VOCODER_HOP], got[(FRAMES_MAX + 1) * VOCODER_HOP];
    struct vocoder *v;
    CHECK_OK(vocoder_create(&v, NULL));
    size_t count = read_frames(frames);
    CHECK_EQ(count, 20);
    size_t samples = vector_read("vocoder_samples.f32", expected, sizeof(expected)) / 4;
    CHECK_EQ(samples, (count - 4) * VOCODER_HOP);
    CHECK_EQ(render(v, frames, count, got), count * VOCODER_HOP);
    double snr = test_snr_db(expected, got, samples);
    test_note("%.1f dB", snr);
    CHECK(snr > 70.0);
    vocoder_destroy(v);
}

TEST(repeats_bit_by_bit_after_reset)
{
    static struct vocoder_frame frames[FRAMES_MAX];
    static float a[(FRAMES_MAX + 1) * VOCODER_HOP], b[(FRAMES_MAX + 1) * VOCODER_HOP];
    struct vocoder *v;
    CHECK_OK(vocoder_create(&v, NULL));
    size_t count = read_frames(frames);
    size_t n = render(v, frames, count, a);
    CHECK_EQ(render(v, frames, count, b), n);
    CHECK(memcmp(a, b, n * sizeof(float)) == 0);
    vocoder_destroy(v);
}

/* A steady voice at 200 Hz has its energy in the harmonics: the signal equals itself 120 samples
 * later. */
TEST(steady_voice_is_periodic)
{
    static float got[64 * VOCODER_HOP];
    static struct vocoder_frame frames[60];
    struct vocoder *v;
    CHECK_OK(vocoder_create(&v, NULL));
    for (size_t i = 0; i < 60; i++) {
        frames[i] = (struct vocoder_frame){.f0 = 200.0f, .voiced = true};
        for (size_t b = 0; b < VOCODER_BANDS; b++)
            frames[i].envelope[b] = -6.0f - 0.05f * (float)b;
    }
    render(v, frames, 60, got);
    double snr = test_snr_db(got + 5000, got + 5120, 5000);
    test_note("%.1f dB", snr);
    CHECK(snr > 15.0);
    vocoder_destroy(v);
}

/* White noise of unit density times the envelope: power 1e-2 comes out within half a decibel. */
TEST(unvoiced_level_is_the_envelope)
{
    static float got[204 * VOCODER_HOP];
    static struct vocoder_frame frames[200];
    struct vocoder *v;
    CHECK_OK(vocoder_create(&v, NULL));
    for (size_t i = 0; i < 200; i++)
        for (size_t b = 0; b < VOCODER_BANDS; b++)
            frames[i].envelope[b] = logf(1e-2f);
    render(v, frames, 200, got);
    double power = 0.0;
    for (size_t i = 2000; i < 50000; i++)
        power += (double)got[i] * (double)got[i] / 48000.0;
    CHECK_NEAR(10.0 * log10(power), -20.0, 0.5);
    vocoder_destroy(v);
}

TEST(odd_features_stay_finite)
{
    float block[VOCODER_HOP];
    struct vocoder *v;
    struct test_random random = test_random_init();
    CHECK_OK(vocoder_create(&v, NULL));
    for (int i = 0; i < 300; i++) {
        struct vocoder_frame f = {.f0 = 1000.0f * test_random_float(&random), .voiced = i % 3 != 0};
        for (size_t b = 0; b < VOCODER_BANDS; b++)
            f.envelope[b] = 20.0f * test_random_float(&random) - 8.0f;
        for (size_t b = 0; b < VOCODER_APERIODIC; b++)
            f.aperiodicity[b] = 2.0f * test_random_float(&random);
        vocoder_push(v, &f, block);
        for (size_t k = 0; k < VOCODER_HOP; k++)
            CHECK(isfinite(block[k]));
    }
    vocoder_destroy(v);
}
