/* The ears: keep the last seconds of frames (pre-roll), recognise words while a turn listens, say
 * when it is over.
 *
 *     ears_hear(ears, &frame);                       every frame, always
 *     ears_listen(ears, frame_after_the_wake_word);  words spoken since then are not lost
 *     if (ears_decision(ears) == ENDPOINT_DONE)
 *         ears_finish(ears, &result);
 *
 * Without a recogniser (another Linnet lends its own, far_ears.h) they only judge pauses.
 *
 * Thread: control, for all functions. */
#ifndef LINNET_PIPELINE_EARS_H
#define LINNET_PIPELINE_EARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "endpoint.h"
#include "front.h"
#include "linnet.h"
#include "status.h"

enum { EARS_PRE_ROLL_FRAMES = 256 };

struct asr_model;

struct ears_config {
    const struct asr_model *model; /* shared between ears, outlives them; NULL: from the files */
    const char *model_path;        /* the acoustic model's GGUF; NULL, like model: none */
    const char *language_path;     /* lexicon and n-gram */
    const char *words;             /* the user's own (personal_words.h); NULL or empty: none */
    const char *lexicon_path;      /* the voice's en-us.gguf, for these words */
    const char *language;          /* which n-gram: "assistant" (NULL means it) or "general" */
    struct endpoint_config endpoint;
};

struct ears_result {
    char text[LINNET_TEXT_BYTES];
    float confidence; /* 0..1 */
};

struct ears;

/* Is there a recogniser? */
bool ears_has_words(const struct ears *ears);

enum status ears_create(const struct ears_config *config, struct ears **ret_ears,
                        struct error *ret_error);
void ears_destroy(struct ears *ears);

void ears_hear(struct ears *ears, const struct front_frame *frame);

/* Start recognising at frame `from`, as far back as the pre-roll reaches. */
void ears_listen(struct ears *ears, uint64_t from);

/* Stop recognising and forget. */
void ears_deafen(struct ears *ears);

/* Decision after the last frame; ENDPOINT_WAIT when not listening. */
enum endpoint_decision ears_decision(const struct ears *ears);

/* The text so far, when it changed since the last call. */
bool ears_partial(struct ears *ears, char *ret_text, size_t size);

/* The language model's judgement of the partial handed out last: log-odds that the request ends
 * there. It holds until the partial changes. */
void ears_judge_end(struct ears *ears, float end_score);

/* The whole text, with the look-ahead of the net flushed. */
void ears_finish(struct ears *ears, struct ears_result *ret_result);

#endif
