/* Language-model look-ahead: the best probability among the words that a node of the prefix tree
 * can still become, given what was said before. It lets the search compare half-spoken words
 * fairly.
 *
 *     value(state, node) = max over words w below node of ln P(w | state)
 *
 * For the words that a state lists, the maxima are computed once and kept in a small table of the
 * nodes concerned; all others follow from the state below by its back-off weight. (A listed word
 * may be worse than its own back-off path; the value is then an upper bound.) Tables live in a
 * pool of fixed size that is emptied when it is full; results do not depend on that.
 *
 * Thread: worker for all functions; no function allocates but create. */
#ifndef LINNET_MODELS_ASR_AHEAD_H
#define LINNET_MODELS_ASR_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "asr_lexicon.h"
#include "asr_ngram.h"
#include "status.h"

/* Most children of the root. */
enum { ASR_AHEAD_TOPS = 64 };

/* The read-only part, shared by all sessions of a model. */
struct asr_ahead_base {
    float *node;  /* [nodes] best unigram below each node; at least -30 */
    float *state; /* [states] value(state, root) */
};

enum status asr_ahead_base_init(struct asr_ahead_base *ret_base, const struct asr_lexicon *lexicon,
                                const struct asr_ngram *ngram, struct error *ret_error);
void asr_ahead_base_finish(struct asr_ahead_base *base);

struct asr_ahead;

/* Tables of one state: look up in each, add its weight; `below` is the weight of the base. Valid
 * until the next asr_ahead_view. */
struct asr_ahead_view {
    const uint32_t *table[2]; /* slots: (node + 1) << 8 | code; 0 is free */
    const uint8_t *codes[2];  /* or, for long lists, the code + 1 of every node */
    uint32_t mask[2];
    const float *values[2]; /* of the codes */
    float weight[2], below;
    const float *node;
};

/* All three must outlive the object; the root has at most ASR_AHEAD_TOPS children. `slots` is the
 * size of the pool (4 bytes each). */
enum status asr_ahead_create(const struct asr_lexicon *lexicon, const struct asr_ngram *ngram,
                             const struct asr_ahead_base *base, uint32_t slots,
                             struct asr_ahead **ret_ahead, struct error *ret_error);
void asr_ahead_destroy(struct asr_ahead *ahead);

struct asr_ahead_view asr_ahead_view(struct asr_ahead *ahead, uint32_t state);

/* value(state, child of the root) for all children, cheaper than a view. Valid until the next
 * call. */
const float *asr_ahead_tops(struct asr_ahead *ahead, uint32_t state);

/* value(state, node) of the view's state. */
float asr_ahead_value(const struct asr_ahead_view *view, uint32_t node);

#endif
