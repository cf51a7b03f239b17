/* Polyphase resampler between any two usual rates, 8 to 96 kHz.
 *
 * A Kaiser-windowed sinc, one row of taps a phase. The pass band ends at 0.95 of the lower Nyquist
 * frequency, the stop band begins at it and is at least 80 dB down (designed for 90). Output sample
 * n lies exactly at time n / out_rate of the input: the filter's delay shows as look-ahead
 * (resample_latency_s), not as a shift. Equal rates copy.
 *
 *     while (count > 0) {
 *         struct resample_step step = resample_process(r, in, count, out, OUT_ROOM);
 *         in += step.taken, count -= step.taken;
 *         use(out, step.made);
 *     }
 *     while ((made = resample_flush(r, out, OUT_ROOM)) > 0)
 *         use(out, made);
 *
 * Any cut of the input gives the same bits. After flush, ceil(input * out_rate / in_rate) samples
 * have come out in all. Kaiser design: Oppenheim & Schafer, Discrete-Time Signal Processing,
 * section 7.6.
 *
 * Thread: any, one thread at a time; process and flush are audio-rt safe, create and destroy are
 * control. */
#ifndef LINNET_DSP_RESAMPLE_H
#define LINNET_DSP_RESAMPLE_H

#include "status.h"

#include <stddef.h>

enum { RESAMPLE_RATE_MIN = 8000, RESAMPLE_RATE_MAX = 96000 };

struct resampler;

struct resample_step {
    size_t taken;
    size_t made;
};

/* INVALID_ARGUMENT outside the rates above; UNSUPPORTED when the ratio is so odd that its table
 * would pass 16 MB. */
enum status resample_create(unsigned in_rate, unsigned out_rate, struct resampler **ret_resampler,
                            struct error *ret_error);

/* Accepts NULL. */
void resample_destroy(struct resampler *resampler);

/* Forget the stream. */
void resample_reset(struct resampler *resampler);

/* Take some input and make some output; at least one of both moves on while there is input and
 * room. */
struct resample_step resample_process(struct resampler *resampler, const float *in, size_t in_count,
                                      float *out, size_t out_room);

/* After the last input: what is still inside. Call until it returns 0, then reset. */
size_t resample_flush(struct resampler *resampler, float *out, size_t out_room);

/* Input, in seconds, that must follow a moment before its output is made. */
double resample_latency_s(const struct resampler *resampler);

#endif
