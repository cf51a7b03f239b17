#include "fft.h"

#include "fault.h"

#include <fftw3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct fft_bin) == sizeof(fftwf_complex), "bins are copied as FFTW's own");

struct fft {
    size_t size;
    float scale;
    float *time;
    fftwf_complex *spectrum;
    fftwf_plan forward;
    fftwf_plan inverse;
};

/* FFTW's planner is the one part of it that is not thread safe. */
static pthread_mutex_t planner_lock = PTHREAD_MUTEX_INITIALIZER;

static enum status fft_plan(struct fft *fft)
{
    int n = (int)fft->size;
    fft->time = fftwf_alloc_real(fft->size);
    fft->spectrum = fftwf_alloc_complex(fft->size / 2 + 1);
    if (!fft->time || !fft->spectrum)
        return STATUS_NO_MEMORY;
    pthread_mutex_lock(&planner_lock);
    fft->forward = fftwf_plan_dft_r2c_1d(n, fft->time, fft->spectrum, FFTW_ESTIMATE);
    fft->inverse = fftwf_plan_dft_c2r_1d(n, fft->spectrum, fft->time, FFTW_ESTIMATE);
    pthread_mutex_unlock(&planner_lock);
    return fft->forward && fft->inverse ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status fft_create(size_t size, struct fft **ret_fft, struct error *ret_error)
{
    if (size < 2 || size > FFT_SIZE_MAX || size % 2)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "fft: size %zu: expected an even number from 2 to %d", size, FFT_SIZE_MAX);
    struct fft *fft = mem_calloc(1, sizeof(*fft));
    if (!fft)
        return error_set(ret_error, STATUS_NO_MEMORY, "fft: out of memory");
    fft->size = size;
    fft->scale = 1.0f / (float)size;
    enum status status = fft_plan(fft);
    if (status != STATUS_OK) {
        fft_destroy(fft);
        return error_set(ret_error, status, "fft: out of memory for size %zu", size);
    }
    *ret_fft = fft;
    return STATUS_OK;
}

void fft_destroy(struct fft *fft)
{
    if (!fft)
        return;
    pthread_mutex_lock(&planner_lock);
    if (fft->forward)
        fftwf_destroy_plan(fft->forward);
    if (fft->inverse)
        fftwf_destroy_plan(fft->inverse);
    pthread_mutex_unlock(&planner_lock);
    fftwf_free(fft->time);
    fftwf_free(fft->spectrum);
    free(fft);
}

size_t fft_size(const struct fft *fft)
{
    return fft->size;
}

size_t fft_bin_count(const struct fft *fft)
{
    return fft->size / 2 + 1;
}

/* Copying through the plan's own buffers keeps FFTW's alignment promise and costs little beside the
 * transform. */
void fft_forward(struct fft *fft, const float *samples, struct fft_bin *ret_bins)
{
    memcpy(fft->time, samples, fft->size * sizeof(*samples));
    fftwf_execute(fft->forward);
    memcpy(ret_bins, fft->spectrum, fft_bin_count(fft) * sizeof(*ret_bins));
}

void fft_inverse(struct fft *fft, const struct fft_bin *bins, float *ret_samples)
{
    memcpy(fft->spectrum, bins, fft_bin_count(fft) * sizeof(*bins));
    /* A real signal has none; FFTW would read them. */
    fft->spectrum[0][1] = 0.0f;
    fft->spectrum[fft->size / 2][1] = 0.0f;
    fftwf_execute(fft->inverse);
    for (size_t i = 0; i < fft->size; i++)
        ret_samples[i] = fft->time[i] * fft->scale;
}
