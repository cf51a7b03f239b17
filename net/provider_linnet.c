/* Another Linnet's ears, mind or voice, over the link (wire_link.h, docs/internals/link.md). The
 * model's name says what is wanted of it:
 *
 *     mind    an answer to the last message, or to the sound; spoken when the turn wants sound
 *     ears    the words of the sound, as HEARD, once the feed has ended: pauses do not end it
 *     voice   the last message spoken
 *
 * The link keeps nothing between turns, so there is nothing to replay. Sound comes and goes in Opus
 * packets; the core passes bytes on, so each packet travels there behind its size. */
#include "provider_kinds.h"
#include "provider_link.h"
#include "wire_json.h"
#include "wire_link.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of PCM that the core counts for a packet of sound. */
enum { PCM_BYTES_A_PACKET = 960, SIZE_BYTES = 2 };

struct linnet_provider {
    struct provider_core core; /* must stay first */
    struct provider_link link;
    struct provider_ops ops; /* the core's, but for feed_packet */
    enum status (*core_feed)(struct provider *provider, const void *sound, size_t bytes);
    struct strbuf out;
    unsigned stages;
    bool asked;                                   /* and not ended */
    uint8_t packet[SIZE_BYTES + LINK_PACKET_MAX]; /* being put together again */
    size_t packet_size;
    size_t packets_in, packets_out;
};

static struct linnet_provider *linnet_of(struct provider_core *core)
{
    return (struct linnet_provider *)(void *)core;
}

static void send_message(struct linnet_provider *self, const struct link_message *message)
{
    link_send(&self->link, &self->out, wire_link_write(message, &self->out, NULL));
}

/* ---- what is asked ---- */

static unsigned stages_of(const struct linnet_provider *self)
{
    const struct provider_turn *turn = &self->core.turn;
    if (self->stages != LINK_ANSWER)
        return self->stages;
    return LINK_ANSWER | (turn->send_audio ? LINK_TRANSCRIBE : 0u) |
           (turn->want_audio ? LINK_SAY : 0u);
}

/* The last thing said to the assistant; what was said before does not travel. */
static const char *request_of(const struct provider_core *core)
{
    const struct history *history = &core->history;
    return history->count && !core->turn.send_audio ? history->messages[history->count - 1].text
                                                    : "";
}

static void take_tools(struct link_message *message, const json_t *tools)
{
    size_t i;
    json_t *tool;
    json_array_foreach(tools, i, tool)
    {
        if (message->tool_count < LINK_TOOLS_MAX && *wire_json_string(tool, "name"))
            message->tools[message->tool_count++] = wire_json_string(tool, "name");
    }
}

static void linnet_begin(struct provider_core *core)
{
    struct linnet_provider *self = linnet_of(core);
    struct link_message message = {.kind = LINK_START, .turn = core->turn.turn};
    json_t *tools = core->turn.tools ? json_loads(core->turn.tools, 0, NULL) : NULL;
    message.stages = stages_of(self);
    message.text = request_of(core);
    message.hold = self->stages == LINK_TRANSCRIBE;
    take_tools(&message, tools);
    self->packet_size = self->packets_in = self->packets_out = 0;
    self->asked = true;
    if (strlen(message.text) > LINK_TEXT_MAX)
        core_fail(core, PROVIDER_REFUSED, "the request is too long for the link");
    else
        send_message(self, &message);
    json_decref(tools);
}

static enum status linnet_start(struct provider_core *core, struct error *ret_error)
{
    struct linnet_provider *self = linnet_of(core);
    if (core->turn.turn == 0)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "turn 0: expected one from 1 up");
    if ((self->stages == LINK_TRANSCRIBE) != core->turn.send_audio && self->stages != LINK_ANSWER)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: expected %s", core->config.model,
                         self->stages == LINK_TRANSCRIBE ? "sound" : "text");
    TRY(link_require(&self->link, ret_error));
    if (self->link.opened)
        core_begin(core);
    return STATUS_OK;
}

