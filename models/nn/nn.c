#include "nn.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "fault.h"
#include "nn_kernels.h"

/* ---- choice of the instruction set ---- */

static bool cpu_runs(const char *name)
{
    enum cpu_isa isa = cpu_isa();
    if (strcmp(name, "avx512") == 0)
        return isa == CPU_AVX512 && cpu_features() & CPU_FEATURE_AVX512_VNNI;
    if (strcmp(name, "avx2") == 0)
        return isa == CPU_AVX512 || isa == CPU_AVX2;
    if (strcmp(name, "neon") == 0)
        return isa == CPU_NEON && cpu_features() & CPU_FEATURE_NEON_DOTPROD;
    return strcmp(name, "c") == 0;
}

static const struct nn_ops *const tables[] = {
#if defined(__x86_64__)
    &nn_ops_avx512,
    &nn_ops_avx2,
#elif defined(__aarch64__)
    &nn_ops_neon,
#endif
    &nn_ops_c,
};

const struct nn_ops *nn_ops_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        if (strcmp(tables[i]->name, name) == 0)
            return cpu_runs(name) ? tables[i] : NULL;
    return NULL;
}

const struct nn_ops *nn_ops_best(void)
{
    for (size_t i = 0; i + 1 < sizeof(tables) / sizeof(tables[0]); i++)
        if (cpu_runs(tables[i]->name))
            return tables[i];
    return &nn_ops_c;
}

/* ---- packing ---- */

float nn_f16_to_f32(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = (half >> 10) & 31, mantissa = half & 0x3ff;
    float value;
    if (exponent == 0) {
        value = (float)mantissa * 0x1p-24f;
        return sign ? -value : value;
    }
    uint32_t bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | mantissa << 13;
    memcpy(&value, &bits, 4);
    return value;
}

static size_t panel_bytes(enum gguf_type type, uint32_t cols)
{
    switch (type) {
    case GGUF_TYPE_F32:
        return (size_t)cols * NN_PANEL * 4;
    case GGUF_TYPE_F16:
        return ((size_t)cols * NN_PANEL * 2 + 63) & ~(size_t)63;
    case GGUF_TYPE_Q8_0:
        return nn_scales_bytes(cols) + (size_t)cols * NN_PANEL;
    case GGUF_TYPE_Q4_0:
        return nn_scales_bytes(cols) + (size_t)cols * NN_PANEL / 2;
    default:
        return 0;
    }
}

static void pack_plain_row(uint8_t *panel, uint32_t lane, const uint8_t *row, uint32_t cols,
                           size_t item)
{
    for (uint32_t c = 0; c < cols; c++)
        memcpy(panel + ((size_t)c * NN_PANEL + lane) * item, row + c * item, item);
}

/* Blocks of a scale and groups of 4 bytes, 16 rows interleaved: Q8_0 has 8 groups a block, Q4_0
 * has 4. */
static void pack_quantised_row(uint8_t *panel, uint32_t lane, const uint8_t *row, uint32_t cols,
                               size_t groups)
{
    uint8_t *values = panel + nn_scales_bytes(cols);
    for (uint32_t b = 0; b < cols / NN_BLOCK; b++) {
        const uint8_t *block = row + b * (2 + 4 * groups);
        memcpy(panel + ((size_t)b * NN_PANEL + lane) * 2, block, 2);
        for (size_t g = 0; g < groups; g++)
            memcpy(values + ((b * groups + g) * NN_PANEL + lane) * 4, block + 2 + 4 * g, 4);
    }
}

static void pack_row(struct nn_matrix *m, uint32_t row, const uint8_t *source)
{
    uint8_t *panel = m->data + row / NN_PANEL * m->panel_bytes;
    uint32_t lane = row % NN_PANEL;
    if (m->type == GGUF_TYPE_F32 || m->type == GGUF_TYPE_F16)
        pack_plain_row(panel, lane, source, m->cols, m->type == GGUF_TYPE_F32 ? 4 : 2);
    else
        pack_quantised_row(panel, lane, source, m->cols, m->type == GGUF_TYPE_Q8_0 ? 8 : 4);
}

