#include "fault.h"
#include "file.h"
#include "wav_codec.h"
#include "wav_header.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CODED_BYTES = 32768 };

struct wav_writer {
    struct file_writer file;
    struct wav_format format;
    size_t header_bytes;
    uint64_t data_bytes;
    uint8_t coded[CODED_BYTES];
};

/* Pipes and devices get their header once, with the lengths marked unknown. */
static bool is_stream(const struct wav_writer *w)
{
    return !w->file.replaces;
}

static enum status check_format(const char *path, const struct wav_format *f,
                                struct error *ret_error)
{
    if (f->channels >= 1 && f->channels <= WAV_MAX_CHANNELS && f->rate >= WAV_MIN_RATE &&
        f->rate <= WAV_MAX_RATE && f->encoding <= WAV_F64)
        return STATUS_OK;
    return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                     "%s: %" PRIu32 " channels at %" PRIu32
                     " Hz, expected 1 to %d channels at %d to %d Hz",
                     path, f->channels, f->rate, WAV_MAX_CHANNELS, WAV_MIN_RATE, WAV_MAX_RATE);
}

static enum status place(const struct wav_writer *w, enum status status, struct error *ret_error)
{
    return error_prefix(ret_error, status, "byte %" PRIu64, w->header_bytes + w->data_bytes);
}

static enum status begin(struct wav_writer *w, const char *path, struct error *ret_error)
{
    uint8_t bytes[WAV_HEADER_MAX];
    TRY(file_writer_open(&w->file, path, ret_error));
    w->header_bytes = wav_header_layout(&w->format, is_stream(w) ? BYTE_SOURCE_UNKNOWN : 0, bytes);
    return file_writer_write(&w->file, bytes, w->header_bytes, ret_error);
}

enum status wav_writer_create(const char *path, const struct wav_format *format,
                              struct wav_writer **ret_writer, struct error *ret_error)
{
    TRY(check_format(path, format, ret_error));
    struct wav_writer *w = mem_calloc(1, sizeof(*w));
    if (!w)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: no memory to write it", path);
    w->format = *format;
    enum status status = begin(w, strcmp(path, "-") == 0 ? "/dev/stdout" : path, ret_error);
    if (status == STATUS_OK)
        *ret_writer = w;
    else
        wav_writer_destroy(w);
    return status;
}

static enum status write_part(struct wav_writer *w, const float *samples, size_t count,
                              struct error *ret_error)
{
    size_t bytes = count * wav_encoding_bytes(w->format.encoding);
    if (!is_stream(w) && w->data_bytes + bytes > WAV_DATA_MAX) {
        file_writer_discard(&w->file);
        return place(w, error_set(ret_error, STATUS_LIMIT, "a WAV file holds at most 4 GiB"),
                     ret_error);
    }
    wav_encode(w->format.encoding, samples, count, w->coded);
    enum status status = file_writer_write(&w->file, w->coded, bytes, ret_error);
    if (status != STATUS_OK)
        return place(w, status, ret_error);
    w->data_bytes += bytes;
    return STATUS_OK;
}

enum status wav_writer_write(struct wav_writer *w, const float *samples, size_t frames,
                             struct error *ret_error)
{
    size_t left = frames * w->format.channels;
    size_t most = CODED_BYTES / wav_encoding_bytes(w->format.encoding);
    while (left > 0) {
        size_t n = left < most ? left : most;
        TRY(write_part(w, samples, n, ret_error));
        samples += n;
        left -= n;
    }
    return STATUS_OK;
}

static enum status complete_header(struct wav_writer *w, struct error *ret_error)
{
    static const uint8_t pad = 0;
    uint8_t bytes[WAV_HEADER_MAX];
    if (w->data_bytes & 1)
        TRY(file_writer_write(&w->file, &pad, 1, ret_error));
    wav_header_layout(&w->format, w->data_bytes, bytes);
    return file_writer_write_at(&w->file, 0, bytes, w->header_bytes, ret_error);
}

enum status wav_writer_commit(struct wav_writer *w, struct error *ret_error)
{
    if (!is_stream(w))
        TRY(complete_header(w, ret_error));
    return file_writer_commit(&w->file, ret_error);
}

void wav_writer_destroy(struct wav_writer *w)
{
    if (!w)
        return;
    file_writer_discard(&w->file);
    free(w);
}

enum status wav_save(const char *path, const float *samples, size_t count, uint32_t rate,
                     struct error *ret_error)
{
    struct wav_format format = {.encoding = WAV_S16, .rate = rate, .channels = 1};
    struct wav_writer *w = NULL;
    TRY(wav_writer_create(path, &format, &w, ret_error));
    enum status status = wav_writer_write(w, samples, count, ret_error);
    if (status == STATUS_OK)
        status = wav_writer_commit(w, ret_error);
    wav_writer_destroy(w);
    return status;
}
