#include "wav_codec.h"

#include <math.h>
#include <string.h>

static const struct {
    size_t bytes;
    const char *name;
} encodings[] = {
    [WAV_U8] = {1, "8-bit PCM"},   [WAV_S16] = {2, "16-bit PCM"},   [WAV_S24] = {3, "24-bit PCM"},
    [WAV_S32] = {4, "32-bit PCM"}, [WAV_F32] = {4, "32-bit float"}, [WAV_F64] = {8, "64-bit float"},
};

size_t wav_encoding_bytes(enum wav_encoding encoding)
{
    return encodings[encoding].bytes;
}

const char *wav_encoding_name(enum wav_encoding encoding)
{
    return encodings[encoding].name;
}

static uint32_t load_le(const uint8_t *p, size_t bytes)
{
    uint32_t v = 0;
    for (size_t i = 0; i < bytes; i++)
        v |= (uint32_t)p[i] << (8 * i);
    return v;
}

static void store_le(uint8_t *p, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static double decode_u8(const uint8_t *p)
{
    return (p[0] - 128) / 128.0;
}

static double decode_s16(const uint8_t *p)
{
    return (int16_t)load_le(p, 2) / 32768.0;
}

/* The sign comes along by placing the 24 bits at the top of a 32-bit word. */
static double decode_s24(const uint8_t *p)
{
    return (int32_t)(load_le(p, 3) << 8) / 2147483648.0;
}

static double decode_s32(const uint8_t *p)
{
    return (int32_t)load_le(p, 4) / 2147483648.0;
}

static double decode_f32(const uint8_t *p)
{
    uint32_t bits = load_le(p, 4);
    float v;
    memcpy(&v, &bits, sizeof(v));
    return isfinite(v) ? v : 0.0;
}

static double decode_f64(const uint8_t *p)
{
    uint64_t bits = load_le(p, 4) | (uint64_t)load_le(p + 4, 4) << 32;
    double v;
    memcpy(&v, &bits, sizeof(v));
    return isfinite(v) ? v : 0.0;
}

static double (*const decoders[])(const uint8_t *) = {
    [WAV_U8] = decode_u8,   [WAV_S16] = decode_s16, [WAV_S24] = decode_s24,
    [WAV_S32] = decode_s32, [WAV_F32] = decode_f32, [WAV_F64] = decode_f64,
};

void wav_decode_mono(enum wav_encoding encoding, const uint8_t *bytes, uint32_t channels,
                     size_t frames, float *ret_mono)
{
    double (*decode)(const uint8_t *) = decoders[encoding];
    size_t width = wav_encoding_bytes(encoding);
    for (size_t i = 0; i < frames; i++) {
        double sum = 0.0;
        for (uint32_t c = 0; c < channels; c++, bytes += width)
            sum += decode(bytes);
        double mean = sum / channels;
        ret_mono[i] = (float)(mean > 1.0 ? 1.0 : mean < -1.0 ? -1.0 : mean);
    }
}

/* x scaled to `bits` signed bits; the comparisons are written so that NaN falls to 0. */
static int64_t quantise(float x, int bits)
{
    double full = (double)(INT64_C(1) << (bits - 1));
    double v = (double)x * full;
    if (v >= full - 1.0)
        return (int64_t)full - 1;
    if (v <= -full)
        return -(int64_t)full;
    return v == v ? (int64_t)llrint(v) : 0;
}

static uint64_t encode_one(enum wav_encoding encoding, float x)
{
    uint32_t f32;
    uint64_t f64;
    double d = isnan(x) ? 0.0 : x;
    float f = (float)d;
    switch (encoding) {
    case WAV_U8:
        return (uint64_t)(quantise(x, 8) + 128);
    case WAV_F32:
        memcpy(&f32, &f, sizeof(f32));
        return f32;
    case WAV_F64:
        memcpy(&f64, &d, sizeof(f64));
        return f64;
    default:
        return (uint64_t)quantise(x, 8 * (int)wav_encoding_bytes(encoding));
    }
}

void wav_encode(enum wav_encoding encoding, const float *samples, size_t count, uint8_t *ret_bytes)
{
    size_t width = wav_encoding_bytes(encoding);
    for (size_t i = 0; i < count; i++, ret_bytes += width)
        store_le(ret_bytes, encode_one(encoding, samples[i]), width);
}
