/* Ring of described frames between the front thread and the control thread: one writer, one reader,
 * no locks. A frame that finds no room is dropped and counted.
 *
 * Thread: write: front; read: control; init and finish: control, with neither running. */
#ifndef LINNET_PIPELINE_FRAME_RING_H
#define LINNET_PIPELINE_FRAME_RING_H

#include <stdatomic.h>

#include "front.h"

struct frame_ring {
    struct front_frame *frames;
    uint32_t capacity; /* a power of two */
    atomic_uint_least32_t written;
    atomic_uint_least32_t read;
    atomic_uint_least64_t dropped;
};

/* `capacity` must be a power of two. */
enum status frame_ring_init(struct frame_ring *ring, uint32_t capacity, struct error *ret_error);
void frame_ring_finish(struct frame_ring *ring);

/* False when the ring was full and the frame is lost. */
bool frame_ring_write(struct frame_ring *ring, const struct front_frame *frame);

/* False when the ring is empty. */
bool frame_ring_read(struct frame_ring *ring, struct front_frame *ret_frame);

#endif
