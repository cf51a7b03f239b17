/* OpenAI Realtime: see wire_realtime.h for what is said. The server keeps the conversation; a
 * mirror of it tells what of a turn's messages is new. Responses are told apart by a mark that we
 * give with each request and get back with its beginning. */
#include "provider_kinds.h"
#include "provider_link.h"
#include "wire_realtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS_MAX = 16, TAG_BYTES = 32, BYTES_A_MS = 48, MODEL_LETTERS_MAX = 256 };

/* An item of the answer that has sound, for cutting it where it was last heard. */
struct spoken_item {
    char id[PROVIDER_NAME_BYTES];
    size_t bytes;
};

struct realtime {
    struct provider_core core; /* must stay first */
    struct provider_link link;
    struct strbuf out;
    struct mirror mirror;
    uint64_t setup;                     /* digest of what the session was told */
    unsigned serial;                    /* of items and marks */
    unsigned mark;                      /* of the response that is ours; 0: none */
    bool asked;                         /* a response was asked for and has not ended */
    bool ask_later;                     /* once that one has */
    bool buffered;                      /* the server holds sound that is not committed */
    char response[PROVIDER_NAME_BYTES]; /* ours, once it has begun */
    char item[PROVIDER_NAME_BYTES];     /* of the text that comes */
    char heard[PROVIDER_NAME_BYTES];    /* of the sound that was sent */
    struct spoken_item spoken[ITEMS_MAX];
    size_t spoken_count;
};

static struct realtime *realtime_of(struct provider_core *core)
{
    return (struct realtime *)(void *)core;
}

static void copy_id(char *ret_id, const char *id)
{
    size_t length = strlen(id);
    ret_id[0] = '\0';
    if (length < PROVIDER_NAME_BYTES)
        memcpy(ret_id, id, length + 1);
}

/* Event ids: errors about what a turn cannot do without carry its number. */
static const char *tag_of(const struct realtime *self, char tag[TAG_BYTES])
{
    snprintf(tag, TAG_BYTES, "turn_%u", (unsigned)self->core.turn.turn);
    return tag;
}

static void ask(struct realtime *self)
{
    char mark[TAG_BYTES], tag[TAG_BYTES];
    self->ask_later = self->asked;
    if (self->asked)
        return;
    self->asked = true;
    self->mark = ++self->serial;
    self->response[0] = '\0';
    snprintf(mark, sizeof(mark), "%u", self->mark);
    link_send(&self->link, &self->out,
              wire_realtime_respond(mark, tag_of(self, tag), &self->out, NULL));
}

static void tell_setup(struct realtime *self)
{
    char tag[TAG_BYTES];
    const struct wire_request request = core_request(&self->core, 0);
    uint64_t digest =
        digest_text(core_setup_digest(&self->core), request.want_audio ? "audio" : "text");
    if (digest == self->setup)
        return;
    self->setup = digest;
    link_send(&self->link, &self->out,
              wire_realtime_session(&request, tag_of(self, tag), &self->out, NULL));
}

static void tell_message(struct realtime *self, const struct provider_message *message)
{
    char id[TAG_BYTES], tag[TAG_BYTES];
    snprintf(id, sizeof(id), "linnet_%u", ++self->serial);
    link_send(&self->link, &self->out,
              wire_realtime_item(message, id, tag_of(self, tag), &self->out, NULL));
    if (self->core.open && mirror_add(&self->mirror, message, id) != STATUS_OK)
        core_fail(&self->core, PROVIDER_GARBLED, "the conversation is too long");
}

/* Delete what the server knows beyond the first `kept` items; false when it cannot be named. */
static bool delete_beyond(struct realtime *self, size_t kept)
{
    for (size_t i = kept; i < self->mirror.count; i++)
        if (!*self->mirror.items[i].id)
            return false;
    for (size_t i = kept; i < self->mirror.count; i++)
        link_send(&self->link, &self->out,
                  wire_realtime_delete(self->mirror.items[i].id, "tidy", &self->out, NULL));
    mirror_cut(&self->mirror, kept);
    return true;
}

