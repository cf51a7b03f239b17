#include "opus_codec.h"

#include "fault.h"

#include <opus/opus.h>
#include <stdlib.h>

struct opus_codec_encoder {
    OpusEncoder *opus;
    int frame;
    size_t delay;
};

struct opus_codec_decoder {
    OpusDecoder *opus;
    int rate, frame;
};

static enum status check_rate(uint32_t rate, struct error *ret_error)
{
    if (rate == 16000 || rate == 24000 || rate == 48000)
        return STATUS_OK;
    return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                     "opus: rate %u Hz, expected 16000, 24000 or 48000", rate);
}

static enum status check_config(const struct opus_codec_config *c, struct error *ret_error)
{
    TRY(check_rate(c->rate, ret_error));
    if (c->bitrate >= 6000 && c->bitrate <= 128000 && c->loss_percent <= 100)
        return STATUS_OK;
    return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                     "opus: %u bits/s, %u %% loss: expected 6000 to 128000 bits/s, 0 to 100 %%",
                     c->bitrate, c->loss_percent);
}

static int configure(OpusEncoder *opus, const struct opus_codec_config *c)
{
    int code = opus_encoder_ctl(opus, OPUS_SET_BITRATE((opus_int32)c->bitrate));
    if (code == OPUS_OK)
        code = opus_encoder_ctl(opus, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
    if (code == OPUS_OK)
        code = opus_encoder_ctl(opus, OPUS_SET_INBAND_FEC(c->loss_percent > 0));
    if (code == OPUS_OK)
        code = opus_encoder_ctl(opus, OPUS_SET_PACKET_LOSS_PERC((opus_int32)c->loss_percent));
    return code;
}

static enum status fail_opus(int code, const char *what, struct error *ret_error)
{
    enum status status = code == OPUS_ALLOC_FAIL       ? STATUS_NO_MEMORY
                         : code == OPUS_INVALID_PACKET ? STATUS_FORMAT
                                                       : STATUS_INTERNAL;
    return error_set(ret_error, status, "opus: cannot %s: %s", what, opus_strerror(code));
}

/* "Audio", not "voip": the latter's high-pass filter turns the phase of a voice's lowest harmonics
 * (waveform correlation 0.72 instead of 0.999 on a 120 Hz hum), which no ear minds but our
 * recogniser was not trained on. */
static enum status open_encoder(struct opus_codec_encoder *e, const struct opus_codec_config *c,
                                struct error *ret_error)
{
    int code;
    opus_int32 delay = 0;
    e->opus = opus_encoder_create((opus_int32)c->rate, 1, OPUS_APPLICATION_AUDIO, &code);
    if (code == OPUS_OK)
        code = configure(e->opus, c);
    if (code == OPUS_OK)
        code = opus_encoder_ctl(e->opus, OPUS_GET_LOOKAHEAD(&delay));
    e->frame = (int)c->rate / 50;
    e->delay = (size_t)delay;
    return code == OPUS_OK ? STATUS_OK : fail_opus(code, "make an encoder", ret_error);
}

enum status opus_codec_encoder_create(const struct opus_codec_config *config,
                                      struct opus_codec_encoder **ret_encoder,
                                      struct error *ret_error)
{
    TRY(check_config(config, ret_error));
    struct opus_codec_encoder *e = mem_calloc(1, sizeof(*e));
    if (!e)
        return error_set(ret_error, STATUS_NO_MEMORY, "opus: no memory for an encoder");
    enum status status = open_encoder(e, config, ret_error);
    if (status == STATUS_OK)
        *ret_encoder = e;
    else
        opus_codec_encoder_destroy(e);
    return status;
}

void opus_codec_encoder_destroy(struct opus_codec_encoder *e)
{
    if (!e)
        return;
    if (e->opus)
        opus_encoder_destroy(e->opus);
    free(e);
}

size_t opus_codec_encoder_delay(const struct opus_codec_encoder *e)
{
    return e->delay;
}

enum status opus_codec_encode(struct opus_codec_encoder *e, const float *samples,
                              uint8_t ret_packet[OPUS_CODEC_PACKET_MAX], size_t *ret_size,
                              struct error *ret_error)
{
    int size = opus_encode_float(e->opus, samples, e->frame, ret_packet, OPUS_CODEC_PACKET_MAX);
    if (size < 0)
        return fail_opus(size, "encode", ret_error);
    *ret_size = (size_t)size;
    return STATUS_OK;
}

enum status opus_codec_decoder_create(uint32_t rate, struct opus_codec_decoder **ret_decoder,
                                      struct error *ret_error)
{
    int code;
    TRY(check_rate(rate, ret_error));
    struct opus_codec_decoder *d = mem_calloc(1, sizeof(*d));
    if (!d)
        return error_set(ret_error, STATUS_NO_MEMORY, "opus: no memory for a decoder");
    d->rate = (int)rate;
    d->frame = d->rate / 50;
    d->opus = opus_decoder_create((opus_int32)rate, 1, &code);
    if (code != OPUS_OK) {
        opus_codec_decoder_destroy(d);
        return fail_opus(code, "make a decoder", ret_error);
    }
    *ret_decoder = d;
    return STATUS_OK;
}

void opus_codec_decoder_destroy(struct opus_codec_decoder *d)
{
    if (!d)
        return;
    if (d->opus)
        opus_decoder_destroy(d->opus);
    free(d);
}

/* The length of a packet stands in its first bytes; checked before the decoder's state is touched.
 */
static enum status check_packet(const struct opus_codec_decoder *d, const uint8_t *packet,
                                size_t size, struct error *ret_error)
{
    if (size == 0 || size > OPUS_CODEC_PACKET_MAX)
        return error_set(ret_error, STATUS_FORMAT, "opus: packet of %zu bytes, expected 1 to %d",
                         size, OPUS_CODEC_PACKET_MAX);
    int samples = opus_packet_get_nb_samples(packet, (opus_int32)size, d->rate);
    if (samples != d->frame)
        return error_set(ret_error, STATUS_FORMAT, "opus: packet of %d samples (%s), expected %d",
                         samples, samples < 0 ? opus_strerror(samples) : "another length",
                         d->frame);
    return STATUS_OK;
}

static enum status decode(struct opus_codec_decoder *d, const uint8_t *packet, size_t size,
                          int use_copy, float *ret_samples, struct error *ret_error)
{
    float frame[OPUS_CODEC_FRAME_MAX];
    int n = opus_decode_float(d->opus, packet, (opus_int32)size, frame, d->frame, use_copy);
    if (n != d->frame)
        return fail_opus(n < 0 ? n : OPUS_INVALID_PACKET, "decode", ret_error);
    for (int i = 0; i < n; i++)
        ret_samples[i] = frame[i];
    return STATUS_OK;
}

enum status opus_codec_decode(struct opus_codec_decoder *d, const uint8_t *packet, size_t size,
                              float *ret_samples, struct error *ret_error)
{
    TRY(check_packet(d, packet, size, ret_error));
    return decode(d, packet, size, 0, ret_samples, ret_error);
}

enum status opus_codec_conceal(struct opus_codec_decoder *d, const uint8_t *next, size_t size,
                               float *ret_samples, struct error *ret_error)
{
    if (next && check_packet(d, next, size, NULL) == STATUS_OK)
        return decode(d, next, size, 1, ret_samples, ret_error);
    return decode(d, NULL, 0, 0, ret_samples, ret_error);
}
