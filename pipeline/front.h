/* The front: samples in, one described frame every 10 ms out: log-mel, speech, wake word.
 *
 *     while (count > 0) {
 *         size_t taken = front_feed(front, samples, count);
 *         samples += taken, count -= taken;
 *         while (front_poll(front, &frame))
 *             use(&frame);
 *     }
 *
 * Thread: front (10 ms deadline): feed, poll and reset neither allocate nor lock; create and
 * destroy: control. */
#ifndef LINNET_PIPELINE_FRONT_H
#define LINNET_PIPELINE_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mel.h"
#include "status.h"
#include "typed_ear.h"

struct front_frame {
    uint64_t index; /* frame t covers samples [160 t, 160 t + 400) */
    float mel[MEL_BANDS];
    float speech_score;     /* of the net, 0..1 */
    bool speech;            /* with hangover: for turn-taking */
    uint32_t silent_frames; /* length of the pause so far, 0 during speech */
    int wake_word;          /* index of a wake word that was just detected, -1 for none */
    float wake_score;       /* 0..1; of a typed word 0 and below (typed_spotter.h) */
    uint64_t wake_end;      /* estimated last frame of the word */
};

struct front_config {
    const char *model_path; /* the wake model's GGUF */
    const char *word;       /* "any", "none", or the one built-in word to listen for */
    float threshold;        /* 0: the model's own */
    const char *own; /* file of an enrolled word (json_own_word.h), beside those; NULL: none */
    /* A typed wake word beside those of the model; typed.phrase NULL or "": none. */
    struct typed_ear_config typed;
};

struct front;

enum status front_create(const struct front_config *config, struct front **ret_front,
                         struct error *ret_error);
void front_destroy(struct front *front);

/* Take samples (16 kHz) until a frame is ready; returns how many were taken. */
size_t front_feed(struct front *front, const float *samples, size_t count);

/* The next frame, when one is ready. */
bool front_poll(struct front *front, struct front_frame *ret_frame);

/* Name of wake word `index`; lives as long as the front. */
const char *front_word(const struct front *front, int index);

/* Wake words it listens for, the typed one last. */
int front_word_count(const struct front *front);

/* The smoothed score of wake word `index` after the last frame, and what it must reach; for
 * benches. A typed word scores every 30 ms of speech, else -INFINITY. */
float front_score(const struct front *front, int index);
float front_threshold(const struct front *front, int index);

/* The ear for the typed word; NULL without one. */
const struct typed_ear *front_typed(const struct front *front);

#endif
