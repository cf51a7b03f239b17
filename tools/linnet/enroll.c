#include "enroll.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_own_word.h"
#include "linnet.h"
#include "mel.h"
#include "source.h"
#include "wake.h"
#include "wake_detector.h"
#include "wake_enroll.h"

enum {
    HOP = LINNET_INPUT_RATE / 100,
    SECONDS_MAX = 10,
    LEAD_HOPS = 60, /* of the recording's quietest hop before it */
    TAIL_HOPS = 40,
    HOPS_MAX = SECONDS_MAX * 100 + LEAD_HOPS + TAIL_HOPS
};

struct desk {
    struct wake_model *model;
    struct wake_session *session;
    struct wake_enroll *enroll;
    struct mel *mel;
    int built_in; /* word of that name, -1: none */
    float samples[HOPS_MAX * HOP];
    size_t count;
    float *features; /* HOPS_MAX / 2 steps */
    bool heard[WAKE_ENROLL_MAX];
};

static double power_of(const float *samples)
{
    double power = 0;
    for (int i = 0; i < HOP; i++)
        power += (double)samples[i] * (double)samples[i];
    return power;
}

/* The recording between repetitions of its quietest hop. */
static enum status load(struct desk *desk, const char *path, struct error *ret_error)
{
    struct source *source;
    size_t count = 0, got, room = (size_t)SECONDS_MAX * LINNET_INPUT_RATE;
    float *sound = desk->samples + LEAD_HOPS * HOP, quiet[HOP];
    TRY(source_create(path, &source, ret_error));
    enum status status = STATUS_OK;
    while (status == STATUS_OK && count < room) {
        status = source_read(source, sound + count, room - count, &got, ret_error);
        count += status == STATUS_OK ? got : 0;
    }
    source_destroy(source);
    if (status != STATUS_END)
        return status != STATUS_OK ? status
                                   : error_set(ret_error, STATUS_INVALID_ARGUMENT,
                                               "%s: longer than %d s", path, SECONDS_MAX);
    size_t hops = count / HOP, best = 0;
    if (hops == 0)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: no sound", path);
    for (size_t h = 1; h < hops; h++)
        if (power_of(sound + h * HOP) < power_of(sound + best * HOP))
            best = h;
    memcpy(quiet, sound + best * HOP, sizeof(quiet));
    for (size_t h = 0; h < LEAD_HOPS; h++)
        memcpy(desk->samples + h * HOP, quiet, sizeof(quiet));
    for (size_t h = 0; h < TAIL_HOPS; h++)
        memcpy(sound + (hops + h) * HOP, quiet, sizeof(quiet));
    desk->count = (LEAD_HOPS + hops + TAIL_HOPS) * HOP;
    return STATUS_OK;
}

/* Features of all steps; *ret_end is the last step with speech, 0 without any. Says whether the
 * built-in word was heard. */
static bool hear(struct desk *desk, size_t *ret_steps, size_t *ret_end)
{
    struct wake_tuning tuning;
    struct wake_detector detector;
    struct wake_scores scores;
    struct wake_event event;
    float frame[MEL_BANDS];
    const float *samples = desk->samples;
    size_t size = wake_model_features(desk->model), steps = 0;
    bool heard = false;
    wake_model_tuning(desk->model, &tuning);
    wake_detector_init(&detector, &tuning);
    mel_reset(desk->mel);
    wake_session_reset(desk->session, 0);
    *ret_end = 0;
    for (size_t left = desk->count; left > 0;) {
        size_t taken = mel_feed(desk->mel, samples, left);
        samples += taken;
        left -= taken;
        while (mel_poll(desk->mel, frame, NULL)) {
            if (!wake_session_process(desk->session, frame, &scores))
                continue;
            wake_session_features(desk->session, desk->features + steps * size);
            *ret_end = scores.speech >= 0.5f ? steps : *ret_end;
            steps++;
            heard |=
                wake_detector_step(&detector, &scores, &event) && (int)event.word == desk->built_in;
        }
    }
    *ret_steps = steps;
    return heard;
}

static enum status add_clips(struct desk *desk, const char *const *clips, size_t count,
                             struct error *ret_error)
{
    for (size_t i = 0; i < count; i++) {
        size_t steps, end;
        TRY(load(desk, clips[i], ret_error));
        desk->heard[i] = hear(desk, &steps, &end);
        if (end == 0)
            return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: nobody speaks", clips[i]);
        TRY(wake_enroll_add(desk->enroll, desk->features, steps, end, ret_error));
    }
    return STATUS_OK;
}

static enum status judge(struct desk *desk, struct enroll_report *ret_report,
                         struct error *ret_error)
{
    size_t count = wake_enroll_count(desk->enroll);
    *ret_report =
        (struct enroll_report){.recordings = count, .alarms = (double)wake_enroll_alarms()};
    for (size_t i = 0; i < count; i++) {
        struct wake_fit fit;
        TRY(wake_enroll_fit(desk->enroll, (int)i, &fit, ret_error));
        ret_report->before += desk->heard[i];
        ret_report->after += desk->heard[i] || fit.left_out >= WAKE_ENROLL_Z;
    }
    return STATUS_OK;
}

static enum status save(struct desk *desk, const char *name, const char *path,
                        struct error *ret_error)
{
    struct wake_fit fit;
    TRY(wake_enroll_fit(desk->enroll, -1, &fit, ret_error));
    struct wake_own_word word = {.size = wake_model_features(desk->model),
                                 .weights = fit.weights,
                                 .bias = fit.bias,
                                 .threshold = 0.5f};
    snprintf(word.name, sizeof(word.name), "%s", name);
    return own_word_save(path, desk->model, &word, ret_error);
}

static enum status open_desk(struct desk *desk, const char *model_path, const char *name,
                             struct error *ret_error)
{
    TRY(wake_model_create(&desk->model, model_path, ret_error));
    TRY(wake_session_create(&desk->session, desk->model, ret_error));
    TRY(wake_enroll_create(&desk->enroll, desk->model, model_path, ret_error));
    TRY(mel_create(&desk->mel, ret_error));
    desk->built_in = wake_model_find_word(desk->model, name);
    desk->features = calloc((size_t)HOPS_MAX / 2 * wake_model_features(desk->model), sizeof(float));
    return desk->features ? STATUS_OK
                          : error_set(ret_error, STATUS_NO_MEMORY, "enrolment: out of memory");
}

static void close_desk(struct desk *desk)
{
    mel_destroy(desk->mel);
    wake_enroll_destroy(desk->enroll);
    wake_session_destroy(desk->session);
    wake_model_destroy(desk->model);
    free(desk->features);
    free(desk);
}

enum status enroll_word(const char *model_path, const char *name, const char *const *clips,
                        size_t count, const char *path, struct enroll_report *ret_report,
                        struct error *ret_error)
{
    if (count < WAKE_ENROLL_MIN || count > WAKE_ENROLL_MAX)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "enrolment: %zu recordings, expected %d to %d", count, WAKE_ENROLL_MIN,
                         WAKE_ENROLL_MAX);
    struct desk *desk = calloc(1, sizeof(*desk));
    if (!desk)
        return error_set(ret_error, STATUS_NO_MEMORY, "enrolment: out of memory");
    enum status status = open_desk(desk, model_path, name, ret_error);
    if (status == STATUS_OK)
        status = add_clips(desk, clips, count, ret_error);
    if (status == STATUS_OK)
        status = judge(desk, ret_report, ret_error);
    if (status == STATUS_OK)
        status = save(desk, name, path, ret_error);
    close_desk(desk);
    return status;
}
