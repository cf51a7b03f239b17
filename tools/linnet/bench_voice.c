#include <stdlib.h>

#include "bench.h"
#include "linnet.h"
#include "models_dir.h"
#include "resample.h"
#include "tts.h"

static const char *const sentences[] = {
    "Your pasta timer is set for five minutes.",
    "It's 6:25 PM in New York, and the alarm is set for seven o'clock tomorrow morning.",
    "Five miles is 8.05 kilometers.",
    "I am Linnet. I can tell the time, set timers and alarms, and work out small sums for you.",
};

enum {
    SENTENCES = sizeof(sentences) / sizeof(sentences[0]),
    SECONDS_MAX = 60,
    PIECE = 2 * TTS_BLOCK
};

struct speech {
    float *samples; /* 24 kHz */
    size_t count;
    double first[SENTENCES], seconds; /* time to the first samples, time for all */
};

static enum status speak_all(struct tts_session *session, struct speech *speech,
                             struct error *ret_error)
{
    const size_t room = (size_t)SECONDS_MAX * TTS_RATE;
    speech->count = 0;
    speech->seconds = 0;
    for (int i = 0; i < SENTENCES; i++) {
        double begin = bench_now();
        TRY(tts_begin(session, sentences[i], ret_error));
        size_t made = tts_pull(session, speech->samples + speech->count, PIECE);
        speech->first[i] = bench_now() - begin;
        while (made > 0 && (speech->count += made) + PIECE <= room)
            made = tts_pull(session, speech->samples + speech->count, PIECE);
        speech->seconds += bench_now() - begin;
    }
    return STATUS_OK;
}

static enum status to_ears(const struct speech *speech, struct bench_sound *ret_sound,
                           struct error *ret_error)
{
    struct resampler *resampler;
    struct bench_sound sound = {.samples = calloc(speech->count, sizeof(float))};
    if (!sound.samples)
        return error_set(ret_error, STATUS_NO_MEMORY, "bench: out of memory");
    enum status status = resample_create(TTS_RATE, LINNET_INPUT_RATE, &resampler, ret_error);
    if (status != STATUS_OK) {
        free(sound.samples);
        return status;
    }
    for (size_t at = 0; at < speech->count;) {
        struct resample_step step =
            resample_process(resampler, speech->samples + at, speech->count - at,
                             sound.samples + sound.count, speech->count - sound.count);
        at += step.taken;
        sound.count += step.made;
    }
    resample_destroy(resampler);
    *ret_sound = sound;
    return STATUS_OK;
}

static enum status measure(struct bench_report *report, const struct tts_model *model,
                           struct speech *speech, struct error *ret_error)
{
    struct tts_session *session;
    double rtf[BENCH_RUNS], first[BENCH_RUNS];
    TRY(tts_session_create(model, NULL, &session, ret_error));
    enum status status = STATUS_OK;
    for (int i = 0; i < BENCH_RUNS && status == STATUS_OK; i++) {
        status = speak_all(session, speech, ret_error);
        rtf[i] = speech->seconds / ((double)speech->count / TTS_RATE);
        first[i] = bench_median(speech->first, SENTENCES);
    }
    tts_session_destroy(session);
    TRY(status);
    bench_add(report, "x real time", bench_median(rtf, BENCH_RUNS), "voice, cost");
    bench_add(report, "ms", 1e3 * bench_median(first, BENCH_RUNS), "voice, text to first samples");
    return STATUS_OK;
}

enum status bench_voice(struct bench_report *report, struct bench_sound *ret_sound,
                        struct error *ret_error)
{
    char voice[512], text[512];
    struct tts_model *model;
    struct speech speech = {.samples = calloc((size_t)SECONDS_MAX * TTS_RATE, sizeof(float))};
    if (!speech.samples)
        return error_set(ret_error, STATUS_NO_MEMORY, "bench: out of memory");
    models_dir_file(report->models, "tts.gguf", voice, sizeof(voice));
    models_dir_file(report->models, "en-us.gguf", text, sizeof(text));
    enum status status = tts_model_create(&(struct tts_files){voice, text}, &model, ret_error);
    if (status == STATUS_OK) {
        status = measure(report, model, &speech, ret_error);
        if (status == STATUS_OK)
            status = to_ears(&speech, ret_sound, ret_error);
        tts_model_destroy(model);
    }
    free(speech.samples);
    return status;
}
