/* The null device: silence from the microphone, a loudspeaker that nobody hears, both in the time
 * of the clock. */
#include "fault.h"
#include "paced.h"

#include <stdio.h>
#include <stdlib.h>

struct null_state {
    struct paced paced;
    float *period;
};

static enum status null_move(struct audio_device *d, struct error *ret_error)
{
    struct null_state *s = d->state;
    (void)ret_error;
    if (d->config.direction == AUDIO_PLAYBACK)
        audio_impl_fetch(d, s->period, d->config.period_frames);
    else
        audio_impl_deliver(d, s->period, d->config.period_frames);
    return STATUS_OK;
}

static enum status null_open(struct audio_device *d, struct error *ret_error)
{
    struct null_state *s = mem_calloc(1, sizeof(*s));
    float *period = mem_calloc(d->config.period_frames, sizeof(*period));
    if (!s || !period) {
        free(s), free(period);
        return error_set(ret_error, STATUS_NO_MEMORY, "null: no memory for a sound device");
    }
    s->period = period;
    paced_init(&s->paced, d, null_move);
    d->state = s;
    snprintf(d->description, sizeof(d->description), "null (%u Hz)", d->config.rate);
    return STATUS_OK;
}

static enum status null_start(struct audio_device *d, struct error *ret_error)
{
    return paced_start(&((struct null_state *)d->state)->paced, ret_error);
}

static enum status null_stop(struct audio_device *d, struct error *ret_error)
{
    (void)ret_error;
    paced_stop(&((struct null_state *)d->state)->paced);
    return STATUS_OK;
}

static void null_close(struct audio_device *d)
{
    struct null_state *s = d->state;
    free(s->period);
    free(s);
}

static enum status null_pump(struct audio_device *d, struct error *ret_error)
{
    return paced_catch_up(&((struct null_state *)d->state)->paced, ret_error);
}

const struct audio_backend audio_backend_null = {
    .name = "null",
    .open = null_open,
    .start = null_start,
    .stop = null_stop,
    .close = null_close,
    .pump = null_pump,
};
