#include "front.h"

#include <stdlib.h>
#include <string.h>

#include "json_own_word.h"
#include "vad.h"
#include "wake.h"
#include "wake_detector.h"

struct front {
    struct mel *mel;
    struct wake_model *model;
    struct wake_session *session;
    struct wake_detector detector;
    struct vad vad;
    struct typed_ear *typed; /* NULL: none */
    float speech;            /* the net speaks every second frame; this is its last word */
};

static enum status choose_word(struct front *front, const struct front_config *config, size_t count,
                               struct error *ret_error)
{
    bool any = strcmp(config->word, "any") == 0, none = strcmp(config->word, "none") == 0;
    int only = any || none ? -1 : wake_model_find_word(front->model, config->word);
    if (only < 0 && !any && !none)
        return error_set(ret_error, STATUS_NOT_FOUND, "%s: knows no wake word \"%s\"",
                         config->model_path, config->word);
    for (size_t word = 0; word < count; word++) {
        if (!any && word != (size_t)only)
            wake_detector_set_threshold(&front->detector, word, 2.0f);
        else if (config->threshold > 0)
            wake_detector_set_threshold(&front->detector, word, config->threshold);
    }
    return STATUS_OK;
}

static enum status prepare(struct front *front, const struct front_config *config,
                           struct error *ret_error)
{
    struct wake_tuning tuning;
    struct vad_config vad = vad_config_default();
    TRY(mel_create(&front->mel, ret_error));
    TRY(wake_model_create(&front->model, config->model_path, ret_error));
    size_t built_in = wake_model_word_count(front->model);
    if (config->own)
        TRY(own_word_load(config->own, front->model, ret_error));
    TRY(wake_session_create(&front->session, front->model, ret_error));
    wake_model_tuning(front->model, &tuning);
    wake_detector_init(&front->detector, &tuning);
    vad_init(&front->vad, &vad);
    if (config->typed.phrase && *config->typed.phrase)
        TRY(typed_ear_create(&config->typed, &front->typed, ret_error));
    return choose_word(front, config, built_in, ret_error);
}

enum status front_create(const struct front_config *config, struct front **ret_front,
                         struct error *ret_error)
{
    struct front *front = calloc(1, sizeof(*front));
    if (!front)
        return error_set(ret_error, STATUS_NO_MEMORY, "front: out of memory");
    enum status status = prepare(front, config, ret_error);
    if (status != STATUS_OK) {
        front_destroy(front);
        return status;
    }
    *ret_front = front;
    return STATUS_OK;
}

void front_destroy(struct front *front)
{
    if (!front)
        return;
    typed_ear_destroy(front->typed);
    wake_session_destroy(front->session);
    wake_model_destroy(front->model);
    mel_destroy(front->mel);
    free(front);
}

size_t front_feed(struct front *front, const float *samples, size_t count)
{
    return mel_feed(front->mel, samples, count);
}

/* The words of the net first; the typed one only when they are silent. */
static void listen(struct front *front, struct front_frame *frame)
{
    struct wake_scores scores;
    struct wake_event event;
    struct typed_ear_hit hit;
    frame->wake_word = -1;
    if (wake_session_process(front->session, frame->mel, &scores)) {
        front->speech = scores.speech;
        if (wake_detector_step(&front->detector, &scores, &event)) {
            frame->wake_word = (int)event.word;
            frame->wake_score = event.score;
            frame->wake_end = event.end_frame;
        }
    }
    if (front->typed &&
        typed_ear_hear(front->typed, frame->index, frame->mel, front->speech, &hit) &&
        frame->wake_word < 0) {
        frame->wake_word = (int)wake_model_word_count(front->model);
        frame->wake_score = hit.score;
        frame->wake_end = hit.end;
    }
}

bool front_poll(struct front *front, struct front_frame *ret_frame)
{
    struct front_frame *frame = ret_frame;
    if (!mel_poll(front->mel, frame->mel, &frame->index))
        return false;
    listen(front, frame);
    frame->speech_score = front->speech;
    frame->speech = vad_step(&front->vad, front->speech);
    frame->silent_frames = (uint32_t)vad_silence_frames(&front->vad);
    return true;
}

const char *front_word(const struct front *front, int index)
{
    if ((size_t)index >= wake_model_word_count(front->model))
        return typed_ear_phrase(front->typed)->text;
    return wake_model_word(front->model, (size_t)index);
}

int front_word_count(const struct front *front)
{
    return (int)wake_model_word_count(front->model) + (front->typed ? 1 : 0);
}

float front_score(const struct front *front, int index)
{
    if ((size_t)index >= wake_model_word_count(front->model))
        return typed_ear_score(front->typed);
    return wake_detector_score(&front->detector, (size_t)index);
}

float front_threshold(const struct front *front, int index)
{
    if ((size_t)index >= wake_model_word_count(front->model))
        return typed_ear_threshold(front->typed);
    return front->detector.tuning.thresholds[index];
}

const struct typed_ear *front_typed(const struct front *front)
{
    return front->typed;
}
