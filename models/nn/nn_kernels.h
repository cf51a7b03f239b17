/* Tables of the instruction sets that were compiled in; for nn.c and the files that define them.
 *
 * Thread: any for all functions. */
#ifndef LINNET_MODELS_NN_KERNELS_H
#define LINNET_MODELS_NN_KERNELS_H

#include "nn.h"

extern const struct nn_ops nn_ops_c;
extern const struct nn_ops nn_ops_avx2;
extern const struct nn_ops nn_ops_avx512;
extern const struct nn_ops nn_ops_neon;

/* Where the parts of a packed panel lie. */
static inline size_t nn_scales_bytes(uint32_t cols)
{
    return ((size_t)cols / NN_BLOCK * NN_PANEL * 2 + 63) & ~(size_t)63;
}

#endif
