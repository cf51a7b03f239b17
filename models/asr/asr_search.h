/* Beam search for words: phone scores in, one row every 30 ms; words out.
 *
 * Tokens walk the prefix tree of the lexicon, each phone one state with a self-loop; a token is
 * told apart by its language-model state and its tree node, the better of two equal ones survives.
 * Scores may depend on the class of the phone before: inside a word the tree knows it, the first
 * phone of a word keeps it as a third mark of its token.
 * At the end of a word the trigram's probability replaces the look-ahead that was paid in advance,
 * the word goes into the lattice and the token starts again at the root, through silence or
 * directly.
 *
 *     struct asr_search *search;
 *     TRY(asr_search_create(&config, &search, ret_error));
 *     for (...)
 *         asr_search_step(search, scores);            (outputs values)
 *     count = asr_search_finish(search, words, limit);
 *     asr_search_reset(search);
 *
 * Words of the user's own (asr_own.h) have a tree beside the lexicon's, entered wherever a word may
 * begin.
 *
 * All memory is fixed at creation: the beams bound the work of a step, the lattice forgets what
 * can no longer win. Results depend on the scores alone.
 *
 * Thread: control for create and destroy; worker for the others (audio-rt safe). */
#ifndef LINNET_MODELS_ASR_SEARCH_H
#define LINNET_MODELS_ASR_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "asr_ahead.h"
#include "asr_lattice.h"
#include "asr_lexicon.h"
#include "asr_ngram.h"
#include "asr_own.h"
#include "status.h"

/* Scores are natural logarithms times the acoustic scale; phone 0 is silence. Phone b after phone a
 * has score left_class[a] * phones + b, silence score 0 (asr_output). */
struct asr_search_config {
    const struct asr_lexicon *lexicon;
    const struct asr_ngram *ngram;
    const struct asr_ahead_base *ahead_base; /* of this ngram */
    const struct asr_own *own;               /* over this lexicon; NULL: none */
    uint32_t phones, outputs;                /* outputs: scores of a frame, phones times classes */
    const uint32_t *left_class;              /* [phones] */
    float lm_weight;
    float word_bonus;    /* added for each word */
    float silence_cost;  /* added when silence begins between words */
    float break_cost;    /* added when one sentence ends and another begins; -INFINITY forbids it */
    float beam;          /* worse than the best token by this much: dropped */
    float word_beam;     /* the same at the ends of words */
    uint32_t max_tokens; /* of one frame; the best are kept */
};

/* Sensible values for everything but the pointers, phones and outputs. */
struct asr_search_config asr_search_defaults(void);

struct asr_search;

/* What the pointers show must outlive the search. */
enum status asr_search_create(const struct asr_search_config *config,
                              struct asr_search **ret_search, struct error *ret_error);
void asr_search_destroy(struct asr_search *search);

/* Back to the begin of an utterance. */
void asr_search_reset(struct asr_search *search);

/* Other own words (NULL: none) from now on, which must outlive the search or the next call; resets.
 */
void asr_search_use_own(struct asr_search *search, const struct asr_own *own);

/* Scores of the next frame, [outputs]. */
void asr_search_step(struct asr_search *search, const float *scores);

/* Frames seen since the reset. */
uint32_t asr_search_frames(const struct asr_search *search);

/* Words of the best path so far, without confidences; the last `limit` of them. All but the first
 * *ret_settled may still grow: a word is given as soon as its last phone is heard. */
uint32_t asr_search_partial(const struct asr_search *search, struct asr_lattice_word *ret_words,
                            uint32_t limit, uint32_t *ret_settled);

/* How the utterance looks if it ended now. */
struct asr_search_ending {
    float end_probability; /* of the sentence's end after the best path's words (language model) */
    float margin;     /* best complete path against the best of all: 0 complete, else negative */
    uint32_t silence; /* frames of silence at the end of the best path */
    uint32_t words;   /* on the best path; 0: nothing said yet */
};
struct asr_search_ending asr_search_ending(const struct asr_search *search);

/* Close the utterance: the best complete path (or, when no word could be completed, the best words
 * before it), with confidences. Words of the n best sentences follow from asr_nbest.h on the
 * lattice. No step may follow before a reset. */
uint32_t asr_search_finish(struct asr_search *search, struct asr_lattice_word *ret_words,
                           uint32_t limit);

/* After finish: how well the sounds fit the words, per frame of speech: 0 is perfect, noise heard
 * as words is far below. 0 without words. */
float asr_search_match(const struct asr_search *search);

/* After finish: the lattice and its final node (0 when there are no words). */
struct asr_lattice *asr_search_lattice(struct asr_search *search, uint32_t *ret_final);

/* Tokens alive after the last step, and their largest number so far: for benches. */
uint32_t asr_search_tokens(const struct asr_search *search, uint32_t *ret_most);

#endif
