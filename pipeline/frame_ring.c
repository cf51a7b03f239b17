#include "frame_ring.h"

#include <stdlib.h>

enum status frame_ring_init(struct frame_ring *ring, uint32_t capacity, struct error *ret_error)
{
    struct front_frame *frames = calloc(capacity, sizeof(*frames));
    if (!frames)
        return error_set(ret_error, STATUS_NO_MEMORY, "frame ring of %u: out of memory", capacity);
    ring->frames = frames;
    ring->capacity = capacity;
    atomic_init(&ring->written, 0);
    atomic_init(&ring->read, 0);
    atomic_init(&ring->dropped, 0);
    return STATUS_OK;
}

void frame_ring_finish(struct frame_ring *ring)
{
    free(ring->frames);
    ring->frames = NULL;
}

bool frame_ring_write(struct frame_ring *ring, const struct front_frame *frame)
{
    uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    uint32_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
    if (written - read == ring->capacity) {
        atomic_fetch_add_explicit(&ring->dropped, 1, memory_order_relaxed);
        return false;
    }
    ring->frames[written & (ring->capacity - 1)] = *frame;
    atomic_store_explicit(&ring->written, written + 1, memory_order_release);
    return true;
}

bool frame_ring_read(struct frame_ring *ring, struct front_frame *ret_frame)
{
    uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    uint32_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
    if (written == read)
        return false;
    *ret_frame = ring->frames[read & (ring->capacity - 1)];
    atomic_store_explicit(&ring->read, read + 1, memory_order_release);
    return true;
}
