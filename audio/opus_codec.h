/* Opus voice packets: one packet carries 20 ms of mono float32. For links between machines (Ogg
 * files are another matter).
 *
 * Frames have rate / 50 samples; the codec adds opus_codec_encoder_delay() samples of delay. The
 * state is allocated at create; encoding and decoding do not allocate, lock or log.
 *
 * Thread: any, one thread at a time per object; encode and decode are audio-rt safe. */
#ifndef LINNET_AUDIO_OPUS_CODEC_H
#define LINNET_AUDIO_OPUS_CODEC_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OPUS_CODEC_PACKET_MAX = 1275, /* bytes; RFC 6716, section 3.4 */
    OPUS_CODEC_FRAME_MAX = 960,   /* samples: 20 ms at 48 kHz */
};

struct opus_codec_config {
    uint32_t rate;         /* 16000, 24000 or 48000 */
    uint32_t bitrate;      /* bits/s, 6000 to 128000; 24000 is good for voice */
    uint32_t loss_percent; /* expected loss, 0 to 100: above 0 packets carry a coarse copy of the
                              frame before */
};

struct opus_codec_encoder;
struct opus_codec_decoder;

/* INVALID_ARGUMENT (config), NO_MEMORY. */
enum status opus_codec_encoder_create(const struct opus_codec_config *config,
                                      struct opus_codec_encoder **ret_encoder,
                                      struct error *ret_error);

/* Accepts NULL. */
void opus_codec_encoder_destroy(struct opus_codec_encoder *encoder);

/* Samples by which decoded sound lags behind what was encoded, to within a few. */
size_t opus_codec_encoder_delay(const struct opus_codec_encoder *encoder);

/* Encode one frame of rate / 50 samples into at most OPUS_CODEC_PACKET_MAX bytes. INTERNAL when the
 * library fails. */
enum status opus_codec_encode(struct opus_codec_encoder *encoder, const float *samples,
                              uint8_t ret_packet[OPUS_CODEC_PACKET_MAX], size_t *ret_size,
                              struct error *ret_error);

/* `rate` as above. INVALID_ARGUMENT, NO_MEMORY. */
enum status opus_codec_decoder_create(uint32_t rate, struct opus_codec_decoder **ret_decoder,
                                      struct error *ret_error);

/* Accepts NULL. */
void opus_codec_decoder_destroy(struct opus_codec_decoder *decoder);

/* Decode one packet to one frame. FORMAT: not an Opus packet, or not one of 20 ms mono or stereo;
 * the decoder then has not moved, and the caller conceals that frame. */
enum status opus_codec_decode(struct opus_codec_decoder *decoder, const uint8_t *packet,
                              size_t size, float *ret_samples, struct error *ret_error);

/* Stand in for one lost frame: from the copy inside `next` when that packet is there already (NULL,
 * 0 if not) and has one, else by continuing the sound. After it `next` itself is decoded as usual.
 */
enum status opus_codec_conceal(struct opus_codec_decoder *decoder, const uint8_t *next, size_t size,
                               float *ret_samples, struct error *ret_error);

#endif
