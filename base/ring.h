/* Ring of samples between two threads: one writer, one reader, no locks.
 *
 * Two free-running 32-bit indices; their difference is the fill. Nothing is lost silently: samples
 * that found no room are counted as overrun, samples that were wanted and not there as underrun.
 *
 *     size_t count = 480;
 *     float *room = ring_write_acquire(&ring, &count);     (a contiguous piece, perhaps shorter)
 *     fill(room, count);
 *     ring_write_commit(&ring, count);
 *
 * Thread: one writer thread and one reader thread, both audio-rt safe; init and finish: control,
 * with neither running. */
#ifndef LINNET_BASE_RING_H
#define LINNET_BASE_RING_H

#include "status.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { RING_CAPACITY_MAX = 1 << 26, RING_CACHE_LINE = 64 };

struct ring {
    float *samples;
    uint32_t capacity;
    /* Padded, so that the two threads do not share a cache line wherever the ring lies. */
    char pad_writer[RING_CACHE_LINE];
    atomic_uint_least32_t written;
    atomic_uint_least64_t overrun;
    char pad_reader[RING_CACHE_LINE];
    atomic_uint_least32_t read;
    atomic_uint_least64_t underrun;
    char pad_end[RING_CACHE_LINE];
};

/* Room for at least `capacity` samples (1..RING_CAPACITY_MAX; rounded up to a power of two). */
enum status ring_init(struct ring *ring, size_t capacity, struct error *ret_error);

/* Accepts a zeroed ring. */
void ring_finish(struct ring *ring);

/* Writer: samples that fit now. */
size_t ring_writable(const struct ring *ring);

/* Writer: copy in what fits; returns that count, the rest is counted as overrun. */
size_t ring_write(struct ring *ring, const float *samples, size_t count);

/* Writer: contiguous room of at most *count samples; *count becomes what is given, 0 when the ring
 * is full. */
float *ring_write_acquire(struct ring *ring, size_t *count);

/* Writer: hand over `count` samples of what was acquired. */
void ring_write_commit(struct ring *ring, size_t count);

/* Reader: samples that are there now. */
size_t ring_readable(const struct ring *ring);

/* Reader: copy out what is there, at most `count`; returns that count. */
size_t ring_read(struct ring *ring, float *ret_samples, size_t count);

/* Reader: copy out exactly `count`; missing ones become silence and are counted as underrun.
 * Returns the real ones. */
size_t ring_read_or_silence(struct ring *ring, float *ret_samples, size_t count);

/* Reader: contiguous samples, at most *count; *count becomes what is given, 0 when the ring is
 * empty. */
const float *ring_read_acquire(struct ring *ring, size_t *count);

/* Reader: give back `count` samples of what was acquired. */
void ring_read_commit(struct ring *ring, size_t count);

/* Reader: drop everything that is there now; returns the count. */
size_t ring_drop(struct ring *ring);

/* Either: samples lost for want of room, and samples replaced by silence, since init. */
uint64_t ring_overrun(const struct ring *ring);
uint64_t ring_underrun(const struct ring *ring);

#endif
