#include "sound_log.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct sound_log {
    atomic_uint_least64_t claimed; /* what the writer may be about to overwrite ends here */
    atomic_uint_least64_t written;
    atomic_short sample[SOUND_LOG_SAMPLES]; /* sample n at n % SOUND_LOG_SAMPLES */
};

enum status sound_log_create(struct sound_log **ret_log, struct error *ret_error)
{
    struct sound_log *log = calloc(1, sizeof(*log));
    if (!log)
        return error_set(ret_error, STATUS_NO_MEMORY, "sound log: out of memory");
    *ret_log = log;
    return STATUS_OK;
}

void sound_log_destroy(struct sound_log *log)
{
    if (log)
        explicit_bzero(log, sizeof(*log));
    free(log);
}

static short to_short(float sample)
{
    float scaled = sample * 32767.0f;
    if (!(scaled > -32767.0f))
        return -32767;
    return scaled < 32767.0f ? (short)lrintf(scaled) : 32767;
}

void sound_log_write(struct sound_log *log, const float *samples, size_t count)
{
    if (!log)
        return;
    uint64_t at = atomic_load_explicit(&log->written, memory_order_relaxed);
    /* Whoever sees a sample that overwrites an older one (acquire) also sees this claim. */
    atomic_store_explicit(&log->claimed, at + count, memory_order_relaxed);
    for (size_t i = 0; i < count; i++)
        atomic_store_explicit(&log->sample[(at + i) % SOUND_LOG_SAMPLES], to_short(samples[i]),
                              memory_order_release);
    atomic_store_explicit(&log->written, at + count, memory_order_release);
}

uint64_t sound_log_written(const struct sound_log *log)
{
    return atomic_load_explicit(&log->written, memory_order_acquire);
}

enum status sound_log_read(const struct sound_log *log, uint64_t from, size_t count,
                           float *ret_samples)
{
    uint64_t written = sound_log_written(log);
    if (count > written || from > written - count)
        return STATUS_INVALID_ARGUMENT;
    for (size_t i = 0; i < count; i++)
        ret_samples[i] = (float)atomic_load_explicit(&log->sample[(from + i) % SOUND_LOG_SAMPLES],
                                                     memory_order_acquire) /
                         32767.0f;
    uint64_t claimed = atomic_load_explicit(&log->claimed, memory_order_relaxed);
    return claimed > from + SOUND_LOG_SAMPLES ? STATUS_END : STATUS_OK;
}
