#include "wake_ear.h"

#include "harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *under(const char *root, const char *rest)
{
    static char path[4096];
    snprintf(path, sizeof(path), "%s/%s", getenv(root), rest);
    return path;
}

const char *ear_trained(void)
{
    return under("LINNET_SOURCE", "assets/models/wake-f16.gguf");
}

const char *ear_shipped(void)
{
    return under("LINNET_BUILD", "assets/models/wake.gguf");
}

void ear_init(struct ear *ear, const char *model)
{
    memset(ear, 0, sizeof(*ear));
    CHECK_OK(mel_create(&ear->mel, NULL));
    CHECK_OK(wake_model_create(&ear->model, model, NULL));
    CHECK_OK(wake_session_create(&ear->session, ear->model, NULL));
    struct wake_tuning tuning;
    wake_model_tuning(ear->model, &tuning);
    wake_detector_init(&ear->detector, &tuning);
}

void ear_finish(struct ear *ear)
{
    wake_session_destroy(ear->session);
    wake_model_destroy(ear->model);
    mel_destroy(ear->mel);
}

void ear_reset(struct ear *ear)
{
    mel_reset(ear->mel);
    wake_session_reset(ear->session, 0);
    wake_detector_reset(&ear->detector);
}

static void hear_frame(struct ear *ear, const float *frame, struct heard *heard)
{
    struct wake_scores scores;
    struct wake_event event;
    if (!wake_session_process(ear->session, frame, &scores))
        return;
    if (scores.speech >= 0.5f)
        heard->speech_seconds += 0.02;
    if (!wake_detector_step(&ear->detector, &scores, &event))
        return;
    if (heard->count < EAR_MAX_EVENTS)
        heard->events[heard->count] = event;
    heard->count++;
}

void ear_hear(struct ear *ear, const float *samples, size_t count, struct heard *heard)
{
    float frame[MEL_BANDS];
    heard->seconds += (double)count / MEL_RATE;
    while (count > 0) {
        size_t taken = mel_feed(ear->mel, samples, count);
        samples += taken;
        count -= taken;
        while (mel_poll(ear->mel, frame, NULL))
            hear_frame(ear, frame, heard);
    }
}

float *ear_load(const char *path, size_t *ret_count)
{
    char command[5000];
    snprintf(command, sizeof(command),
             "ffmpeg -nostdin -v error -i '%s' -ac 1 -ar 16000 -f f32le -", path);
    FILE *pipe = popen(command, "r");
    if (!pipe)
        return NULL;
    size_t room = 1 << 16, count = 0, n;
    float *sound = malloc(room * sizeof(float));
    while (sound && (n = fread(sound + count, sizeof(float), room - count, pipe)) > 0) {
        count += n;
        if (count == room)
            sound = realloc(sound, (room *= 2) * sizeof(float));
    }
    if (pclose(pipe) != 0 || count == 0) {
        free(sound);
        return NULL;
    }
    *ret_count = count;
    return sound;
}

int ear_shell(const char *format, ...)
{
    char command[5000];
    va_list list;
    va_start(list, format);
    vsnprintf(command, sizeof(command), format, list);
    va_end(list);
    return system(command);
}

bool ear_has(const char *program)
{
    return ear_shell("command -v %s >/dev/null 2>&1", program) == 0;
}

/* Half a second and more of a quiet room, at -72 dB. */
static void hear_room(struct ear *ear, size_t count, struct heard *heard)
{
    struct test_random random = {.state = 11};
    float noise[1600];
    for (; count > 0; count -= count < 1600 ? count : 1600) {
        for (size_t i = 0; i < 1600; i++)
            noise[i] = 4e-4f * test_random_float(&random);
        ear_hear(ear, noise, count < 1600 ? count : 1600, heard);
    }
}

size_t ear_count_word(struct ear *ear, const float *samples, size_t count, int word)
{
    struct heard heard = {0};
    ear_reset(ear);
    hear_room(ear, MEL_RATE, &heard);
    ear_hear(ear, samples, count, &heard);
    hear_room(ear, MEL_RATE, &heard);
    size_t hits = 0;
    for (size_t i = 0; i < heard.count && i < EAR_MAX_EVENTS; i++)
        hits += heard.events[i].word == (size_t)word;
    return hits;
}
