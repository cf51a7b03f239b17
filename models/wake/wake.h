/* Wake words and voice activity: one tiny causal net over the shared log-mel frames.
 *
 *     struct wake_model *model;                            (read-only weights, any number of
 * sessions) TRY(wake_model_create(&model, "wake-f16.gguf", ret_error)); struct wake_session
 * *session; TRY(wake_session_create(&session, model, ret_error));
 *     ...
 *     struct wake_scores scores;
 *     if (wake_session_process(session, frame, &scores))   (true for every second frame: 20 ms)
 *         if (wake_detector_step(&detector, &scores, &event))
 *             ...
 *     wake_session_destroy(session);
 *     wake_model_destroy(model);
 *
 * The net (tools/train/wake/net.py is its twin): f = (max(mel, floor) - mean) * scale per band;
 * every second frame a stem layer over the last four frames, then residual layers
 * x + relu(W [x(s-2d) x(s-d) x(s)] + b) with dilations d from the file, then one logit for speech
 * and one for each word. Speech also hears a small recurrent memory over the same features (what
 * the room sounds like), the words do not. Nothing looks ahead; there is no level normalisation,
 * the net was trained on levels from -30 to +4 dB. Everything before the first frame counts as
 * zero.
 *
 * Same frames, same bits: on every run and on every instruction set.
 *
 * Thread: control for create and destroy; process and reset: audio-rt safe, one thread at a time
 * per session; the others any. */
#ifndef LINNET_MODELS_WAKE_H
#define LINNET_MODELS_WAKE_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WAKE_BANDS = 80,
    WAKE_MAX_WORDS = 8,
    WAKE_MAX_WORD = 32, /* bytes of a word's name, its end included */
    WAKE_TAPS = 4,      /* steps whose features a user's own word reads ... */
    WAKE_TAP_STEPS = 8, /* ... that far apart: the last half second */
};

/* What one step says; posteriors in 0..1. */
struct wake_scores {
    uint64_t frame;              /* index of the newest mel frame that was heard */
    float speech;                /* somebody speaks at this moment */
    float words[WAKE_MAX_WORDS]; /* the word has just ended; the model's word count are set */
};

struct wake_model;
struct wake_session;

/* Read a GGUF file of architecture "linnet-wake". Errors: those of gguf_create_from_file; FORMAT or
 * UNSUPPORTED when the net is not of the shape above; LIMIT for more than WAKE_MAX_WORDS words. */
enum status wake_model_create(struct wake_model **ret_model, const char *path,
                              struct error *ret_error);

/* Accepts NULL. Sessions must be gone. */
void wake_model_destroy(struct wake_model *model);

size_t wake_model_word_count(const struct wake_model *model);

/* "jarvis"; lives as long as the model. */
const char *wake_model_word(const struct wake_model *model, size_t index);

/* Index of a word by name ("jarvis" also for "hey jarvis"); -1 when the model does not know it. */
int wake_model_find_word(const struct wake_model *model, const char *name);

/* What the file says of its detector: thresholds on smoothed posteriors, measured on held-out
 * recordings (docs/models/wake.md). */
struct wake_tuning {
    uint32_t word_count;
    float thresholds[WAKE_MAX_WORDS];
    uint32_t smooth_steps;      /* posteriors are averaged over that many steps */
    uint32_t refractory_frames; /* after a detection nothing is detected for that long */
    uint32_t delay_frames;      /* a detection comes that long after the word's end, typically */
};

void wake_model_tuning(const struct wake_model *model, struct wake_tuning *ret_tuning);

/* A word that the user enrolled (wake_enroll.h): one more row of the last layer, over the features
 * of WAKE_TAPS steps. Its name may be that of a built-in word: then either may hear it. Add words
 * before sessions are created. Errors: LIMIT, INVALID_ARGUMENT (other size than the features'),
 * NO_MEMORY. */
struct wake_own_word {
    char name[WAKE_MAX_WORD];
    uint32_t size;        /* values of weights */
    const float *weights; /* copied */
    float bias, threshold;
};
enum status wake_model_add_word(struct wake_model *model, const struct wake_own_word *word,
                                struct error *ret_error);

/* Values that the features of a moment have, and a number that tells nets apart: own words belong
 * to the net that they were enrolled with. */
uint32_t wake_model_features(const struct wake_model *model);
uint32_t wake_model_fingerprint(const struct wake_model *model);

/* Frames that a word's posterior can see: after that many frames a session's past does not matter
 * to the words. */
size_t wake_model_field(const struct wake_model *model);

/* Mutable state of one stream. The model must outlive it. Errors: NO_MEMORY. */
enum status wake_session_create(struct wake_session **ret_session, const struct wake_model *model,
                                struct error *ret_error);

/* Accepts NULL. */
void wake_session_destroy(struct wake_session *session);

/* Forget the stream; the next frame has index `frame`. The index's parity decides which frames end
 * a step (odd ones), so that a session restarted in the middle of a stream keeps step with it. */
void wake_session_reset(struct wake_session *session, uint64_t frame);

/* One log-mel frame (dsp/mel.h). True when a step was computed and *ret_scores filled. */
bool wake_session_process(struct wake_session *session, const float mel[WAKE_BANDS],
                          struct wake_scores *ret_scores);

/* The features after the last step, newest first: wake_model_features values. */
void wake_session_features(const struct wake_session *session, float *ret_features);

#endif
