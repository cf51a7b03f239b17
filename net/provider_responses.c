/* OpenAI Responses over a websocket: see wire_responses.h for what is said. The server remembers
 * its last response on a connection; when that is what the turn goes on from, only what is new is
 * sent, else everything. There is no message to cancel: the connection is closed, and another one
 * opened for the turn to come. */
#include "provider_kinds.h"
#include "provider_link.h"
#include "wire_responses.h"

#include <stdlib.h>
#include <string.h>

struct responses {
    struct provider_core core; /* must stay first */
    struct provider_link link;
    struct strbuf out;
    struct mirror mirror;
    char last[PROVIDER_NAME_BYTES]; /* the response that the mirror ends with, or "" */
    bool asked;                     /* and not ended */
};

static struct responses *responses_of(struct provider_core *core)
{
    return (struct responses *)(void *)core;
}

static void forget(struct responses *self)
{
    mirror_cut(&self->mirror, 0);
    self->last[0] = '\0';
}

static void mirror_from(struct responses *self, size_t from)
{
    const struct history *history = &self->core.history;
    for (size_t i = from; i < history->count && self->core.open; i++)
        if (mirror_add(&self->mirror, &history->messages[i], NULL) != STATUS_OK)
            core_fail(&self->core, PROVIDER_GARBLED, "the conversation is too long");
}

static void ask(struct responses *self, size_t from)
{
    struct wire_request request = core_request(&self->core, from);
    request.previous = *self->last ? self->last : NULL;
    self->asked = true;
    link_send(&self->link, &self->out, wire_responses_create(&request, &self->out, NULL));
    mirror_from(self, from);
}

static void responses_begin(struct provider_core *core)
{
    struct responses *self = responses_of(core);
    size_t known = mirror_match(&self->mirror, core->history.messages, core->history.count);
    if (!*self->last || known < self->mirror.count || known == core->history.count) {
        forget(self);
        known = 0;
    }
    ask(self, known);
}

static enum status responses_start(struct provider_core *core, struct error *ret_error)
{
    struct responses *self = responses_of(core);
    TRY(link_require(&self->link, ret_error));
    if (self->link.opened)
        core_begin(core);
    return STATUS_OK;
}

static void responses_reply(struct provider_core *core, size_t count)
{
    if (core->begun)
        ask(responses_of(core), core->history.count - count);
    else
        core_restart(core);
}

static void responses_cancel(struct provider_core *core, int64_t heard_ms)
{
    struct responses *self = responses_of(core);
    (void)heard_ms;
    if (self->asked && self->link.opened)
        link_renew(&self->link);
}

static void responses_finish(struct provider_core *core)
{
    struct responses *self = responses_of(core);
    link_finish(&self->link);
    mirror_finish(&self->mirror);
    strbuf_finish(&self->out);
}

static bool responses_warm(struct provider_core *core)
{
    return link_warm(&responses_of(core)->link);
}

static const struct core_hooks responses_hooks = {.start = responses_start,
                                                  .begin = responses_begin,
                                                  .reply = responses_reply,
                                                  .cancel = responses_cancel,
                                                  .finish = responses_finish,
                                                  .warm = responses_warm};

static void keep_answer(struct responses *self)
{
    if (core_keep_answer(&self->core))
        mirror_from(self, self->core.history.count - 1);
}

static void on_tool(struct responses *self, const struct wire_event *event)
{
    keep_answer(self);
    core_tool(&self->core, event->id, event->name, event->data);
    if (self->core.open)
        mirror_from(self, self->core.history.count - 1);
}

static void on_ended(struct responses *self, const struct wire_event *event)
{
    self->asked = false;
    keep_answer(self);
    self->last[0] = '\0';
    if (event->ok && strlen(event->response) < sizeof(self->last))
        memcpy(self->last, event->response, strlen(event->response) + 1);
    if (event->ok)
        core_round_done(&self->core);
    else
        core_fail(&self->core, event->failure, event->data);
    link_turn_over(&self->link);
}

/* What a connection has forgotten or will not do is asked once again, whole. */
static void on_error(struct responses *self, const struct wire_event *event)
{
    struct provider_core *core = &self->core;
    bool forgot = strcmp(event->name, "previous_response_not_found") == 0;
    bool full = strcmp(event->name, "websocket_connection_limit_reached") == 0;
    self->asked = false;
    if ((!forgot && !full) || !core->open || core->spoke || core->retried) {
        forget(self);
        core_fail(core, event->failure, event->data);
        return;
    }
    core->retried = true;
    self->link.expired = full;
    forget(self);
    core_restart(core);
}

static void on_event(void *context, const struct wire_event *event)
{
    struct responses *self = context;
    if (!self->asked)
        return;
    if (event->kind == WIRE_TEXT)
        core_text(&self->core, event->data, event->length);
    else if (event->kind == WIRE_TOOL)
        on_tool(self, event);
    else if (event->kind == WIRE_USAGE)
        core_usage(&self->core, &event->usage);
    else if (event->kind == WIRE_ENDED)
        on_ended(self, event);
    else if (event->kind == WIRE_ERROR)
        on_error(self, event);
}

static void responses_opened(struct provider_core *core)
{
    core_begin(core);
}

static void responses_message(struct provider_core *core, const void *data, size_t size)
{
    struct responses *self = responses_of(core);
    struct error error;
    if (wire_responses_decode(data, size, on_event, self, &error) == STATUS_OK)
        return;
    core_fail(core, PROVIDER_GARBLED, error.text);
    link_abort(&self->link);
}

static void responses_lost(struct provider_core *core)
{
    struct responses *self = responses_of(core);
    forget(self);
    self->asked = false;
}

static const struct link_hooks responses_link = {
    .opened = responses_opened, .message = responses_message, .lost = responses_lost};

static enum status responses_init(struct responses *self, const struct provider_config *config,
                                  struct error *ret_error)
{
    TRY(core_init(&self->core, &responses_hooks, config, ret_error));
    strbuf_init(&self->out, WIRE_MESSAGE_MAX);
    return link_init(&self->link, &self->core, &responses_link, "Authorization: Bearer ",
                     ret_error);
}

enum status provider_responses_create(const struct provider_config *config,
                                      struct provider **ret_provider, struct error *ret_error)
{
    struct responses *self = calloc(1, sizeof(*self));
    if (!self)
        return error_set(ret_error, STATUS_NO_MEMORY, "provider: out of memory");
    enum status status = responses_init(self, config, ret_error);
    if (status != STATUS_OK) {
        link_finish(&self->link);
        core_free(&self->core);
        return status;
    }
    *ret_provider = &self->core.provider;
    return STATUS_OK;
}
