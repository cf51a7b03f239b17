#include "fault.h"
#include "harness.h"
#include "resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct resampler *resampler_make(unsigned in_rate, unsigned out_rate)
{
    struct resampler *r = NULL;
    struct error error = {0};
    if (resample_create(in_rate, out_rate, &r, &error) != STATUS_OK)
        test_fail(__FILE__, __LINE__, "%u to %u Hz: %s", in_rate, out_rate, error.text);
    return r;
}

/* Whole signal through; returns a new array. `cut`: largest piece fed and taken; 0 means random
 * pieces. */
static float *resample_all(struct resampler *r, const float *in, size_t count, size_t cut,
                           size_t *ret_count)
{
    struct test_random random = test_random_init();
    size_t room = count * 12 + 100, made = 0, got;
    float *out = calloc(room, sizeof(*out));
    resample_reset(r);
    while (count > 0) {
        size_t in_piece = cut ? cut : (size_t)test_random_range(&random, 1, 3000);
        size_t out_piece = cut ? cut : (size_t)test_random_range(&random, 0, 3000);
        struct resample_step step =
            resample_process(r, in, in_piece < count ? in_piece : count, out + made, out_piece);
        CHECK(step.taken > 0 || step.made > 0 || out_piece == 0);
        in += step.taken, count -= step.taken, made += step.made;
    }
    while ((got = resample_flush(r, out + made, cut ? cut : 100)) > 0)
        made += got;
    *ret_count = made;
    return out;
}

static float *tone_make(double hz, unsigned rate, size_t count)
{
    float *samples = calloc(count, sizeof(*samples));
    for (size_t i = 0; i < count; i++)
        samples[i] = (float)(0.5 * sin(2.0 * M_PI * hz * (double)i / rate + 0.3));
    return samples;
}

/* Of the middle of a signal: level in dB against the tone of 0.5 that went in, and how far what is
 * left over after taking that same tone away (exact amplitude and phase) lies below it. */
struct tone_figures {
    double level_db;
    double clean_db;
};

static struct tone_figures tone_measure(const float *samples, size_t count, double hz,
                                        unsigned rate)
{
    size_t edge = count / 8;
    double energy = 0.0, rest = 0.0, reference = 0.0;
    for (size_t i = edge; i < count - edge; i++) {
        double ideal = 0.5 * sin(2.0 * M_PI * hz * (double)i / rate + 0.3);
        energy += (double)samples[i] * samples[i];
        rest += (samples[i] - ideal) * (samples[i] - ideal);
        reference += 0.125;
    }
    return (struct tone_figures){10.0 * log10(energy / reference + 1e-30),
                                 -10.0 * log10(rest / reference + 1e-30)};
}

static struct tone_figures tone_through(unsigned in_rate, unsigned out_rate, double hz)
{
    size_t count = in_rate / 4, made;
    struct resampler *r = resampler_make(in_rate, out_rate);
    float *in = tone_make(hz, in_rate, count);
    float *out = resample_all(r, in, count, count, &made);
    struct tone_figures figures = tone_measure(out, made, hz, out_rate);
    free(in), free(out);
    resample_destroy(r);
    return figures;
}

static const unsigned rates[] = {8000,  11025, 12000, 16000, 22050, 24000,
                                 32000, 44100, 48000, 88200, 96000};
static const unsigned ours[] = {16000, 24000};

enum { RATES = sizeof(rates) / sizeof(rates[0]), OURS = 2 };

/* A tone comes out as the ideal tone at the new rate: amplitude, phase (so delay) and purity in one
 * figure. */
static double pass_band_worst(unsigned in_rate, unsigned out_rate)
{
    double low = in_rate < out_rate ? in_rate : out_rate;
    double worst = 400.0;
    const double places[] = {0.02, 0.2, 0.5, 0.8, 0.94};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        worst = fmin(worst, tone_through(in_rate, out_rate, places[i] * low / 2.0).clean_db);
    return worst;
}

TEST_TIMEOUT(resample_pass_band_is_exact, 200)
{
    double worst = 400.0;
    for (int i = 0; i < RATES; i++)
        for (int k = 0; k < OURS; k++) {
            worst = fmin(worst, pass_band_worst(rates[i], ours[k]));
            worst = fmin(worst, pass_band_worst(ours[k], rates[i]));
        }
    test_note("worst signal to error of any tone: %.1f dB", worst);
    CHECK(worst > 80.0);
}

