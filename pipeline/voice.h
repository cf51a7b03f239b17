/* The voice: clauses in, 24 kHz samples out, through a ring that the playback side reads. Sound
 * that a provider speaks itself goes the same way, and clauses that another Linnet speaks
 * (far_voice.h).
 *
 * Thread: mind for say, play, play_end, step, warm and waits_on; control for cut, has_sounded and
 * is_silent; create, destroy and playout: control; heard_ms: any. */
#ifndef LINNET_PIPELINE_VOICE_H
#define LINNET_PIPELINE_VOICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "playout.h"
#include "status.h"

struct far_voice;
struct voice;

struct voice_config {
    const char *model_path;   /* the acoustic model's GGUF; NULL: far alone speaks */
    const char *lexicon_path; /* pronunciations and letter-to-sound rules */
    const atomic_uint *turn;  /* clauses of older turns are dropped unspoken */
    const atomic_int *volume; /* percent */
    struct far_voice *far;    /* voices of others, or NULL; outlives the voice */
};

enum status voice_create(const struct voice_config *config, struct voice **ret_voice,
                         struct error *ret_error);
void voice_destroy(struct voice *voice);

/* Queue a clause of a turn; false when the queue is full (say it again later). */
bool voice_say(struct voice *voice, uint32_t turn, const char *clause);

/* Queue sound of a turn from elsewhere: 16-bit little-endian mono at 24 kHz, `bytes` even. It is
 * heard after the clauses said before it. It may come faster than it is played: two minutes are
 * held; LIMIT beyond that. */
enum status voice_play(struct voice *voice, uint32_t turn, const void *pcm, size_t bytes);

/* No more sound comes for this turn from elsewhere. */
void voice_play_end(struct voice *voice, uint32_t turn);

/* How much of the sound given to voice_play in this turn was rendered, also after a cut; 0 for
 * other turns. */
int64_t voice_heard_ms(const struct voice *voice, uint32_t turn);

enum voice_work {
    VOICE_IDLE,    /* nothing to say */
    VOICE_WORKED,  /* a piece was synthesised */
    VOICE_BLOCKED, /* the ring is full: playback has to take some first */
};

/* Synthesise one piece (at most some 20 ms of sound). */
enum voice_work voice_step(struct voice *voice);

/* While a clause is on its way from elsewhere: a descriptor for poll(2); else -1. */
int voice_waits_on(const struct voice *voice);

/* A turn begins: open the connection to the voice that comes first, if it is another Linnet's; true
 * when one is being opened now. */
bool voice_warm(struct voice *voice);

/* Fall silent: what is queued or in the ring is dropped, with a short fade. */
void voice_cut(struct voice *voice);

/* Has a sample of this turn been handed to playback? */
bool voice_has_sounded(const struct voice *voice, uint32_t turn);

/* Nothing queued, nothing being synthesised, nothing left to play. */
bool voice_is_silent(const struct voice *voice);

/* Where the samples come out: a playback device or linnet_pull renders it. Lives as long as the
 * voice. */
struct playout *voice_playout(struct voice *voice);

#endif
