#include "lm_grammar.h"

#include <stdio.h>
#include <string.h>

/* ---- reading the tools ---- */

static enum status find_token(const struct lm_grammar *g, const struct gguf *gguf, const char *name,
                              int32_t *ret_token, struct error *ret_error)
{
    char spelt[LM_MAX_NAME + 8];
    snprintf(spelt, sizeof(spelt), "<|%s|>", name);
    *ret_token = lm_tokenizer_find(g->tokenizer, spelt);
    if (*ret_token != LM_NO_TOKEN)
        return STATUS_OK;
    return error_set(ret_error, STATUS_FORMAT, "%s: linnet.tools: expected a token \"%s\"",
                     gguf_name(gguf), spelt);
}

/* Takes the next word of a line; false at its end. */
static bool next_word(struct gguf_string *line, char ret_word[LM_MAX_NAME], bool *ret_long)
{
    while (line->length > 0 && *line->data == ' ') {
        line->data++;
        line->length--;
    }
    size_t n = 0;
    while (n < line->length && line->data[n] != ' ')
        n++;
    *ret_long = n >= LM_MAX_NAME;
    if (n == 0 || *ret_long)
        return false;
    memcpy(ret_word, line->data, n);
    ret_word[n] = 0;
    line->data += n;
    line->length -= n;
    return true;
}

static enum status parse_tool(const struct lm_grammar *g, const struct gguf *gguf,
                              struct gguf_string line, struct lm_tool *tool,
                              struct error *ret_error)
{
    bool is_long;
    char word[LM_MAX_NAME];
    if (!next_word(&line, tool->name, &is_long))
        return error_set(ret_error, STATUS_FORMAT,
                         "%s: linnet.tools: expected a name of 1 to %d bytes", gguf_name(gguf),
                         LM_MAX_NAME - 1);
    TRY(find_token(g, gguf, tool->name, &tool->token, ret_error));
    while (next_word(&line, word, &is_long)) {
        if (tool->n_arguments == LM_MAX_ARGUMENTS)
            return error_set(ret_error, STATUS_LIMIT,
                             "%s: linnet.tools: \"%s\": at most %d arguments", gguf_name(gguf),
                             tool->name, LM_MAX_ARGUMENTS);
        uint32_t i = tool->n_arguments++;
        memcpy(tool->arguments[i], word, sizeof(word));
        TRY(find_token(g, gguf, word, &tool->argument_tokens[i], ret_error));
    }
    if (is_long)
        return error_set(ret_error, STATUS_FORMAT,
                         "%s: linnet.tools: \"%s\": expected arguments below %d bytes",
                         gguf_name(gguf), tool->name, LM_MAX_NAME);
    return STATUS_OK;
}

static enum status find_marks(struct lm_grammar *g, const struct gguf *gguf,
                              struct error *ret_error)
{
    TRY(find_token(g, gguf, "bos", &g->bos, ret_error));
    TRY(find_token(g, gguf, "user", &g->user, ret_error));
    TRY(find_token(g, gguf, "assistant", &g->assistant, ret_error));
    TRY(find_token(g, gguf, "reply", &g->reply, ret_error));
    TRY(find_token(g, gguf, "cloud", &g->cloud, ret_error));
    return find_token(g, gguf, "end", &g->end, ret_error);
}

enum status lm_grammar_init(struct lm_grammar *ret_grammar, const struct gguf *gguf,
                            const struct lm_tokenizer *tokenizer, struct error *ret_error)
{
    struct lm_grammar g = {.tokenizer = tokenizer};
    struct gguf_array lines;
    TRY(gguf_get_array(gguf, "linnet.tools", GGUF_VALUE_STRING, &lines, ret_error));
    if (lines.count < 1 || lines.count > LM_MAX_TOOLS)
        return error_set(ret_error, STATUS_LIMIT,
                         "%s: linnet.tools: expected 1 to %d tools, got %zu", gguf_name(gguf),
                         LM_MAX_TOOLS, lines.count);
    TRY(find_marks(&g, gguf, ret_error));
    size_t cursor = 0;
    for (; g.n_tools < lines.count; g.n_tools++)
        TRY(parse_tool(&g, gguf, gguf_array_next_string(&lines, &cursor), &g.tools[g.n_tools],
                       ret_error));
    *ret_grammar = g;
    return STATUS_OK;
}

/* ---- an answer ---- */

void lm_grammar_start(struct lm_grammar_state *ret_state, const struct lm_grammar *grammar,
                      const int32_t *request, uint32_t n)
{
    *ret_state =
        (struct lm_grammar_state){.grammar = grammar, .phase = LM_PHASE_ROUTE, .request = request};
    ret_state->n_request = n < LM_MAX_REQUEST ? n : LM_MAX_REQUEST;
}

static bool begins_word(const struct lm_grammar_state *s, uint32_t position)
{
    struct lm_piece piece = lm_tokenizer_piece(s->grammar->tokenizer, s->request[position]);
    return piece.length > 0 && piece.data[0] == ' ';
}

/* May a span that goes on at `position` stop before it? */
static bool ends_word(const struct lm_grammar_state *s, uint32_t position)
{
    return position == s->n_request || begins_word(s, position);
}

static size_t add_distinct(int32_t *tokens, size_t count, int32_t token)
{
    for (size_t i = 0; i < count; i++)
        if (tokens[i] == token)
            return count;
    tokens[count] = token;
    return count + 1;
}

