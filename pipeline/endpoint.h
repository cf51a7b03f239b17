/* When has the user finished? A pause is measured against a patience that shrinks as the recogniser
 * gets surer that the sentence is complete: early for "what time is it", patient for "add milk
 * and".
 *
 *     patience = long_pause - sentence_end * (long_pause - short_pause)
 *
 * Thread: control, for all functions; no allocation. One step is one 10 ms frame. */
#ifndef LINNET_PIPELINE_ENDPOINT_H
#define LINNET_PIPELINE_ENDPOINT_H

#include <stdbool.h>

struct endpoint_config {
    int short_pause_ms; /* after a complete sentence */
    int long_pause_ms;  /* after an unfinished one */
    int no_speech_ms;   /* nobody speaks after the wake word */
    int max_turn_ms;    /* somebody never stops */
};

enum endpoint_decision {
    ENDPOINT_WAIT,
    ENDPOINT_DONE,      /* speech, then a pause that is long enough */
    ENDPOINT_NO_SPEECH, /* no speech at all */
    ENDPOINT_TOO_LONG,  /* cut after max_turn_ms */
};

struct endpoint {
    struct endpoint_config config;
    int elapsed_ms;
    int silence_ms;
    int speech_ms; /* total of frames with speech */
    bool heard;    /* speech began */
};

void endpoint_init(struct endpoint *endpoint, const struct endpoint_config *config);

/* One frame: is there speech, are there words so far, and how sure is the recogniser that a
 * sentence may end here (0..1). Pauses before the first word never end a turn. */
enum endpoint_decision endpoint_step(struct endpoint *endpoint, bool speech, bool has_words,
                                     float sentence_end);

#endif