static enum status send_packet(struct linnet_provider *self, const uint8_t *packet, size_t size)
{
    uint8_t bytes[LINK_SOUND_MAX];
    size_t count = wire_link_sound(self->core.turn.turn, packet, size, bytes);
    if (count == 0)
        return STATUS_OK;
    strbuf_clear(&self->out);
    strbuf_append_bytes(&self->out, (const char *)bytes, count);
    self->packets_in++;
    return link_send_sound(&self->link, &self->out);
}

/* Bytes of packets and their sizes, cut anywhere. */
static enum status linnet_feed(struct provider_core *core, const void *sound, size_t bytes)
{
    struct linnet_provider *self = linnet_of(core);
    const uint8_t *at = sound;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < bytes && status == STATUS_OK; i++) {
        self->packet[self->packet_size++] = at[i];
        size_t size = self->packet[0] | (size_t)self->packet[1] << 8;
        if (self->packet_size < SIZE_BYTES || self->packet_size < SIZE_BYTES + size)
            continue;
        status = send_packet(self, self->packet + SIZE_BYTES, size);
        self->packet_size = 0;
    }
    return status;
}

/* Called by anybody, as provider_feed: the packet's size goes before it. */
static enum status feed_packet(struct provider *provider, const void *sound, size_t bytes)
{
    struct linnet_provider *self = linnet_of((struct provider_core *)(void *)provider);
    uint8_t record[SIZE_BYTES + LINK_PACKET_MAX];
    if (bytes == 0 || bytes > LINK_PACKET_MAX)
        return STATUS_INVALID_ARGUMENT;
    record[0] = (uint8_t)bytes;
    record[1] = (uint8_t)(bytes >> 8);
    memcpy(record + SIZE_BYTES, sound, bytes);
    return self->core_feed(provider, record, SIZE_BYTES + bytes);
}

static void linnet_end_feed(struct provider_core *core)
{
    send_message(linnet_of(core),
                 &(struct link_message){.kind = LINK_END, .turn = core->turn.turn});
}

/* Of several results the last is told: a mind that is lent calls one tool a turn. */
static void linnet_reply(struct provider_core *core, size_t count)
{
    struct linnet_provider *self = linnet_of(core);
    const struct provider_message *result = &core->history.messages[core->history.count - 1];
    (void)count;
    if (!self->link.opened) {
        core_fail(core, PROVIDER_CLOSED, "the connection broke before the tool's result was told");
        return;
    }
    self->asked = true;
    send_message(self, &(struct link_message){.kind = LINK_RESULT,
                                              .turn = core->turn.turn,
                                              .call_id = result->call_id,
                                              .text = result->text});
}

static void linnet_cancel(struct provider_core *core, int64_t heard_ms)
{
    struct linnet_provider *self = linnet_of(core);
    (void)heard_ms;
    if (self->asked && self->link.opened)
        send_message(self, &(struct link_message){.kind = LINK_CANCEL, .turn = core->turn.turn});
    self->asked = false;
}

static void linnet_finish(struct provider_core *core)
{
    struct linnet_provider *self = linnet_of(core);
    link_finish(&self->link);
    strbuf_finish(&self->out);
}

static bool linnet_warm(struct provider_core *core)
{
    return link_warm(&linnet_of(core)->link);
}

static const struct core_hooks linnet_hooks = {.start = linnet_start,
                                               .begin = linnet_begin,
                                               .feed = linnet_feed,
                                               .end_feed = linnet_end_feed,
                                               .reply = linnet_reply,
                                               .cancel = linnet_cancel,
                                               .finish = linnet_finish,
                                               .warm = linnet_warm};

/* ---- what is answered ---- */

static void on_sound(struct linnet_provider *self, const void *data, size_t size)
{
    struct provider_core *core = &self->core;
    struct provider_event event = {.kind = PROVIDER_EVENT_AUDIO};
    const uint8_t *packet;
    if (wire_link_sound_read(data, size, &event.turn, &packet, &event.length) != STATUS_OK ||
        event.turn != core->turn.turn || event.length >= PROVIDER_DATA_BYTES)
        return;
    core_sound(core, "", 0); /* the core keeps the accounts of sound, but would cut it like PCM */
    if (!core->open)
        return;
    self->packets_out++;
    memcpy(event.data, packet, event.length);
    post_event(&core->post, &event);
}

