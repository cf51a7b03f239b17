/* The recogniser: log-mel frames in, words out while they are spoken.
 *
 *     struct asr_model *model;
 *     struct asr_session *session;
 *     struct asr_options options = asr_options_defaults();
 *     TRY(asr_model_create(acoustic_gguf, language_gguf, NULL, &model, ret_error));
 *     TRY(asr_session_create(model, &options, &session, ret_error));
 *     for (...) {
 *         asr_session_feed(session, mel, frames);                 (any number of frames)
 *         struct asr_result partial = asr_session_partial(session);
 *         struct asr_ending ending = asr_session_ending(session);  (for the endpointer)
 *     }
 *     struct asr_result final = asr_session_finish(session);
 *     if (!final.rejected)
 *         puts(final.text);
 *     asr_session_reset(session);                                  (next utterance)
 *
 * Words are lower case, apostrophes kept, numbers spelt out, no punctuation. Results do not depend
 * on how the frames are cut. Times are seconds from the first frame fed; partials lag by the net's
 * look-ahead (asr_model_lookahead).
 *
 * A model is read-only and shared; a session is one stream (about 22 MB, all of it allocated at
 * creation). Of an utterance of more than 8192 words only the last are given; better cut at
 * pauses.
 *
 * Thread: control for create and destroy; worker for the others (audio-rt safe). */
#ifndef LINNET_MODELS_ASR_H
#define LINNET_MODELS_ASR_H

#include <stdbool.h>
#include <stdint.h>

#include "asr_own.h"
#include "gguf.h"
#include "status.h"

struct asr_model;
struct asr_session;

/* Open the acoustic net (architecture linnet-asr) and the lexicon with its language models
 * (linnet-asr-lm). Both files must outlive the model. With a name in `only`, sessions of that
 * language alone can be created, for half the time and memory; NULL prepares all. Errors:
 * NOT_FOUND, FORMAT, UNSUPPORTED, LIMIT, NO_MEMORY. */
enum status asr_model_create(const struct gguf *acoustic, const struct gguf *language,
                             const char *only, struct asr_model **ret_model,
                             struct error *ret_error);
void asr_model_destroy(struct asr_model *model);

/* Seconds of sound after a moment that its phones need. */
float asr_model_lookahead(const struct asr_model *model);
/* Values of one mel frame. */
uint32_t asr_model_mel_bins(const struct asr_model *model);

/* Does the lexicon have a word, in lower case? */
bool asr_model_knows(const struct asr_model *model, const char *word);

/* 0 stands for the default of a number. */
struct asr_options {
    const char *language; /* "assistant" (requests, default) or "general" (dictation) */
    float lm_weight;
    float word_bonus;
    float acoustic_scale; /* default: the acoustic file's */
    float beam, word_beam;
    uint32_t max_tokens;
};
struct asr_options asr_options_defaults(void);

/* The model must outlive the session. Errors: NOT_FOUND (language), NO_MEMORY. */
enum status asr_session_create(const struct asr_model *model, const struct asr_options *options,
                               struct asr_session **ret_session, struct error *ret_error);
void asr_session_destroy(struct asr_session *session);

/* Words of the user's own from now on (copied); none with a count of 0. They stay over resets; the
 * utterance is forgotten. `limits` may be NULL. Thread: control; it allocates. Errors: those of
 * asr_own_create; the words before stay then. */
enum status asr_session_use_words(struct asr_session *session, const struct asr_saying *sayings,
                                  uint32_t count, const struct asr_own_limits *limits,
                                  struct error *ret_error);

/* Forget the utterance; the next feed starts a new one. */
void asr_session_reset(struct asr_session *session);

/* Take `frames` mel frames (dsp/mel.h). Not after finish. */
void asr_session_feed(struct asr_session *session, const float *mel, uint32_t frames);

struct asr_word {
    const char *text;
    float start, end; /* seconds */
    float confidence; /* 0 to 1: share of the alternatives that agree; 0 in partials */
};

/* Valid until the next call on the session. */
struct asr_result {
    const char *text; /* words with single spaces; "" when nothing was said */
    const struct asr_word *words;
    uint32_t count;
    uint32_t settled; /* words before one that may still go on; all of them after finish */
    float confidence; /* least likely third of the words decides; 0 without words */
    float match;      /* fit of sounds and words: 0 perfect, about -1 poor; 0 in partials */
    bool rejected;    /* finish: noise or mumbling, do not act on it */
};

/* Words so far; they may still change, and the last may be the beginning of a longer one. */
struct asr_result asr_session_partial(struct asr_session *session);

/* Close the utterance: all frames are used, the best complete sentence. */
struct asr_result asr_session_finish(struct asr_session *session);

/* After finish: other readings, best first (0 is the sentence of finish). Writes the text of number
 * `index` (cut to `size`) and its score, natural logarithm; false when there are no more. */
bool asr_session_alternative(struct asr_session *session, uint32_t index, char *ret_text,
                             size_t size, float *ret_score);

/* What the endpointer wants to know, cheaply, at any time. */
struct asr_ending {
    float end_probability; /* that a sentence ends after these words (language model), 0 to 1 */
    float margin;          /* 0: the best path is complete; negative: in the middle of a word */
    float silence;         /* seconds of silence at the end of the best path */
    uint32_t words;        /* said so far, the last one if complete */
};
struct asr_ending asr_session_ending(const struct asr_session *session);

/* The same as end_probability, damped while a word is unfinished: 0 to 1. */
float asr_end_of_sentence_score(const struct asr_session *session);

#endif