static size_t row_bytes(const struct nn_matrix *m)
{
    return (size_t)m->cols / gguf_type_elements(m->type) * gguf_type_bytes(m->type);
}

static enum status allocate(struct nn_matrix *m, struct error *ret_error)
{
    m->panel_bytes = panel_bytes(m->type, m->cols);
    if (m->panel_bytes == 0 || m->rows == 0)
        return error_set(ret_error, STATUS_UNSUPPORTED,
                         "matrix of %" PRIu32 " x %" PRIu32
                         " in %s: expected F32, F16, Q8_0 or Q4_0",
                         m->rows, m->cols, gguf_type_name(m->type));
    m->data = mem_aligned(nn_matrix_bytes(m));
    if (!m->data)
        return error_set(ret_error, STATUS_NO_MEMORY, "matrix of %" PRIu32 " x %" PRIu32, m->rows,
                         m->cols);
    return STATUS_OK;
}

static enum status check_stack(const struct gguf_tensor *const *tensors, size_t count,
                               uint64_t *ret_rows, struct error *ret_error)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        const struct gguf_tensor *t = tensors[i];
        if (t->type != tensors[0]->type || t->ne[0] != tensors[0]->ne[0] || t->ne[2] != 1 ||
            t->ne[3] != 1)
            return error_set(ret_error, STATUS_FORMAT,
                             "tensor \"%s\": expected a matrix of the type and width of \"%s\"",
                             t->name, tensors[0]->name);
        rows += t->ne[1];
    }
    if (rows > UINT32_MAX / 2 || tensors[0]->ne[0] > UINT32_MAX / 2)
        return error_set(ret_error, STATUS_LIMIT, "tensor \"%s\": a matrix this large is refused",
                         tensors[0]->name);
    *ret_rows = rows;
    return STATUS_OK;
}

enum status nn_matrix_init(struct nn_matrix *ret_matrix, const struct gguf_tensor *const *tensors,
                           size_t count, struct error *ret_error)
{
    uint64_t rows = 0;
    TRY(check_stack(tensors, count, &rows, ret_error));
    struct nn_matrix m = {tensors[0]->type, (uint32_t)rows, (uint32_t)tensors[0]->ne[0], 0, NULL};
    enum status status = allocate(&m, ret_error);
    if (status != STATUS_OK)
        return error_prefix(ret_error, status, "tensor \"%s\"", tensors[0]->name);
    uint32_t row = 0;
    for (size_t i = 0; i < count; i++)
        for (uint64_t r = 0; r < tensors[i]->ne[1]; r++)
            pack_row(&m, row++, (const uint8_t *)tensors[i]->data + r * row_bytes(&m));
    *ret_matrix = m;
    return STATUS_OK;
}

enum status nn_matrix_init_data(struct nn_matrix *ret_matrix, enum gguf_type type,
                                const uint32_t shape[2], const void *data, struct error *ret_error)
{
    struct gguf_tensor t = {
        .name = "memory", .type = type, .n_dims = 2, .ne = {shape[1], shape[0], 1, 1}};
    t.data = data;
    const struct gguf_tensor *const tensors[1] = {&t};
    if (gguf_type_elements(type) == 0 || shape[1] % gguf_type_elements(type))
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "matrix rows of %" PRIu32 " in %s",
                         shape[1], gguf_type_name(type));
    return nn_matrix_init(ret_matrix, tensors, 1, ret_error);
}

void nn_matrix_finish(struct nn_matrix *matrix)
{
    if (!matrix)
        return;
    free(matrix->data);
    matrix->data = NULL;
}

size_t nn_matrix_bytes(const struct nn_matrix *matrix)
{
    return ((size_t)matrix->rows + NN_PANEL - 1) / NN_PANEL * matrix->panel_bytes;
}