static void realtime_begin(struct provider_core *core)
{
    struct realtime *self = realtime_of(core);
    const struct history *history = &core->history;
    size_t known = mirror_match(&self->mirror, history->messages, history->count);
    self->spoken_count = 0;
    self->item[0] = self->heard[0] = '\0';
    if (!delete_beyond(self, known)) {
        core->begun = false;
        link_renew(&self->link);
        return;
    }
    tell_setup(self);
    for (size_t i = known; i < history->count && core->open; i++)
        tell_message(self, &history->messages[i]);
    if (self->buffered)
        link_send(&self->link, &self->out, wire_realtime_clear(&self->out));
    self->buffered = false;
    if (core->open && !core->turn.send_audio)
        ask(self);
}

static enum status realtime_start(struct provider_core *core, struct error *ret_error)
{
    struct realtime *self = realtime_of(core);
    TRY(link_require(&self->link, ret_error));
    if (self->link.opened)
        core_begin(core);
    return STATUS_OK;
}

static enum status realtime_feed(struct provider_core *core, const void *sound, size_t bytes)
{
    struct realtime *self = realtime_of(core);
    wire_realtime_append(sound, bytes, &self->out);
    TRY(link_send_sound(&self->link, &self->out));
    self->buffered = true;
    return STATUS_OK;
}

static void realtime_end_feed(struct provider_core *core)
{
    struct realtime *self = realtime_of(core);
    char tag[TAG_BYTES];
    link_send(&self->link, &self->out, wire_realtime_commit(tag_of(self, tag), &self->out));
    self->buffered = false;
    ask(self);
}

static void realtime_reply(struct provider_core *core, size_t count)
{
    struct realtime *self = realtime_of(core);
    if (!core->begun) { /* the connection broke while the tools ran: all over again */
        core_restart(core);
        return;
    }
    for (size_t i = core->history.count - count; i < core->history.count && core->open; i++)
        tell_message(self, &core->history.messages[i]);
    ask(self);
}

/* Cut the answer after `heard_ms`; what comes after that item was not heard at all. */
static void truncate_at(struct realtime *self, int64_t heard_ms)
{
    for (size_t i = 0; i < self->spoken_count; i++) {
        const struct spoken_item *spoken = &self->spoken[i];
        int64_t ms = (int64_t)(spoken->bytes / BYTES_A_MS);
        if (heard_ms < ms) {
            link_send(&self->link, &self->out,
                      wire_realtime_truncate(spoken->id, heard_ms, "tidy", &self->out, NULL));
            mirror_trust(&self->mirror, PROVIDER_ASSISTANT, heard_ms > 0);
        }
        heard_ms -= ms < heard_ms ? ms : heard_ms;
    }
    self->spoken_count = 0;
}

/* Put the answer so far into the mirror; false when there is none. */
static bool mirror_answer(struct realtime *self)
{
    struct provider_core *core = &self->core;
    return core_keep_answer(core) &&
           mirror_add(&self->mirror, &core->history.messages[core->history.count - 1],
                      self->item) == STATUS_OK;
}

/* Stop the response that is going on. The server has more of it than anybody was told, so it
 * equals nothing that a later turn may say of it. */
static void stop_response(struct realtime *self)
{
    const struct provider_message unsaid = {.role = PROVIDER_ASSISTANT, .text = ""};
    bool mirrored = mirror_answer(self);
    link_send(
        &self->link, &self->out,
        wire_realtime_cancel(*self->response ? self->response : NULL, "tidy", &self->out, NULL));
    if (!mirrored && self->spoken_count > 0)
        mirrored = mirror_add(&self->mirror, &unsaid, self->spoken[self->spoken_count - 1].id) ==
                   STATUS_OK;
    if (mirrored)
        mirror_trust(&self->mirror, PROVIDER_ASSISTANT, false);
}

