/* AVX-512 with VNNI: 64 products of bytes an instruction. */
#if !defined(__AVX512VNNI__) || !defined(__AVX512BW__) || !defined(__AVX512DQ__) ||                \
    !defined(__AVX512VL__)
#error "compile this file with -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni"
#endif
#include <immintrin.h>

#include "nn_kernels.h"

#define NN_NAME "avx512"
#define NN_OPS nn_ops_avx512
#define NN_TILE_PANELS 2
#define NN_TILE_ROWS 6
#define NN_Q8_OFFSET 128 /* the instruction wants one unsigned operand: the weights */
#define NN_VECTOR static inline __attribute__((always_inline))

typedef __m512 vf;
typedef __m512i vi;
typedef __m512i vq;
typedef __m512i vu;

#define vf_zero _mm512_setzero_ps
#define vf_set1 _mm512_set1_ps
#define vf_load _mm512_loadu_ps
#define vf_store _mm512_storeu_ps
#define vf_add _mm512_add_ps
#define vf_sub _mm512_sub_ps
#define vf_mul _mm512_mul_ps
#define vf_div _mm512_div_ps
#define vf_max _mm512_max_ps
#define vf_min _mm512_min_ps
#define vf_abs _mm512_abs_ps
#define vf_reduce_max _mm512_reduce_max_ps
#define vf_from_vi _mm512_cvtepi32_ps
#define vi_from_vf _mm512_cvtps_epi32
#define vi_set1 _mm512_set1_epi32

NN_VECTOR vf vf_load_f16(const uint8_t *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
NN_VECTOR vf vf_copysign(vf size, vf sign)
{
    __m512i mask = _mm512_set1_epi32(0x7fffffff);
    /* bits of the mask from `size`, the others from `sign` */
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(mask, _mm512_castps_si512(size),
                                                         _mm512_castps_si512(sign), 0xca));
}
NN_VECTOR float vf_reduce_add(vf v)
{
    __m256 a = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}
NN_VECTOR vf vf_exp2i(vi n)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(n, _mm512_set1_epi32(127)), 23));
}
NN_VECTOR void vi_store_i8(int8_t *p, vi v)
{
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtsepi32_epi8(v));
}
NN_VECTOR vq vq_load_q8(const uint8_t *p)
{
    return _mm512_xor_si512(_mm512_loadu_si512(p), _mm512_set1_epi8((char)0x80));
}
NN_VECTOR void vu_load_q4(const uint8_t *p, vu *low, vu *high)
{
    __m512i both = _mm512_loadu_si512(p), mask = _mm512_set1_epi8(15);
    *low = _mm512_and_si512(both, mask);
    *high = _mm512_and_si512(_mm512_srli_epi16(both, 4), mask);
}
NN_VECTOR vi vi_dot_q8(vi sum, vq w, const int8_t *x)
{
    int32_t four;
    __builtin_memcpy(&four, x, 4);
    return _mm512_dpbusd_epi32(sum, w, _mm512_set1_epi32(four));
}
#define vi_dot_q4 vi_dot_q8

#include "nn_impl.h"
