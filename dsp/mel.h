/* Log-mel front end: 16 kHz samples in, one frame of 80 bands every 10 ms out.
 *
 * Definition (tools/train/common/mel.py is its twin, equal within 1e-4 in all bands down to 50 dB
 * below the frame's loudest):
 *   frame t covers samples [160 t, 160 t + 400) of the stream; no padding, no centring, no
 *     pre-emphasis, no dither;
 *   periodic Hann window of 400, zero-padded to an FFT of 512, power spectrum |X|^2;
 *   80 triangular filters, corners equally spaced on the HTK mel scale 2595 log10(1 + f / 700)
 *     from 20 to 7600 Hz, peak 1, linear in Hz between corners, evaluated at the bins' centres
 *     k * 16000 / 512;
 *   band = ln(max(sum, 1e-10)).
 * Mean and variance normalisation belong to each model.
 *
 * Feed any number of samples, poll until there is no frame, repeat: every cut of a stream gives the
 * same bits.
 *
 *     while (count > 0) {
 *         size_t taken = mel_feed(mel, samples, count);
 *         samples += taken, count -= taken;
 *         while (mel_poll(mel, frame, &index))
 *             use(frame, index);
 *     }
 *
 * Thread: any, one thread at a time; audio-rt safe except mel_create and mel_destroy (control). */
#ifndef LINNET_DSP_MEL_H
#define LINNET_DSP_MEL_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MEL_RATE = 16000,
    MEL_BANDS = 80,
    MEL_HOP = 160,
    MEL_WINDOW = 400,
    MEL_FFT = 512,
};

struct mel;

enum status mel_create(struct mel **ret_mel, struct error *ret_error);

/* Accepts NULL. */
void mel_destroy(struct mel *mel);

/* Forget the stream; the next sample is sample 0 and the next frame is frame 0. */
void mel_reset(struct mel *mel);

/* Take samples until a frame is ready; returns how many were taken (0 while a ready frame was not
 * polled). */
size_t mel_feed(struct mel *mel, const float *samples, size_t count);

/* The next frame, if its 400 samples are there: ret_frame[MEL_BANDS] and its global index (may be
 * NULL). */
bool mel_poll(struct mel *mel, float ret_frame[MEL_BANDS], uint64_t *ret_index);

/* Frames that a stream of `samples` samples gives in all. */
uint64_t mel_frame_count(uint64_t samples);

#endif
