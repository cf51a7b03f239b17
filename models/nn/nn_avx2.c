/* AVX2: bytes are multiplied unsigned by signed, so a weight's sign moves to the activation. */
#if !defined(__AVX2__) || !defined(__F16C__)
#error "compile this file with -mavx2 -mf16c"
#endif
#include <immintrin.h>

#include "nn_kernels.h"

#define NN_NAME "avx2"
#define NN_OPS nn_ops_avx2
#define NN_TILE_PANELS 1
#define NN_TILE_ROWS 2
#define NN_Q8_OFFSET 0
#define NN_VECTOR static inline __attribute__((always_inline))

typedef struct {
    __m256 a, b;
} vf;
typedef struct {
    __m256i a, b;
} vi;
typedef struct {
    __m256i a, b, size_a, size_b;
} vq;
typedef vi vu;

#define NN_BINARY(name, intrinsic)                                                                 \
    NN_VECTOR vf name(vf x, vf y)                                                                  \
    {                                                                                              \
        return (vf){intrinsic(x.a, y.a), intrinsic(x.b, y.b)};                                     \
    }
NN_BINARY(vf_add, _mm256_add_ps)
NN_BINARY(vf_sub, _mm256_sub_ps)
NN_BINARY(vf_mul, _mm256_mul_ps)
NN_BINARY(vf_div, _mm256_div_ps)
NN_BINARY(vf_max, _mm256_max_ps)
NN_BINARY(vf_min, _mm256_min_ps)

NN_VECTOR vf vf_zero(void)
{
    return (vf){_mm256_setzero_ps(), _mm256_setzero_ps()};
}
NN_VECTOR vf vf_set1(float x)
{
    return (vf){_mm256_set1_ps(x), _mm256_set1_ps(x)};
}
NN_VECTOR vi vi_set1(int32_t x)
{
    return (vi){_mm256_set1_epi32(x), _mm256_set1_epi32(x)};
}
NN_VECTOR vf vf_load(const float *p)
{
    return (vf){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}
NN_VECTOR void vf_store(float *p, vf v)
{
    _mm256_storeu_ps(p, v.a);
    _mm256_storeu_ps(p + 8, v.b);
}
NN_VECTOR vf vf_load_f16(const uint8_t *p)
{
    const __m128i *halves = (const __m128i *)(const void *)p;
    return (vf){_mm256_cvtph_ps(_mm_loadu_si128(halves)),
                _mm256_cvtph_ps(_mm_loadu_si128(halves + 1))};
}
NN_VECTOR vf vf_abs(vf v)
{
    __m256 sign = _mm256_set1_ps(-0.0f);
    return (vf){_mm256_andnot_ps(sign, v.a), _mm256_andnot_ps(sign, v.b)};
}
NN_VECTOR vf vf_copysign(vf size, vf sign)
{
    __m256 bit = _mm256_set1_ps(-0.0f);
    return (vf){_mm256_or_ps(_mm256_andnot_ps(bit, size.a), _mm256_and_ps(bit, sign.a)),
                _mm256_or_ps(_mm256_andnot_ps(bit, size.b), _mm256_and_ps(bit, sign.b))};
}
NN_VECTOR float vf_reduce_add(vf v)
{
    __m256 a = _mm256_add_ps(v.a, v.b);
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}
NN_VECTOR float vf_reduce_max(vf v)
{
    __m256 a = _mm256_max_ps(v.a, v.b);
    __m128 b = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_max_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_max_ss(b, _mm_movehdup_ps(b)));
}
NN_VECTOR vf vf_from_vi(vi v)
{
    return (vf){_mm256_cvtepi32_ps(v.a), _mm256_cvtepi32_ps(v.b)};
}
NN_VECTOR vi vi_from_vf(vf v)
{
    return (vi){_mm256_cvtps_epi32(v.a), _mm256_cvtps_epi32(v.b)};
}
NN_VECTOR __m256 exp2_half(__m256i n)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}
NN_VECTOR vf vf_exp2i(vi n)
{
    return (vf){exp2_half(n.a), exp2_half(n.b)};
}
NN_VECTOR void vi_store_i8(int8_t *p, vi v)
{
    __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(v.a, v.b), 0xd8);
    __m128i bytes =
        _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128((__m128i *)(void *)p, bytes);
}
NN_VECTOR vq vq_load_q8(const uint8_t *p)
{
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    return (vq){a, b, _mm256_abs_epi8(a), _mm256_abs_epi8(b)};
}
NN_VECTOR void vu_load_q4(const uint8_t *p, vu *low, vu *high)
{
    __m256i mask = _mm256_set1_epi8(15);
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    *low = (vu){_mm256_and_si256(a, mask), _mm256_and_si256(b, mask)};
    *high = (vu){_mm256_and_si256(_mm256_srli_epi16(a, 4), mask),
                 _mm256_and_si256(_mm256_srli_epi16(b, 4), mask)};
}
NN_VECTOR __m256i quads(__m256i sum, __m256i size, __m256i x)
{
    __m256i pairs = _mm256_maddubs_epi16(size, x);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
NN_VECTOR vi vi_dot_q8(vi sum, vq w, const int8_t *x)
{
    int32_t four;
    __builtin_memcpy(&four, x, 4);
    __m256i v = _mm256_set1_epi32(four);
    return (vi){quads(sum.a, w.size_a, _mm256_sign_epi8(v, w.a)),
                quads(sum.b, w.size_b, _mm256_sign_epi8(v, w.b))};
}
NN_VECTOR vi vi_dot_q4(vi sum, vu w, const int8_t *x)
{
    int32_t four;
    __builtin_memcpy(&four, x, 4);
    __m256i v = _mm256_set1_epi32(four);
    return (vi){quads(sum.a, w.a, v), quads(sum.b, w.b, v)};
}

#include "nn_impl.h"
