/* Sound that comes faster than it is played: a queue of 16-bit samples of one turn that grows as
 * needed, up to two minutes at 24 kHz.
 *
 * Thread: mind, for all functions (it allocates). */
#ifndef LINNET_PIPELINE_VOICE_FEED_H
#define LINNET_PIPELINE_VOICE_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum { VOICE_FEED_SAMPLES_MAX = 120 * 24000 };

struct voice_feed {
    uint32_t turn; /* whose sound it is; 0: nobody's */
    bool ended;    /* no more comes */
    int16_t *data; /* a ring */
    size_t room, first, count;
};

/* A zeroed feed is empty. */
void voice_feed_finish(struct voice_feed *feed);

/* Empty it for another turn; the memory is kept. */
void voice_feed_begin(struct voice_feed *feed, uint32_t turn);

/* LIMIT: more than two minutes wait; INVALID_ARGUMENT: half a sample. Nothing is taken then. */
enum status voice_feed_add(struct voice_feed *feed, const void *pcm, size_t bytes);

/* Take up to `count` samples as -1..1. */
size_t voice_feed_take(struct voice_feed *feed, float *samples, size_t count);

#endif
