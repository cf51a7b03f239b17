/* A typed wake word on a stream of frames: the recogniser's acoustic net behind a gate.
 *
 * The gate opens on one step at which somebody may be speaking, and the frames before it are
 * replayed, so that it costs no word; it closes when nobody has spoken for a while, and then the
 * net costs nothing. Each stretch of speech begins with a fresh net.
 *
 *     const struct typed_ear_config config = {...};
 *     TRY(typed_ear_create(&config, &ear, ret_error));
 *     if (typed_ear_hear(ear, index, mel, speech, &hit))
 *         ...
 *
 * Thread: control for create and destroy; audio-rt safe for hear. */
#ifndef LINNET_PIPELINE_TYPED_EAR_H
#define LINNET_PIPELINE_TYPED_EAR_H

#include <stdbool.h>
#include <stdint.h>

#include "mel.h"
#include "status.h"
#include "typed_phrase.h"

struct typed_ear_config {
    const char *acoustic_path; /* the recogniser's GGUF */
    const char *lexicon_path;  /* en-us.gguf */
    const char *language_path; /* asr-lm.gguf, to know everyday phrases; NULL: do not ask */
    const char *phrase;        /* "hey linnet" */
    float threshold;           /* score to reach; 0: what the phrase's outlook says */
    bool force;                /* take weak phrases too */
};

struct typed_ear_hit {
    float score;  /* typed_spotter.h */
    uint64_t end; /* last frame of the phrase */
};

struct typed_ear;

/* Errors: those of the files; INVALID_ARGUMENT for a phrase that is too weak, with the reason. */
enum status typed_ear_create(const struct typed_ear_config *config, struct typed_ear **ret_ear,
                             struct error *ret_error);

/* Accepts NULL. */
void typed_ear_destroy(struct typed_ear *ear);

/* Frame `index` (consecutive) and the speech posterior of its moment. True when the phrase was
 * heard; it ended some frames ago, the net's look-ahead. */
bool typed_ear_hear(struct typed_ear *ear, uint64_t index, const float mel[MEL_BANDS], float speech,
                    struct typed_ear_hit *ret_hit);

/* Live as long as the ear. */
const struct typed_phrase *typed_ear_phrase(const struct typed_ear *ear);
const struct typed_outlook *typed_ear_outlook(const struct typed_ear *ear);

/* The best score of the last frame's rows, -INFINITY without any; and what it must reach. */
float typed_ear_score(const struct typed_ear *ear);
float typed_ear_threshold(const struct typed_ear *ear);

/* Frames that went through the net so far. */
uint64_t typed_ear_heard(const struct typed_ear *ear);

#endif
