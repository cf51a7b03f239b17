#include "takes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device_choice.h"
#include "front.h"
#include "linnet.h"
#include "models_dir.h"
#include "wav.h"

/* Hops of 10 ms. */
enum {
    HOP = LINNET_INPUT_RATE / 100,
    HOPS_KEPT = 1000,
    AROUND = 30, /* of quiet on either side of a take */
    PAUSE = 50,  /* ends a take */
    SHORTEST = 20,
    LONGEST = 300,
    PATIENCE = 2000,
    TICK_MS = 10
};

struct studio {
    const struct takes_config *config;
    struct takes *takes;
    struct clock clock;
    struct ring ring;
    struct audio_device *device;
    struct front *front;
    float sound[HOPS_KEPT * HOP]; /* sample n at n % size */
    uint64_t heard;               /* samples */
    uint64_t begin, waits_from;   /* hops */
    bool speaking;
};

static enum status open_studio(struct studio *s, struct error *ret_error)
{
    char wake[TAKES_PATH_BYTES];
    models_dir_file(s->config->models, "wake.gguf", wake, sizeof(wake));
    const struct front_config front = {.model_path = wake, .word = "none"};
    clock_init_real(&s->clock);
    struct audio_device_config device = audio_device_config_default(AUDIO_CAPTURE, &s->clock);
    device_choice(s->config->input, &device);
    device.ring = &s->ring;
    device.stream_name = "Linnet learns a word";
    TRY(front_create(&front, &s->front, ret_error));
    TRY(ring_init(&s->ring, 2 * LINNET_INPUT_RATE, ret_error));
    TRY(audio_device_create(&device, &s->device, ret_error));
    return audio_device_start(s->device, ret_error);
}

static void close_studio(struct studio *s)
{
    audio_device_destroy(s->device);
    ring_finish(&s->ring);
    front_destroy(s->front);
    free(s);
}

static enum status keep(struct studio *s, uint64_t begin, uint64_t end, struct error *ret_error)
{
    float take[(LONGEST + 2 * AROUND) * HOP];
    size_t count = (size_t)(end - begin) * HOP;
    for (size_t i = 0; i < count; i++)
        take[i] = s->sound[(begin * HOP + i) % (HOPS_KEPT * HOP)];
    char *path = s->takes->path[s->takes->count];
    snprintf(path, TAKES_PATH_BYTES, "%s-%zu.wav", s->config->prefix, s->takes->count + 1);
    TRY(wav_save(path, take, count, LINNET_INPUT_RATE, ret_error));
    s->takes->count++;
    s->config->tell(s->config->context, s->takes->count, (double)count / LINNET_INPUT_RATE);
    if (s->takes->count < s->config->wanted)
        s->config->tell(s->config->context, s->takes->count + 1, 0);
    return STATUS_OK;
}

static enum status step(struct studio *s, const struct front_frame *frame, struct error *ret_error)
{
    uint64_t now = frame->index;
    if (!s->speaking && frame->speech) {
        s->speaking = true;
        s->begin = now;
    }
    if (!s->speaking && now > s->waits_from + PATIENCE)
        return error_set(ret_error, STATUS_TIMEOUT, "%s: nobody spoke for %d s", s->config->input,
                         PATIENCE / 100);
    if (!s->speaking || frame->speech || frame->silent_frames < PAUSE)
        return STATUS_OK;
    uint64_t end = now - frame->silent_frames;
    s->speaking = false;
    s->waits_from = now;
    if (end < s->begin + SHORTEST || end > s->begin + LONGEST)
        return STATUS_OK;
    uint64_t before = s->begin > AROUND ? AROUND : s->begin;
    return keep(s, s->begin - before, end + AROUND, ret_error);
}

static enum status hear(struct studio *s, const float *samples, size_t count,
                        struct error *ret_error)
{
    struct front_frame frame;
    while (count > 0 && s->takes->count < s->config->wanted) {
        size_t taken = front_feed(s->front, samples, count);
        for (size_t i = 0; i < taken; i++)
            s->sound[s->heard++ % (HOPS_KEPT * HOP)] = samples[i];
        samples += taken;
        count -= taken;
        while (front_poll(s->front, &frame) && s->takes->count < s->config->wanted)
            TRY(step(s, &frame, ret_error));
    }
    return STATUS_OK;
}

/* What the device has to say; a file that ended is only over once its sound is used up. */
static enum status watch(struct studio *s, struct error *ret_error)
{
    struct audio_event event;
    while (audio_device_poll(s->device, &event)) {
        if (event.kind == AUDIO_FAILED)
            return error_set(ret_error, event.status, "%s: %s", s->config->input, event.text);
        if (event.kind == AUDIO_ENDED)
            return error_set(ret_error, STATUS_END, "%s: ended after %zu of %zu takes",
                             s->config->input, s->takes->count, s->config->wanted);
    }
    return STATUS_OK;
}

static enum status record(struct studio *s, struct error *ret_error)
{
    float samples[HOP];
    TRY(open_studio(s, ret_error));
    s->config->tell(s->config->context, 1, 0);
    while (s->takes->count < s->config->wanted) {
        size_t count = ring_read(&s->ring, samples, HOP);
        if (count > 0) {
            TRY(hear(s, samples, count, ret_error));
            continue;
        }
        TRY(watch(s, ret_error));
        clock_sleep_until(&s->clock, clock_now_ns(&s->clock) + TICK_MS * CLOCK_NS_PER_MS);
    }
    return STATUS_OK;
}

enum status takes_record(const struct takes_config *config, struct takes *ret_takes,
                         struct error *ret_error)
{
    struct studio *s = calloc(1, sizeof(*s));
    if (!s)
        return error_set(ret_error, STATUS_NO_MEMORY, "recording: out of memory");
    *ret_takes = (struct takes){0};
    s->config = config;
    s->takes = ret_takes;
    enum status status = record(s, ret_error);
    close_studio(s);
    return status;
}
