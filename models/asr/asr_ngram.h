/* A pruned back-off trigram with 8-bit probabilities, read from a GGUF file without copying.
 *
 * Words are numbers 0 .. words - 1; words and words + 1 stand for the begin and the end of a
 * sentence. A state is what the model remembers: a pair of words where such a context is listed,
 * else the last word. All logarithms are natural.
 *
 *     uint32_t state = asr_ngram_start(&lm);
 *     float total = asr_ngram_score(&lm, state, word, &state);
 *     total += asr_ngram_end(&lm, state);
 *
 * Tensors `ngram.NAME.*` are described in docs/internals/asr.md, written by tools/train/asr_lm.
 *
 * Thread: control for init; any for the others (read-only, audio-rt safe). */
#ifndef LINNET_MODELS_ASR_NGRAM_H
#define LINNET_MODELS_ASR_NGRAM_H

#include <stdint.h>

#include "gguf.h"
#include "status.h"

/* The state below all words: it knows unigrams only. Never returned by score. */
#define ASR_NGRAM_EMPTY UINT32_MAX

struct asr_ngram {
    uint32_t words;
    const int16_t *unigram, *back_off; /* [words + 2], in 1/1024 */
    const int32_t *pair_first;         /* [words + 3] into pair_word */
    const uint16_t *pair_word;         /* ascending within a history */
    const uint8_t *pair_code;
    const float *pair_table;      /* [256] */
    const int32_t *context_first; /* [words + 3] into context_word */
    const uint16_t *context_word;
    const uint8_t *context_code;
    const float *context_table;
    const int32_t *triple_first; /* [contexts + 1] into triple_word */
    const uint16_t *triple_word;
    const uint8_t *triple_code;
    const float *triple_table;
};

/* Words listed after a state, with codes into `table`. */
struct asr_ngram_list {
    const uint16_t *word;
    const uint8_t *code;
    const float *table;
    uint32_t count;
};

/* Find and check the tensors of model `name` for a vocabulary of `words`. The file must outlive the
 * object. Errors: NOT_FOUND, FORMAT (with the tensor's name), LIMIT (name too long). */
enum status asr_ngram_init(struct asr_ngram *ret_ngram, const struct gguf *gguf, const char *name,
                           uint32_t words, struct error *ret_error);

/* States are numbers below this; single words first. */
uint32_t asr_ngram_states(const struct asr_ngram *ngram);

/* State at the begin of a sentence. */
uint32_t asr_ngram_start(const struct asr_ngram *ngram);

/* ln P(word | state) and the state after it (ret_next may be NULL). */
float asr_ngram_score(const struct asr_ngram *ngram, uint32_t state, uint32_t word,
                      uint32_t *ret_next);

/* ln P(end of sentence | state). */
float asr_ngram_end(const struct asr_ngram *ngram, uint32_t state);

/* The words listed after a state; empty for ASR_NGRAM_EMPTY. */
struct asr_ngram_list asr_ngram_listed(const struct asr_ngram *ngram, uint32_t state);

/* Weight of backing off from a state, and the state below it (ASR_NGRAM_EMPTY below a single word).
 */
float asr_ngram_back_off(const struct asr_ngram *ngram, uint32_t state, uint32_t *ret_lower);

#endif
