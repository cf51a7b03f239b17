/* Voice activity for the endpointer: speech probabilities in, speech or pause out.
 *
 * A hysteresis with two counters: speech begins when the probability stays at or above `on` for
 * `onset_frames`, and ends when it stays below `off` for `hangover_frames`. So a stop consonant is
 * no pause and a click is no speech. vad_silence_frames counts a pause from its true beginning, not
 * from the end of the hangover.
 *
 * Thread: audio-rt safe, one thread at a time, for all functions. */
#ifndef LINNET_MODELS_VAD_H
#define LINNET_MODELS_VAD_H

#include <stdbool.h>
#include <stdint.h>

struct vad_config {
    float on, off;            /* 0..1, off <= on */
    uint32_t onset_frames;    /* 10 ms each */
    uint32_t hangover_frames; /* 10 ms each */
};

/* on 0.5, off 0.35, 40 ms, 120 ms: stops of English last up to 100 ms. */
struct vad_config vad_config_default(void);

struct vad {
    struct vad_config config;
    bool speech;
    uint32_t run;   /* frames that speak against the present state, one after another */
    uint64_t quiet; /* frames since the last one of speech */
};

void vad_init(struct vad *vad, const struct vad_config *config);

/* One 10 ms frame; between two steps of the net repeat its last probability. Returns whether this
 * is speech. */
bool vad_step(struct vad *vad, float probability);

/* Length of the pause so far, counted from its true beginning; 0 while there is speech. */
uint64_t vad_silence_frames(const struct vad *vad);

#endif
