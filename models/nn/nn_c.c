/* Plain C: the reference that the others are checked against, and what runs where nothing else
 * does. The compiler lowers the 64-byte vectors to what the machine has. */
#include <stdint.h>
#include <string.h>

#include "nn_kernels.h"

#define NN_NAME "c"
#define NN_OPS nn_ops_c
#define NN_TILE_PANELS 1
#define NN_TILE_ROWS 2
#define NN_Q8_OFFSET 0
#define NN_VECTOR static inline __attribute__((always_inline))

typedef float vf __attribute__((vector_size(64)));
typedef int32_t vi __attribute__((vector_size(64)));
typedef struct {
    int8_t bytes[64];
} vq;
typedef vq vu;

NN_VECTOR vf vf_zero(void)
{
    return (vf){0};
}
NN_VECTOR vi vi_set1(int32_t x)
{
    return (vi){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}
NN_VECTOR vf vf_set1(float x)
{
    return (vf){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}
NN_VECTOR vf vf_load(const float *p)
{
    vf v;
    memcpy(&v, p, 64);
    return v;
}
NN_VECTOR void vf_store(float *p, vf v)
{
    memcpy(p, &v, 64);
}
NN_VECTOR vf vf_load_f16(const uint8_t *p)
{
    vf v;
    for (int i = 0; i < 16; i++) {
        uint16_t half;
        memcpy(&half, p + 2 * i, 2);
        v[i] = nn_f16_to_f32(half);
    }
    return v;
}
NN_VECTOR vf vf_add(vf a, vf b)
{
    return a + b;
}
NN_VECTOR vf vf_sub(vf a, vf b)
{
    return a - b;
}
NN_VECTOR vf vf_mul(vf a, vf b)
{
    return a * b;
}
NN_VECTOR vf vf_div(vf a, vf b)
{
    return a / b;
}
NN_VECTOR vf vf_select(vi mask, vf a, vf b)
{
    return (vf)((mask & (vi)a) | (~mask & (vi)b));
}
NN_VECTOR vf vf_max(vf a, vf b)
{
    return vf_select(a > b, a, b);
}
NN_VECTOR vf vf_min(vf a, vf b)
{
    return vf_select(a < b, a, b);
}
NN_VECTOR vf vf_abs(vf a)
{
    return (vf)((vi)a & vi_set1(0x7fffffff));
}
NN_VECTOR vf vf_copysign(vf size, vf sign)
{
    return vf_select(vi_set1(0x7fffffff), size, sign);
}
NN_VECTOR float vf_reduce_add(vf v)
{
    for (int half = 8; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            v[i] = v[i] + v[i + half];
    return v[0];
}
NN_VECTOR float vf_reduce_max(vf v)
{
    float most = v[0];
    for (int i = 1; i < 16; i++)
        most = v[i] > most ? v[i] : most;
    return most;
}
NN_VECTOR vf vf_from_vi(vi a)
{
    return __builtin_convertvector(a, vf);
}
/* Nearest even by adding 1.5 * 2^23, where a float's last bit is 1; for |x| < 2^22. */
NN_VECTOR vi vi_from_vf(vf a)
{
    return (vi)(a + vf_set1(12582912.0f)) - vi_set1(0x4b400000);
}
NN_VECTOR vf vf_exp2i(vi n)
{
    return (vf)((n + vi_set1(127)) << 23);
}
NN_VECTOR void vi_store_i8(int8_t *p, vi v)
{
    for (int i = 0; i < 16; i++)
        p[i] = (int8_t)v[i];
}
NN_VECTOR vq vq_load_q8(const uint8_t *p)
{
    vq w;
    memcpy(w.bytes, p, 64);
    return w;
}
NN_VECTOR void vu_load_q4(const uint8_t *p, vu *low, vu *high)
{
    for (int i = 0; i < 64; i++) {
        low->bytes[i] = (int8_t)(p[i] & 15);
        high->bytes[i] = (int8_t)(p[i] >> 4);
    }
}
NN_VECTOR vi vi_dot_q8(vi sum, vq w, const int8_t *x)
{
    for (int i = 0; i < 16; i++)
        sum[i] += w.bytes[4 * i] * x[0] + w.bytes[4 * i + 1] * x[1] + w.bytes[4 * i + 2] * x[2] +
                  w.bytes[4 * i + 3] * x[3];
    return sum;
}
#define vi_dot_q4 vi_dot_q8

#include "nn_impl.h"
