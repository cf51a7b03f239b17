/* Gemini Live: see wire_gemini.h for what is said. The server keeps the conversation of a session;
 * a session goes on over another connection by its handle. What a session was told cannot be taken
 * back, so a turn that does not simply go on from it gets a new session, and so does the turn after
 * one that was interrupted. */
#include "provider_kinds.h"
#include "provider_link.h"
#include "wire_gemini.h"

#include <stdlib.h>
#include <string.h>

enum { HANDLE_BYTES = 2048, AGE_MINUTES = 9 };

struct gemini {
    struct provider_core core; /* must stay first */
    struct provider_link link;
    struct strbuf out;
    struct mirror mirror;
    char handle[HANDLE_BYTES]; /* of the session as it was with `handle_items` in the mirror */
    size_t handle_items;
    uint64_t setup; /* digest of what the session was set up with */
    bool told;      /* setup has been sent */
    bool ready;     /* and answered */
    bool resumed;   /* it went on by a handle */
    bool asked;     /* the model has something to answer */
};

static struct gemini *gemini_of(struct provider_core *core)
{
    return (struct gemini *)(void *)core;
}

/* Messages before the request, which comes as sound or is the last message. */
static size_t history_count(const struct provider_core *core)
{
    return core->history.count - (core->turn.send_audio ? 0 : 1);
}

static void forget_session(struct gemini *self)
{
    self->handle[0] = '\0';
    self->handle_items = 0;
    mirror_cut(&self->mirror, 0);
}

/* Whether the session knows exactly what came before the request. */
static bool goes_on(const struct gemini *self)
{
    const struct history *history = &self->core.history;
    size_t before = history_count(&self->core);
    return self->mirror.count == before &&
           mirror_match(&self->mirror, history->messages, before) == before;
}

static void mirror_range(struct gemini *self, size_t from, size_t to)
{
    for (size_t i = from; i < to && self->core.open; i++)
        if (mirror_add(&self->mirror, &self->core.history.messages[i], NULL) != STATUS_OK)
            core_fail(&self->core, PROVIDER_GARBLED, "the conversation is too long");
}

static void tell_setup(struct gemini *self)
{
    struct wire_request request = core_request(&self->core, 0);
    self->resumed = *self->handle != '\0';
    request.message_count = self->resumed ? 0 : history_count(&self->core);
    self->told = true;
    self->setup = core_setup_digest(&self->core);
    self->link.reused |= self->resumed; /* refused, it is tried once more without the handle */
    link_send(&self->link, &self->out,
              wire_gemini_setup(&request, self->resumed ? self->handle : NULL, &self->out, NULL));
}

static void tell_history(struct gemini *self)
{
    struct wire_request request = core_request(&self->core, 0);
    request.message_count = history_count(&self->core);
    if (request.message_count == 0 || self->mirror.count > 0)
        return;
    link_send(&self->link, &self->out, wire_gemini_history(&request, &self->out, NULL));
    mirror_range(self, 0, request.message_count);
}

static void mark_activity(struct gemini *self, bool begins)
{
    link_send(&self->link, &self->out, wire_gemini_activity(begins, &self->out));
}

static void gemini_begin(struct provider_core *core)
{
    struct gemini *self = gemini_of(core);
    tell_history(self);
    mark_activity(self, true);
    self->asked = true;
    if (core->turn.send_audio || !core->open)
        return;
    const struct provider_message *request = &core->history.messages[core->history.count - 1];
    link_send(&self->link, &self->out, wire_gemini_text(request->text, &self->out, NULL));
    mark_activity(self, false);
    mirror_range(self, core->history.count - 1, core->history.count);
}

static enum status gemini_start(struct provider_core *core, struct error *ret_error)
{
    struct gemini *self = gemini_of(core);
    if (self->told && self->setup != core_setup_digest(core))
        link_abort(&self->link);
    TRY(link_require(&self->link, ret_error));
    if (!goes_on(self)) {
        forget_session(self);
        if (self->told)
            link_renew(&self->link);
    }
    if (self->link.opened && !self->told)
        tell_setup(self);
    else if (self->ready)
        core_begin(core);
    return STATUS_OK;
}

static enum status gemini_feed(struct provider_core *core, const void *sound, size_t bytes)
{
    struct gemini *self = gemini_of(core);
    wire_gemini_audio(sound, bytes, &self->out);
    return link_send_sound(&self->link, &self->out);
}

static void gemini_end_feed(struct provider_core *core)
{
    struct gemini *self = gemini_of(core);
    const struct provider_message message = {.role = PROVIDER_USER, .text = ""};
    mark_activity(self, false);
    if (mirror_add(&self->mirror, &message, NULL) == STATUS_OK)
        mirror_trust(&self->mirror, PROVIDER_USER, true);
}

static void gemini_reply(struct provider_core *core, size_t count)
{
    struct gemini *self = gemini_of(core);
    size_t from = core->history.count - count;
    if (!core->begun) { /* the calls died with their connection */
        core_fail(core, PROVIDER_CLOSED, "the connection broke while the tools ran");
        return;
    }
    self->asked = true;
    link_send(&self->link, &self->out,
              wire_gemini_results(core->history.messages + from, count, &self->out, NULL));
    mirror_range(self, from, core->history.count);
}

