#include <stdlib.h>

#include "asr_recogniser.h"
#include "bench.h"
#include "linnet.h"
#include "mel.h"
#include "models_dir.h"
#include "wake.h"

/* The frames of the whole sound, so that each part is timed alone. */
struct frames {
    float *mel;
    uint32_t count;
};

static double time_mel(struct mel *mel, const struct bench_sound *sound, struct frames *frames)
{
    double begin = bench_now();
    const float *samples = sound->samples;
    mel_reset(mel);
    frames->count = 0;
    for (size_t left = sound->count; left > 0;) {
        size_t taken = mel_feed(mel, samples, left);
        samples += taken;
        left -= taken;
        while (mel_poll(mel, frames->mel + (size_t)frames->count * MEL_BANDS, NULL))
            frames->count++;
    }
    return bench_now() - begin;
}

static double time_wake(struct wake_session *session, const struct frames *frames)
{
    struct wake_scores scores;
    double begin = bench_now();
    wake_session_reset(session, 0);
    for (uint32_t t = 0; t < frames->count; t++)
        wake_session_process(session, frames->mel + (size_t)t * MEL_BANDS, &scores);
    return bench_now() - begin;
}

static double time_asr(struct asr_session *session, const struct frames *frames)
{
    double begin = bench_now();
    asr_session_reset(session);
    for (uint32_t t = 0; t < frames->count; t++)
        asr_session_feed(session, frames->mel + (size_t)t * MEL_BANDS, 1);
    asr_session_finish(session);
    return bench_now() - begin;
}

static enum status front_rows(struct bench_report *report, const struct bench_sound *sound,
                              struct frames *frames, struct error *ret_error)
{
    struct mel *mel;
    double seconds[BENCH_RUNS];
    TRY(mel_create(&mel, ret_error));
    for (int i = 0; i < BENCH_RUNS; i++)
        seconds[i] = time_mel(mel, sound, frames);
    mel_destroy(mel);
    double length = (double)sound->count / LINNET_INPUT_RATE;
    bench_add(report, "x real time", bench_median(seconds, BENCH_RUNS) / length,
              "front end (log-mel), cost");
    return STATUS_OK;
}

static enum status wake_rows(struct bench_report *report, const struct frames *frames,
                             struct error *ret_error)
{
    char path[512];
    struct wake_model *model;
    struct wake_session *session;
    double seconds[BENCH_RUNS];
    models_dir_file(report->models, "wake.gguf", path, sizeof(path));
    TRY(wake_model_create(&model, path, ret_error));
    enum status status = wake_session_create(&session, model, ret_error);
    if (status == STATUS_OK) {
        for (int i = 0; i < BENCH_RUNS; i++)
            seconds[i] = time_wake(session, frames);
        bench_add(report, "x real time",
                  bench_median(seconds, BENCH_RUNS) / ((double)frames->count / 100),
                  "wake word and voice activity, cost");
        wake_session_destroy(session);
    }
    wake_model_destroy(model);
    return status;
}

enum status bench_recogniser(struct asr_recogniser *ret_recogniser, const char *models,
                             const char *language, struct error *ret_error)
{
    char acoustic[512], words[512];
    struct asr_options options = asr_options_defaults();
    options.language = language;
    models_dir_file(models, "asr.gguf", acoustic, sizeof(acoustic));
    models_dir_file(models, "asr-lm.gguf", words, sizeof(words));
    return asr_recogniser_init(ret_recogniser, acoustic, words, &options, ret_error);
}

static enum status asr_rows(struct bench_report *report, const struct frames *frames,
                            const char *language, struct error *ret_error)
{
    struct asr_recogniser r;
    double seconds[BENCH_RUNS];
    TRY(bench_recogniser(&r, report->models, language, ret_error));
    for (int i = 0; i < BENCH_RUNS; i++)
        seconds[i] = time_asr(r.session, frames);
    bench_add(report, "x real time",
              bench_median(seconds, BENCH_RUNS) / ((double)frames->count / 100),
              "recogniser, %s language model, cost", language);
    asr_recogniser_finish(&r);
    return STATUS_OK;
}

enum status bench_ears(struct bench_report *report, const struct bench_sound *sound,
                       struct error *ret_error)
{
    struct frames frames = {
        .mel = calloc(mel_frame_count(sound->count) + 1, MEL_BANDS * sizeof(float))};
    if (!frames.mel)
        return error_set(ret_error, STATUS_NO_MEMORY, "bench: out of memory");
    enum status status = front_rows(report, sound, &frames, ret_error);
    if (status == STATUS_OK)
        status = wake_rows(report, &frames, ret_error);
    if (status == STATUS_OK)
        status = asr_rows(report, &frames, "assistant", ret_error);
    if (status == STATUS_OK)
        status = asr_rows(report, &frames, "general", ret_error);
    free(frames.mel);
    return status;
}
