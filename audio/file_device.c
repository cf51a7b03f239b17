/* The file device: a WAV file instead of a microphone (mixed down and resampled), or instead of a
 * loudspeaker (16-bit mono at the playout's rate, complete after stop), in the time of the clock.
 */
#include "fault.h"
#include "paced.h"
#include "rate_bridge.h"
#include "wav.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct file_state {
    struct paced paced;
    float *period;
    struct wav_reader *reader; /* capture */
    struct rate_bridge bridge;
    enum status read_status; /* of the last read */
    struct error read_error;
    bool ended;
    struct wav_writer *writer; /* playback */
};

static size_t read_more(void *context, float *ret_samples, size_t count)
{
    struct file_state *s = context;
    size_t n = 0;
    if (s->read_status == STATUS_OK)
        s->read_status = wav_reader_read(s->reader, ret_samples, count, &n, &s->read_error);
    return s->read_status == STATUS_OK ? n : 0;
}

static enum status capture(struct audio_device *d, struct error *ret_error)
{
    struct file_state *s = d->state;
    size_t period = d->config.period_frames;
    size_t n = s->ended ? 0 : rate_bridge_pull(&s->bridge, read_more, s, s->period, period);
    memset(s->period + n, 0, (period - n) * sizeof(*s->period));
    if (s->read_status != STATUS_OK && s->read_status != STATUS_END)
        return error_set(ret_error, s->read_status, "%s", s->read_error.text);
    audio_impl_deliver(d, s->period, period);
    if (n < period && !s->ended) {
        s->ended = true;
        audio_impl_report(d, AUDIO_ENDED, NULL);
    }
    return STATUS_OK;
}

static enum status playback(struct audio_device *d, struct error *ret_error)
{
    struct file_state *s = d->state;
    audio_impl_fetch(d, s->period, d->config.period_frames);
    return wav_writer_write(s->writer, s->period, d->config.period_frames, ret_error);
}

static void file_close(struct audio_device *d)
{
    struct file_state *s = d->state;
    rate_bridge_finish(&s->bridge);
    wav_reader_destroy(s->reader);
    wav_writer_destroy(s->writer);
    free(s->period);
    free(s);
}

static enum status open_reader(struct file_state *s, const struct audio_device_config *c,
                               struct error *ret_error)
{
    TRY(wav_reader_create(c->target, &s->reader, ret_error));
    uint32_t rate = wav_reader_info(s->reader)->rate;
    enum status status = rate_bridge_init(&s->bridge, rate, c->rate, c->period_frames, ret_error);
    return status == STATUS_OK ? status : error_prefix(ret_error, status, "%s", c->target);
}

static enum status open_end(struct audio_device *d, struct error *ret_error)
{
    struct file_state *s = d->state;
    const struct wav_format format = {.encoding = WAV_S16, .rate = d->config.rate, .channels = 1};
    if (!d->config.target)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "file: no target, expected a WAV file's path");
    s->period = mem_calloc(d->config.period_frames, sizeof(*s->period));
    if (!s->period)
        return error_set(ret_error, STATUS_NO_MEMORY, "file: no memory for a period");
    if (d->config.direction == AUDIO_CAPTURE)
        return open_reader(s, &d->config, ret_error);
    return wav_writer_create(d->config.target, &format, &s->writer, ret_error);
}

static enum status file_open(struct audio_device *d, struct error *ret_error)
{
    struct file_state *s = mem_calloc(1, sizeof(*s));
    if (!s)
        return error_set(ret_error, STATUS_NO_MEMORY, "file: no memory for a sound device");
    d->state = s;
    paced_init(&s->paced, d, d->config.direction == AUDIO_CAPTURE ? capture : playback);
    enum status status = open_end(d, ret_error);
    if (status != STATUS_OK)
        file_close(d);
    else
        snprintf(d->description, sizeof(d->description), "file: %.170s", d->target);
    return status;
}

static enum status file_start(struct audio_device *d, struct error *ret_error)
{
    return paced_start(&((struct file_state *)d->state)->paced, ret_error);
}

static enum status file_stop(struct audio_device *d, struct error *ret_error)
{
    struct file_state *s = d->state;
    paced_stop(&s->paced);
    return s->writer ? wav_writer_commit(s->writer, ret_error) : STATUS_OK;
}

static enum status file_pump(struct audio_device *d, struct error *ret_error)
{
    return paced_catch_up(&((struct file_state *)d->state)->paced, ret_error);
}

const struct audio_backend audio_backend_file = {
    .name = "file",
    .open = file_open,
    .start = file_start,
    .stop = file_stop,
    .close = file_close,
    .pump = file_pump,
};
