#include "wav_header.h"

#include "fault.h"
#include "wav_codec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { RAW_BYTES = 32768 };

struct wav_reader {
    struct byte_source source;
    struct wav_header header;
    uint32_t frame_bytes;
    uint64_t left; /* bytes of samples; BYTE_SOURCE_UNKNOWN until the input ends */
    uint8_t raw[RAW_BYTES];
};

static enum status begin(struct wav_reader *r, struct error *ret_error)
{
    TRY(wav_header_read(&r->source, &r->header, ret_error));
    r->frame_bytes =
        (uint32_t)wav_encoding_bytes(r->header.info.encoding) * r->header.info.channels;
    r->left = r->header.data_bytes;
    if (r->header.info.frames != WAV_FRAMES_UNKNOWN)
        r->left = r->header.info.frames * r->frame_bytes;
    return STATUS_OK;
}

static enum status adopt(struct wav_reader *r, struct wav_reader **ret_reader,
                         struct error *ret_error)
{
    enum status status = begin(r, ret_error);
    if (status == STATUS_OK)
        *ret_reader = r;
    else
        wav_reader_destroy(r);
    return status;
}

enum status wav_reader_create(const char *path, struct wav_reader **ret_reader,
                              struct error *ret_error)
{
    struct wav_reader *r = mem_calloc(1, sizeof(*r));
    if (!r)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: no memory to read it", path);
    enum status status = byte_source_init_path(&r->source, path, ret_error);
    if (status == STATUS_OK)
        return adopt(r, ret_reader, ret_error);
    free(r);
    return status;
}

enum status wav_reader_create_memory(const char *name, const void *bytes, size_t size,
                                     struct wav_reader **ret_reader, struct error *ret_error)
{
    struct wav_reader *r = mem_calloc(1, sizeof(*r));
    if (!r)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: no memory to read it", name);
    byte_source_init_memory(&r->source, name, bytes, size);
    return adopt(r, ret_reader, ret_error);
}

void wav_reader_destroy(struct wav_reader *r)
{
    if (!r)
        return;
    byte_source_finish(&r->source);
    free(r);
}

const struct wav_info *wav_reader_info(const struct wav_reader *r)
{
    return &r->header.info;
}

static enum status fail_short(struct wav_reader *r, struct error *ret_error)
{
    return error_set(ret_error, STATUS_FORMAT,
                     "%s: byte %" PRIu64 ": input ends, expected %" PRIu64 " more bytes of samples",
                     r->source.name, r->source.offset, r->left);
}

static size_t bytes_wanted(const struct wav_reader *r, size_t max_frames)
{
    size_t frames = RAW_BYTES / r->frame_bytes;
    if (max_frames < frames)
        frames = max_frames;
    size_t bytes = frames * r->frame_bytes;
    return r->left < bytes ? (size_t)r->left : bytes;
}

enum status wav_reader_read(struct wav_reader *r, float *ret_samples, size_t max_frames,
                            size_t *ret_frames, struct error *ret_error)
{
    size_t want = bytes_wanted(r, max_frames), got;
    if (want == 0)
        return STATUS_END;
    TRY(byte_source_read(&r->source, r->raw, want, &got, ret_error));
    bool endless = r->left == BYTE_SOURCE_UNKNOWN;
    size_t frames = got / r->frame_bytes;
    if (!endless)
        r->left -= got;
    else if (got < want)
        r->left = 0; /* a stream cut within a frame loses that frame */
    if (frames == 0)
        return endless ? STATUS_END : fail_short(r, ret_error);
    wav_decode_mono(r->header.info.encoding, r->raw, r->header.info.channels, frames, ret_samples);
    *ret_frames = frames;
    return STATUS_OK;
}

static enum status grow(struct wav_audio *audio, size_t *capacity, struct error *ret_error)
{
    size_t wider = *capacity ? *capacity * 2 : 65536;
    float *samples = realloc(audio->samples, wider * sizeof(*samples));
    if (!samples)
        return error_set(ret_error, STATUS_NO_MEMORY, "no memory for %zu samples", wider);
    audio->samples = samples;
    *capacity = wider;
    return STATUS_OK;
}

static enum status load_all(struct wav_reader *r, size_t max_frames, struct wav_audio *audio,
                            struct error *ret_error)
{
    size_t capacity = 0, n;
    audio->rate = r->header.info.rate;
    for (;;) {
        if (audio->count == capacity)
            TRY(grow(audio, &capacity, ret_error));
        enum status status = wav_reader_read(r, audio->samples + audio->count,
                                             capacity - audio->count, &n, ret_error);
        if (status == STATUS_END)
            return STATUS_OK;
        TRY(status);
        audio->count += n;
        if (audio->count > max_frames)
            return error_set(ret_error, STATUS_LIMIT,
                             "%s: byte %" PRIu64 ": more than %zu frames, expected at most that",
                             r->source.name, r->source.offset, max_frames);
    }
}

enum status wav_load(const char *path, size_t max_frames, struct wav_audio *ret_audio,
                     struct error *ret_error)
{
    struct wav_reader *r = NULL;
    struct wav_audio audio = {0};
    TRY(wav_reader_create(path, &r, ret_error));
    enum status status = load_all(r, max_frames, &audio, ret_error);
    wav_reader_destroy(r);
    if (status == STATUS_OK)
        *ret_audio = audio;
    else
        wav_audio_finish(&audio);
    return status;
}

void wav_audio_finish(struct wav_audio *audio)
{
    if (!audio)
        return;
    free(audio->samples);
    *audio = (struct wav_audio){0};
}
