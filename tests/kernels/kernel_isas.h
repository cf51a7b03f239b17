/* What the kernel tests share: the instruction sets at hand, random data, comparisons. */
#ifndef LINNET_TESTS_KERNEL_ISAS_H
#define LINNET_TESTS_KERNEL_ISAS_H

#include "harness.h"
#include "nn.h"

enum { KERNEL_MAX_ISAS = 4 };

/* Tables that this machine runs, C first; returns how many. */
size_t kernel_isas(const struct nn_ops *ret_isas[KERNEL_MAX_ISAS]);

void kernel_random(struct test_random *random, float *x, size_t n);

/* Random row-major weights of a type in the layout of a GGUF file, and the same values as floats.
 */
struct kernel_weights {
    enum gguf_type type;
    uint32_t rows, cols;
    uint8_t *bytes;
    float *values;
};
void kernel_weights_init(struct kernel_weights *w, struct test_random *random, enum gguf_type type,
                         const uint32_t shape[2]);
void kernel_weights_finish(struct kernel_weights *w);

/* Fails the test unless all bits are equal. */
void kernel_check_bits(const char *what, const float *expected, const float *got, size_t n);

#endif
