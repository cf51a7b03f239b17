/* /v1/chat/completions: see wire_chat.h for what is said. One request a round with everything in
 * it, its answer streamed; cancelling closes the request. */
#include "http_client.h"
#include "provider_core.h"
#include "provider_kinds.h"
#include "sse.h"
#include "url.h"
#include "wire_chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS_MAX = 16, ARGUMENTS_MAX = 1 << 18, REFUSAL_MAX = 1 << 16, EVENT_MAX = 4 << 20 };

/* A tool call as it comes together. */
struct chat_call {
    int index;
    char id[PROVIDER_NAME_BYTES];
    char name[PROVIDER_NAME_BYTES];
    struct strbuf arguments;
};

struct chat {
    struct provider_core core; /* must stay first */
    struct http *http;
    struct sse_parser sse;
    struct strbuf out;
    struct strbuf refusal; /* the body of an answer other than 200 */
    bool new_limit_name;
    int status;
    bool finished; /* the model has said all */
    struct chat_call calls[CALLS_MAX];
    size_t call_count;
    unsigned serial; /* of calls without an id */
};

static struct chat *chat_of(struct provider_core *core)
{
    return (struct chat *)(void *)core;
}

static void request_close(struct chat *self)
{
    struct http *http = self->http;
    self->http = NULL;
    http_close(http);
    for (size_t i = 0; i < self->call_count; i++)
        strbuf_finish(&self->calls[i].arguments);
    self->call_count = 0;
}

static void fail(struct chat *self, enum provider_failure failure, const char *text)
{
    core_fail(&self->core, failure, text);
    request_close(self);
}

static void call_start(struct chat *self, const struct wire_event *event)
{
    struct chat_call *call = &self->calls[self->call_count++];
    *call = (struct chat_call){.index = event->index};
    strbuf_init(&call->arguments, ARGUMENTS_MAX);
    if (*event->id)
        snprintf(call->id, sizeof(call->id), "%s", event->id);
    else
        snprintf(call->id, sizeof(call->id), "call_%u", ++self->serial);
}

/* The call that a part belongs to: the one that began last with its index, unless the part brings
 * another id or a name again, as servers do that send whole calls under one index. */
static struct chat_call *call_of(struct chat *self, const struct wire_event *event)
{
    for (size_t i = self->call_count; i-- > 0;) {
        struct chat_call *call = &self->calls[i];
        bool other = (*event->id && strcmp(event->id, call->id) != 0) ||
                     (!*event->id && *event->name && *call->name);
        if (call->index == event->index && !other)
            return call;
    }
    if (self->call_count == CALLS_MAX)
        return NULL;
    call_start(self, event);
    return &self->calls[self->call_count - 1];
}

static void on_part(struct chat *self, const struct wire_event *event)
{
    struct chat_call *call = call_of(self, event);
    if (!call || strlen(event->name) >= sizeof(call->name) ||
        strlen(event->id) >= sizeof(call->id)) {
        fail(self, PROVIDER_GARBLED, "too many tool calls, or one with too long a name");
        return;
    }
    if (*event->name && strcmp(call->name, event->name) != 0)
        memcpy(call->name, event->name, strlen(event->name) + 1);
    strbuf_append_bytes(&call->arguments, event->data, event->length);
    if (strbuf_status(&call->arguments) != STATUS_OK)
        fail(self, PROVIDER_GARBLED, "the arguments of a tool call do not end");
}

static void on_finished(struct chat *self, const struct wire_event *event)
{
    if (!event->ok) {
        fail(self, event->failure, event->data);
        return;
    }
    self->finished = true;
    core_keep_answer(&self->core);
    for (size_t i = 0; i < self->call_count; i++) {
        const struct chat_call *call = &self->calls[i];
        const char *arguments = strbuf_text(&call->arguments);
        core_tool(&self->core, call->id, call->name, *arguments ? arguments : "{}");
    }
}

static void on_ended(struct chat *self)
{
    if (self->finished)
        core_round_done(&self->core);
    else
        core_fail(&self->core, PROVIDER_CLOSED, "the answer ended in the middle");
    request_close(self);
}

static void on_event(void *context, const struct wire_event *event)
{
    struct chat *self = context;
    if (!self->http)
        return;
    if (event->kind == WIRE_TEXT)
        core_text(&self->core, event->data, event->length);
    else if (event->kind == WIRE_TOOL_PART)
        on_part(self, event);
    else if (event->kind == WIRE_USAGE)
        core_usage(&self->core, &event->usage);
    else if (event->kind == WIRE_FINISHED && !self->finished)
        on_finished(self, event);
    else if (event->kind == WIRE_ENDED)
        on_ended(self);
    else if (event->kind == WIRE_ERROR)
        fail(self, event->failure, event->data);
}

static void on_sse(void *context, const char *event, const char *data, size_t size)
{
    struct chat *self = context;
    struct error error;
    (void)event;
    if (self->http && wire_chat_decode(data, size, on_event, self, &error) != STATUS_OK)
        fail(self, PROVIDER_GARBLED, error.text);
}

