#include "kernel_isas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 1003 };

static double exact(enum nn_activation activation, double x)
{
    switch (activation) {
    case NN_RELU:
        return x > 0.0 ? x : 0.0;
    case NN_SIGMOID:
        return 1.0 / (1.0 + exp(-x));
    case NN_TANH:
        return tanh(x);
    case NN_SILU:
        return x / (1.0 + exp(-x));
    case NN_GELU:
        return 0.5 * x * (1.0 + erf(x / sqrt(2.0)));
    case NN_EXP:
        return exp(x);
    }
    return 0.0;
}

TEST(activations_meet_their_stated_error_on_every_isa)
{
    const struct nn_ops *isas[KERNEL_MAX_ISAS];
    size_t count = kernel_isas(isas);
    float x[N], reference[N], y[N];
    for (int a = NN_RELU; a <= NN_EXP; a++) {
        for (int i = 0; i < N; i++)
            x[i] = (float)(i - N / 2) * 0.05f;
        for (size_t k = 0; k < count; k++) {
            memcpy(y, x, sizeof(x));
            isas[k]->activate((enum nn_activation)a, y, N);
            if (k == 0)
                memcpy(reference, y, sizeof(y));
            kernel_check_bits(isas[k]->name, reference, y, N);
        }
        for (int i = 0; i < N; i++) {
            double e = exact((enum nn_activation)a, (double)x[i]);
            double tolerance = a == NN_EXP ? 3e-7 * e : fmax(4e-7, 1e-6 * fabs(e));
            CHECK_NEAR(reference[i], e, a == NN_RELU ? 0.0 : tolerance);
        }
    }
}

TEST(activations_hold_at_the_ends)
{
    float x[4] = {-1e30f, 1e30f, -89.0f, 89.0f};
    nn_ops_best()->activate(NN_SIGMOID, x, 4);
    CHECK_NEAR(x[0], 0.0, 1e-30);
    CHECK_NEAR(x[1], 1.0, 0.0);
    float t[2] = {-1e30f, 1e30f};
    nn_ops_best()->activate(NN_TANH, t, 2);
    CHECK_NEAR(t[0], -1.0, 1e-6);
    CHECK_NEAR(t[1], 1.0, 0.0);
}

/* Every length up to three vectors, at an address that is not a multiple of 64. */
TEST(vector_functions_agree_on_every_isa_and_length)
{
    const struct nn_ops *isas[KERNEL_MAX_ISAS];
    size_t count = kernel_isas(isas);
    struct test_random random = test_random_init();
    for (size_t n = 1; n <= 48; n++) {
        float x[50], y[50], z[50], results[KERNEL_MAX_ISAS][8][50];
        kernel_random(&random, x, 50);
        kernel_random(&random, y, 50);
        kernel_random(&random, z, 50);
        for (size_t k = 0; k < count; k++) {
            for (int f = 0; f < 8; f++)
                memcpy(results[k][f], y, sizeof(y));
            isas[k]->add(results[k][0] + 1, x + 1, n);
            isas[k]->multiply(results[k][1] + 1, x + 1, n);
            isas[k]->scale_shift(results[k][2] + 1, x + 1, z + 1, n);
            isas[k]->swiglu(results[k][3] + 1, x + 1, n);
            isas[k]->softmax(results[k][4] + 1, n);
            isas[k]->log_softmax(results[k][5] + 1, n);
            isas[k]->rms_norm(x + 1, z + 1, 1e-5f, results[k][6] + 1, n);
            isas[k]->layer_norm(results[k][7] + 1, x + 1, z + 1, 1e-5f, n);
            kernel_check_bits(isas[k]->name, results[0][0], results[k][0], 8 * 50);
        }
        for (size_t i = 1; i <= n; i++) {
            CHECK_NEAR(results[0][0][i], y[i] + x[i], 0.0);
            CHECK_NEAR(results[0][1][i], y[i] * x[i], 0.0);
            CHECK_NEAR(results[0][2][i], y[i] * x[i] + z[i], 1e-7);
            CHECK_NEAR(results[0][3][i], exact(NN_SILU, (double)y[i]) * (double)x[i], 4e-7);
        }
        CHECK_NEAR(results[0][0][n + 1], y[n + 1], 0.0);
    }
}

TEST(norms_and_softmax_equal_naive_sums)
{
    struct test_random random = test_random_init();
    const struct nn_ops *ops = nn_ops_best();
    float x[N], w[N], b[N], y[N];
    kernel_random(&random, x, N);
    kernel_random(&random, w, N);
    kernel_random(&random, b, N);
    double squares = 0.0, sum = 0.0, exps = 0.0, variance = 0.0;
    for (int i = 0; i < N; i++) {
        squares += (double)x[i] * (double)x[i];
        sum += (double)x[i];
        exps += exp((double)x[i]);
    }
    for (int i = 0; i < N; i++)
        variance += pow((double)x[i] - sum / N, 2.0) / N;
    CHECK_NEAR(ops->dot(x, x, N), squares, 1e-4);
    ops->rms_norm(x, w, 1e-5f, y, N);
    for (int i = 0; i < N; i++)
        CHECK_NEAR(y[i], (double)x[i] / sqrt(squares / N + 1e-5) * (double)w[i], 2e-6);
    memcpy(y, x, sizeof(x));
    ops->layer_norm(y, w, b, 1e-5f, N);
    for (int i = 0; i < N; i++)
        CHECK_NEAR(y[i],
                   ((double)x[i] - sum / N) / sqrt(variance + 1e-5) * (double)w[i] + (double)b[i],
                   3e-6);
    memcpy(y, x, sizeof(x));
    ops->softmax(y, N);
    for (int i = 0; i < N; i++)
        CHECK_NEAR(y[i], exp((double)x[i]) / exps, 1e-8);
    memcpy(y, x, sizeof(x));
    ops->log_softmax(y, N);
    for (int i = 0; i < N; i++)
        CHECK_NEAR(y[i], (double)x[i] - log(exps), 3e-6);
}

