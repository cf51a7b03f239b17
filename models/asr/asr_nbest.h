/* The n best different sentences of a word lattice.
 *
 * The lattice is walked from its end backwards, always the most promising beginning first: what is
 * known of the tail plus the exact best score of the head (A*). Tails that say the same words and
 * meet the same language-model state differ only in timing; the first, best one stands for all.
 *
 * Thread: control for create and destroy; worker for the others. */
#ifndef LINNET_MODELS_ASR_NBEST_H
#define LINNET_MODELS_ASR_NBEST_H

#include <stdbool.h>
#include <stdint.h>

#include "asr_lattice.h"
#include "status.h"

enum { ASR_NBEST_SENTENCES = 10, ASR_NBEST_WORDS = 128 };

struct asr_nbest_sentence {
    const uint32_t *words;
    uint32_t count;
    float score;
};

struct asr_nbest;

enum status asr_nbest_create(struct asr_nbest **ret_nbest, struct error *ret_error);
void asr_nbest_destroy(struct asr_nbest *nbest);

/* Find up to ASR_NBEST_SENTENCES sentences that end at `final`; longer ones than ASR_NBEST_WORDS
 * are not told apart before their last words. */
void asr_nbest_list(struct asr_nbest *nbest, const struct asr_lattice *lattice, uint32_t final);

/* Sentence `index`, best first; false when there are fewer. Valid until the next list. */
bool asr_nbest_get(const struct asr_nbest *nbest, uint32_t index,
                   struct asr_nbest_sentence *ret_sentence);

#endif
