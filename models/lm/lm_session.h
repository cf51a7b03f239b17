/* Inside of model and session, for lm.c and lm_answer.c.
 *
 * Thread: as lm.h says. */
#ifndef LINNET_MODELS_LM_SESSION_H
#define LINNET_MODELS_LM_SESSION_H

#include "lm.h"
#include "lm_request.h"
#include "lm_turn.h"

enum { LM_SESSION_CONTEXT = 2048, LM_MAX_PROMPT = LM_MAX_REQUEST + 3 };

struct lm_model {
    struct lm_tokenizer *tokenizer;
    struct lm_weights *weights;
    struct lm_grammar grammar;
    bool has_grammar;
    struct lm_turn turn;
    uint8_t *ordinary; /* [vocabulary] 1 for tokens that a reply may hold, and its end */
};

struct lm_session {
    const struct lm_model *model;
    struct lm_decoder *decoder;
    char text[LM_MAX_REQUEST_BYTES + 1]; /* the request, normalised, after a space */
    int32_t prompt[LM_MAX_PROMPT];       /* bos, user, request, assistant */
    uint32_t n_request;
    int32_t *raw; /* [context] prompt of a completion */
};

/* Normalise and tokenise a request into session->prompt; session->n_request counts the request's
 * own tokens. */
enum status lm_session_load(struct lm_session *session, const char *text, struct error *ret_error);

/* Bring the decoder to exactly these tokens with logits after the last; *ret_reused counts those
 * found there. */
enum status lm_session_run(struct lm_session *session, const int32_t *tokens, size_t count,
                           uint32_t *ret_reused, struct error *ret_error);

#endif
