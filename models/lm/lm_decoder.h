/* Llama-architecture decoder: weights, and cheap sessions with a KV cache.
 *
 *     TRY(lm_weights_create(gguf, ops, &weights, ret_error));
 *     TRY(lm_decoder_create(weights, 512, &decoder, ret_error));
 *     TRY(lm_decoder_feed(decoder, prompt, n, ret_error));
 *     const float *logits = lm_decoder_logits(decoder);
 *     lm_decoder_truncate(decoder, 5);
 *
 * Tokens may be fed in any pieces: the logits after the last one are bit-identical. Truncating
 * takes back all but the first tokens.
 *
 * Architecture, per layer with n = rms_norm(x) and m = rms_norm(x) after the first step:
 *
 *     x += Wo attend(rope(Wq n), rope(Wk n), Wv n)
 *     x += Wd (silu(Wg m) * Wu m)
 *
 * and logits = W rms_norm(x) at the end. Rotary pairs are neighbours, queries are grouped,
 * `output.weight` is tied to `token_embd.weight` when absent. Matrices may be F32, F16, Q8_0 or
 * Q4_0.
 *
 * Thread: weights are read-only after create (any); a decoder belongs to one worker at a time.
 * Nothing is allocated after create. */
#ifndef LINNET_MODELS_LM_DECODER_H
#define LINNET_MODELS_LM_DECODER_H

#include "gguf.h"
#include "nn.h"

struct lm_config {
    uint32_t layers, width, hidden, heads, kv_heads, head_size, vocabulary;
    uint32_t context; /* trained length */
    float eps, rope_base;
};

struct lm_weights;
struct lm_decoder;

/* Read and pack all weights (the file may be closed afterwards) and check every shape against the
 * metadata. Errors: NOT_FOUND, FORMAT, UNSUPPORTED (another architecture or rope scaling), LIMIT,
 * NO_MEMORY. */
enum status lm_weights_create(const struct gguf *gguf, const struct nn_ops *ops,
                              struct lm_weights **ret_weights, struct error *ret_error);
void lm_weights_destroy(struct lm_weights *weights);
const struct lm_config *lm_weights_config(const struct lm_weights *weights);
/* Packed size in bytes. */
size_t lm_weights_bytes(const struct lm_weights *weights);

/* `context` is the most tokens the session can hold, at most the trained length. The weights must
 * outlive it. */
enum status lm_decoder_create(const struct lm_weights *weights, uint32_t context,
                              struct lm_decoder **ret_decoder, struct error *ret_error);
void lm_decoder_destroy(struct lm_decoder *decoder);

/* Append tokens. LIMIT when they do not fit into the context, INVALID_ARGUMENT for ids outside the
 * vocabulary; the session is unchanged then. */
enum status lm_decoder_feed(struct lm_decoder *decoder, const int32_t *tokens, size_t count,
                            struct error *ret_error);

/* Keep the first `count` tokens (count <= length). Logits are gone until the next feed, unless
 * nothing was cut. */
void lm_decoder_truncate(struct lm_decoder *decoder, size_t count);

/* Tokens fed so far. */
const int32_t *lm_decoder_tokens(const struct lm_decoder *decoder, size_t *ret_count);
/* How many of `tokens` the session already holds at its start. */
size_t lm_decoder_common(const struct lm_decoder *decoder, const int32_t *tokens, size_t count);
uint32_t lm_decoder_context(const struct lm_decoder *decoder);

/* `vocabulary` values for the token after the last one; NULL before the first feed and after a cut.
 * Valid until the next feed. */
const float *lm_decoder_logits(const struct lm_decoder *decoder);

/* The normalised hidden state [width] that those logits were made of, or NULL likewise. Valid until
 * the next call on the decoder. */
const float *lm_decoder_state(const struct lm_decoder *decoder);

#endif
