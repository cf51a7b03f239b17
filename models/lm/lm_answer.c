#include <string.h>

#include "lm_session.h"

/* An answer in the making. */
struct answer {
    struct lm_session *session;
    const struct lm_options *options;
    struct lm_grammar_state state;
    struct lm_sampler sampler;
    struct lm_result result;
    uint32_t reply_tokens;
    int32_t pending; /* chosen but not fed yet; LM_NO_TOKEN when there is none */
    bool cancelled;
};

/* ---- texts ---- */

/* Append as much as fits, and keep the NUL. */
static void append(char *text, size_t capacity, struct lm_piece piece)
{
    size_t length = strlen(text), room = capacity - 1 - length;
    size_t some = piece.length < room ? piece.length : room;
    memcpy(text + length, piece.data, some);
    text[length + some] = 0;
}

static void append_value(struct answer *a, int32_t token)
{
    char *value = a->result.arguments[a->result.n_arguments - 1].value;
    struct lm_piece piece = lm_tokenizer_piece(a->session->model->tokenizer, token);
    if (value[0] == 0 && piece.length > 0 && piece.data[0] == ' ') {
        piece.data++;
        piece.length--;
    }
    append(value, LM_MAX_VALUE, piece);
}

static void append_reply(struct answer *a, int32_t token)
{
    struct lm_piece piece = lm_tokenizer_piece(a->session->model->tokenizer, token);
    append(a->result.reply, LM_MAX_REPLY, piece);
    a->reply_tokens++;
    if (a->options->piece && !a->options->piece(a->options->context, piece))
        a->cancelled = true;
}

/* ---- one token ---- */

/* Logits after everything chosen so far. */
static enum status current_logits(struct answer *a, const float **ret_logits,
                                  struct error *ret_error)
{
    if (a->pending != LM_NO_TOKEN)
        TRY(lm_decoder_feed(a->session->decoder, &a->pending, 1, ret_error));
    a->pending = LM_NO_TOKEN;
    *ret_logits = lm_decoder_logits(a->session->decoder);
    return STATUS_OK;
}

static void note_route(struct answer *a, const float *logits, const int32_t *tokens, size_t n,
                       int32_t token)
{
    const struct lm_grammar *g = a->state.grammar;
    struct lm_result *r = &a->result;
    r->p_reply = lm_sampler_share(logits, tokens, n, g->reply);
    r->p_cloud = lm_sampler_share(logits, tokens, n, g->cloud);
    r->p_tool = 1.0f - r->p_reply - r->p_cloud;
    if (r->p_tool < 0.0f)
        r->p_tool = 0.0f;
    r->route = token == g->reply   ? LM_ROUTE_REPLY
               : token == g->cloud ? LM_ROUTE_CLOUD
                                   : LM_ROUTE_TOOL;
    if (a->state.tool)
        memcpy(r->tool, a->state.tool->name, sizeof(r->tool));
    if (a->options->route)
        a->options->route(a->options->context, r);
}

/* What a chosen token adds to the result; the state has moved on from `before` already. */
static void note_token(struct answer *a, enum lm_phase before, int32_t token)
{
    struct lm_result *r = &a->result;
    if (before == LM_PHASE_REPLY && a->state.phase == LM_PHASE_REPLY) {
        append_reply(a, token);
        return;
    }
    if (a->state.phase != LM_PHASE_VALUE)
        return;
    /* Within a value only a token of an argument gives 1s: the span has not begun. */
    bool begins = lm_tokenizer_type(a->session->model->tokenizer, token) == LM_TOKEN_CONTROL;
    if (!begins) {
        append_value(a, token);
        return;
    }
    struct lm_argument *argument = &r->arguments[r->n_arguments++];
    *argument = (struct lm_argument){.value = ""};
    memcpy(argument->name, a->state.tool->arguments[a->state.next_argument - 1], LM_MAX_NAME);
}

static enum status choose_open(struct answer *a, int32_t *ret_token, struct error *ret_error)
{
    const float *logits;
    const struct lm_model *m = a->session->model;
    TRY(current_logits(a, &logits, ret_error));
    *ret_token =
        lm_sampler_pick(&a->sampler, logits, lm_tokenizer_size(m->tokenizer), m->ordinary, NULL);
    return STATUS_OK;
}

static enum status choose_listed(struct answer *a, const int32_t *tokens, size_t n,
                                 int32_t *ret_token, struct error *ret_error)
{
    const float *logits;
    float share;
    if (n == 1) {
        /* No choice, so no logits either; but what was chosen before must be fed first. */
        *ret_token = tokens[0];
        if (tokens[0] == a->state.grammar->end)
            return STATUS_OK;
        return current_logits(a, &logits, ret_error);
    }
    TRY(current_logits(a, &logits, ret_error));
    *ret_token = lm_sampler_best_of(logits, tokens, n, &share);
    if (a->state.phase == LM_PHASE_ROUTE)
        a->result.confidence = share;
    else
        a->result.argument_confidence *= share;
    return STATUS_OK;
}

