/* A recogniser for one stream from its two files: what every program opens in the same five steps.
 *
 *     struct asr_recogniser r;
 *     TRY(asr_recogniser_init(&r, "asr.gguf", "asr-lm.gguf", &options, ret_error));
 *     asr_session_feed(r.session, mel, frames);
 *     asr_recogniser_finish(&r);
 *
 * Thread: control. */
#ifndef LINNET_MODELS_ASR_RECOGNISER_H
#define LINNET_MODELS_ASR_RECOGNISER_H

#include "asr.h"
#include "gguf.h"
#include "status.h"

struct asr_recogniser {
    struct gguf *acoustic, *language;
    struct asr_model *model;
    struct asr_session *session;
};

/* Errors: those of opening a GGUF, of asr_model_create and of asr_session_create; nothing stays
 * open then and *ret_recogniser is empty. */
enum status asr_recogniser_init(struct asr_recogniser *ret_recogniser, const char *acoustic,
                                const char *language, const struct asr_options *options,
                                struct error *ret_error);
void asr_recogniser_finish(struct asr_recogniser *recogniser);

#endif
