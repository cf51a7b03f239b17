#include "fft.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void random_fill(struct test_random *random, float *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        samples[i] = test_random_float(random);
}

/* The definition, in double. */
static void naive_dft(const float *samples, size_t size, struct fft_bin *ret_bins)
{
    for (size_t k = 0; k <= size / 2; k++) {
        double re = 0.0;
        double im = 0.0;
        for (size_t i = 0; i < size; i++) {
            double angle = -2.0 * M_PI * (double)(k * i % size) / (double)size;
            re += samples[i] * cos(angle);
            im += samples[i] * sin(angle);
        }
        ret_bins[k] = (struct fft_bin){(float)re, (float)im};
    }
}

static void compare_with_naive(size_t size)
{
    struct test_random random = test_random_init();
    struct fft *fft = NULL;
    CHECK_OK(fft_create(size, &fft, NULL));
    CHECK_EQ(fft_size(fft), size);
    CHECK_EQ(fft_bin_count(fft), size / 2 + 1);
    float *samples = calloc(size, sizeof(*samples));
    float *back = calloc(size, sizeof(*back));
    struct fft_bin *expected = calloc(size / 2 + 1, sizeof(*expected));
    struct fft_bin *bins = calloc(size / 2 + 1, sizeof(*bins));
    random_fill(&random, samples, size);
    naive_dft(samples, size, expected);
    fft_forward(fft, samples, bins);
    double forward_db = test_snr_db(&expected[0].re, &bins[0].re, size + 2);
    bins[0].im = 3.0f;
    fft_inverse(fft, bins, back);
    double round_db = test_snr_db(samples, back, size);
    test_note("size %zu: forward %.1f dB, there and back %.1f dB", size, forward_db, round_db);
    CHECK(forward_db > 120.0);
    CHECK(round_db > 120.0);
    free(samples), free(back), free(expected), free(bins);
    fft_destroy(fft);
}

TEST(fft_equals_the_naive_dft)
{
    const size_t sizes[] = {2, 4, 6, 64, 90, 400, 480, 512, 960, 1024, 1200};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        compare_with_naive(sizes[i]);
}

TEST(fft_refuses_odd_and_absurd_sizes)
{
    const size_t sizes[] = {0, 1, 3, 511, (size_t)FFT_SIZE_MAX + 2};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct fft *fft = NULL;
        struct error error = {0};
        CHECK_STATUS(fft_create(sizes[i], &fft, &error), STATUS_INVALID_ARGUMENT);
        CHECK(fft == NULL);
        CHECK(strstr(error.text, "expected an even number") != NULL);
    }
    fft_destroy(NULL);
}

TEST(fft_is_bit_identical_for_any_alignment)
{
    enum { SIZE = 512 };
    struct test_random random = test_random_init();
    struct fft *fft = NULL;
    CHECK_OK(fft_create(SIZE, &fft, NULL));
    static float samples[SIZE + 8];
    static struct fft_bin first[SIZE / 2 + 1], again[SIZE / 2 + 1];
    random_fill(&random, samples, SIZE);
    fft_forward(fft, samples, first);
    for (int shift = 1; shift < 8; shift++) {
        memmove(samples + shift, samples + shift - 1, SIZE * sizeof(*samples));
        fft_forward(fft, samples + shift, again);
        CHECK(memcmp(first, again, sizeof(first)) == 0);
    }
    fft_destroy(fft);
}
