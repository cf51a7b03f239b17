/* Sound devices, for users: capture into a ring, playback from a playout queue.
 *
 * A device owns its real-time thread. Capture puts mono float32 samples at `rate` into `ring`;
 * playback renders `playout` and copies all that it renders (speech and silence alike) into
 * `reference`, for the echo canceller. What the hardware wants in rate, channels or sample format
 * is the device's affair.
 *
 *     struct audio_device_config config = audio_device_config_default(AUDIO_CAPTURE, &clock);
 *     config.ring = &mic_ring;
 *     TRY(audio_device_create(&config, &mic, &error));
 *     TRY(audio_device_start(mic, &error));
 *     ... ring_read(&mic_ring, ...) on the front thread; audio_device_poll(mic, &event) now and
 * then ... audio_device_stop(mic, &error); audio_device_destroy(mic);
 *
 * Backends: "pulse" (PulseAudio's and PipeWire's server), "alsa", "file" (target: a WAV file,
 * played into the ring or recorded), "null" (silence in, nothing out), and "auto": pulse when a
 * server answers, else ALSA's default, else an error that says what to do. File and null devices
 * follow the clock they are given: on a real clock from a thread of their own, on a virtual one
 * inside audio_device_pump.
 *
 * A device that disappears is reported (AUDIO_LOST) and tried again after 0.1, 0.2, 0.4 ... 5 s
 * until it is back (AUDIO_REOPENED) or the device is stopped. Meanwhile capture delivers nothing,
 * and playback renders nothing: whoever speaks decides whether to flush what waits.
 *
 * A loudspeaker that was silent for 2 s goes to sleep until something is written to its playout, or
 * audio_device_wake says that something will be: nothing is rendered and the reference rests
 * meanwhile. Null and file devices never sleep.
 *
 * Thread: control for all functions that do not say otherwise. */
#ifndef LINNET_AUDIO_DEVICE_H
#define LINNET_AUDIO_DEVICE_H

#include "clock.h"
#include "playout.h"
#include "ring.h"
#include "status.h"

#include <stdbool.h>
#include <stdint.h>

enum audio_direction {
    AUDIO_CAPTURE,
    AUDIO_PLAYBACK,
};

struct audio_device_config {
    enum audio_direction direction;
    const char *backend;     /* as above; copied at create, like all strings here */
    const char *target;      /* the backend's name of a device, or a file; NULL: its default */
    const char *stream_name; /* what a mixer shows */
    uint32_t rate;           /* of the samples in ring and playout, Hz */
    uint32_t period_frames;  /* how many samples move at once */
    uint32_t latency_frames; /* wish for what lies between us and the loudspeaker or microphone */
    struct clock *clock;     /* outlives the device, as do the three below */
    struct ring *ring;       /* capture: required */
    struct playout *playout; /* playback: required */
    struct ring *reference;  /* playback: optional */
};

/* 16 kHz in periods of 20 ms for capture (each costs a wake-up, all day long), 24 kHz in periods of
 * 10 ms for playback, a latency of 40 ms, backend "auto". */
struct audio_device_config audio_device_config_default(enum audio_direction direction,
                                                       struct clock *clock);

struct audio_device;

/* Find and open the device. Errors: INVALID_ARGUMENT (config), NOT_FOUND (no such device or
 * server), BUSY, IO, UNSUPPORTED (no usable format, or a backend not built in), NO_MEMORY. */
enum status audio_device_create(const struct audio_device_config *config,
                                struct audio_device **ret_device, struct error *ret_error);

/* Stops if need be. Nobody may be writing to its playout meanwhile. Accepts NULL. */
void audio_device_destroy(struct audio_device *device);

/* Begin to move samples. Errors: IO, LIMIT (no thread), BUSY (already started). */
enum status audio_device_start(struct audio_device *device, struct error *ret_error);

/* End it; samples still queued in the device are cut off (audio_device_drain first to hear them). A
 * file that was recorded is complete after this. A stopped device is not started again. Errors: IO
 * of the recorded file. */
enum status audio_device_stop(struct audio_device *device, struct error *ret_error);

/* Devices on a virtual clock: move whole periods until they have caught up with the clock; on
 * others nothing to do. Errors: IO, FORMAT of the file behind it. Thread: the one that advances the
 * clock. */
enum status audio_device_pump(struct audio_device *device, struct error *ret_error);

/* Playback: be silent at once: fade what is being heard over 5 ms and drop the rest. What the
 * hardware already holds, at most the latency, is still heard. Thread: any, audio-rt safe. */
void audio_device_flush(struct audio_device *device);

/* Playback: speech will come soon: have the loudspeaker running by then. Thread: any but audio-rt.
 */
void audio_device_wake(struct audio_device *device);

/* Playback: all that was written to the playout has been heard. Thread: any. */
bool audio_device_is_drained(const struct audio_device *device);

/* Wait for that, on a real clock. TIMEOUT when it does not happen, INVALID_ARGUMENT on a virtual
 * clock. */
enum status audio_device_drain(struct audio_device *device, int64_t timeout_ns,
                               struct error *ret_error);

/* Where the stream is: sample number `frames` passed the loudspeaker or microphone at `time_ns`.
 * Counted in samples of the reference (playback) or of the ring (capture, lost samples not
 * counted). */
struct audio_position {
    uint64_t frames;
    int64_t time_ns;
};

/* False before the first sample. Thread: any, audio-rt safe. */
bool audio_device_position(const struct audio_device *device, struct audio_position *ret_position);

/* Playback: samples of speech that have really been heard since the start, to know at which word
 * the user interrupted. Thread: any, audio-rt safe. */
uint64_t audio_device_heard(const struct audio_device *device);

enum audio_event_kind {
    AUDIO_LOST,     /* the device is gone; status and text say why */
    AUDIO_REOPENED, /* it is back */
    AUDIO_ENDED,    /* the file behind a capture is used up; silence follows */
    AUDIO_FAILED,   /* nothing will move any more; status and text say why */
};

struct audio_event {
    enum audio_event_kind kind;
    enum status status;
    int64_t time_ns;
    char text[200];
};

/* The oldest event not yet seen; false when there is none. Thread: any one thread. */
bool audio_device_poll(struct audio_device *device, struct audio_event *ret_event);

struct audio_counters {
    uint64_t frames;      /* moved since start */
    uint64_t xruns;       /* times the hardware ran dry or over */
    uint64_t overrun;     /* captured samples for which the ring had no room */
    uint64_t lost;        /* times the device disappeared */
    uint64_t reopened;    /* times it came back */
    uint64_t events_lost; /* events that nobody polled in time */
};

/* Thread: any. */
void audio_device_counters(const struct audio_device *device, struct audio_counters *ret_counters);

/* "pulse: alsa_input.pci-0000 (48000 Hz)" or the like, for people; valid as long as the device. */
const char *audio_device_describe(const struct audio_device *device);

/* One device found on this machine. */
struct audio_device_info {
    const char *backend;
    const char *name; /* use as config.target */
    const char *description;
    enum audio_direction direction;
    bool is_default;
};

/* Called for each; the strings are valid during the call only. */
typedef void audio_list_function(void *context, const struct audio_device_info *info);

/* All devices of one backend ("pulse" or "alsa"). NOT_FOUND when no server answers. */
enum status audio_device_list(const char *backend, audio_list_function *function, void *context,
                              struct error *ret_error);

#endif
