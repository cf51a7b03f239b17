/* Kernels of the neural nets: matrices, norms, activations, attention.
 *
 * Written once (nn_impl.h), compiled per instruction set (C, AVX2, AVX-512 VNNI, NEON dot product),
 * picked once:
 *
 *     const struct nn_ops *ops = nn_ops_best();
 *     struct nn_matrix w;
 *     TRY(nn_matrix_init(&w, &tensor, 1, ret_error));
 *     void *scratch = aligned_alloc(64, nn_matmul_scratch(&w, n));                 (at creation)
 *     ops->matmul(&w, (struct nn_in){x, n, x_stride}, (struct nn_out){y, y_stride, bias}, scratch);
 *     ops->activate(NN_RELU, y, w.rows);
 *
 * Every function gives bit-identical results on every instruction set: integer sums are exact,
 * float sums run in one order (16 lanes, then a fixed tree) and no fused multiply-add is used
 * anywhere. Only +, -, *, /, sqrt and integer conversions are used, so this holds across machines
 * too.
 *
 * Sizes are in elements unless bytes are said. Vectors need the alignment of float only. No
 * function allocates, but nn_matrix_init. Thread: any for all functions; ops functions are audio-rt
 * safe. */
#ifndef LINNET_MODELS_NN_H
#define LINNET_MODELS_NN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gguf.h"
#include "status.h"

enum {
    NN_PANEL = 16, /* rows of a matrix that are interleaved */
    NN_BLOCK = 32, /* elements that share a scale in Q8_0 and Q4_0, and in quantised activations */
    NN_CHUNK = 96, /* activation rows quantised at a time */
    NN_ALIGN = 64  /* bytes: packed weights, and what scratch should have */
};

/* ---- matrices ---- */

/* Weights of y = W x, rows x cols, repacked in panels of 16 rows so that a vector holds the same
 * input of 16 rows:
 *
 * - F32 and F16: [panel][col][16];
 * - Q8_0: [panel] { [block][16] f16 scales, padded to 64 bytes; [block][col / 4][16][4] int8 };
 * - Q4_0: [panel] { the same scales; [block][4][16][4] bytes: in group j, byte i, the low nibble is
 *   column 4 j + i, the high one 16 + 4 j + i }.
 *
 * Rows beyond the last are zero. Read-only after init, shared by any number of sessions. */
struct nn_matrix {
    enum gguf_type type; /* F32, F16, Q8_0 or Q4_0 */
    uint32_t rows, cols;
    size_t panel_bytes;
    uint8_t *data; /* owned */
};

/* Pack `count` tensors (ne = {cols, rows}, higher dimensions 1, of one type and width) stacked by
 * rows; stacking projections of the same input (q, k, v; gate, up) saves calls. The tensors are not
 * needed afterwards. Errors: UNSUPPORTED type, FORMAT when shapes differ, NO_MEMORY. */
enum status nn_matrix_init(struct nn_matrix *ret_matrix, const struct gguf_tensor *const *tensors,
                           size_t count, struct error *ret_error);

/* The same from row-major memory laid out as in a GGUF file. */
enum status nn_matrix_init_data(struct nn_matrix *ret_matrix, enum gguf_type type,
                                const uint32_t shape[2], const void *data, struct error *ret_error);

/* Free the packed weights; NULL and zeroed are fine. */
void nn_matrix_finish(struct nn_matrix *matrix);

/* Bytes of packed weights. */
size_t nn_matrix_bytes(const struct nn_matrix *matrix);

/* Row `row` as floats (embedding look-up): cols values. */
void nn_matrix_row(const struct nn_matrix *matrix, uint32_t row, float *ret_values);

/* Bytes of scratch that matmul needs for up to `n` activation rows; a multiple of 64. */
size_t nn_matmul_scratch(const struct nn_matrix *matrix, size_t n);

/* Activation rows: row i is data[i * stride .. + cols). Rows may overlap (stride < cols): a
 * convolution over consecutive frames is a matmul whose rows are windows of kernel * width values,
 * stride apart. */
struct nn_in {
    const float *data;
    size_t rows, stride;
};

/* Where results go: row i at data[i * stride .. + matrix rows). `bias` (matrix rows values) may be
 * NULL. With `add` the result is added to what is there: sums of convolutions with gaps, residuals.
 */
struct nn_out {
    float *data;
    size_t stride;
    const float *bias;
    bool add;
};

