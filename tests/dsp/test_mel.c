#include "fault.h"
#include "harness.h"
#include "mel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = MEL_RATE };

/* The definition of mel.h written out in double, with nothing shared with mel.c. */
static double oracle_power(const float *frame, int bin)
{
    double re = 0.0;
    double im = 0.0;
    for (int i = 0; i < 400; i++) {
        double windowed = frame[i] * 0.5 * (1.0 - cos(2.0 * M_PI * i / 400.0));
        re += windowed * cos(2.0 * M_PI * (bin * i % 512) / 512.0);
        im -= windowed * sin(2.0 * M_PI * (bin * i % 512) / 512.0);
    }
    return re * re + im * im;
}

static double oracle_corner(int i)
{
    double low = 2595.0 * log10(1.0 + 20.0 / 700.0);
    double high = 2595.0 * log10(1.0 + 7600.0 / 700.0);
    return 700.0 * (pow(10.0, (low + (high - low) * i / 81.0) / 2595.0) - 1.0);
}

static double oracle_weight(int band, double hz)
{
    double left = oracle_corner(band), peak = oracle_corner(band + 1),
           right = oracle_corner(band + 2);
    if (hz <= left || hz >= right)
        return 0.0;
    return hz <= peak ? (hz - left) / (peak - left) : (right - hz) / (right - peak);
}

static void oracle_frame(const float *samples, float ret_frame[MEL_BANDS])
{
    double power[257];
    for (int bin = 0; bin < 257; bin++)
        power[bin] = oracle_power(samples, bin);
    for (int band = 0; band < 80; band++) {
        double sum = 0.0;
        for (int bin = 0; bin < 257; bin++)
            sum += oracle_weight(band, bin * 16000.0 / 512.0) * power[bin];
        ret_frame[band] = (float)log(sum > 1e-10 ? sum : 1e-10);
    }
}

/* Two tones, noise and a silent stretch. */
static float *signal_make(size_t count)
{
    struct test_random random = test_random_init();
    float *samples = calloc(count, sizeof(*samples));
    for (size_t i = 0; i < count; i++) {
        double t = (double)i / MEL_RATE;
        double tones = 0.4 * sin(2.0 * M_PI * 440.0 * t) + 0.1 * sin(2.0 * M_PI * 5200.0 * t);
        samples[i] = (float)tones + 0.05f * test_random_float(&random);
        if (i > count / 2 && i < count / 2 + 2000)
            samples[i] = 0.0f;
    }
    return samples;
}

/* Feed in pieces of at most `cut` samples (random when 0); returns the number of frames. */
static size_t mel_run(struct mel *mel, const float *samples, size_t count, size_t cut,
                      struct test_random *random, float (*ret_frames)[MEL_BANDS])
{
    size_t frames = 0;
    while (count > 0) {
        size_t piece = cut ? cut : (size_t)test_random_range(random, 1, 700);
        size_t taken = mel_feed(mel, samples, piece < count ? piece : count);
        samples += taken, count -= taken;
        uint64_t index = 0;
        while (mel_poll(mel, ret_frames[frames], &index))
            CHECK_EQ(index, frames++);
    }
    return frames;
}

TEST(mel_equals_the_double_oracle)
{
    enum { COUNT = 8000, FRAMES = (COUNT - 400) / 160 + 1 };
    static float frames[FRAMES][MEL_BANDS];
    float *samples = signal_make(COUNT);
    struct mel *mel = NULL;
    CHECK_OK(mel_create(&mel, NULL));
    CHECK_EQ(mel_frame_count(COUNT), FRAMES);
    CHECK_EQ(mel_run(mel, samples, COUNT, COUNT, NULL, frames), FRAMES);
    double worst = 0.0;
    for (int t = 0; t < FRAMES; t++) {
        float expected[MEL_BANDS];
        oracle_frame(samples + 160 * t, expected);
        for (int band = 0; band < MEL_BANDS; band++)
            worst = fmax(worst, fabs(frames[t][band] - expected[band]));
    }
    test_note("largest difference %.2g", worst);
    CHECK(worst < 1e-4);
    mel_destroy(mel);
    free(samples);
}

TEST(mel_of_silence_is_the_floor)
{
    float samples[MEL_WINDOW] = {0};
    float frame[MEL_BANDS];
    struct mel *mel = NULL;
    CHECK_OK(mel_create(&mel, NULL));
    CHECK_EQ(mel_feed(mel, samples, MEL_WINDOW), MEL_WINDOW);
    CHECK(mel_poll(mel, frame, NULL));
    for (int band = 0; band < MEL_BANDS; band++)
        CHECK_NEAR(frame[band], log(1e-10), 1e-5);
    CHECK(!mel_poll(mel, frame, NULL));
    mel_destroy(mel);
}

TEST(mel_frames_do_not_depend_on_the_cut)
{
    enum { COUNT = 2 * SECOND + 77, FRAMES = (COUNT - 400) / 160 + 1 };
    static float whole[FRAMES][MEL_BANDS], pieces[FRAMES][MEL_BANDS];
    struct test_random random = test_random_init();
    float *samples = signal_make(COUNT);
    struct mel *mel = NULL;
    CHECK_OK(mel_create(&mel, NULL));
    CHECK_EQ(mel_run(mel, samples, COUNT, COUNT, NULL, whole), FRAMES);
    for (int round = 0; round < 20; round++) {
        mel_reset(mel);
        CHECK_EQ(mel_run(mel, samples, COUNT, round == 0, &random, pieces), FRAMES);
        CHECK(memcmp(whole, pieces, sizeof(whole)) == 0);
    }
    mel_destroy(mel);
    free(samples);
}

TEST(mel_feed_stops_at_a_ready_frame)
{
    static float samples[1000];
    float frame[MEL_BANDS];
    struct mel *mel = NULL;
    CHECK_OK(mel_create(&mel, NULL));
    CHECK_EQ(mel_feed(mel, samples, 1000), MEL_WINDOW);
    CHECK_EQ(mel_feed(mel, samples, 1000), 0);
    CHECK(mel_poll(mel, frame, NULL));
    CHECK_EQ(mel_feed(mel, samples, 1000), MEL_HOP);
    mel_destroy(mel);
    mel_destroy(NULL);
}

TEST(mel_frame_count_is_the_number_of_whole_windows)
{
    CHECK_EQ(mel_frame_count(0), 0);
    CHECK_EQ(mel_frame_count(399), 0);
    CHECK_EQ(mel_frame_count(400), 1);
    CHECK_EQ(mel_frame_count(559), 1);
    CHECK_EQ(mel_frame_count(560), 2);
}

TEST(mel_create_fails_cleanly)
{
    struct mel *mel = NULL;
    struct error error = {0};
    for (unsigned n = 1; n <= 2; n++) {
        fault_arm(FAULT_ALLOC, n);
        CHECK_STATUS(mel_create(&mel, &error), STATUS_NO_MEMORY);
        CHECK(mel == NULL);
    }
}
