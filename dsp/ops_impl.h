/* Body of the vector operations, included by ops_c.c, ops_avx2.c, ops_avx512.c and ops_neon.c, each
 * of which names its OPS_TABLE, OPS_ISA and OPS_LANES and is compiled with the flags of its
 * instruction set. The compiler's generic vectors of OPS_LANES floats become that set's registers.
 * What does not fill a vector is done one by one.
 *
 * Thread: any, audio-rt safe. */
#include "ops.h"

#include <math.h>
#include <string.h>

/* Running sums of a dot product. */
#define OPS_SUMS 64

#if OPS_LANES > 1
typedef float vec __attribute__((vector_size(OPS_LANES * 4), aligned(4), may_alias));
#else
typedef float vec;
#endif

/* Whole vectors in `count`, in elements. */
static inline size_t whole(size_t count)
{
    return count - count % OPS_LANES;
}

static inline vec load(const float *a)
{
    return *(const vec *)a;
}

static inline void store(float *out, vec value)
{
    *(vec *)out = value;
}

static void op_add(float *out, const float *a, size_t count)
{
    size_t i = 0;
    for (; i < whole(count); i += OPS_LANES)
        store(out + i, load(out + i) + load(a + i));
    for (; i < count; i++)
        out[i] += a[i];
}

static void op_mix(float *out, const float *a, float gain, size_t count)
{
    size_t i = 0;
    for (; i < whole(count); i += OPS_LANES)
        store(out + i, load(out + i) + gain * load(a + i));
    for (; i < count; i++)
        out[i] += gain * a[i];
}

static void op_multiply(float *out, const float *a, const float *b, size_t count)
{
    size_t i = 0;
    for (; i < whole(count); i += OPS_LANES)
        store(out + i, load(a + i) * load(b + i));
    for (; i < count; i++)
        out[i] = a[i] * b[i];
}

static void op_scale(float *out, const float *a, float gain, size_t count)
{
    size_t i = 0;
    for (; i < whole(count); i += OPS_LANES)
        store(out + i, gain * load(a + i));
    for (; i < count; i++)
        out[i] = gain * a[i];
}

/* Simple enough for the compiler to vectorise by itself. */
static void op_clip(float *out, const float *a, float limit, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float low = a[i] < -limit ? -limit : a[i];
        out[i] = low > limit ? limit : low;
    }
}

/* Pairs, pairs of pairs, and so on: the order is the same everywhere. */
static inline float sum_lanes(float lanes[OPS_SUMS])
{
    for (size_t width = OPS_SUMS / 2; width > 0; width /= 2)
        for (size_t i = 0; i < width; i++)
            lanes[i] += lanes[i + width];
    return lanes[0];
}

/* Running sum k adds up the products k, k + OPS_SUMS, k + 2 OPS_SUMS...: as many sums in every
 * version, so the same bits, and enough of them to hide the latency of the additions. */
static float op_dot(const float *a, const float *b, size_t count)
{
    vec sums[OPS_SUMS / OPS_LANES] = {0};
    float lanes[OPS_SUMS];
    size_t i = 0;
    for (; i + OPS_SUMS <= count; i += OPS_SUMS)
        for (size_t k = 0; k < OPS_SUMS / OPS_LANES; k++)
            sums[k] += load(a + i + k * OPS_LANES) * load(b + i + k * OPS_LANES);
    memcpy(lanes, sums, sizeof(lanes));
    for (size_t k = 0; i < count; i++, k++)
        lanes[k] += a[i] * b[i];
    return sum_lanes(lanes);
}

static float op_peak(const float *a, size_t count)
{
    float lanes[16] = {0};
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
        for (size_t k = 0; k < 16; k++)
            lanes[k] = fabsf(a[i + k]) > lanes[k] ? fabsf(a[i + k]) : lanes[k];
    for (; i < count; i++)
        lanes[0] = fabsf(a[i]) > lanes[0] ? fabsf(a[i]) : lanes[0];
    float peak = 0.0f;
    for (size_t k = 0; k < 16; k++)
        peak = lanes[k] > peak ? lanes[k] : peak;
    return peak;
}

static void op_from_s16(float *out, const int16_t *a, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (float)a[i] * (1.0f / 32768.0f);
}

/* Adding 1.5 * 2^23 leaves the nearest integer, ties to even, in the low mantissa bits; NaN
 * saturates low. */
static inline int16_t s16_of(float a)
{
    float scaled = a * 32768.0f;
    float low = scaled > -32768.0f ? scaled : -32768.0f;
    float limited = low < 32767.0f ? low : 32767.0f;
    float rounded = limited + 12582912.0f;
    int32_t bits;
    memcpy(&bits, &rounded, sizeof(bits));
    return (int16_t)(bits - 0x4b400000);
}

static void op_to_s16(int16_t *out, const float *a, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = s16_of(a[i]);
}

const struct ops OPS_TABLE = {
    .isa = OPS_ISA,
    .add = op_add,
    .mix = op_mix,
    .multiply = op_multiply,
    .scale = op_scale,
    .clip = op_clip,
    .dot = op_dot,
    .peak = op_peak,
    .from_s16 = op_from_s16,
    .to_s16 = op_to_s16,
};
