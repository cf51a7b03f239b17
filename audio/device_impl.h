/* Sound devices, for those who implement one.
 *
 * A backend is a table of functions over `struct audio_device`, whose `state` it allocates in open
 * and frees in close. Life: open (control thread) - start (control) - samples move on the backend's
 * own thread or in pump - stop (control; joins that thread) - close (control). open fills
 * `description`. Between start and stop exactly one thread, the mover, calls the audio_impl_
 * functions tagged audio-rt. */
#ifndef LINNET_AUDIO_DEVICE_IMPL_H
#define LINNET_AUDIO_DEVICE_IMPL_H

#include "device.h"
#include "thread.h"

#include <stdatomic.h>

enum { AUDIO_RT_PRIORITY = 60 };

struct audio_backend {
    const char *name;
    enum status (*open)(struct audio_device *device, struct error *ret_error);
    enum status (*start)(struct audio_device *device, struct error *ret_error);
    enum status (*stop)(struct audio_device *device, struct error *ret_error);
    void (*close)(struct audio_device *device);
    /* NULL where only real time drives it. */
    enum status (*pump)(struct audio_device *device, struct error *ret_error);
    /* Wake the mover of `device` from its sleep; any thread. NULL where it never sleeps. */
    void (*wake)(void *device);
    /* NULL where there is nothing to list. */
    enum status (*list)(audio_list_function *function, void *context, struct error *ret_error);
};

extern const struct audio_backend audio_backend_null;
extern const struct audio_backend audio_backend_file;
extern const struct audio_backend audio_backend_alsa;
extern const struct audio_backend audio_backend_pulse;

enum { AUDIO_EVENTS = 16 };

/* Events from the mover to whoever polls: one writer, one reader, free-running indices. */
struct audio_event_queue {
    struct audio_event slots[AUDIO_EVENTS];
    atomic_uint written;
    atomic_uint read;
    atomic_uint_least64_t lost;
};

struct audio_device {
    const struct audio_backend *backend;
    void *state;
    struct audio_device_config config; /* strings point into the three below */
    char target[256];
    char stream_name[64];
    char description[200];
    bool started, stopped;
    atomic_bool stopping;
    struct audio_event_queue events;
    atomic_uint_least64_t frames, xruns, overrun, lost_count, reopened_count;
    /* Position: a sequence lock of one writer; an odd sequence means that it is being changed. */
    atomic_uint sequence;
    atomic_uint_least64_t position_frames;
    atomic_int_least64_t position_time_ns;
    uint64_t awake_from;         /* silence rendered when it was woken last; the mover's */
    atomic_uint_least64_t delay; /* playback: samples rendered and not yet heard */
};

/* Capture: hand on `count` samples to the ring. Thread: audio-rt. */
void audio_impl_deliver(struct audio_device *device, const float *samples, size_t count);

/* Playback: fetch `count` samples, copying them to the reference. Thread: audio-rt. */
void audio_impl_fetch(struct audio_device *device, float *ret_samples, size_t count);

/* State the position after samples moved: `delay` samples lie between us and the transducer at
 * `now_ns`: captured and not yet delivered, or rendered and not yet heard. Thread: audio-rt. */
void audio_impl_set_delay(struct audio_device *device, uint64_t delay, int64_t now_ns);

/* Playback: true when there was nothing to hear for so long that the mover may stop moving until
 * backend->wake is called. Thread: audio-rt. */
bool audio_impl_sleep(struct audio_device *device);

/* Not woken yet? Thread: any. */
bool audio_impl_asleep(const struct audio_device *device);

/* The mover moves again (or begins to). Thread: audio-rt. */
void audio_impl_awake(struct audio_device *device);

/* The hardware ran dry or over. Thread: audio-rt. */
void audio_impl_xrun(struct audio_device *device);

/* Queue an event; `error` NULL for events without a cause. AUDIO_LOST and AUDIO_REOPENED are
 * counted. Thread: audio-rt (the text is only copied). */
void audio_impl_report(struct audio_device *device, enum audio_event_kind kind,
                       const struct error *error);

/* Time to wait before trying the n-th time (from 0) to reopen: 0.1 s doubling up to 5 s. Thread:
 * any. */
int64_t audio_impl_backoff_ns(unsigned attempt);

/* Stop was asked for. Thread: any. */
bool audio_impl_stopping(const struct audio_device *device);

/* Samples of the device's rate in `ns`. Thread: any. */
int64_t audio_impl_frames_in(const struct audio_device *device, int64_t ns);

#endif
