#include "rate_bridge.h"

#include "fault.h"
#include "resample.h"

#include <stdlib.h>

enum status rate_bridge_init(struct rate_bridge *b, uint32_t in_rate, uint32_t out_rate,
                             uint32_t block_frames, struct error *ret_error)
{
    *b = (struct rate_bridge){
        .in_rate = in_rate, .out_rate = out_rate, .block_frames = block_frames};
    if (in_rate != out_rate)
        TRY(resample_create(in_rate, out_rate, &b->resampler, ret_error));
    b->block = mem_calloc(block_frames, sizeof(*b->block));
    if (b->block)
        return STATUS_OK;
    rate_bridge_finish(b);
    return error_set(ret_error, STATUS_NO_MEMORY, "no memory to resample %u Hz", in_rate);
}

void rate_bridge_finish(struct rate_bridge *b)
{
    if (!b)
        return;
    resample_destroy(b->resampler);
    free(b->block);
    *b = (struct rate_bridge){.block = NULL};
}

void rate_bridge_reset(struct rate_bridge *b)
{
    if (b->resampler)
        resample_reset(b->resampler);
    b->at = b->count = 0;
}

static struct resample_step pass_on(struct rate_bridge *b, float *ret_samples, size_t room)
{
    size_t there = b->count - b->at;
    if (b->resampler)
        return resample_process(b->resampler, b->block + b->at, there, ret_samples, room);
    size_t n = there < room ? there : room;
    for (size_t i = 0; i < n; i++)
        ret_samples[i] = b->block[b->at + i];
    return (struct resample_step){n, n};
}

size_t rate_bridge_pull(struct rate_bridge *b, rate_bridge_source *source, void *context,
                        float *ret_samples, size_t count)
{
    size_t done = 0;
    while (done < count) {
        if (b->at == b->count) {
            b->at = 0;
            b->count = (uint32_t)source(context, b->block, b->block_frames);
        }
        if (b->count == 0)
            break;
        struct resample_step step = pass_on(b, ret_samples + done, count - done);
        b->at += (uint32_t)step.taken;
        done += step.made;
    }
    while (done < count && b->resampler) {
        size_t made = resample_flush(b->resampler, ret_samples + done, count - done);
        if (made == 0)
            break;
        done += made;
    }
    return done;
}

void rate_bridge_push(struct rate_bridge *b, const float *samples, size_t count,
                      rate_bridge_sink *sink, void *context)
{
    if (!b->resampler) {
        sink(context, samples, count);
        return;
    }
    while (count > 0) {
        struct resample_step step =
            resample_process(b->resampler, samples, count, b->block, b->block_frames);
        samples += step.taken;
        count -= step.taken;
        if (step.made > 0)
            sink(context, b->block, step.made);
    }
}

double rate_bridge_delay_s(const struct rate_bridge *b)
{
    double inside = (double)(b->count - b->at) / b->in_rate;
    return b->resampler ? inside + resample_latency_s(b->resampler) : inside;
}
