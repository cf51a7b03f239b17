#include "lm.h"

#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "lm_session.h"

/* ---- model ---- */

static enum status check_vocabulary(const struct lm_model *m, const struct gguf *g,
                                    struct error *ret_error)
{
    uint32_t tokens = lm_tokenizer_size(m->tokenizer),
             rows = lm_weights_config(m->weights)->vocabulary;
    if (tokens == rows)
        return STATUS_OK;
    return error_set(ret_error, STATUS_FORMAT,
                     "%s: tensor \"token_embd.weight\": expected %u rows, one a token, got %u",
                     gguf_name(g), (unsigned)tokens, (unsigned)rows);
}

static enum status find_ordinary(struct lm_model *m, const struct gguf *g, struct error *ret_error)
{
    uint32_t size = lm_tokenizer_size(m->tokenizer);
    m->ordinary = mem_calloc(size, 1);
    if (!m->ordinary)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: tokens", gguf_name(g));
    for (uint32_t i = 0; i < size; i++)
        m->ordinary[i] = lm_tokenizer_type(m->tokenizer, (int32_t)i) == LM_TOKEN_NORMAL;
    if (m->has_grammar)
        m->ordinary[m->grammar.end] = 1;
    else if (lm_tokenizer_eos(m->tokenizer) >= 0)
        m->ordinary[lm_tokenizer_eos(m->tokenizer)] = 1;
    return STATUS_OK;
}

static enum status load_model(struct lm_model *m, const struct gguf *g, struct error *ret_error)
{
    TRY(lm_weights_create(g, nn_ops_best(), &m->weights, ret_error));
    TRY(lm_tokenizer_create(g, &m->tokenizer, ret_error));
    TRY(check_vocabulary(m, g, ret_error));
    m->has_grammar = gguf_find_entry(g, "linnet.tools") != NULL;
    if (m->has_grammar)
        TRY(lm_grammar_init(&m->grammar, g, m->tokenizer, ret_error));
    TRY(lm_turn_init(&m->turn, g, lm_weights_config(m->weights)->width, ret_error));
    return find_ordinary(m, g, ret_error);
}

enum status lm_model_create(const char *path, struct lm_model **ret_model, struct error *ret_error)
{
    struct gguf *g;
    TRY(gguf_create_from_file(path, &g, ret_error));
    struct lm_model *m = mem_calloc(1, sizeof(*m));
    enum status status =
        m ? load_model(m, g, ret_error) : error_set(ret_error, STATUS_NO_MEMORY, "%s", path);
    gguf_destroy(g);
    if (status != STATUS_OK) {
        lm_model_destroy(m);
        return status;
    }
    *ret_model = m;
    return STATUS_OK;
}

void lm_model_destroy(struct lm_model *model)
{
    if (!model)
        return;
    lm_turn_finish(&model->turn);
    lm_tokenizer_destroy(model->tokenizer);
    lm_weights_destroy(model->weights);
    free(model->ordinary);
    free(model);
}

const struct lm_tokenizer *lm_model_tokenizer(const struct lm_model *model)
{
    return model->tokenizer;
}

const struct lm_weights *lm_model_weights(const struct lm_model *model)
{
    return model->weights;
}

const struct lm_grammar *lm_model_grammar(const struct lm_model *model)
{
    return model->has_grammar ? &model->grammar : NULL;
}

/* ---- session ---- */

enum status lm_session_create(const struct lm_model *model, struct lm_session **ret_session,
                              struct error *ret_error)
{
    uint32_t context = lm_weights_config(model->weights)->context;
    if (context > LM_SESSION_CONTEXT)
        context = LM_SESSION_CONTEXT;
    struct lm_session *s = mem_calloc(1, sizeof(*s));
    if (s)
        s->raw = mem_calloc(context, sizeof(s->raw[0]));
    if (!s || !s->raw) {
        lm_session_destroy(s);
        return error_set(ret_error, STATUS_NO_MEMORY, "language model: session");
    }
    s->model = model;
    enum status status = lm_decoder_create(model->weights, context, &s->decoder, ret_error);
    if (status != STATUS_OK) {
        lm_session_destroy(s);
        return status;
    }
    *ret_session = s;
    return STATUS_OK;
}

void lm_session_destroy(struct lm_session *session)
{
    if (!session)
        return;
    lm_decoder_destroy(session->decoder);
    free(session->raw);
    free(session);
}

void lm_session_reset(struct lm_session *session)
{
    lm_decoder_truncate(session->decoder, 0);
}

enum status lm_session_load(struct lm_session *session, const char *text, struct error *ret_error)
{
    const struct lm_model *m = session->model;
    if (!m->has_grammar)
        return error_set(ret_error, STATUS_UNSUPPORTED,
                         "language model: the file has no \"linnet.tools\"");
    session->text[0] = ' ';
    if (lm_request_normalise(text, session->text + 1, sizeof(session->text) - 1) != STATUS_OK)
        return error_set(ret_error, STATUS_LIMIT,
                         "language model: a request of %zu bytes, at most %d", strlen(text),
                         LM_MAX_REQUEST_BYTES / 9);
    size_t count = 0;
    struct lm_piece words = {session->text, session->text[1] ? strlen(session->text) : 0};
    session->prompt[0] = m->grammar.bos;
    session->prompt[1] = m->grammar.user;
    if (lm_tokenizer_encode(m->tokenizer, words, session->prompt + 2, LM_MAX_REQUEST, &count) !=
        STATUS_OK)
        return error_set(ret_error, STATUS_LIMIT,
                         "language model: a request of more than %d tokens", LM_MAX_REQUEST);
    session->n_request = (uint32_t)count;
    session->prompt[2 + count] = m->grammar.assistant;
    return STATUS_OK;
}

enum status lm_session_run(struct lm_session *session, const int32_t *tokens, size_t count,
                           uint32_t *ret_reused, struct error *ret_error)
{
    size_t length, common = lm_decoder_common(session->decoder, tokens, count);
    lm_decoder_tokens(session->decoder, &length);
    /* Logits belong to the last token fed: take it back unless it is the last one wanted. */
    if (common == count && (length > count || !lm_decoder_logits(session->decoder)))
        common = count - 1;
    lm_decoder_truncate(session->decoder, common);
    TRY(lm_decoder_feed(session->decoder, tokens + common, count - common, ret_error));
    *ret_reused = (uint32_t)common;
    return STATUS_OK;
}

enum status lm_session_prefill(struct lm_session *session, const char *text,
                               struct lm_prefill *ret_prefill, struct error *ret_error)
{
    struct lm_prefill done;
    TRY(lm_session_load(session, text, ret_error));
    done.n_tokens = 2 + session->n_request;
    TRY(lm_session_run(session, session->prompt, done.n_tokens, &done.n_reused, ret_error));
    done.judges_end = session->model->turn.units > 0;
    done.end_score = done.judges_end
                         ? lm_turn_score(&session->model->turn, lm_decoder_state(session->decoder))
                         : 0;
    *ret_prefill = done;
    return STATUS_OK;
}