static float quantised_at(const struct nn_matrix *m, const uint8_t *panel, uint32_t lane,
                          uint32_t col)
{
    uint32_t b = col / NN_BLOCK, k = col % NN_BLOCK;
    uint16_t half;
    memcpy(&half, panel + ((size_t)b * NN_PANEL + lane) * 2, 2);
    float scale = nn_f16_to_f32(half);
    const uint8_t *values = panel + nn_scales_bytes(m->cols);
    if (m->type == GGUF_TYPE_Q8_0)
        return scale *
               (float)(int8_t)values[(((size_t)b * 8 + k / 4) * NN_PANEL + lane) * 4 + k % 4];
    uint32_t j = k % 16;
    uint8_t pair = values[(((size_t)b * 4 + j / 4) * NN_PANEL + lane) * 4 + j % 4];
    return scale * (float)((k < 16 ? pair & 15 : pair >> 4) - 8);
}

static float value_at(const struct nn_matrix *m, const uint8_t *panel, uint32_t lane, uint32_t col)
{
    size_t index = (size_t)col * NN_PANEL + lane;
    if (m->type == GGUF_TYPE_F32) {
        float value;
        memcpy(&value, panel + index * 4, 4);
        return value;
    }
    if (m->type == GGUF_TYPE_F16) {
        uint16_t half;
        memcpy(&half, panel + index * 2, 2);
        return nn_f16_to_f32(half);
    }
    return quantised_at(m, panel, lane, col);
}

void nn_matrix_row(const struct nn_matrix *matrix, uint32_t row, float *ret_values)
{
    const uint8_t *panel = matrix->data + row / NN_PANEL * matrix->panel_bytes;
    for (uint32_t c = 0; c < matrix->cols; c++)
        ret_values[c] = value_at(matrix, panel, row % NN_PANEL, c);
}

size_t nn_matmul_scratch(const struct nn_matrix *matrix, size_t n)
{
    if (matrix->type == GGUF_TYPE_F32 || matrix->type == GGUF_TYPE_F16)
        return NN_ALIGN;
    size_t rows = n < NN_CHUNK ? n : NN_CHUNK;
    size_t row = matrix->cols + (size_t)matrix->cols / NN_BLOCK * (sizeof(float) + sizeof(int32_t));
    return (rows * row + 2 * NN_ALIGN - 1) & ~(size_t)(NN_ALIGN - 1);
}

/* ---- attention helpers ---- */

size_t nn_kv_floats(uint32_t heads, uint32_t head_size, uint32_t context)
{
    size_t padded = ((size_t)head_size + NN_PANEL - 1) / NN_PANEL * NN_PANEL;
    return heads * padded * (((size_t)context + NN_PANEL - 1) / NN_PANEL * NN_PANEL);
}

void nn_kv_store(const struct nn_kv *kv, uint32_t position, const float *keys, const float *values)
{
    size_t per_head = nn_kv_floats(1, kv->head_size, kv->context);
    size_t value_stride = ((size_t)kv->head_size + NN_PANEL - 1) / NN_PANEL * NN_PANEL;
    for (uint32_t h = 0; h < kv->heads; h++) {
        float *k =
            kv->keys + h * per_head + (size_t)(position / NN_PANEL) * kv->head_size * NN_PANEL;
        for (uint32_t i = 0; i < kv->head_size; i++)
            k[(size_t)i * NN_PANEL + position % NN_PANEL] = keys[h * kv->head_size + i];
        memcpy(kv->values + h * per_head + position * value_stride, values + h * kv->head_size,
               kv->head_size * sizeof(float));
    }
}

void nn_rope(float *x, uint32_t heads, uint32_t head_size, const float *table)
{
    for (uint32_t h = 0; h < heads; h++, x += head_size) {
        for (uint32_t i = 0; i < head_size; i += 2) {
            float a = x[i], b = x[i + 1], c = table[i], s = table[i + 1];
            x[i] = a * c - b * s;
            x[i + 1] = a * s + b * c;
        }
    }
}

void nn_rope_table(uint32_t position, uint32_t head_size, float base, const float *factors,
                   float *ret_table)
{
    for (uint32_t i = 0; i < head_size / 2; i++) {
        double angle = position * pow((double)base, -2.0 * i / head_size);
        if (factors)
            angle /= (double)factors[i];
        ret_table[2 * i] = (float)cos(angle);
        ret_table[2 * i + 1] = (float)sin(angle);
    }
}