static void realtime_cancel(struct provider_core *core, int64_t heard_ms)
{
    struct realtime *self = realtime_of(core);
    if (!self->link.opened)
        return;
    if (self->ask_later) { /* an earlier response does not end as it was told to */
        link_renew(&self->link);
        return;
    }
    if (self->asked && self->mark)
        stop_response(self);
    if (heard_ms >= 0)
        truncate_at(self, heard_ms);
    self->mark = 0;
}

static void realtime_finish(struct provider_core *core)
{
    struct realtime *self = realtime_of(core);
    link_finish(&self->link);
    mirror_finish(&self->mirror);
    strbuf_finish(&self->out);
}

static bool realtime_warm(struct provider_core *core)
{
    return link_warm(&realtime_of(core)->link);
}

static const struct core_hooks realtime_hooks = {.start = realtime_start,
                                                 .begin = realtime_begin,
                                                 .feed = realtime_feed,
                                                 .end_feed = realtime_end_feed,
                                                 .reply = realtime_reply,
                                                 .cancel = realtime_cancel,
                                                 .finish = realtime_finish,
                                                 .warm = realtime_warm};

static void on_started(struct realtime *self, const struct wire_event *event)
{
    bool ours = self->mark && (!*event->name || strtoul(event->name, NULL, 10) == self->mark);
    self->asked = true;
    if (ours)
        copy_id(self->response, event->response);
    else /* cancelled before it had a name */
        link_send(&self->link, &self->out,
                  wire_realtime_cancel(event->response, "tidy", &self->out, NULL));
}

static bool is_ours(const struct realtime *self, const struct wire_event *event)
{
    return self->mark && *self->response && strcmp(event->response, self->response) == 0;
}

static void on_text(struct realtime *self, const struct wire_event *event)
{
    copy_id(self->item, event->item);
    core_text(&self->core, event->data, event->length);
}

static void on_sound(struct realtime *self, const struct wire_event *event)
{
    struct spoken_item *last = &self->spoken[self->spoken_count ? self->spoken_count - 1 : 0];
    if (self->spoken_count == 0 || strcmp(last->id, event->item) != 0) {
        if (self->spoken_count == ITEMS_MAX)
            return;
        last = &self->spoken[self->spoken_count++];
        last->bytes = 0;
        copy_id(last->id, event->item);
    }
    last->bytes += event->length;
    core_sound(&self->core, event->data, event->length);
}

static void on_tool(struct realtime *self, const struct wire_event *event)
{
    struct provider_core *core = &self->core;
    mirror_answer(self);
    core_tool(core, event->id, event->name, event->data);
    if (core->open)
        mirror_add(&self->mirror, &core->history.messages[core->history.count - 1], event->item);
}

static void on_ended(struct realtime *self, const struct wire_event *event)
{
    struct provider_core *core = &self->core;
    bool ours = is_ours(self, event);
    self->asked = false;
    if (ours) {
        self->mark = 0;
        mirror_answer(self);
        if (event->ok)
            core_round_done(core);
        else
            core_fail(core, event->failure, event->data);
        link_turn_over(&self->link);
    } else if (self->ask_later) {
        ask(self);
    }
}

/* The sound is in the conversation: whatever text stands for it later, the server has the sound. */
static void on_committed(struct realtime *self, const struct wire_event *event)
{
    const struct provider_message message = {.role = PROVIDER_USER, .text = ""};
    copy_id(self->heard, event->id);
    if (mirror_add(&self->mirror, &message, event->id) == STATUS_OK)
        mirror_trust(&self->mirror, PROVIDER_USER, true);
}

/* Errors about tidying up are nobody's; those about an earlier turn only free the way. */
static void on_error(struct realtime *self, const struct wire_event *event)
{
    char tag[TAG_BYTES];
    if (strcmp(event->id, "tidy") == 0)
        return;
    if (strcmp(event->name, "session_expired") == 0)
        self->link.expired = true;
    if (!*self->response)
        self->asked = false;
    if (!*event->id || strcmp(event->id, tag_of(self, tag)) == 0) {
        self->mark = 0;
        core_fail(&self->core, event->failure, event->data);
    } else if (self->ask_later) {
        ask(self);
    }
    if (self->link.expired && !self->core.open)
        link_abort(&self->link);
}

