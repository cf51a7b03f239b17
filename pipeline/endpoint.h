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
    int speech_ms;  /* total of frames with speech */
    int waiting_ms; /* since the last of them */
    bool heard;     /* speech began */
};

void endpoint_init(struct endpoint *endpoint, const struct endpoint_config *config);

/* One frame: the pause so far as the voice activity dates it (0 in speech), are there words, how
 * sure is it that a request may end here (0..1). Pauses before the first word never end a turn. */
enum endpoint_decision endpoint_step(struct endpoint *endpoint, int pause_ms, bool has_words,
                                     float sentence_end);

#endif
