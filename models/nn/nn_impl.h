/* The kernels, written once over sixteen lanes. Included by one file per instruction set, which
 * first defines
 *
 * - NN_NAME ("avx2") and NN_OPS (the table to define);
 * - NN_TILE_PANELS, NN_TILE_ROWS: panels and activation rows of a tile that fit into registers;
 * - NN_Q8_OFFSET: what must be added to Q8_0 weights (128 where they must be unsigned, else 0);
 * - types vf and vi (16 floats, 16 int32), vq and vu (16 x 4 signed or unsigned bytes of weights);
 * - vf_zero, set1, load, store, load_f16, add, sub, mul, div, max, min, abs, copysign, reduce_add,
 *   reduce_max, from_vi, exp2i (2^n);
 * - vi_set1, vi_from_vf (nearest even), vi_store_i8, vq_load_q8, vu_load_q4, vi_dot_q8, vi_dot_q4.
 *
 * No fused multiply-add anywhere: see nn.h.
 *
 * Thread: any for all functions. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "nn_kernels.h"

#define NN_INLINE static inline __attribute__((always_inline))
#if defined(NN_ROLLED)
#define NN_UNROLL
#elif defined(__clang__)
#define NN_UNROLL _Pragma("clang loop unroll(full)")
#else
#define NN_UNROLL _Pragma("GCC unroll 16")
#endif

enum { FLOAT_PANELS = 4, MAX_PANELS = 4 };

/* ---- loads and stores of a vector's tail ---- */

NN_INLINE vf load_tail(const float *x, size_t n, float pad)
{
    float lanes[NN_PANEL];
    for (size_t i = 0; i < NN_PANEL; i++)
        lanes[i] = i < n ? x[i] : pad;
    return vf_load(lanes);
}

NN_INLINE void store_tail(float *x, size_t n, vf v)
{
    float lanes[NN_PANEL];
    vf_store(lanes, v);
    memcpy(x, lanes, n * sizeof(float));
}

NN_INLINE vf load_some(const float *x, size_t n, float pad)
{
    return n >= NN_PANEL ? vf_load(x) : load_tail(x, n, pad);
}

NN_INLINE void store_some(float *x, size_t n, vf v)
{
    if (n >= NN_PANEL)
        vf_store(x, v);
    else
        store_tail(x, n, v);
}

/* ---- activations quantised to int8 ---- */

/* Quantised rows of a tile, `width` rows interleaved: groups [col / 4][width][4] i8, then
 * [block][width] scales and [block][width] sums of the bytes. */
struct tile {
    int8_t *groups;
    float *scales;
    int32_t *sums;
    size_t width;
};

static struct tile tile_at(void *memory, uint32_t cols, size_t width)
{
    int8_t *groups = memory;
    float *scales = (float *)(void *)(groups + width * cols);
    int32_t *sums = (int32_t *)(void *)(scales + width * (cols / NN_BLOCK));
    return (struct tile){groups, scales, sums, width};
}

static size_t tile_bytes(uint32_t cols, size_t width)
{
    return width * (cols + (size_t)cols / NN_BLOCK * (sizeof(float) + sizeof(int32_t)));
}

NN_INLINE void quantise_block(const float *x, const struct tile *t, size_t block, size_t row)
{
    int8_t bytes[NN_BLOCK];
    vf a = vf_load(x), b = vf_load(x + NN_PANEL);
    float largest = vf_reduce_max(vf_max(vf_abs(a), vf_abs(b)));
    bool silent = !(largest > 1e-30f);
    vf inverse = vf_set1(silent ? 0.0f : 127.0f / largest);
    vi_store_i8(bytes, vi_from_vf(vf_mul(a, inverse)));
    vi_store_i8(bytes + NN_PANEL, vi_from_vf(vf_mul(b, inverse)));
    int32_t sum = 0;
    for (int i = 0; i < NN_BLOCK; i++)
        sum += bytes[i];
    for (size_t g = 0; g < NN_BLOCK / 4; g++)
        memcpy(t->groups + ((block * (NN_BLOCK / 4) + g) * t->width + row) * 4, bytes + 4 * g, 4);
    t->scales[block * t->width + row] = silent ? 0.0f : largest / 127.0f;
    t->sums[block * t->width + row] = sum;
}

static void quantise_row(const float *x, uint32_t cols, const struct tile *t, size_t row)
{
    for (size_t b = 0; b < cols / NN_BLOCK; b++)
        quantise_block(x + b * NN_BLOCK, t, b, row);
}

#include "nn_impl_matmul.h"

/* uses the matrix product */
#include "nn_impl_math.h"

const struct nn_ops NN_OPS = {
    .name = NN_NAME,
    .matmul = matmul,
    .activate = activate,
    .swiglu = swiglu,
    .add = add,
    .multiply = multiply,
    .scale_shift = scale_shift,
    .dot = dot,
    .softmax = softmax,
    .log_softmax = log_softmax,
    .rms_norm = rms_norm,
    .layer_norm = layer_norm,
    .depthwise = depthwise,
    .attend = attend,
};
