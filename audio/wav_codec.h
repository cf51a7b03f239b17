/* Samples as stored in WAV files and on sound cards, to float32 and back.
 *
 * Integers of N bits map to [-1, 1) by 2^(N-1), so that reading and writing back gives the same
 * bytes (8 to 24 bits).
 *
 * Thread: any (pure functions, also audio-rt), for all functions. */
#ifndef LINNET_AUDIO_WAV_CODEC_H
#define LINNET_AUDIO_WAV_CODEC_H

#include "wav.h"

/* Bytes of one sample: 1, 2, 3, 4, 4, 8. */
size_t wav_encoding_bytes(enum wav_encoding encoding);

/* "16-bit PCM" and so on, for people. */
const char *wav_encoding_name(enum wav_encoding encoding);

/* `frames` interleaved frames of `channels` little-endian samples to mono by the mean of the
 * channels, clamped to
 * [-1, 1]; NaN and infinities count as 0. */
void wav_decode_mono(enum wav_encoding encoding, const uint8_t *bytes, uint32_t channels,
                     size_t frames, float *ret_mono);

/* `count` samples to little-endian bytes, rounded to nearest and saturated; NaN is written as 0. */
void wav_encode(enum wav_encoding encoding, const float *samples, size_t count, uint8_t *ret_bytes);

#endif
