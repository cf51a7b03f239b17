#include "fault.h"
#include "harness.h"
#include "stft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 1024, HOP = 256, FRAMES = 30, COUNT = SIZE + HOP * (FRAMES - 1) };

static void noise_fill(float *samples, size_t count)
{
    struct test_random random = test_random_init();
    for (size_t i = 0; i < count; i++)
        samples[i] = test_random_float(&random);
}

/* Analysis in pieces of `cut`. */
static void analyse(struct stft *stft, const float *samples, size_t count, size_t cut,
                    struct fft_bin (*ret_bins)[SIZE / 2 + 1])
{
    uint64_t frames = 0, index = 0;
    while (count > 0) {
        size_t taken = stft_feed(stft, samples, cut < count ? cut : count);
        samples += taken, count -= taken;
        while (stft_poll(stft, ret_bins[frames], &index))
            CHECK_EQ(index, frames++);
    }
    CHECK_EQ(frames, FRAMES);
}

TEST(stft_and_back_gives_the_samples)
{
    static float in[COUNT], out[COUNT];
    static struct fft_bin bins[FRAMES][SIZE / 2 + 1];
    struct stft *stft = NULL;
    struct istft *istft = NULL;
    noise_fill(in, COUNT);
    in[0] = 0.0f;
    CHECK_OK(stft_create(SIZE, HOP, &stft, NULL));
    CHECK_OK(istft_create(SIZE, HOP, &istft, NULL));
    analyse(stft, in, COUNT, COUNT, bins);
    for (int round = 0; round < 2; round++) {
        for (int t = 0; t < FRAMES; t++)
            istft_push(istft, bins[t], out + t * HOP);
        istft_flush(istft, out + FRAMES * HOP);
        double inner = test_snr_db(in + SIZE, out + SIZE, COUNT - 2 * SIZE);
        test_note("there and back: %.1f dB", inner);
        CHECK(inner > 115.0);
        CHECK(test_snr_db(in + 16, out + 16, COUNT - 32) > 80.0);
        istft_reset(istft);
    }
    stft_destroy(stft);
    istft_destroy(istft);
}

TEST(stft_does_not_depend_on_the_cut)
{
    static float in[COUNT];
    static struct fft_bin whole[FRAMES][SIZE / 2 + 1], pieces[FRAMES][SIZE / 2 + 1];
    struct stft *stft = NULL;
    noise_fill(in, COUNT);
    CHECK_OK(stft_create(SIZE, HOP, &stft, NULL));
    analyse(stft, in, COUNT, COUNT, whole);
    for (size_t cut = 1; cut < 2000; cut = cut * 2 + 1) {
        stft_reset(stft);
        analyse(stft, in, COUNT, cut, pieces);
        CHECK(memcmp(whole, pieces, sizeof(whole)) == 0);
    }
    stft_destroy(stft);
}

/* Values of torch.istft's definition, computed directly. */
TEST(istft_of_changed_spectra_equals_the_definition)
{
    enum { N = 16, H = 4, T = 5, LENGTH = N + H * (T - 1) };
    struct fft_bin bins[N / 2 + 1];
    double sum[LENGTH] = {0}, envelope[LENGTH] = {0};
    float out[LENGTH];
    struct test_random random = test_random_init();
    struct istft *istft = NULL;
    CHECK_OK(istft_create(N, H, &istft, NULL));
    for (int t = 0; t < T; t++) {
        for (int k = 0; k <= N / 2; k++)
            bins[k] = (struct fft_bin){test_random_float(&random),
                                       k % (N / 2) ? test_random_float(&random) : 0.0f};
        for (int i = 0; i < N; i++) {
            double value = bins[0].re + bins[N / 2].re * cos(M_PI * i);
            for (int k = 1; k < N / 2; k++)
                value += 2.0 * (bins[k].re * cos(2.0 * M_PI * k * i / N) -
                                bins[k].im * sin(2.0 * M_PI * k * i / N));
            double window = 0.5 - 0.5 * cos(2.0 * M_PI * i / N);
            sum[t * H + i] += window * value / N;
            envelope[t * H + i] += window * window;
        }
        istft_push(istft, bins, out + t * H);
    }
    istft_flush(istft, out + T * H);
    CHECK(out[0] == 0.0f);
    for (int i = 1; i < LENGTH; i++)
        CHECK_NEAR(out[i], sum[i] / envelope[i], 2e-6 / envelope[i]);
    istft_destroy(istft);
}

TEST(stft_refuses_bad_shapes_and_fails_cleanly)
{
    struct stft *stft = NULL;
    struct istft *istft = NULL;
    CHECK_STATUS(stft_create(512, 0, &stft, NULL), STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(stft_create(512, 513, &stft, NULL), STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(istft_create(511, 128, &istft, NULL), STATUS_INVALID_ARGUMENT);
    for (unsigned n = 1; n <= 3; n++) {
        fault_arm(FAULT_ALLOC, n);
        CHECK_STATUS(stft_create(512, 128, &stft, NULL), STATUS_NO_MEMORY);
        fault_arm(FAULT_ALLOC, n);
        CHECK_STATUS(istft_create(512, 128, &istft, NULL), STATUS_NO_MEMORY);
    }
    stft_destroy(NULL);
    istft_destroy(NULL);
}
