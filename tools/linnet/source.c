#include "source.h"

#include <stdlib.h>

#include "linnet.h"
#include "resample.h"
#include "wav.h"

enum { CHUNK = 2048 };

struct source {
    struct wav_reader *wav;
    struct resampler *resampler;
    float chunk[CHUNK];
    size_t used, count;
    uint64_t frames;
    bool ended;
};

enum status source_create(const char *path, struct source **ret_source, struct error *ret_error)
{
    struct source *source = calloc(1, sizeof(*source));
    if (!source)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: out of memory", path);
    enum status status = wav_reader_create(path, &source->wav, ret_error);
    if (status == STATUS_OK)
        status = resample_create(wav_reader_info(source->wav)->rate, LINNET_INPUT_RATE,
                                 &source->resampler, ret_error);
    if (status != STATUS_OK) {
        source_destroy(source);
        return status;
    }
    *ret_source = source;
    return STATUS_OK;
}

void source_destroy(struct source *source)
{
    if (!source)
        return;
    resample_destroy(source->resampler);
    wav_reader_destroy(source->wav);
    free(source);
}

static enum status refill(struct source *source, struct error *ret_error)
{
    size_t count = 0;
    enum status status = wav_reader_read(source->wav, source->chunk, CHUNK, &count, ret_error);
    source->used = 0;
    source->count = status == STATUS_OK ? count : 0;
    source->frames += source->count;
    source->ended = status == STATUS_END;
    return status == STATUS_END ? STATUS_OK : status;
}

enum status source_read(struct source *source, float *ret_samples, size_t max, size_t *ret_count,
                        struct error *ret_error)
{
    for (;;) {
        if (source->used == source->count && !source->ended)
            TRY(refill(source, ret_error));
        size_t made;
        if (source->ended) {
            made = resample_flush(source->resampler, ret_samples, max);
            if (made == 0)
                return STATUS_END;
        } else {
            struct resample_step step =
                resample_process(source->resampler, source->chunk + source->used,
                                 source->count - source->used, ret_samples, max);
            source->used += step.taken;
            made = step.made;
        }
        if (made > 0) {
            *ret_count = made;
            return STATUS_OK;
        }
    }
}

double source_progress(const struct source *source)
{
    uint64_t frames = wav_reader_info(source->wav)->frames;
    return frames == WAV_FRAMES_UNKNOWN || frames == 0 ? 0
                                                       : (double)source->frames / (double)frames;
}
