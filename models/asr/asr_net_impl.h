/* The weights of the acoustic net, shared by its loader (asr_net.c) and its run (asr_encoder.c).
 * Thread: any (read-only). */
#ifndef LINNET_MODELS_ASR_NET_IMPL_H
#define LINNET_MODELS_ASR_NET_IMPL_H

#include "asr_net.h"
#include "nn.h"

enum { ASR_MAX_BLOCKS = 32, ASR_MAX_REACH = 4, ASR_MAX_PHONES = 250 };

/* One TDNN-F block; offsets in output frames, see step 3 of the README. */
struct asr_block {
    struct nn_matrix down, up;
    const float *bias, *shift;
    uint32_t left, right;
};

/* relu(W x + bias) + shift */
struct asr_layer {
    struct nn_matrix weight;
    const float *bias, *shift;
};

struct asr_net {
    struct asr_net_info info;
    uint32_t input_left, input_right, width, bottleneck, hidden, blocks;
    float residual_scale, input_floor;
    const float *mean, *scale; /* [mel_bins] */
    struct asr_layer input, final;
    struct asr_block block[ASR_MAX_BLOCKS];
    struct nn_matrix output;
    const float *output_bias;
    uint32_t left_class[ASR_MAX_PHONES]; /* info.left_class */
};

#endif
