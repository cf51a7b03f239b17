#include "kernel_isas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_N = 100, MAX_ROWS = 100, MAX_COLS = 260 };

/* One product and the buffers around it. */
struct product {
    struct kernel_weights weights;
    struct nn_matrix matrix;
    size_t n, x_stride, y_stride;
    bool add;
    float x[MAX_N * MAX_COLS + 1], y[MAX_N * (MAX_ROWS + 3)], start[MAX_N * (MAX_ROWS + 3)];
    float reference[MAX_N * (MAX_ROWS + 3)], bias[MAX_ROWS];
};

/* The activation as a quantised kernel sees it: int8 in blocks of 32. */
static double seen(const float *x, uint32_t col, bool quantised)
{
    if (!quantised)
        return (double)x[col];
    const float *block = x + col / 32 * 32;
    float largest = 0.0f;
    for (int i = 0; i < 32; i++)
        largest = fmaxf(largest, fabsf(block[i]));
    if (largest == 0.0f)
        return 0.0;
    return (double)(rintf(x[col] * (127.0f / largest)) * (largest / 127.0f));
}

static void check_against_naive(const struct product *p)
{
    bool quantised = p->weights.type == GGUF_TYPE_Q8_0 || p->weights.type == GGUF_TYPE_Q4_0;
    for (size_t i = 0; i < p->n; i++) {
        for (uint32_t r = 0; r < p->weights.rows; r++) {
            double sum = (double)p->bias[r], size = fabs(sum);
            for (uint32_t c = 0; c < p->weights.cols; c++) {
                double term = (double)p->weights.values[(size_t)r * p->weights.cols + c] *
                              seen(p->x + 1 + i * p->x_stride, c, quantised);
                sum += term;
                size += fabs(term);
            }
            double before = p->add ? (double)p->start[i * p->y_stride + r] : 0.0;
            CHECK_NEAR(p->y[i * p->y_stride + r], sum + before, 2e-6 * size + 1e-6);
        }
    }
}

static void run_product(struct product *p, const struct nn_ops *ops)
{
    void *scratch = aligned_alloc(NN_ALIGN, nn_matmul_scratch(&p->matrix, p->n));
    CHECK(scratch);
    memcpy(p->y, p->start, sizeof(p->y));
    ops->matmul(&p->matrix, (struct nn_in){p->x + 1, p->n, p->x_stride},
                (struct nn_out){p->y, p->y_stride, p->bias, p->add}, scratch);
    free(scratch);
}

static void check_product(struct product *p)
{
    const struct nn_ops *isas[KERNEL_MAX_ISAS];
    size_t count = kernel_isas(isas);
    for (size_t i = 0; i < count; i++) {
        run_product(p, isas[i]);
        if (i == 0) {
            check_against_naive(p);
            memcpy(p->reference, p->y, sizeof(p->y));
        }
        /* The whole buffer: nothing may be written between the rows or after them. */
        kernel_check_bits(isas[i]->name, p->reference, p->y, sizeof(p->y) / sizeof(float));
    }
}

static void try_shape(struct product *p, struct test_random *random, enum gguf_type type,
                      const uint32_t shape[2])
{
    kernel_weights_init(&p->weights, random, type, shape);
    CHECK_OK(nn_matrix_init_data(&p->matrix, type, shape, p->weights.bytes, NULL));
    p->y_stride = shape[0] + (size_t)test_random_range(random, 0, 3);
    p->x_stride =
        test_random_range(random, 0, 3) ? shape[1] : (shape[1] + 2) / 3; /* overlapping rows */
    p->add = test_random_range(random, 0, 1);
    kernel_random(random, p->x, sizeof(p->x) / sizeof(float));
    kernel_random(random, p->start, sizeof(p->start) / sizeof(float));
    kernel_random(random, p->bias, MAX_ROWS);
    check_product(p);
    nn_matrix_finish(&p->matrix);
    kernel_weights_finish(&p->weights);
}

static void try_type(enum gguf_type type, const uint32_t *widths, size_t n_widths)
{
    static const uint32_t heights[] = {1, 15, 16, 17, 33, 48, 64, 65, 100};
    static const size_t batches[] = {1, 2, 3, 5, 6, 7, 13, 97, 100};
    struct test_random random = test_random_init();
    struct product *p = calloc(1, sizeof(*p));
    CHECK(p);
    for (size_t h = 0; h < 9; h++)
        for (size_t w = 0; w < n_widths; w++) {
            p->n = batches[(h * n_widths + w) % 9];
            try_shape(p, &random, type, (const uint32_t[2]){heights[h], widths[w]});
        }
    free(p);
}

TEST(matmul_f32_equals_naive_and_all_isas_agree)
{
    try_type(GGUF_TYPE_F32, (const uint32_t[]){1, 7, 32, 100, 259}, 5);
}

TEST(matmul_f16_equals_naive_and_all_isas_agree)
{
    try_type(GGUF_TYPE_F16, (const uint32_t[]){1, 7, 32, 100, 259}, 5);
}

TEST(matmul_q8_equals_naive_and_all_isas_agree)
{
    try_type(GGUF_TYPE_Q8_0, (const uint32_t[]){32, 64, 96, 160, 256}, 5);
}