static void gemini_cancel(struct provider_core *core, int64_t heard_ms)
{
    struct gemini *self = gemini_of(core);
    if (self->link.opened && (self->asked || self->told != self->ready)) {
        forget_session(self);
        link_renew(&self->link);
    } else if (heard_ms >= 0 && heard_ms < (int64_t)(core->sound_out / 48)) {
        mirror_trust(&self->mirror, PROVIDER_ASSISTANT, false);
    }
}

static void gemini_finish(struct provider_core *core)
{
    struct gemini *self = gemini_of(core);
    link_finish(&self->link);
    mirror_finish(&self->mirror);
    strbuf_finish(&self->out);
}

static bool gemini_warm(struct provider_core *core)
{
    return link_warm(&gemini_of(core)->link);
}

static const struct core_hooks gemini_hooks = {.start = gemini_start,
                                               .begin = gemini_begin,
                                               .feed = gemini_feed,
                                               .end_feed = gemini_end_feed,
                                               .reply = gemini_reply,
                                               .cancel = gemini_cancel,
                                               .finish = gemini_finish,
                                               .warm = gemini_warm};

static void keep_answer(struct gemini *self)
{
    if (core_keep_answer(&self->core))
        mirror_range(self, self->core.history.count - 1, self->core.history.count);
}

static void on_tool(struct gemini *self, const struct wire_event *event)
{
    struct provider_core *core = &self->core;
    keep_answer(self);
    core_tool(core, event->id, event->name, event->data);
    if (core->open)
        mirror_range(self, core->history.count - 1, core->history.count);
}

static void on_ended(struct gemini *self, const struct wire_event *event)
{
    self->asked = false;
    keep_answer(self);
    if (event->ok)
        core_round_done(&self->core);
    else
        core_fail(&self->core, event->failure, event->data);
    link_turn_over(&self->link);
}

/* The model waits for its tools. */
static void on_called(struct gemini *self)
{
    self->asked = false;
    core_round_done(&self->core);
}

static void on_resume(struct gemini *self, const struct wire_event *event)
{
    size_t length = strlen(event->id);
    self->handle[0] = '\0';
    if (length < sizeof(self->handle))
        memcpy(self->handle, event->id, length + 1);
    self->handle_items = self->mirror.count;
}

static void on_leaving(struct gemini *self)
{
    self->link.expired = true;
    link_turn_over(&self->link);
}

static void on_ready(struct gemini *self)
{
    self->ready = true;
    core_begin(&self->core);
}

static void on_answer(struct gemini *self, const struct wire_event *event)
{
    if (event->kind == WIRE_TEXT)
        core_text(&self->core, event->data, event->length);
    else if (event->kind == WIRE_AUDIO)
        core_sound(&self->core, event->data, event->length);
    else if (event->kind == WIRE_HEARD)
        core_heard(&self->core, event->data, event->length, 1);
    else if (event->kind == WIRE_TOOL)
        on_tool(self, event);
    else if (event->kind == WIRE_USAGE)
        core_usage(&self->core, &event->usage);
    else if (event->kind == WIRE_FINISHED)
        on_called(self);
    else if (event->kind == WIRE_ENDED)
        on_ended(self, event);
}

static void on_event(void *context, const struct wire_event *event)
{
    struct gemini *self = context;
    if (event->kind == WIRE_READY)
        on_ready(self);
    else if (event->kind == WIRE_RESUME)
        on_resume(self, event);
    else if (event->kind == WIRE_LEAVING)
        on_leaving(self);
    else if (event->kind == WIRE_ERROR)
        core_fail(&self->core, event->failure, event->data);
    else if (self->asked)
        on_answer(self, event);
}

static void gemini_opened(struct provider_core *core)
{
    if (core->open && !core->waiting)
        tell_setup(gemini_of(core));
}

static void gemini_message(struct provider_core *core, const void *data, size_t size)
{
    struct gemini *self = gemini_of(core);
    struct error error;
    if (wire_gemini_decode(data, size, on_event, self, &error) == STATUS_OK)
        return;
    core_fail(core, PROVIDER_GARBLED, error.text);
    link_abort(&self->link);
}

/* The session as it was when its handle came is what remains. A handle that was refused is tried
 * no second time. */
static void gemini_lost(struct provider_core *core)
{
    struct gemini *self = gemini_of(core);
    if (!*self->handle || (self->resumed && !self->ready))
        forget_session(self);
    mirror_cut(&self->mirror, self->handle_items);
    self->told = self->ready = self->resumed = self->asked = false;
}

static const struct link_hooks gemini_link = {
    .opened = gemini_opened, .message = gemini_message, .lost = gemini_lost};

static enum status gemini_init(struct gemini *self, const struct provider_config *config,
                               struct error *ret_error)
{
    TRY(core_init(&self->core, &gemini_hooks, config, ret_error));
    strbuf_init(&self->out, WIRE_MESSAGE_MAX);
    if (config->max_age_ns <= 0)
        self->core.config.max_age_ns = AGE_MINUTES * 60 * CLOCK_NS_PER_S;
    return link_init(&self->link, &self->core, &gemini_link, "x-goog-api-key: ", ret_error);
}

enum status provider_gemini_create(const struct provider_config *config,
                                   struct provider **ret_provider, struct error *ret_error)
{
    struct gemini *self = calloc(1, sizeof(*self));
    if (!self)
        return error_set(ret_error, STATUS_NO_MEMORY, "provider: out of memory");
    enum status status = gemini_init(self, config, ret_error);
    if (status != STATUS_OK) {
        link_finish(&self->link);
        core_free(&self->core);
        return status;
    }
    *ret_provider = &self->core.provider;
    return STATUS_OK;
}
