#include "wake_detector.h"

#include <string.h>

void wake_detector_init(struct wake_detector *detector, const struct wake_tuning *tuning)
{
    memset(detector, 0, sizeof(*detector));
    detector->tuning = *tuning;
    if (detector->tuning.smooth_steps < 1)
        detector->tuning.smooth_steps = 1;
    if (detector->tuning.smooth_steps > WAKE_MAX_SMOOTH)
        detector->tuning.smooth_steps = WAKE_MAX_SMOOTH;
}

void wake_detector_set_threshold(struct wake_detector *detector, size_t word, float threshold)
{
    if (word < detector->tuning.word_count)
        detector->tuning.thresholds[word] = threshold;
}

void wake_detector_reset(struct wake_detector *detector)
{
    memset(detector->recent, 0, sizeof(detector->recent));
    detector->steps = 0;
    detector->deaf_until = 0;
}

/* Over fewer steps at a stream's start. */
float wake_detector_score(const struct wake_detector *detector, size_t word)
{
    uint64_t n = detector->tuning.smooth_steps;
    if (detector->steps < n)
        n = detector->steps;
    float sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += detector->recent[(detector->steps - n + i) % WAKE_MAX_SMOOTH][word];
    return n ? sum / (float)n : 0;
}

/* The word furthest above its threshold; -1 when none is. */
static int best_word(const struct wake_detector *detector, float *ret_score)
{
    int best = -1;
    float most = -1;
    for (size_t w = 0; w < detector->tuning.word_count; w++) {
        float score = wake_detector_score(detector, w);
        float above = score - detector->tuning.thresholds[w];
        if (above >= 0 && above > most) {
            best = (int)w;
            most = above;
            *ret_score = score;
        }
    }
    return best;
}

bool wake_detector_step(struct wake_detector *detector, const struct wake_scores *scores,
                        struct wake_event *ret_event)
{
    memcpy(detector->recent[detector->steps % WAKE_MAX_SMOOTH], scores->words,
           sizeof(scores->words));
    detector->steps++;
    float score = 0;
    int word = best_word(detector, &score);
    if (word < 0 || scores->frame < detector->deaf_until)
        return false;
    detector->deaf_until = scores->frame + detector->tuning.refractory_frames;
    uint64_t delay = detector->tuning.delay_frames;
    ret_event->word = (size_t)word;
    ret_event->score = score;
    ret_event->frame = scores->frame;
    ret_event->end_frame = scores->frame > delay ? scores->frame - delay : 0;
    return true;
}
