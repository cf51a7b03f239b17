/* Weights of the voice: a GGUF file of architecture linnet-tts. Inside of models/tts.
 *
 * Tensors, shapes and metadata are described in docs/models/tts.md; the twin in PyTorch is
 * tools/train/tts/model.py. Read-only after init; any number of sessions share it.
 *
 * Thread: control for init and finish; any for reading. */
#ifndef LINNET_MODELS_TTS_MODEL_H
#define LINNET_MODELS_TTS_MODEL_H

#include "nn.h"

enum {
    TTS_COLUMNS = 6, /* inputs that describe a phone, see tts_phrase.h */
    TTS_BLOCKS_MAX = 12,
    TTS_PLACE = 32, /* values that say where in its phone a frame is */
    TTS_PAIR = 2,   /* frames of a decoder row */
    TTS_BANDS_MAX = 128,
    TTS_APERIODIC = 3,
    TTS_EXTRA = 2 + TTS_APERIODIC /* log F0, voicing, band aperiodicities */
};

/* x + down relu(up [norm(x) at -reach d, ..., +reach d]) */
struct tts_block {
    struct nn_matrix up, down;
    const float *up_bias, *down_bias, *norm_weight, *norm_bias;
    uint32_t reach, dilation;
};

struct tts_weights {
    uint32_t width, hidden, bands, hop, rate;
    uint32_t encoder_blocks, decoder_blocks;
    float duration_mean, duration_std; /* of the natural logarithm of frames */
    struct nn_matrix embed[TTS_COLUMNS];
    struct tts_block encoder[TTS_BLOCKS_MAX], decoder[TTS_BLOCKS_MAX];
    struct nn_matrix duration_up, place, out;
    const float *encoder_norm[2], *decoder_norm[2]; /* weight, bias */
    const float *duration_up_bias, *duration_out, *out_bias;
    float duration_out_bias;
    const float *mean, *std; /* bands + TTS_EXTRA: features = value * std + mean */
};

/* Features of a frame that the net gives: bands + TTS_EXTRA. */
static inline uint32_t tts_features(const struct tts_weights *weights)
{
    return weights->bands + TTS_EXTRA;
}

/* `file` must outlive the weights (vectors are read in place). Errors: NOT_FOUND, FORMAT,
 * UNSUPPORTED, NO_MEMORY; the weights are then empty. */
enum status tts_weights_init(struct tts_weights *ret_weights, const struct gguf *file,
                             struct error *ret_error);

/* Accepts NULL and zeroed. */
void tts_weights_finish(struct tts_weights *weights);

#endif