static void on_status(void *context, int code)
{
    struct chat *self = context;
    self->status = code;
}

static void on_body(void *context, const void *data, size_t size)
{
    struct chat *self = context;
    if (self->status != 200) {
        size_t room = REFUSAL_MAX - self->refusal.length;
        strbuf_append_bytes(&self->refusal, data, size < room ? size : room);
    } else if (sse_feed(&self->sse, data, size, on_sse, self) != STATUS_OK && self->http) {
        fail(self, PROVIDER_GARBLED, "an event of the stream is too long");
    }
}

static void on_closed(void *context, enum net_failure why, const char *text)
{
    struct chat *self = context;
    char full[400];
    if (self->status != 0 && self->status != 200) {
        wire_chat_refusal(self->status, strbuf_text(&self->refusal), self->refusal.length, on_event,
                          self);
    } else if (why == NET_FAILURE_NONE || (why == NET_FAILURE_CLOSED && self->finished)) {
        on_ended(self);
    } else {
        snprintf(full, sizeof(full), "%s: %s%s%s", self->core.config.name, net_failure_text(why),
                 *text ? ": " : "", text);
        bool silent = why == NET_FAILURE_TIMEOUT && self->status != 0;
        fail(self, silent ? PROVIDER_CLOSED : core_failure(why, 0), full);
    }
}

static enum status request_open(struct chat *self, const char *authorization,
                                struct error *ret_error)
{
    const struct provider_config *config = &self->core.config;
    const char *const headers[] = {"Accept: text/event-stream", authorization, NULL};
    const struct http_config http = {
        .method = "POST",
        .url = config->url,
        .headers = headers,
        .body = strbuf_text(&self->out),
        .body_size = self->out.length,
        .content_type = "application/json",
        .max_body = WIRE_MESSAGE_MAX,
        .connect_timeout_ms = config->connect_timeout_ms,
        .allow_plain = config->allow_plain,
        .handler = {.status = on_status, .body = on_body, .ended = on_closed},
        .context = self};
    return http_open(config->net, &http, &self->http, ret_error);
}

static enum status request_with_key(struct chat *self, struct error *ret_error)
{
    const char *key = self->core.config.key;
    char *line = NULL;
    if (key && asprintf(&line, "Authorization: Bearer %s", key) < 0)
        return error_set(ret_error, STATUS_NO_MEMORY, "out of memory");
    enum status status = request_open(self, line, ret_error);
    if (line)
        explicit_bzero(line, strlen(line));
    free(line);
    return status;
}

static enum status chat_ask(struct chat *self, struct error *ret_error)
{
    const struct wire_request request = core_request(&self->core, 0);
    request_close(self);
    self->status = 0;
    self->finished = false;
    strbuf_clear(&self->out);
    strbuf_clear(&self->refusal);
    sse_finish(&self->sse);
    sse_init(&self->sse, EVENT_MAX);
    self->core.begun = true;
    TRY(wire_chat_request(&request, self->new_limit_name, &self->out, ret_error));
    return request_with_key(self, ret_error);
}

static enum status chat_start(struct provider_core *core, struct error *ret_error)
{
    return chat_ask(chat_of(core), ret_error);
}

static void chat_reply(struct provider_core *core, size_t count)
{
    struct error error = {.text = ""};
    (void)count;
    if (chat_ask(chat_of(core), &error) != STATUS_OK)
        core_fail(core, PROVIDER_REFUSED, error.text);
}

static void chat_cancel(struct provider_core *core, int64_t heard_ms)
{
    (void)heard_ms;
    request_close(chat_of(core));
}

static void chat_finish(struct provider_core *core)
{
    struct chat *self = chat_of(core);
    request_close(self);
    sse_finish(&self->sse);
    strbuf_finish(&self->out);
    strbuf_finish(&self->refusal);
}

static const struct core_hooks chat_hooks = {
    .start = chat_start, .reply = chat_reply, .cancel = chat_cancel, .finish = chat_finish};

enum status provider_chat_create(const struct provider_config *config,
                                 struct provider **ret_provider, struct error *ret_error)
{
    struct chat *self = calloc(1, sizeof(*self));
    struct url url;
    if (!self)
        return error_set(ret_error, STATUS_NO_MEMORY, "provider: out of memory");
    enum status status = core_init(&self->core, &chat_hooks, config, ret_error);
    if (status == STATUS_OK)
        status = url_parse(config->url, &url, ret_error);
    if (status != STATUS_OK) {
        core_free(&self->core);
        return status;
    }
    self->new_limit_name = strcmp(url.host, "api.openai.com") == 0;
    strbuf_init(&self->out, WIRE_MESSAGE_MAX);
    strbuf_init(&self->refusal, REFUSAL_MAX);
    *ret_provider = &self->core.provider;
    return STATUS_OK;
}