TEST(matmul_q4_equals_naive_and_all_isas_agree)
{
    try_type(GGUF_TYPE_Q4_0, (const uint32_t[]){32, 64, 96, 160, 256}, 5);
}

/* A row's result may not depend on the rows it is computed with: prefill in any split rests on it.
 */
TEST(a_row_alone_equals_the_row_in_a_batch)
{
    static const enum gguf_type types[] = {GGUF_TYPE_F32, GGUF_TYPE_F16, GGUF_TYPE_Q8_0,
                                           GGUF_TYPE_Q4_0};
    struct test_random random = test_random_init();
    const struct nn_ops *ops = nn_ops_best();
    for (int t = 0; t < 4; t++) {
        struct kernel_weights w;
        struct nn_matrix m;
        float x[100 * 64], all[100 * 50], one[50];
        kernel_weights_init(&w, &random, types[t], (const uint32_t[2]){50, 64});
        CHECK_OK(nn_matrix_init_data(&m, types[t], (const uint32_t[2]){50, 64}, w.bytes, NULL));
        void *scratch = aligned_alloc(NN_ALIGN, nn_matmul_scratch(&m, 100));
        kernel_random(&random, x, 100 * 64);
        ops->matmul(&m, (struct nn_in){x, 100, 64}, (struct nn_out){all, 50, NULL, false}, scratch);
        for (int i = 0; i < 100; i++) {
            ops->matmul(&m, (struct nn_in){x + i * 64, 1, 64},
                        (struct nn_out){one, 50, NULL, false}, scratch);
            kernel_check_bits("row", all + i * 50, one, 50);
        }
        free(scratch);
        nn_matrix_finish(&m);
        kernel_weights_finish(&w);
    }
}

TEST(rows_come_back_as_they_were_packed)
{
    static const enum gguf_type types[] = {GGUF_TYPE_F32, GGUF_TYPE_F16, GGUF_TYPE_Q8_0,
                                           GGUF_TYPE_Q4_0};
    struct test_random random = test_random_init();
    for (int t = 0; t < 4; t++) {
        struct kernel_weights w;
        struct nn_matrix m;
        float row[96];
        kernel_weights_init(&w, &random, types[t], (const uint32_t[2]){37, 96});
        CHECK_OK(nn_matrix_init_data(&m, types[t], (const uint32_t[2]){37, 96}, w.bytes, NULL));
        for (uint32_t r = 0; r < 37; r++) {
            nn_matrix_row(&m, r, row);
            kernel_check_bits("row", w.values + r * 96, row, 96);
        }
        nn_matrix_finish(&m);
        kernel_weights_finish(&w);
    }
}

TEST(stacked_tensors_give_stacked_rows)
{
    struct test_random random = test_random_init();
    struct kernel_weights a, b;
    kernel_weights_init(&a, &random, GGUF_TYPE_Q8_0, (const uint32_t[2]){20, 64});
    kernel_weights_init(&b, &random, GGUF_TYPE_Q8_0, (const uint32_t[2]){5, 64});
    struct gguf_tensor ta = {"a", GGUF_TYPE_Q8_0, 2, {64, 20, 1, 1}, a.bytes, 20 * 68};
    struct gguf_tensor tb = {"b", GGUF_TYPE_Q8_0, 2, {64, 5, 1, 1}, b.bytes, 5 * 68};
    struct nn_matrix m;
    float row[64];
    CHECK_OK(nn_matrix_init(&m, (const struct gguf_tensor *const[]){&ta, &tb}, 2, NULL));
    CHECK_EQ(m.rows, 25);
    nn_matrix_row(&m, 22, row);
    kernel_check_bits("row 22", b.values + 2 * 64, row, 64);
    nn_matrix_finish(&m);

    struct error error;
    tb.ne[0] = 32;
    CHECK_STATUS(nn_matrix_init(&m, (const struct gguf_tensor *const[]){&ta, &tb}, 2, &error),
                 STATUS_FORMAT);
    CHECK(strstr(error.text, "\"b\""));
    kernel_weights_finish(&a);
    kernel_weights_finish(&b);
}

TEST(hostile_activations_stay_within_bounds)
{
    static const float hostile[] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 1e-40f, 3e38f, -3e38f};
    struct test_random random = test_random_init();
    const struct nn_ops *isas[KERNEL_MAX_ISAS];
    size_t count = kernel_isas(isas);
    struct kernel_weights w;
    struct nn_matrix m;
    float x[64], y[16];
    kernel_weights_init(&w, &random, GGUF_TYPE_Q8_0, (const uint32_t[2]){16, 64});
    CHECK_OK(nn_matrix_init_data(&m, GGUF_TYPE_Q8_0, (const uint32_t[2]){16, 64}, w.bytes, NULL));
    void *scratch = aligned_alloc(NN_ALIGN, nn_matmul_scratch(&m, 1));
    for (size_t i = 0; i < count; i++)
        for (int h = 0; h < 8; h++) {
            kernel_random(&random, x, 64);
            x[h] = hostile[h];
            isas[i]->matmul(&m, (struct nn_in){x, 1, 64}, (struct nn_out){y, 16, NULL, false},
                            scratch);
        }
    free(scratch);
    nn_matrix_finish(&m);
    kernel_weights_finish(&w);
}
