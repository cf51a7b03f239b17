/* Short-time Fourier transform and its inverse, streaming, periodic Hann window on both sides.
 *
 * Analysis: frame t is the FFT of samples [hop t, hop t + size) times the window; no padding, no
 * centring. Synthesis: overlap-add of window times inverse FFT, divided by the sum of the squared
 * windows that are there, as torch.istft does (with center=True that one also drops size / 2
 * samples at either end: the caller does it here). Synthesis of an analysis gives the samples back,
 * except where the windows' sum vanishes (the very first sample).
 *
 *     while (next_frame(bins)) {
 *         istft_push(istft, bins, samples);        (exactly `hop` samples, final)
 *         use(samples, hop);
 *     }
 *     istft_flush(istft, samples);                 (the last size - hop)
 *
 * Thread: any, one thread at a time; audio-rt safe except create and destroy (control). */
#ifndef LINNET_DSP_STFT_H
#define LINNET_DSP_STFT_H

#include "fft.h"
#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stft;
struct istft;

/* `size` as for fft_create, 1 <= hop <= size. */
enum status stft_create(size_t size, size_t hop, struct stft **ret_stft, struct error *ret_error);

/* Accepts NULL. */
void stft_destroy(struct stft *stft);

void stft_reset(struct stft *stft);

/* Take samples until a frame is ready; returns how many were taken (0 while a ready frame was not
 * polled). */
size_t stft_feed(struct stft *stft, const float *samples, size_t count);

/* The next frame if it is ready: ret_bins[size / 2 + 1] and its index (may be NULL). */
bool stft_poll(struct stft *stft, struct fft_bin *ret_bins, uint64_t *ret_index);

/* `size` as for fft_create, 1 <= hop <= size. */
enum status istft_create(size_t size, size_t hop, struct istft **ret_istft,
                         struct error *ret_error);

/* Accepts NULL. */
void istft_destroy(struct istft *istft);

void istft_reset(struct istft *istft);

/* Add the next frame, bins[size / 2 + 1]; ret_samples[hop] are final. */
void istft_push(struct istft *istft, const struct fft_bin *bins, float *ret_samples);

/* The rest after the last frame: ret_samples[size - hop]. Then reset. */
void istft_flush(struct istft *istft, float *ret_samples);

#endif