TEST_TIMEOUT(resample_stop_band_is_80_db_down, 200)
{
    double worst = -400.0;
    for (int i = 0; i < RATES; i++)
        for (int k = 0; k < OURS; k++) {
            double nyquist = ours[k] / 2.0;
            for (double hz = nyquist * 1.001; hz < rates[i] / 2.0; hz *= 1.07)
                worst = fmax(worst, tone_through(rates[i], ours[k], hz).level_db);
        }
    test_note("loudest alias of any tone above the new Nyquist frequency: %.1f dB", worst);
    CHECK(worst < -80.0);
}

TEST(resample_is_bit_identical_for_any_cut)
{
    const unsigned pairs[][2] = {{48000, 16000}, {44100, 16000}, {8000, 24000},
                                 {16000, 44100}, {16000, 16000}, {96000, 8000}};
    struct test_random random = test_random_init();
    enum { COUNT = 9000 };
    static float in[COUNT];
    for (int i = 0; i < COUNT; i++)
        in[i] = test_random_float(&random);
    for (size_t p = 0; p < sizeof(pairs) / sizeof(pairs[0]); p++) {
        const size_t cuts[] = {1, 0, 160, 1000};
        struct resampler *r = resampler_make(pairs[p][0], pairs[p][1]);
        size_t whole_count, count;
        float *whole = resample_all(r, in, COUNT, COUNT * 12, &whole_count);
        for (size_t c = 0; c < sizeof(cuts) / sizeof(cuts[0]); c++) {
            float *out = resample_all(r, in, COUNT, cuts[c], &count);
            CHECK_EQ(count, whole_count);
            CHECK(memcmp(whole, out, count * sizeof(*out)) == 0);
            free(out);
        }
        free(whole);
        resample_destroy(r);
    }
}

TEST(resample_makes_as_many_seconds_as_it_took)
{
    for (int i = 0; i < RATES; i++)
        for (size_t count = 0; count < 2000; count += 333) {
            float in[2000] = {0};
            size_t made;
            struct resampler *r = resampler_make(rates[i], 16000);
            float *out = resample_all(r, in, count, 500, &made);
            CHECK_EQ(made, (count * 16000 + rates[i] - 1) / rates[i]);
            free(out);
            resample_destroy(r);
        }
}

TEST(resample_latency_is_what_it_reports)
{
    const unsigned pairs[][2] = {{48000, 16000}, {44100, 16000}, {8000, 16000}, {24000, 48000}};
    for (size_t p = 0; p < sizeof(pairs) / sizeof(pairs[0]); p++) {
        struct resampler *r = resampler_make(pairs[p][0], pairs[p][1]);
        float zero = 0.0f, out;
        size_t fed = 0;
        while (resample_process(r, &zero, 1, &out, 1).made == 0)
            fed++;
        double latency = resample_latency_s(r);
        test_note("%u to %u Hz: %.2f ms", pairs[p][0], pairs[p][1], 1e3 * latency);
        CHECK(latency < 0.016);
        CHECK_NEAR((double)fed / pairs[p][0], latency, 1.01 / pairs[p][0]);
        resample_destroy(r);
    }
}

TEST(resample_of_equal_rates_copies)
{
    float in[100], *out;
    size_t made;
    struct test_random random = test_random_init();
    for (int i = 0; i < 100; i++)
        in[i] = test_random_float(&random);
    struct resampler *r = resampler_make(24000, 24000);
    out = resample_all(r, in, 100, 7, &made);
    CHECK_EQ(made, 100);
    CHECK(memcmp(in, out, sizeof(in)) == 0);
    CHECK(resample_latency_s(r) == 0.0);
    free(out);
    resample_destroy(r);
}

TEST(resample_refuses_what_it_cannot_do)
{
    struct resampler *r = NULL;
    struct error error = {0};
    CHECK_STATUS(resample_create(7999, 16000, &r, &error), STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(resample_create(16000, 192000, &r, &error), STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(resample_create(95999, 16000, &r, &error), STATUS_UNSUPPORTED);
    CHECK(strstr(error.text, "expected at most") != NULL);
    for (unsigned n = 1; n <= 3; n++) {
        fault_arm(FAULT_ALLOC, n);
        CHECK_STATUS(resample_create(48000, 16000, &r, &error), STATUS_NO_MEMORY);
    }
    CHECK(r == NULL);
    resample_destroy(NULL);
}