static void on_done(struct linnet_provider *self)
{
    struct provider_core *core = &self->core;
    self->asked = false;
    core->sound_in = self->packets_in * PCM_BYTES_A_PACKET;
    core->sound_out = self->packets_out * PCM_BYTES_A_PACKET;
    core_keep_answer(core);
    core_round_done(core);
    if (!core->open)
        link_turn_over(&self->link);
}

static void on_failed(struct linnet_provider *self, const struct link_message *message)
{
    self->asked = false;
    core_fail(&self->core, message->failure, message->text);
    link_turn_over(&self->link);
}

static void obey(struct linnet_provider *self, const struct link_message *message)
{
    struct provider_core *core = &self->core;
    if (message->turn != core->turn.turn || !self->asked)
        return;
    if (message->kind == LINK_HEARD)
        core_heard(core, message->text, strlen(message->text), message->confidence);
    else if (message->kind == LINK_TEXT)
        core_text(core, message->text, strlen(message->text));
    else if (message->kind == LINK_TOOL)
        core_tool(core, message->call_id, message->name, message->text);
    else if (message->kind == LINK_DONE)
        on_done(self);
    else if (message->kind == LINK_FAILED)
        on_failed(self, message);
}

static void linnet_message(struct provider_core *core, const void *data, size_t size)
{
    struct linnet_provider *self = linnet_of(core);
    struct link_message message;
    struct error error;
    if (!self->link.text) {
        if (self->asked)
            on_sound(self, data, size);
        return;
    }
    if (wire_link_read(data, size, &message, &error) != STATUS_OK) {
        core_fail(core, PROVIDER_GARBLED, error.text);
        link_abort(&self->link);
        return;
    }
    obey(self, &message);
    wire_link_finish(&message);
}

static void linnet_opened(struct provider_core *core)
{
    send_message(linnet_of(core),
                 &(struct link_message){.kind = LINK_HELLO, .version = LINK_VERSION});
    core_begin(core);
}

static void linnet_lost(struct provider_core *core)
{
    linnet_of(core)->asked = false;
}

static const struct link_hooks linnet_link = {
    .opened = linnet_opened, .message = linnet_message, .lost = linnet_lost};

/* ---- life ---- */

static enum status take_model(struct linnet_provider *self, const char *model,
                              struct error *ret_error)
{
    static const char *const names[] = {"ears", "mind", "voice"};
    static const unsigned stages[] = {LINK_TRANSCRIBE, LINK_ANSWER, LINK_SAY};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], model) == 0)
            self->stages = stages[i];
    return self->stages
               ? STATUS_OK
               : error_set(ret_error, STATUS_INVALID_ARGUMENT,
                           "model \"%s\" of a Linnet: expected ears, mind or voice", model);
}

static enum status linnet_init(struct linnet_provider *self, const struct provider_config *config,
                               struct error *ret_error)
{
    TRY(core_init(&self->core, &linnet_hooks, config, ret_error));
    strbuf_init(&self->out, LINK_MESSAGE_MAX);
    self->ops = *self->core.provider.ops;
    self->core_feed = self->ops.feed;
    self->ops.feed = feed_packet;
    self->core.provider.ops = &self->ops;
    TRY(link_init(&self->link, &self->core, &linnet_link, "Authorization: Bearer ", ret_error));
    self->link.binary_sound = true;
    return take_model(self, config->model, ret_error);
}

enum status provider_linnet_create(const struct provider_config *config,
                                   struct provider **ret_provider, struct error *ret_error)
{
    struct linnet_provider *self = calloc(1, sizeof(*self));
    if (!self)
        return error_set(ret_error, STATUS_NO_MEMORY, "provider: out of memory");
    enum status status = linnet_init(self, config, ret_error);
    if (status != STATUS_OK) {
        link_finish(&self->link);
        strbuf_finish(&self->out);
        core_free(&self->core);
        return status;
    }
    *ret_provider = &self->core.provider;
    return STATUS_OK;
}