static bool has_words(const struct lm_grammar_state *s)
{
    for (uint32_t i = 0; i < s->n_request; i++)
        if (begins_word(s, i))
            return true;
    return false;
}

static size_t allow_routes(const struct lm_grammar *g, int32_t *tokens)
{
    size_t n = 0;
    for (uint32_t i = 0; i < g->n_tools; i++)
        tokens[n++] = g->tools[i].token;
    tokens[n++] = g->reply;
    tokens[n++] = g->cloud;
    return n;
}

static size_t allow_arguments(const struct lm_grammar_state *s, int32_t *tokens, size_t n)
{
    for (uint32_t i = s->next_argument; i < s->tool->n_arguments && has_words(s); i++)
        n = add_distinct(tokens, n, s->tool->argument_tokens[i]);
    return add_distinct(tokens, n, s->grammar->end);
}

static size_t allow_value(const struct lm_grammar_state *s, int32_t *tokens)
{
    size_t n = 0;
    bool complete = false;
    for (uint32_t p = 0; p <= s->n_request; p++) {
        if (!s->positions[p])
            continue;
        if (p < s->n_request)
            n = add_distinct(tokens, n, s->request[p]);
        complete = complete || (s->positions[p] == 2 && ends_word(s, p));
    }
    return complete ? allow_arguments(s, tokens, n) : n;
}

size_t lm_grammar_allowed(const struct lm_grammar_state *state, int32_t *ret_tokens, bool *ret_open)
{
    *ret_open = state->phase == LM_PHASE_REPLY;
    switch (state->phase) {
    case LM_PHASE_ROUTE:
        return allow_routes(state->grammar, ret_tokens);
    case LM_PHASE_ARGUMENT:
        return allow_arguments(state, ret_tokens, 0);
    case LM_PHASE_VALUE:
        return allow_value(state, ret_tokens);
    case LM_PHASE_CLOUD:
        ret_tokens[0] = state->grammar->end;
        return 1;
    case LM_PHASE_REPLY:
    case LM_PHASE_DONE:
        break;
    }
    return 0;
}

static enum status advance_route(struct lm_grammar_state *s, int32_t token)
{
    const struct lm_grammar *g = s->grammar;
    if (token == g->reply || token == g->cloud) {
        s->phase = token == g->reply ? LM_PHASE_REPLY : LM_PHASE_CLOUD;
        return STATUS_OK;
    }
    for (uint32_t i = 0; i < g->n_tools; i++) {
        if (token == g->tools[i].token) {
            s->tool = &g->tools[i];
            s->phase = LM_PHASE_ARGUMENT;
            return STATUS_OK;
        }
    }
    return STATUS_INVALID_ARGUMENT;
}

static enum status advance_argument(struct lm_grammar_state *s, int32_t token)
{
    if (token == s->grammar->end) {
        s->phase = LM_PHASE_DONE;
        return STATUS_OK;
    }
    for (uint32_t i = s->next_argument; i < s->tool->n_arguments; i++) {
        if (token != s->tool->argument_tokens[i] || !has_words(s))
            continue;
        s->next_argument = i + 1;
        s->phase = LM_PHASE_VALUE;
        for (uint32_t p = 0; p < s->n_request; p++)
            s->positions[p] = begins_word(s, p); /* 1: nothing copied yet */
        s->positions[s->n_request] = 0;
        return STATUS_OK;
    }
    return STATUS_INVALID_ARGUMENT;
}

/* A token of the request keeps the spans alive that go on with it. */
static enum status advance_value(struct lm_grammar_state *s, int32_t token)
{
    uint8_t next[LM_MAX_REQUEST + 1] = {0};
    bool alive = false, complete = false;
    for (uint32_t p = 0; p <= s->n_request; p++) {
        if (!s->positions[p])
            continue;
        complete = complete || (s->positions[p] == 2 && ends_word(s, p));
        if (p < s->n_request && s->request[p] == token) {
            next[p + 1] = 2;
            alive = true;
        }
    }
    if (alive) {
        memcpy(s->positions, next, sizeof(next));
        return STATUS_OK;
    }
    return complete ? advance_argument(s, token) : STATUS_INVALID_ARGUMENT;
}

static enum status advance_reply(struct lm_grammar_state *s, int32_t token)
{
    const struct lm_tokenizer *t = s->grammar->tokenizer;
    if (token == s->grammar->end) {
        s->phase = LM_PHASE_DONE;
        return STATUS_OK;
    }
    bool ordinary = token >= 0 && (uint32_t)token < lm_tokenizer_size(t) &&
                    lm_tokenizer_type(t, token) == LM_TOKEN_NORMAL;
    return ordinary ? STATUS_OK : STATUS_INVALID_ARGUMENT;
}

enum status lm_grammar_advance(struct lm_grammar_state *state, int32_t token)
{
    switch (state->phase) {
    case LM_PHASE_ROUTE:
        return advance_route(state, token);
    case LM_PHASE_ARGUMENT:
        return advance_argument(state, token);
    case LM_PHASE_VALUE:
        return advance_value(state, token);
    case LM_PHASE_REPLY:
        return advance_reply(state, token);
    case LM_PHASE_CLOUD:
        if (token != state->grammar->end)
            return STATUS_INVALID_ARGUMENT;
        state->phase = LM_PHASE_DONE;
        return STATUS_OK;
    case LM_PHASE_DONE:
        break;
    }
    return STATUS_INVALID_ARGUMENT;
}
