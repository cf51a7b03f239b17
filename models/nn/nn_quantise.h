/* Quantising rows of weights to GGUF's block types, for the build's converter and for layers tuned
 * on the device.
 *
 * Thread: any for all functions. */
#ifndef LINNET_MODELS_NN_QUANTISE_H
#define LINNET_MODELS_NN_QUANTISE_H

#include "gguf.h"

/* Float to IEEE half, nearest even; beyond the range gives infinity. */
uint16_t nn_f32_to_f16(float value);

/* Write n values as `type` (F32, F16, Q8_0 or Q4_0), n a multiple of its block; ret_bytes holds
 * n / gguf_type_elements(type) * gguf_type_bytes(type) bytes. Per block of 32:
 *   Q8_0: d = max|x| / 127, q = x / d rounded half away from zero;
 *   Q4_0: d = x_max / -8 with x_max the value of largest size, q = floor(x / d + 8.5), at most 15.
 */
void nn_quantise(enum gguf_type type, const float *x, size_t n, uint8_t *ret_bytes);

#endif
