/* Inside of the weights, for lm_weights.c and lm_decoder.c.
 *
 * Thread: as lm_decoder.h says. */
#ifndef LINNET_MODELS_LM_WEIGHTS_H
#define LINNET_MODELS_LM_WEIGHTS_H

#include "lm_decoder.h"

struct lm_layer {
    float *attention_norm, *feed_norm; /* [width] */
    struct nn_matrix qkv;     /* q, k and v stacked: heads + 2 kv_heads times head_size rows */
    struct nn_matrix output;  /* [width][heads * head_size] */
    struct nn_matrix gate_up; /* gate and up stacked: 2 * hidden rows */
    struct nn_matrix down;    /* [width][hidden] */
};

struct lm_weights {
    struct lm_config config;
    const struct nn_ops *ops;
    struct nn_matrix embedding; /* [vocabulary][width], also the output when tied */
    struct nn_matrix output;    /* zeroed when tied */
    float *output_norm;
    float *rope_factors; /* [head_size / 2], NULL when absent */
    struct lm_layer *layers;
};

#endif
