#include "sound_send.h"

#include <math.h>
#include <string.h>

#include "opus_codec.h"
#include "resample.h"

enum {
    CHUNK = 320, /* 20 ms at 16 kHz: one Opus packet */
    OUT_RATE = 24000,
    OUT_ROOM = 4 * CHUNK,
    OPUS_BITRATE = 32000,
};

double sound_range_seconds(struct sound_range range)
{
    return range.to > range.from ? (double)(range.to - range.from) / SOUND_LOG_RATE : 0;
}

bool sound_can_send(const struct sound_log *log, struct sound_range range)
{
    if (!log || range.from >= range.to ||
        sound_range_seconds(range) > (double)SOUND_SEND_SECONDS_MAX)
        return false;
    uint64_t written = sound_log_written(log);
    return range.to <= written && written - range.from <= SOUND_LOG_SAMPLES;
}

/* One stretch of 20 ms, the last one filled up with silence. */
static enum status read_chunk(const struct sound_log *log, struct sound_range range, uint64_t at,
                              float samples[CHUNK], size_t *ret_count, struct error *ret_error)
{
    size_t count = range.to - at < CHUNK ? (size_t)(range.to - at) : CHUNK;
    memset(samples, 0, CHUNK * sizeof(samples[0]));
    enum status status = sound_log_read(log, at, count, samples);
    if (status != STATUS_OK)
        return error_set(ret_error, status, "the sound of the request is not kept any more");
    *ret_count = count;
    return STATUS_OK;
}

static enum status feed(struct provider *provider, const void *data, size_t bytes,
                        struct error *ret_error)
{
    enum status status = provider_feed(provider, data, bytes);
    if (status != STATUS_OK)
        return error_set(ret_error, status, "the sound of the request cannot be sent: %s",
                         status_text(status));
    return STATUS_OK;
}

/* ---- 24 kHz ---- */

static enum status feed_pcm(struct provider *provider, const float *samples, size_t count,
                            struct error *ret_error)
{
    unsigned char pcm[2 * OUT_ROOM];
    for (size_t i = 0; i < count; i++) {
        float scaled = fmaxf(-32767.0f, fminf(32767.0f, samples[i] * 32767.0f));
        int value = (int)lrintf(scaled);
        pcm[2 * i] = (unsigned char)(value & 0xff);
        pcm[2 * i + 1] = (unsigned char)(value >> 8 & 0xff);
    }
    return count ? feed(provider, pcm, 2 * count, ret_error) : STATUS_OK;
}

static enum status resample_chunk(struct provider *provider, struct resampler *resampler,
                                  const float *samples, size_t count, struct error *ret_error)
{
    float out[OUT_ROOM];
    while (count > 0) {
        struct resample_step step = resample_process(resampler, samples, count, out, OUT_ROOM);
        samples += step.taken;
        count -= step.taken;
        TRY(feed_pcm(provider, out, step.made, ret_error));
    }
    return STATUS_OK;
}

static enum status send_pcm(struct provider *provider, const struct sound_log *log,
                            struct sound_range range, struct resampler *resampler,
                            struct error *ret_error)
{
    float samples[CHUNK], out[OUT_ROOM];
    size_t count;
    for (uint64_t at = range.from; at < range.to; at += count) {
        TRY(read_chunk(log, range, at, samples, &count, ret_error));
        TRY(resample_chunk(provider, resampler, samples, count, ret_error));
    }
    while ((count = resample_flush(resampler, out, OUT_ROOM)) > 0)
        TRY(feed_pcm(provider, out, count, ret_error));
    return STATUS_OK;
}

static enum status send_resampled(struct provider *provider, const struct sound_log *log,
                                  struct sound_range range, struct error *ret_error)
{
    struct resampler *resampler;
    TRY(resample_create(SOUND_LOG_RATE, OUT_RATE, &resampler, ret_error));
    enum status status = send_pcm(provider, log, range, resampler, ret_error);
    resample_destroy(resampler);
    return status;
}

/* ---- Opus ---- */

static enum status send_packets(struct provider *provider, const struct sound_log *log,
                                struct sound_range range, struct opus_codec_encoder *encoder,
                                struct error *ret_error)
{
    float samples[CHUNK];
    uint8_t packet[OPUS_CODEC_PACKET_MAX];
    size_t count, size;
    for (uint64_t at = range.from; at < range.to; at += count) {
        TRY(read_chunk(log, range, at, samples, &count, ret_error));
        TRY(opus_codec_encode(encoder, samples, packet, &size, ret_error));
        TRY(feed(provider, packet, size, ret_error));
    }
    return STATUS_OK;
}

static enum status send_opus(struct provider *provider, const struct sound_log *log,
                             struct sound_range range, struct error *ret_error)
{
    const struct opus_codec_config config = {.rate = SOUND_LOG_RATE, .bitrate = OPUS_BITRATE};
    struct opus_codec_encoder *encoder;
    TRY(opus_codec_encoder_create(&config, &encoder, ret_error));
    enum status status = send_packets(provider, log, range, encoder, ret_error);
    opus_codec_encoder_destroy(encoder);
    return status;
}

enum status sound_send(struct provider *provider, const struct sound_log *log,
                       struct sound_range range, enum sound_form form, struct error *ret_error)
{
    TRY(form == SOUND_PCM24 ? send_resampled(provider, log, range, ret_error)
                            : send_opus(provider, log, range, ret_error));
    return provider_end_feed(provider);
}
