#include "kernel_isas.h"

#include <stdlib.h>
#include <string.h>

size_t kernel_isas(const struct nn_ops *ret_isas[KERNEL_MAX_ISAS])
{
    static const char *const names[] = {"c", "avx2", "avx512", "neon"};
    size_t count = 0;
    for (size_t i = 0; i < 4; i++)
        if (nn_ops_by_name(names[i]))
            ret_isas[count++] = nn_ops_by_name(names[i]);
    return count;
}

void kernel_random(struct test_random *random, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = test_random_float(random);
}

/* A half of modest size and either sign. */
static uint16_t random_half(struct test_random *random)
{
    return (uint16_t)(test_random_u64(random) & 0x83ff) |
           (uint16_t)(test_random_range(random, 6, 13) << 10);
}

static void random_block(struct test_random *random, enum gguf_type type, uint8_t *bytes,
                         float *values)
{
    uint16_t half = random_half(random);
    float scale = nn_f16_to_f32(half);
    memcpy(bytes, &half, 2);
    for (int i = 0; i < (type == GGUF_TYPE_Q8_0 ? 32 : 16); i++)
        bytes[2 + i] = (uint8_t)test_random_u64(random);
    for (int i = 0; i < 32; i++) {
        int q = type == GGUF_TYPE_Q8_0 ? (int8_t)bytes[2 + i]
                                       : (i < 16 ? bytes[2 + i] & 15 : bytes[2 + i - 16] >> 4) - 8;
        values[i] = scale * (float)q;
    }
}

static void random_value(struct test_random *random, enum gguf_type type, uint8_t *bytes,
                         float *value)
{
    if (type == GGUF_TYPE_F32) {
        *value = test_random_float(random);
        memcpy(bytes, value, 4);
        return;
    }
    uint16_t half = random_half(random);
    *value = nn_f16_to_f32(half);
    memcpy(bytes, &half, 2);
}

void kernel_weights_init(struct kernel_weights *w, struct test_random *random, enum gguf_type type,
                         const uint32_t shape[2])
{
    size_t count = (size_t)shape[0] * shape[1];
    uint32_t elements = gguf_type_elements(type), bytes = gguf_type_bytes(type);
    *w = (struct kernel_weights){type, shape[0], shape[1], NULL, NULL};
    w->bytes = malloc(count / elements * bytes);
    w->values = malloc(count * sizeof(float));
    CHECK(w->bytes && w->values);
    for (size_t i = 0; i < count / elements; i++) {
        if (elements == 32)
            random_block(random, type, w->bytes + i * bytes, w->values + i * elements);
        else
            random_value(random, type, w->bytes + i * bytes, w->values + i);
    }
}

void kernel_weights_finish(struct kernel_weights *w)
{
    free(w->bytes);
    free(w->values);
}

void kernel_check_bits(const char *what, const float *expected, const float *got, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(&expected[i], &got[i], sizeof(float)) != 0)
            test_fail(__FILE__, __LINE__, "%s: value %zu of %zu: expected %.9g, got %.9g", what, i,
                      n, (double)expected[i], (double)got[i]);
}