/* ---- attention ---- */

/* Keys and values of one layer: keys [kv head][position / 16][head size][16], values [kv
 * head][position][head size], the head size of the values padded to a multiple of 16. The caller
 * owns both: nn_kv_floats(...) values each, zeroed once. */
struct nn_kv {
    float *keys, *values;
    uint32_t heads, head_size, context;
};

/* Floats of one of the two arrays; context and head size are rounded up to multiples of 16. */
size_t nn_kv_floats(uint32_t heads, uint32_t head_size, uint32_t context);

/* Write the keys and values [kv head][head size] of one position < context. */
void nn_kv_store(const struct nn_kv *kv, uint32_t position, const float *keys, const float *values);

/* One query over the first n_positions of the cache. heads must be a multiple of kv->heads (grouped
 * queries). `scores` is scratch: heads / kv->heads * (n_positions rounded up to 16) values. */
struct nn_query {
    const float *q; /* [head][head size] */
    uint32_t heads, n_positions;
    float scale; /* usually 1 / sqrt(head size) */
    float *scores;
};

/* Rotate pairs of neighbours (2 i, 2 i + 1) of each head: Llama's rotary position embedding.
 * `table` holds head_size / 2 pairs {cos, sin} of this position. */
void nn_rope(float *x, uint32_t heads, uint32_t head_size, const float *table);
/* Fill the table of one position: angle_i = position * base^(-2 i / head_size) / factors[i]
 * (factors may be NULL). */
void nn_rope_table(uint32_t position, uint32_t head_size, float base, const float *factors,
                   float *ret_table);

/* ---- the table of functions ---- */

enum nn_activation {
    NN_RELU,    /* exact */
    NN_SIGMOID, /* these four: absolute error below 4e-7, or relative 1e-6 where larger */
    NN_TANH,
    NN_SILU,
    NN_GELU, /* x * Phi(x) with erf, PyTorch's default */
    NN_EXP   /* relative error below 3e-7, argument held to [-87.3, 88.3] */
};

/* Depthwise convolution over time: y[t][c] = bias[c] + sum_k weight[k][c] x[t + k][c]; causal when
 * the caller keeps kernel - 1 frames of history before the new ones. Weights are [kernel][width].
 */
struct nn_depthwise {
    const float *weight, *bias; /* bias may be NULL */
    uint32_t kernel, width;
};

struct nn_ops {
    const char *name; /* "c", "avx2", "avx512", "neon" */

    /* y = x W^T (+ bias) (+ y). Q weights: each activation row is quantised to int8 in blocks of 32
     * (scale max|x| / 127, round to nearest even), sums within a block are exact integers. */
    void (*matmul)(const struct nn_matrix *matrix, struct nn_in x, struct nn_out y, void *scratch);

    void (*activate)(enum nn_activation activation, float *x, size_t n);
    /* gate = silu(gate) * up */
    void (*swiglu)(float *gate, const float *up, size_t n);
    /* y += x; y *= x; y = y * scale + shift (folded batch norm) */
    void (*add)(float *y, const float *x, size_t n);
    void (*multiply)(float *y, const float *x, size_t n);
    void (*scale_shift)(float *y, const float *scale, const float *shift, size_t n);

    float (*dot)(const float *x, const float *y, size_t n);
    void (*softmax)(float *x, size_t n);
    void (*log_softmax)(float *x, size_t n);
    /* y = x / sqrt(mean(x^2) + eps) * weight; y may be x */
    void (*rms_norm)(const float *x, const float *weight, float eps, float *y, size_t n);
    /* x = (x - mean) / sqrt(variance + eps) * weight + bias, in place */
    void (*layer_norm)(float *x, const float *weight, const float *bias, float eps, size_t n);

    /* x: frames + kernel - 1 rows of width, y: frames rows; they do not overlap. */
    void (*depthwise)(const struct nn_depthwise *conv, const float *x, size_t frames, float *y);
    /* y: [head][head size] */
    void (*attend)(const struct nn_kv *kv, const struct nn_query *query, float *y);
};

/* The fastest table that this CPU runs, within the cap of LINNET_CPU (cpu.h). */
const struct nn_ops *nn_ops_best(void);
/* A table by name, or NULL when it is unknown or this CPU cannot run it. */
const struct nn_ops *nn_ops_by_name(const char *name);

/* IEEE half to float, exact. */
float nn_f16_to_f32(uint16_t half);

#endif
