#include "kernel_isas.h"

#include <stdlib.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct shape {
    const char *what;
    enum gguf_type type;
    uint32_t rows, cols;
    size_t n;
};

/* Billions of multiply-adds a second, the best of several runs. */
static double speed(const struct nn_ops *ops, const struct shape *s)
{
    struct test_random random = test_random_init();
    struct kernel_weights w;
    struct nn_matrix m;
    kernel_weights_init(&w, &random, s->type, (const uint32_t[2]){s->rows, s->cols});
    CHECK_OK(
        nn_matrix_init_data(&m, s->type, (const uint32_t[2]){s->rows, s->cols}, w.bytes, NULL));
    float *x = malloc(s->n * s->cols * sizeof(float)), *y = malloc(s->n * s->rows * sizeof(float));
    void *scratch = aligned_alloc(NN_ALIGN, nn_matmul_scratch(&m, s->n));
    CHECK(x && y && scratch);
    kernel_random(&random, x, s->n * s->cols);
    double work = (double)s->rows * s->cols * (double)s->n, best = 1e9;
    int repeat = (int)(2e7 / work) + 1;
    for (int run = 0; run < 5; run++) {
        double start = now();
        for (int i = 0; i < repeat; i++)
            ops->matmul(&m, (struct nn_in){x, s->n, s->cols},
                        (struct nn_out){y, s->rows, NULL, false}, scratch);
        double took = (now() - start) / repeat;
        best = took < best ? took : best;
    }
    free(x);
    free(y);
    free(scratch);
    nn_matrix_finish(&m);
    kernel_weights_finish(&w);
    return work / best / 1e9;
}

TEST(the_chosen_kernels_are_faster_than_plain_c)
{
    static const struct shape shapes[] = {
        {"q8 decode, 256 to 1536", GGUF_TYPE_Q8_0, 1536, 256, 1},
        {"q8 decode, 256 to 4096", GGUF_TYPE_Q8_0, 4096, 256, 1},
        {"q8 prefill of 32", GGUF_TYPE_Q8_0, 1536, 256, 32},
        {"q8 batch of 16, 1536 to 512", GGUF_TYPE_Q8_0, 512, 1536, 16},
        {"q4 decode, 256 to 1536", GGUF_TYPE_Q4_0, 1536, 256, 1},
        {"q4 prefill of 32", GGUF_TYPE_Q4_0, 1536, 256, 32},
        {"f16 decode, 256 to 1536", GGUF_TYPE_F16, 1536, 256, 1},
        {"f16 prefill of 32", GGUF_TYPE_F16, 1536, 256, 32},
        {"f32 prefill of 32", GGUF_TYPE_F32, 1536, 256, 32},
    };
    const struct nn_ops *isas[KERNEL_MAX_ISAS];
    size_t count = kernel_isas(isas);
    for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
        double plain = speed(isas[0], &shapes[s]), fastest = plain;
        test_note("%-28s %-7s %7.1f G/s", shapes[s].what, "c", plain);
        for (size_t k = 1; k < count; k++) {
            double here = speed(isas[k], &shapes[s]);
            test_note("%-28s %-7s %7.1f G/s", "", isas[k]->name, here);
            if (isas[k] == nn_ops_best())
                fastest = here;
        }
        if (count > 1)
            CHECK(fastest > plain);
    }
}
