/* NEON with the dot product extension of Armv8.2: four products of bytes a lane. */
#if !defined(__ARM_FEATURE_DOTPROD)
#error "compile this file with -march=armv8.2-a+dotprod"
#endif
#include <arm_neon.h>

#include "nn_kernels.h"

#define NN_NAME "neon"
#define NN_OPS nn_ops_neon
#define NN_TILE_PANELS 1
#define NN_TILE_ROWS 2
#define NN_Q8_OFFSET 0
#define NN_VECTOR static inline __attribute__((always_inline))

typedef struct {
    float32x4_t v[4];
} vf;
typedef struct {
    int32x4_t v[4];
} vi;
typedef struct {
    int8x16_t v[4];
} vq;
typedef vq vu;

#define NN_BINARY(name, intrinsic)                                                                 \
    NN_VECTOR vf name(vf x, vf y)                                                                  \
    {                                                                                              \
        return (vf){{intrinsic(x.v[0], y.v[0]), intrinsic(x.v[1], y.v[1]),                         \
                     intrinsic(x.v[2], y.v[2]), intrinsic(x.v[3], y.v[3])}};                       \
    }
NN_BINARY(vf_add, vaddq_f32)
NN_BINARY(vf_sub, vsubq_f32)
NN_BINARY(vf_mul, vmulq_f32)
NN_BINARY(vf_div, vdivq_f32)
NN_BINARY(vf_max, vmaxq_f32)
NN_BINARY(vf_min, vminq_f32)

NN_VECTOR vf vf_set1(float x)
{
    float32x4_t v = vdupq_n_f32(x);
    return (vf){{v, v, v, v}};
}
NN_VECTOR vf vf_zero(void)
{
    return vf_set1(0.0f);
}
NN_VECTOR vi vi_set1(int32_t x)
{
    int32x4_t v = vdupq_n_s32(x);
    return (vi){{v, v, v, v}};
}
NN_VECTOR vf vf_load(const float *p)
{
    return (vf){{vld1q_f32(p), vld1q_f32(p + 4), vld1q_f32(p + 8), vld1q_f32(p + 12)}};
}
NN_VECTOR void vf_store(float *p, vf v)
{
    for (int i = 0; i < 4; i++)
        vst1q_f32(p + 4 * i, v.v[i]);
}
NN_VECTOR vf vf_load_f16(const uint8_t *p)
{
    vf v;
    for (int i = 0; i < 4; i++)
        v.v[i] = vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(p + 8 * i)));
    return v;
}
NN_VECTOR vf vf_abs(vf x)
{
    return (vf){{vabsq_f32(x.v[0]), vabsq_f32(x.v[1]), vabsq_f32(x.v[2]), vabsq_f32(x.v[3])}};
}
NN_VECTOR vf vf_copysign(vf size, vf sign)
{
    uint32x4_t bit = vdupq_n_u32(0x80000000u);
    for (int i = 0; i < 4; i++)
        size.v[i] = vbslq_f32(bit, sign.v[i], size.v[i]);
    return size;
}
NN_VECTOR float vf_reduce_add(vf v)
{
    float32x4_t a = vaddq_f32(vaddq_f32(v.v[0], v.v[2]), vaddq_f32(v.v[1], v.v[3]));
    float32x2_t b = vadd_f32(vget_low_f32(a), vget_high_f32(a));
    return vget_lane_f32(b, 0) + vget_lane_f32(b, 1);
}
NN_VECTOR float vf_reduce_max(vf v)
{
    return vmaxvq_f32(vmaxq_f32(vmaxq_f32(v.v[0], v.v[2]), vmaxq_f32(v.v[1], v.v[3])));
}
NN_VECTOR vf vf_from_vi(vi x)
{
    return (vf){{vcvtq_f32_s32(x.v[0]), vcvtq_f32_s32(x.v[1]), vcvtq_f32_s32(x.v[2]),
                 vcvtq_f32_s32(x.v[3])}};
}
NN_VECTOR vi vi_from_vf(vf x)
{
    return (vi){{vcvtnq_s32_f32(x.v[0]), vcvtnq_s32_f32(x.v[1]), vcvtnq_s32_f32(x.v[2]),
                 vcvtnq_s32_f32(x.v[3])}};
}
NN_VECTOR vf vf_exp2i(vi n)
{
    vf y;
    for (int i = 0; i < 4; i++)
        y.v[i] = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(n.v[i], vdupq_n_s32(127)), 23));
    return y;
}
NN_VECTOR void vi_store_i8(int8_t *p, vi v)
{
    int16x8_t a = vcombine_s16(vqmovn_s32(v.v[0]), vqmovn_s32(v.v[1]));
    int16x8_t b = vcombine_s16(vqmovn_s32(v.v[2]), vqmovn_s32(v.v[3]));
    vst1q_s8(p, vcombine_s8(vqmovn_s16(a), vqmovn_s16(b)));
}
NN_VECTOR vq vq_load_q8(const uint8_t *p)
{
    const int8_t *s = (const int8_t *)p;
    return (vq){{vld1q_s8(s), vld1q_s8(s + 16), vld1q_s8(s + 32), vld1q_s8(s + 48)}};
}
NN_VECTOR void vu_load_q4(const uint8_t *p, vu *low, vu *high)
{
    for (int i = 0; i < 4; i++) {
        uint8x16_t both = vld1q_u8(p + 16 * i);
        low->v[i] = vreinterpretq_s8_u8(vandq_u8(both, vdupq_n_u8(15)));
        high->v[i] = vreinterpretq_s8_u8(vshrq_n_u8(both, 4));
    }
}
NN_VECTOR vi vi_dot_q8(vi sum, vq w, const int8_t *x)
{
    int32_t four;
    __builtin_memcpy(&four, x, 4);
    int8x16_t v = vreinterpretq_s8_s32(vdupq_n_s32(four));
    for (int i = 0; i < 4; i++)
        sum.v[i] = vdotq_s32(sum.v[i], w.v[i], v);
    return sum;
}
#define vi_dot_q4 vi_dot_q8

#include "nn_impl.h"