static enum status write_token(struct answer *a, struct error *ret_error)
{
    int32_t allowed[LM_MAX_ALLOWED], token;
    bool open;
    enum lm_phase before = a->state.phase;
    size_t n = lm_grammar_allowed(&a->state, allowed, &open);
    TRY(open ? choose_open(a, &token, ret_error) : choose_listed(a, allowed, n, &token, ret_error));
    if (lm_grammar_advance(&a->state, token) != STATUS_OK)
        return error_set(ret_error, STATUS_INTERNAL,
                         "language model: token %d is outside the grammar", (int)token);
    if (before == LM_PHASE_ROUTE)
        note_route(a, lm_decoder_logits(a->session->decoder), allowed, n, token);
    else
        note_token(a, before, token);
    a->pending = token;
    a->result.n_generated++;
    return STATUS_OK;
}

/* Is there room for one more token, in the reply and in the context? */
static bool has_room(struct answer *a)
{
    size_t length;
    uint32_t most =
        a->options->max_reply_tokens ? a->options->max_reply_tokens : LM_MAX_REPLY_TOKENS;
    lm_decoder_tokens(a->session->decoder, &length);
    bool room = a->reply_tokens < most && length < lm_decoder_context(a->session->decoder);
    a->result.cut = !room;
    return room;
}

static enum status write_answer(struct answer *a, struct error *ret_error)
{
    while (a->state.phase != LM_PHASE_DONE && has_room(a)) {
        TRY(write_token(a, ret_error));
        if (a->cancelled)
            return error_set(ret_error, STATUS_CANCELLED, "language model: the answer was stopped");
    }
    return STATUS_OK;
}

enum status lm_session_answer(struct lm_session *session, const char *text,
                              const struct lm_options *options, struct lm_result *ret_result,
                              struct error *ret_error)
{
    static const struct lm_options none;
    struct answer a = {
        .session = session, .options = options ? options : &none, .pending = LM_NO_TOKEN};
    TRY(lm_session_load(session, text, ret_error));
    uint32_t n_prompt = session->n_request + 3;
    TRY(lm_session_run(session, session->prompt, n_prompt, &a.result.n_reused, ret_error));
    a.result.n_prompt = n_prompt;
    a.result.argument_confidence = 1.0f;
    lm_sampler_init(&a.sampler, &a.options->sampling);
    lm_grammar_start(&a.state, &session->model->grammar, session->prompt + 2, session->n_request);
    TRY(write_answer(&a, ret_error));
    *ret_result = a.result;
    return STATUS_OK;
}

/* ---- completion ---- */

static enum status load_raw(struct lm_session *s, const char *prompt, size_t *ret_count,
                            struct error *ret_error)
{
    const struct lm_tokenizer *t = s->model->tokenizer;
    size_t bos = lm_tokenizer_adds_bos(t), count = 0;
    struct lm_piece text = {prompt, strlen(prompt)};
    s->raw[0] = lm_tokenizer_bos(t);
    if (lm_tokenizer_encode(t, text, s->raw + bos, lm_decoder_context(s->decoder) - bos, &count) !=
        STATUS_OK)
        return error_set(ret_error, STATUS_LIMIT,
                         "language model: a prompt longer than the context of %u tokens",
                         (unsigned)lm_decoder_context(s->decoder));
    if (bos + count == 0)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "language model: expected a prompt");
    *ret_count = bos + count;
    return STATUS_OK;
}

enum status lm_session_complete(struct lm_session *session, const char *prompt,
                                const struct lm_options *options, struct lm_completion *completion,
                                struct error *ret_error)
{
    static const struct lm_options none;
    const struct lm_tokenizer *t = session->model->tokenizer;
    struct lm_sampler sampler;
    size_t count, length;
    uint32_t reused;
    options = options ? options : &none;
    lm_sampler_init(&sampler, &options->sampling);
    TRY(load_raw(session, prompt, &count, ret_error));
    TRY(lm_session_run(session, session->raw, count, &reused, ret_error));
    completion->count = 0;
    completion->ended = false;
    while (completion->count < completion->capacity) {
        const float *logits = lm_decoder_logits(session->decoder);
        int32_t token = lm_sampler_pick(&sampler, logits, lm_tokenizer_size(t), NULL, NULL);
        completion->ended = token == lm_tokenizer_eos(t);
        if (completion->ended)
            break;
        completion->tokens[completion->count++] = token;
        if (options->piece && !options->piece(options->context, lm_tokenizer_piece(t, token)))
            return error_set(ret_error, STATUS_CANCELLED, "language model: the text was stopped");
        lm_decoder_tokens(session->decoder, &length);
        if (length == lm_decoder_context(session->decoder))
            break;
        TRY(lm_decoder_feed(session->decoder, &token, 1, ret_error));
    }
    return STATUS_OK;
}
