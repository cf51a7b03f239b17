/* The assistant's language model: a request goes in, a tool call, a short reply or "ask the cloud"
 * comes out.
 *
 *     struct lm_model *model;      (weights: read-only, shared)
 *     struct lm_session *session;  (cheap, one conversation)
 *     TRY(lm_model_create("lm.gguf", &model, ret_error));
 *     TRY(lm_session_create(model, &session, ret_error));
 *     while (the user still speaks)
 *         lm_session_prefill(session, partial, &prefill, ret_error);
 *     struct lm_result result;
 *     TRY(lm_session_answer(session, text, &options, &result, ret_error));
 *
 * A request may be any text: it is normalised (lm_request.h) first. Only what differs from the text
 * before is computed again, so revised partials cost little. Answers follow lm_grammar.h: a tool of
 * the model's own list, arguments that are verbatim words of the request. The same text gives the
 * same answer, bit for bit, however it was prefilled.
 *
 * Thread: control for create and destroy; a session belongs to one worker at a time; a model may be
 * shared. Nothing is allocated after create. */
#ifndef LINNET_MODELS_LM_H
#define LINNET_MODELS_LM_H

#include "lm_decoder.h"
#include "lm_grammar.h"
#include "lm_sampler.h"
#include "lm_tokenizer.h"

enum { LM_MAX_VALUE = 256, LM_MAX_REPLY = 512, LM_MAX_REPLY_TOKENS = 64 };

struct lm_model;
struct lm_session;

/* Any Llama-architecture GGUF with a byte-level BPE tokenizer. Errors: those of gguf.h,
 * lm_decoder.h, lm_tokenizer.h, lm_grammar.h, naming the file. */
enum status lm_model_create(const char *path, struct lm_model **ret_model, struct error *ret_error);
void lm_model_destroy(struct lm_model *model);

const struct lm_tokenizer *lm_model_tokenizer(const struct lm_model *model);
const struct lm_weights *lm_model_weights(const struct lm_model *model);
/* NULL for a general model without a tool list: it can complete, but not answer. */
const struct lm_grammar *lm_model_grammar(const struct lm_model *model);

/* The model must outlive its sessions. */
enum status lm_session_create(const struct lm_model *model, struct lm_session **ret_session,
                              struct error *ret_error);
void lm_session_destroy(struct lm_session *session);

/* Forget everything. */
void lm_session_reset(struct lm_session *session);

struct lm_prefill {
    uint32_t n_tokens, n_reused; /* of the request so far; of those, found computed already */
    bool judges_end;             /* false for a model without a turn head (lm_turn.h) */
    float end_score;             /* log-odds that the request ends here */
};

/* Compute the beginning of a request that is still being spoken. Errors: LIMIT when it is longer
 * than LM_MAX_REQUEST tokens, UNSUPPORTED for a model without tools. */
enum status lm_session_prefill(struct lm_session *session, const char *text,
                               struct lm_prefill *ret_prefill, struct error *ret_error);

enum lm_route { LM_ROUTE_TOOL, LM_ROUTE_REPLY, LM_ROUTE_CLOUD };

struct lm_argument {
    char name[LM_MAX_NAME];
    char value[LM_MAX_VALUE]; /* words of the request, without space at the ends; cut when longer */
};

struct lm_result {
    enum lm_route route;
    char tool[LM_MAX_NAME]; /* "" unless the route is a tool */
    uint32_t n_arguments;
    struct lm_argument arguments[LM_MAX_ARGUMENTS];
    char reply[LM_MAX_REPLY]; /* "" unless the route is a reply; UTF-8 as the model wrote it */

    /* Softmax over the route tokens: of the one chosen, and of all tools, reply, cloud. */
    float confidence, p_tool, p_reply, p_cloud;
    /* Product of the probabilities of the argument tokens among those allowed; 1 without arguments.
     */
    float argument_confidence;

    /* How much was done: tokens of the prompt, those of them found computed already, tokens
     * written. */
    uint32_t n_prompt, n_reused, n_generated;
    bool cut; /* the reply reached its limit before its end */
};

struct lm_options {
    /* For replies only; routes and arguments are always greedy. Zeroed: greedy. */
    struct lm_sampling sampling;
    /* Called with each piece of a reply as it is written (not NUL-terminated, may end inside a
     * UTF-8 character), on the caller's thread. Return false to stop: the answer ends with
     * CANCELLED. May be NULL. */
    bool (*piece)(void *context, struct lm_piece piece);
    /* Called once when the route is known, before the rest is written. May be NULL. */
    void (*route)(void *context, const struct lm_result *so_far);
    void *context;
    uint32_t max_reply_tokens; /* 0: LM_MAX_REPLY_TOKENS */
};

/* Answer a request. `options` may be NULL. *ret_result is untouched on failure. Errors: as
 * lm_session_prefill, CANCELLED. */
enum status lm_session_answer(struct lm_session *session, const char *text,
                              const struct lm_options *options, struct lm_result *ret_result,
                              struct error *ret_error);

/* What a completion wrote: tokens go to the caller's memory. */
struct lm_completion {
    int32_t *tokens;
    size_t capacity, count;
    bool ended; /* by eos, not by the capacity or the context */
};

/* Continue a raw prompt (bos is added when the file wants it) until eos or `capacity` tokens, for
 * general models. Tokens are also given to options->piece. Only count and ended of the completion
 * are written. */
enum status lm_session_complete(struct lm_session *session, const char *prompt,
                                const struct lm_options *options, struct lm_completion *completion,
                                struct error *ret_error);

#endif