static void on_ours(struct realtime *self, const struct wire_event *event)
{
    if (event->kind == WIRE_TEXT)
        on_text(self, event);
    else if (event->kind == WIRE_AUDIO)
        on_sound(self, event);
    else if (event->kind == WIRE_TOOL)
        on_tool(self, event);
    else if (event->kind == WIRE_USAGE)
        core_usage(&self->core, &event->usage);
}

static void on_event(void *context, const struct wire_event *event)
{
    struct realtime *self = context;
    switch (event->kind) {
    case WIRE_STARTED:
        on_started(self, event);
        break;
    case WIRE_ENDED:
        on_ended(self, event);
        break;
    case WIRE_COMMITTED:
        on_committed(self, event);
        break;
    case WIRE_HEARD:
        if (strcmp(event->item, self->heard) == 0)
            core_heard(&self->core, event->data, event->length, 1);
        break;
    case WIRE_ERROR:
        on_error(self, event);
        break;
    default:
        if (is_ours(self, event))
            on_ours(self, event);
    }
}

static void realtime_opened(struct provider_core *core)
{
    core_begin(core);
}

static void realtime_message(struct provider_core *core, const void *data, size_t size)
{
    struct realtime *self = realtime_of(core);
    struct error error;
    if (wire_realtime_decode(data, size, on_event, self, &error) == STATUS_OK)
        return;
    core_fail(core, PROVIDER_GARBLED, error.text);
    link_abort(&self->link);
}

static void realtime_lost(struct provider_core *core)
{
    struct realtime *self = realtime_of(core);
    mirror_cut(&self->mirror, 0);
    self->setup = 0;
    self->mark = 0;
    self->asked = self->ask_later = self->buffered = false;
    self->response[0] = '\0';
    self->spoken_count = 0;
}

static const struct link_hooks realtime_link = {
    .opened = realtime_opened, .message = realtime_message, .lost = realtime_lost};

/* The url with ?model=, in letters that need no escape. */
static enum status with_model(const struct provider_config *config, char **ret_url,
                              struct error *ret_error)
{
    static const char *const plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:";
    if (strspn(config->model, plain) != strlen(config->model) ||
        strlen(config->model) > MODEL_LETTERS_MAX)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: expected a plain model name",
                         config->name);
    const char *query = strchr(config->url, '?');
    int length = query && strstr(query, "model=") ? asprintf(ret_url, "%s", config->url)
                                                  : asprintf(ret_url, "%s%smodel=%s", config->url,
                                                             query ? "&" : "?", config->model);
    return length < 0 ? error_set(ret_error, STATUS_NO_MEMORY, "out of memory") : STATUS_OK;
}

static enum status realtime_init(struct realtime *self, const struct provider_config *config,
                                 struct error *ret_error)
{
    char *url = NULL;
    TRY(core_init(&self->core, &realtime_hooks, config, ret_error));
    TRY(with_model(&self->core.config, &url, ret_error));
    free((char *)self->core.config.url);
    self->core.config.url = url;
    strbuf_init(&self->out, WIRE_MESSAGE_MAX);
    return link_init(&self->link, &self->core, &realtime_link, "Authorization: Bearer ", ret_error);
}

enum status provider_realtime_create(const struct provider_config *config,
                                     struct provider **ret_provider, struct error *ret_error)
{
    struct realtime *self = calloc(1, sizeof(*self));
    if (!self)
        return error_set(ret_error, STATUS_NO_MEMORY, "provider: out of memory");
    enum status status = realtime_init(self, config, ret_error);
    if (status != STATUS_OK) {
        link_finish(&self->link);
        core_free(&self->core);
        return status;
    }
    *ret_provider = &self->core.provider;
    return STATUS_OK;
}
