/* Between a stream of one rate and a stream of another, pulled by its consumer or pushed by its
 * producer.
 *
 * Equal rates cost a copy. One bridge is either pulled or pushed, for its whole life.
 *
 * Thread: init and finish are control, the rest is audio-rt safe, one thread at a time. */
#ifndef LINNET_AUDIO_RATE_BRIDGE_H
#define LINNET_AUDIO_RATE_BRIDGE_H

#include "status.h"

#include <stdint.h>

struct resampler;

struct rate_bridge {
    struct resampler *resampler; /* NULL: equal rates */
    uint32_t in_rate, out_rate;
    float *block; /* pull: input not yet used; push: output on its way */
    uint32_t block_frames;
    uint32_t at, count; /* what of the block is used, and is there */
};

/* Makes up to `count` (> 0) input samples; returns how many, 0 at the end. */
typedef size_t rate_bridge_source(void *context, float *ret_samples, size_t count);

/* Takes `count` output samples. */
typedef void rate_bridge_sink(void *context, const float *samples, size_t count);

/* `block_frames` is how many input samples are asked for at once. Errors as resample_create. */
enum status rate_bridge_init(struct rate_bridge *bridge, uint32_t in_rate, uint32_t out_rate,
                             uint32_t block_frames, struct error *ret_error);

/* Accepts a zeroed bridge. */
void rate_bridge_finish(struct rate_bridge *bridge);

/* Forget the stream. */
void rate_bridge_reset(struct rate_bridge *bridge);

/* Fill `count` output samples from as much input as that takes; returns fewer only after the
 * source's end, 0 when all that was left has come out. */
size_t rate_bridge_pull(struct rate_bridge *bridge, rate_bridge_source *source, void *context,
                        float *ret_samples, size_t count);

/* Pass `count` input samples on. */
void rate_bridge_push(struct rate_bridge *bridge, const float *samples, size_t count,
                      rate_bridge_sink *sink, void *context);

/* Seconds of sound that are inside. */
double rate_bridge_delay_s(const struct rate_bridge *bridge);

#endif
