/* Real FFT of one size, single precision, over FFTW.
 *
 * Same convention as numpy.fft.rfft / irfft: forward is unscaled, inverse divides by the size, so
 * inverse(forward(x)) is x up to rounding. The spectrum of `size` real samples has size / 2 + 1
 * bins; the imaginary parts of the first and last bin are zero and are ignored by the inverse.
 *
 *     struct fft *fft;
 *     TRY(fft_create(512, &fft, ret_error));
 *     fft_forward(fft, samples, bins);
 *     fft_destroy(fft);
 *
 * Plans are FFTW_ESTIMATE: the choice of algorithm never depends on a measurement, so the same
 * input gives the same bits from run to run. A transform owns its scratch: one thread at a time may
 * use it. No two buffers may overlap. */
#ifndef LINNET_DSP_FFT_H
#define LINNET_DSP_FFT_H

#include "status.h"

#include <stddef.h>

struct fft;

struct fft_bin {
    float re;
    float im;
};

enum { FFT_SIZE_MAX = 1 << 20 };

/* Plan transforms of `size` real samples: even, 2..FFT_SIZE_MAX. INVALID_ARGUMENT or NO_MEMORY.
 * Thread: control (takes the planner's lock). */
enum status fft_create(size_t size, struct fft **ret_fft, struct error *ret_error);

/* Accepts NULL. Thread: control (takes the planner's lock). */
void fft_destroy(struct fft *fft);

/* Number of real samples. Thread: any. */
size_t fft_size(const struct fft *fft);

/* Number of complex bins, size / 2 + 1. Thread: any. */
size_t fft_bin_count(const struct fft *fft);

/* samples[size] -> ret_bins[size / 2 + 1]. Thread: any, audio-rt safe. */
void fft_forward(struct fft *fft, const float *samples, struct fft_bin *ret_bins);

/* bins[size / 2 + 1] -> ret_samples[size]. Thread: any, audio-rt safe. */
void fft_inverse(struct fft *fft, const struct fft_bin *bins, float *ret_samples);

#endif
