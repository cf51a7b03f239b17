/* Playout: the queue between a voice that speaks in chunks and a sound card that wants samples all
 * the time.
 *
 * A worker writes mono samples as they are synthesised; the playback device renders exactly as many
 * as it needs, at the moment it needs them. The queue plays gaplessly, holds a new stream back
 * until `prebuffer` samples are there (or playout_end says that no more will come), ramps volume
 * changes over 20 ms, and is cut at once, with a 5 ms fade, when the user interrupts. A queue that
 * runs dry within a stream fades its last value out, counts an underrun and holds back again.
 *
 * Positions count samples of speech since init: written >= rendered, both skip what a cut threw
 * away.
 *
 * Thread: see each function; one worker writes, one audio-rt thread renders. */
#ifndef LINNET_AUDIO_PLAYOUT_H
#define LINNET_AUDIO_PLAYOUT_H

#include "ring.h"
#include "status.h"

#include <stdatomic.h>
#include <stdbool.h>

struct playout_config {
    uint32_t rate;    /* Hz */
    size_t capacity;  /* samples the queue holds at least */
    size_t prebuffer; /* samples to wait for before a stream starts; less than capacity */
};

/* What only the rendering thread touches. */
struct playout_rt {
    float volume;         /* where the ramp is now */
    float volume_step;    /* the most it moves in one sample */
    float last;           /* last sample rendered, to fade from when the queue runs dry */
    float last_step;      /* 0: nothing to fade */
    uint32_t fade_frames; /* length of a cut's fade */
    uint32_t fade_left;   /* 0: not fading */
    bool playing;         /* the prebuffer was reached */
};

struct playout {
    struct ring ring;
    struct playout_config config;
    struct playout_rt rt;
    _Atomic float volume;
    atomic_uint_least64_t written;
    atomic_uint_least64_t ended; /* a stream ends at this position */
    atomic_uint_least64_t cut;   /* everything before this position is not to be heard any more */
    atomic_uint_least64_t consumed; /* positions behind the rendering point, heard or cut */
    atomic_uint_least64_t skipped;  /* positions that a cut threw away */
    atomic_uint_least64_t silent;   /* samples of silence rendered since the last one of speech */
    atomic_uint_least64_t underruns;
    atomic_bool asleep; /* nobody renders until `wake` was called */
    void (*wake)(void *context);
    void *wake_context;
};

/* Allocates the queue. INVALID_ARGUMENT, NO_MEMORY. Thread: control. */
enum status playout_init(struct playout *playout, const struct playout_config *config,
                         struct error *ret_error);

/* Accepts a zeroed struct. Thread: control, with nobody writing or rendering. */
void playout_finish(struct playout *playout);

/* Append; returns how many fitted. What did not fit is offered again later by the caller.
 * Thread: worker. */
size_t playout_write(struct playout *playout, const float *samples, size_t count);

/* Samples that fit now. Thread: worker. */
size_t playout_writable(const struct playout *playout);

/* No more will come for this stream: start it even if it is shorter than the prebuffer, and running
 * dry after it is no underrun. Thread: worker. */
void playout_end(struct playout *playout);

/* Throw away all that was written so far, after a 5 ms fade of what is being heard. Thread: any,
 * audio-rt safe. */
void playout_cut(struct playout *playout);

/* Gain, 0 (silence) to 1 (as written), clamped to that; reached by a ramp. Thread: any, audio-rt
 * safe. */
void playout_set_volume(struct playout *playout, float volume);
float playout_volume(const struct playout *playout);

/* Fill `count` samples, speech or silence; returns how many of them were speech. Thread: audio-rt.
 */
size_t playout_render(struct playout *playout, float *ret_samples, size_t count);

/* Nothing left to be heard: all written was rendered or cut. Thread: any. */
bool playout_is_idle(const struct playout *playout);

/* Samples of speech written, and rendered, since init. Thread: any. */
uint64_t playout_written(const struct playout *playout);
uint64_t playout_rendered(const struct playout *playout);

/* Samples of speech that have really left the loudspeaker when the device still holds `delay`
 * rendered ones. Thread: any. */
uint64_t playout_heard(const struct playout *playout, uint64_t delay);

/* Whoever renders may stop doing so while there is nothing to hear, and be woken by the next write.
 * `wake` is called on the writer's thread. To be set before anybody writes, and to outlive all
 * writing. Thread: control. */
void playout_set_waker(struct playout *playout, void (*wake)(void *context), void *context);

/* Ask to sleep: true when all was rendered; the next write, or playout_wake, then calls the waker.
 * Thread: audio-rt. */
bool playout_sleep(struct playout *playout);

/* Still asleep? Thread: any. */
bool playout_is_asleep(const struct playout *playout);

/* Wake the renderer, if it sleeps, before there is anything to render. Thread: any but audio-rt. */
void playout_wake(struct playout *playout);

/* Samples of silence rendered since the last one of speech. Thread: any. */
uint64_t playout_silent(const struct playout *playout);

/* Times that a stream ran dry before its end. Thread: any. */
uint64_t playout_underruns(const struct playout *playout);

#endif
