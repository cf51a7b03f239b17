#include "ring.h"

#include "fault.h"

#include <stdlib.h>
#include <string.h>

enum status ring_init(struct ring *ring, size_t capacity, struct error *ret_error)
{
    if (capacity < 1 || capacity > RING_CAPACITY_MAX)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "ring: capacity %zu: expected 1 to %d samples", capacity,
                         RING_CAPACITY_MAX);
    uint32_t rounded = 1;
    while (rounded < capacity)
        rounded *= 2;
    float *samples = mem_calloc(rounded, sizeof(*samples));
    if (!samples)
        return error_set(ret_error, STATUS_NO_MEMORY, "ring: out of memory for %u samples",
                         rounded);
    *ring = (struct ring){.samples = samples, .capacity = rounded};
    return STATUS_OK;
}

void ring_finish(struct ring *ring)
{
    if (!ring)
        return;
    free(ring->samples);
    *ring = (struct ring){.samples = NULL};
}

/* Acquire pairs with the other side's commit: what its index covers is visible here. */
static uint32_t ring_fill(const struct ring *ring)
{
    uint32_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
    uint32_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
    return written - read;
}

size_t ring_writable(const struct ring *ring)
{
    return ring->capacity - ring_fill(ring);
}

size_t ring_readable(const struct ring *ring)
{
    return ring_fill(ring);
}

/* The longest contiguous piece from `index`, not above `available` or `wanted`. */
static size_t ring_piece(const struct ring *ring, uint32_t index, size_t available, size_t wanted)
{
    size_t to_end = ring->capacity - (index & (ring->capacity - 1));
    size_t piece = available < wanted ? available : wanted;
    return piece < to_end ? piece : to_end;
}

float *ring_write_acquire(struct ring *ring, size_t *count)
{
    uint32_t index = atomic_load_explicit(&ring->written, memory_order_relaxed);
    *count = ring_piece(ring, index, ring_writable(ring), *count);
    return ring->samples + (index & (ring->capacity - 1));
}

void ring_write_commit(struct ring *ring, size_t count)
{
    uint32_t index = atomic_load_explicit(&ring->written, memory_order_relaxed);
    atomic_store_explicit(&ring->written, index + (uint32_t)count, memory_order_release);
}

size_t ring_write(struct ring *ring, const float *samples, size_t count)
{
    size_t done = 0;
    while (done < count) {
        size_t piece = count - done;
        float *room = ring_write_acquire(ring, &piece);
        if (!piece)
            break;
        memcpy(room, samples + done, piece * sizeof(*samples));
        ring_write_commit(ring, piece);
        done += piece;
    }
    if (done < count)
        atomic_fetch_add_explicit(&ring->overrun, count - done, memory_order_relaxed);
    return done;
}

const float *ring_read_acquire(struct ring *ring, size_t *count)
{
    uint32_t index = atomic_load_explicit(&ring->read, memory_order_relaxed);
    *count = ring_piece(ring, index, ring_readable(ring), *count);
    return ring->samples + (index & (ring->capacity - 1));
}

void ring_read_commit(struct ring *ring, size_t count)
{
    uint32_t index = atomic_load_explicit(&ring->read, memory_order_relaxed);
    atomic_store_explicit(&ring->read, index + (uint32_t)count, memory_order_release);
}

size_t ring_read(struct ring *ring, float *ret_samples, size_t count)
{
    size_t done = 0;
    while (done < count) {
        size_t piece = count - done;
        const float *samples = ring_read_acquire(ring, &piece);
        if (!piece)
            break;
        memcpy(ret_samples + done, samples, piece * sizeof(*samples));
        ring_read_commit(ring, piece);
        done += piece;
    }
    return done;
}

size_t ring_read_or_silence(struct ring *ring, float *ret_samples, size_t count)
{
    size_t done = ring_read(ring, ret_samples, count);
    if (done < count) {
        memset(ret_samples + done, 0, (count - done) * sizeof(*ret_samples));
        atomic_fetch_add_explicit(&ring->underrun, count - done, memory_order_relaxed);
    }
    return done;
}

size_t ring_drop(struct ring *ring)
{
    size_t count = ring_readable(ring);
    ring_read_commit(ring, count);
    return count;
}

uint64_t ring_overrun(const struct ring *ring)
{
    return atomic_load_explicit(&ring->overrun, memory_order_relaxed);
}

uint64_t ring_underrun(const struct ring *ring)
{
    return atomic_load_explicit(&ring->underrun, memory_order_relaxed);
}