TEST(depthwise_equals_naive_sums)
{
    const struct nn_ops *isas[KERNEL_MAX_ISAS];
    size_t count = kernel_isas(isas);
    struct test_random random = test_random_init();
    enum { WIDTH = 37, KERNEL = 5, FRAMES = 9 };
    float w[KERNEL * WIDTH], b[WIDTH], x[(FRAMES + KERNEL - 1) * WIDTH], y[FRAMES * WIDTH];
    kernel_random(&random, w, KERNEL * WIDTH);
    kernel_random(&random, b, WIDTH);
    kernel_random(&random, x, (FRAMES + KERNEL - 1) * WIDTH);
    struct nn_depthwise conv = {w, b, KERNEL, WIDTH};
    for (size_t k = 0; k < count; k++) {
        isas[k]->depthwise(&conv, x, FRAMES, y);
        for (int t = 0; t < FRAMES; t++)
            for (int c = 0; c < WIDTH; c++) {
                double sum = (double)b[c];
                for (int i = 0; i < KERNEL; i++)
                    sum += (double)w[i * WIDTH + c] * (double)x[(t + i) * WIDTH + c];
                CHECK_NEAR(y[t * WIDTH + c], sum, 1e-6);
            }
    }
}

enum { HEADS = 4, KV_HEADS = 2, CONTEXT = 50 };

/* softmax(scale * q k) v written out for one head. */
static void naive_head(const float *q, const float *k, const float *v, uint32_t size, uint32_t n,
                       double *ret)
{
    double weights[CONTEXT], total = 0.0;
    for (uint32_t p = 0; p < n; p++) {
        double score = 0.0;
        for (uint32_t i = 0; i < size; i++)
            score += (double)q[i] * (double)k[p * KV_HEADS * size + i];
        total += weights[p] = exp(score / sqrt(size));
    }
    for (uint32_t i = 0; i < size; i++) {
        ret[i] = 0.0;
        for (uint32_t p = 0; p < n; p++)
            ret[i] += weights[p] / total * (double)v[p * KV_HEADS * size + i];
    }
}

static void check_attention(uint32_t size)
{
    const struct nn_ops *isas[KERNEL_MAX_ISAS];
    size_t count = kernel_isas(isas);
    struct test_random random = test_random_init();
    float q[HEADS * 64], k[CONTEXT * KV_HEADS * 64], v[CONTEXT * KV_HEADS * 64], y[HEADS * 64],
        first[HEADS * 64];
    float scores[HEADS * 64];
    kernel_random(&random, q, HEADS * size);
    kernel_random(&random, k, CONTEXT * KV_HEADS * size);
    kernel_random(&random, v, CONTEXT * KV_HEADS * size);
    size_t floats = nn_kv_floats(KV_HEADS, size, CONTEXT);
    struct nn_kv kv = {calloc(floats, 4), calloc(floats, 4), KV_HEADS, size, CONTEXT};
    for (uint32_t p = 0; p < CONTEXT; p++) {
        nn_kv_store(&kv, p, k + p * KV_HEADS * size, v + p * KV_HEADS * size);
        struct nn_query query = {q, HEADS, p + 1, 1.0f / sqrtf((float)size), scores};
        for (size_t i = 0; i < count; i++) {
            isas[i]->attend(&kv, &query, i == 0 ? first : y);
            if (i > 0)
                kernel_check_bits(isas[i]->name, first, y, HEADS * size);
        }
        for (uint32_t h = 0; h < HEADS; h++) {
            double expected[64];
            size_t at = h / (HEADS / KV_HEADS) * size;
            naive_head(q + h * size, k + at, v + at, size, p + 1, expected);
            for (uint32_t i = 0; i < size; i++)
                CHECK_NEAR(first[h * size + i], expected[i], 2e-6);
        }
    }
    free(kv.keys);
    free(kv.values);
}

TEST(attention_equals_naive_sums)
{
    check_attention(64);
    check_attention(48);
    check_attention(8);
}

TEST(rope_turns_pairs_by_their_angle)
{
    float table[8], x[16];
    for (int i = 0; i < 16; i++)
        x[i] = (float)(i % 2 == 0);
    nn_rope_table(7, 8, 10000.0f, NULL, table);
    nn_rope(x, 2, 8, table);
    for (int i = 0; i < 4; i++) {
        double angle = 7.0 * pow(10000.0, -2.0 * i / 8.0);
        CHECK_NEAR(x[2 * i], cos(angle), 1e-6);
        CHECK_NEAR(x[8 + 2 * i + 1], sin(angle), 1e-6);
    }
}

TEST(halves_convert_exactly)
{
    for (uint32_t h = 0; h < 0x7c00; h++) {
        double e = h >> 10, m = h & 1023;
        double value = e == 0.0 ? ldexp(m, -24) : ldexp(1024.0 + m, (int)e - 25);
        CHECK((double)nn_f16_to_f32((uint16_t)h) == value);
        CHECK((double)nn_f16_to_f32((uint16_t)(h | 0x8000)) == -value);
    }
    CHECK(isinf(nn_f16_to_f32(0x7c00)) && isnan(nn_f16_to_f32(0x7e00)));
}
