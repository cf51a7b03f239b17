/* What the assistant's language model may write: a route, a tool's arguments, values copied from
 * the request.
 *
 *     answer   = tool { argument value } end | reply text end | cloud end
 *     argument = one of the tool's, in their order, each at most once
 *     value    = a span of the request's tokens, whole words
 *
 * Tools come from the file's metadata (`linnet.tools`, "timer_set duration name"); their tokens are
 * named "<|timer_set|>", "<|duration|>" and so on. lm_grammar is read-only after init;
 * lm_grammar_state is one answer in the making, and lives in the caller's memory.
 *
 * Thread: any for all functions; a state belongs to one thread. */
#ifndef LINNET_MODELS_LM_GRAMMAR_H
#define LINNET_MODELS_LM_GRAMMAR_H

#include "lm_tokenizer.h"

enum { LM_MAX_TOOLS = 64, LM_MAX_ARGUMENTS = 8, LM_MAX_NAME = 32, LM_MAX_REQUEST = 256 };

struct lm_tool {
    char name[LM_MAX_NAME];
    int32_t token;
    uint32_t n_arguments;
    char arguments[LM_MAX_ARGUMENTS][LM_MAX_NAME];
    int32_t argument_tokens[LM_MAX_ARGUMENTS];
};

struct lm_grammar {
    const struct lm_tokenizer *tokenizer;
    uint32_t n_tools;
    struct lm_tool tools[LM_MAX_TOOLS];
    int32_t bos, user, assistant, reply, cloud, end;
};

/* Read `linnet.tools` and find its tokens. The tokenizer must outlive the grammar. NOT_FOUND when
 * the file has no tools (a general model), FORMAT when a token is missing, LIMIT. */
enum status lm_grammar_init(struct lm_grammar *ret_grammar, const struct gguf *gguf,
                            const struct lm_tokenizer *tokenizer, struct error *ret_error);

enum lm_phase {
    LM_PHASE_ROUTE,
    LM_PHASE_ARGUMENT,
    LM_PHASE_VALUE,
    LM_PHASE_REPLY,
    LM_PHASE_CLOUD,
    LM_PHASE_DONE
};

struct lm_grammar_state {
    const struct lm_grammar *grammar;
    enum lm_phase phase;
    const struct lm_tool *tool; /* once the route is a tool */
    uint32_t next_argument;     /* the first that may still come */
    const int32_t *request;     /* tokens of the request, owned by the caller */
    uint32_t n_request;
    uint8_t
        positions[LM_MAX_REQUEST + 1]; /* in a value: 1 where it may begin, 2 where it may go on */
};

/* Start an answer to a request of n <= LM_MAX_REQUEST tokens. */
void lm_grammar_start(struct lm_grammar_state *ret_state, const struct lm_grammar *grammar,
                      const int32_t *request, uint32_t n);

/* Tokens allowed next. In the reply phase every ordinary token and `end` are allowed, and the list
 * is empty with *ret_open true; otherwise the list holds 1 to capacity distinct ids. Needs capacity
 * >= LM_MAX_REQUEST + LM_MAX_TOOLS + LM_MAX_ARGUMENTS + 2. Returns the count. */
size_t lm_grammar_allowed(const struct lm_grammar_state *state, int32_t *ret_tokens,
                          bool *ret_open);
enum { LM_MAX_ALLOWED = LM_MAX_REQUEST + LM_MAX_TOOLS + LM_MAX_ARGUMENTS + 2 };

/* Go on with a token. INVALID_ARGUMENT, state unchanged, when it is not allowed here. */
enum status lm_grammar_advance(struct lm_grammar_state *state, int32_t token);

#endif
