#include "nn_quantise.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 32 };

uint16_t nn_f32_to_f16(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, 4);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    float size = fabsf(value);
    if (isnan(value))
        return sign | 0x7e00;
    if (size >= 65520.0f)
        return sign | 0x7c00;
    if (size < 0x1p-14f) /* subnormal: a multiple of 2^-24 */
        return sign | (uint16_t)lrintf(size * 0x1p24f);
    bits &= 0x7fffffff;
    uint32_t odd = bits >> 13 & 1;
    return sign | (uint16_t)((bits + 0xfff + odd - (112u << 23)) >> 13);
}

static void put_scale(uint8_t *block, float d)
{
    uint16_t half = nn_f32_to_f16(d);
    memcpy(block, &half, 2);
}

static void quantise_q8(const float *x, uint8_t *block)
{
    float largest = 0.0f;
    for (int i = 0; i < BLOCK; i++)
        largest = fmaxf(largest, fabsf(x[i]));
    float d = largest / 127.0f, inverse = d > 0.0f ? 1.0f / d : 0.0f;
    put_scale(block, d);
    for (int i = 0; i < BLOCK; i++)
        block[2 + i] = (uint8_t)(int8_t)roundf(x[i] * inverse);
}

static uint8_t quantise_nibble(float x, float inverse)
{
    int q = (int)(x * inverse + 8.5f);
    return (uint8_t)(q < 15 ? q : 15);
}

static void quantise_q4(const float *x, uint8_t *block)
{
    float most = 0.0f;
    for (int i = 0; i < BLOCK; i++)
        if (fabsf(x[i]) > fabsf(most))
            most = x[i];
    float d = most / -8.0f, inverse = d != 0.0f ? 1.0f / d : 0.0f;
    put_scale(block, d);
    for (int i = 0; i < BLOCK / 2; i++)
        block[2 + i] =
            (uint8_t)(quantise_nibble(x[i], inverse) | quantise_nibble(x[i + 16], inverse) << 4);
}

void nn_quantise(enum gguf_type type, const float *x, size_t n, uint8_t *ret_bytes)
{
    uint32_t elements = gguf_type_elements(type), bytes = gguf_type_bytes(type);
    for (size_t i = 0; i < n; i += elements, ret_bytes += bytes) {
        uint16_t half = 0;
        switch (type) {
        case GGUF_TYPE_Q8_0:
            quantise_q8(x + i, ret_bytes);
            break;
        case GGUF_TYPE_Q4_0:
            quantise_q4(x + i, ret_bytes);
            break;
        case GGUF_TYPE_F16:
            half = nn_f32_to_f16(x[i]);
            memcpy(ret_bytes, &half, 2);
            break;
        default:
            memcpy(ret_bytes, &x[i], 4);
            break;
        }
    }
}
