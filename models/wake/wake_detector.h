/* From posteriors to detections: smoothing, a threshold per word, one detection per utterance.
 *
 * A detection is the first step at which the mean of a word's last posteriors reaches its
 * threshold. Then nothing is detected for the refractory time. Of several words above their
 * thresholds in one step the one furthest above wins.
 *
 * Thread: audio-rt safe, one thread at a time, for all functions. */
#ifndef LINNET_MODELS_WAKE_DETECTOR_H
#define LINNET_MODELS_WAKE_DETECTOR_H

#include "wake.h"

enum { WAKE_MAX_SMOOTH = 16 };

struct wake_event {
    size_t word;        /* index in the model's words */
    float score;        /* smoothed posterior, 0..1 */
    uint64_t frame;     /* mel frame at which it was detected */
    uint64_t end_frame; /* estimate of the word's last frame */
};

struct wake_detector {
    struct wake_tuning tuning;
    float recent[WAKE_MAX_SMOOTH][WAKE_MAX_WORDS];
    uint64_t steps;      /* seen so far */
    uint64_t deaf_until; /* frame */
};

/* Listen for all words of the tuning; smooth_steps is held to 1..WAKE_MAX_SMOOTH. */
void wake_detector_init(struct wake_detector *detector, const struct wake_tuning *tuning);

/* A threshold above 1 never fires: the way to switch a word off. */
void wake_detector_set_threshold(struct wake_detector *detector, size_t word, float threshold);

/* Forget what was heard, keep the thresholds. */
void wake_detector_reset(struct wake_detector *detector);

/* Mean of the word's last posteriors, 0..1: what is held against its threshold. */
float wake_detector_score(const struct wake_detector *detector, size_t word);

/* One step of the net. True when *ret_event was filled. */
bool wake_detector_step(struct wake_detector *detector, const struct wake_scores *scores,
                        struct wake_event *ret_event);

#endif
