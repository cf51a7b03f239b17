/* Choosing the next token from logits.
 *
 * Thread: any for all functions; a sampler belongs to one thread. */
#ifndef LINNET_MODELS_LM_SAMPLER_H
#define LINNET_MODELS_LM_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LM_MAX_TOP_K = 256 };

/* temperature 0 is greedy (the first of equal logits). Otherwise: the top_k likeliest (1 to
 * LM_MAX_TOP_K; 0: the most), of them the fewest whose probabilities reach top_p (0 < top_p <= 1),
 * one by chance. */
struct lm_sampling {
    float temperature, top_p;
    uint32_t top_k;
    uint64_t seed;
};

struct lm_sampler {
    struct lm_sampling sampling;
    uint64_t state;
};

void lm_sampler_init(struct lm_sampler *ret_sampler, const struct lm_sampling *sampling);

/* One of `n` tokens; tokens with allowed[i] == 0 are never chosen (allowed may be NULL; at least
 * one must be allowed with a finite logit, else the first allowed is taken). *ret_probability (may
 * be NULL) is its share before temperature among the allowed. */
int32_t lm_sampler_pick(struct lm_sampler *sampler, const float *logits, size_t n,
                        const uint8_t *allowed, float *ret_probability);

/* The same, greedy, among `count` listed tokens. */
int32_t lm_sampler_best_of(const float *logits, const int32_t *tokens, size_t count,
                           float *ret_probability);

/* Share of `token` in the softmax over the listed tokens. */
float lm_sampler_share(const float *logits, const int32_t *tokens, size_t count, int32_t token);

#endif
