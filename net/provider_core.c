#include "provider_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 1 << 20, BUDGET_DEFAULT = 4 << 20, PIECE_BYTES = 24000 };

static struct provider_core *core_of(struct provider *provider)
{
    return (struct provider_core *)(void *)provider;
}

/* One call of the interface on its way to the net thread. */
struct call {
    struct provider_core *core;
    const struct provider_turn *turn;
    const void *sound;
    size_t bytes;
    const struct provider_tool_result *results;
    size_t count;
    int64_t heard_ms;
    bool warmed;
    enum status status;
    struct error *ret_error;
};

static char *copy_of(const char *text)
{
    return text ? strdup(text) : NULL;
}

static void turn_finish(struct provider_core *core)
{
    free((char *)core->turn.instructions);
    free((char *)core->turn.tools);
    core->turn.instructions = core->turn.tools = NULL;
    history_finish(&core->history);
}

static enum status turn_copy(struct provider_core *core, const struct provider_turn *turn)
{
    turn_finish(core);
    core->turn = *turn;
    core->turn.messages = NULL;
    core->turn.instructions = copy_of(turn->instructions);
    core->turn.tools = copy_of(turn->tools);
    if ((turn->instructions && !core->turn.instructions) || (turn->tools && !core->turn.tools))
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < turn->message_count; i++)
        TRY(history_add(&core->history, &turn->messages[i]));
    return STATUS_OK;
}

static void turn_reset(struct provider_core *core)
{
    core->begun = core->waiting = core->called = core->spoke = core->retried = false;
    core->feed_ended = false;
    core->sound_in = core->sound_out = 0;
    core->total = core->round = (struct provider_usage){0};
    strbuf_clear(&core->sound);
    strbuf_clear(&core->answer);
}

static void turn_cancel(struct provider_core *core, int64_t heard_ms)
{
    if (core->open)
        post_drop(&core->post);
    core->open = false;
    core->hooks->cancel(core, heard_ms);
}

static enum status check_turn(const struct provider_core *core, const struct provider_turn *turn,
                              struct error *ret_error)
{
    if (!turn->send_audio && turn->message_count == 0)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: a turn without a request",
                         core->config.name);
    if (turn->send_audio && !core->hooks->feed)
        return error_set(ret_error, STATUS_UNSUPPORTED, "%s: %s takes no sound", core->config.name,
                         provider_kind_name(core->config.kind));
    return STATUS_OK;
}

static enum status start_here(struct provider_core *core, const struct provider_turn *turn,
                              struct error *ret_error)
{
    TRY(check_turn(core, turn, ret_error));
    if (core->open)
        turn_cancel(core, -1);
    turn_reset(core);
    enum status status = turn_copy(core, turn);
    if (status != STATUS_OK)
        return error_set(ret_error, status, "%s: the turn's messages: %s", core->config.name,
                         status_text(status));
    core->open = true;
    status = core->hooks->start(core, ret_error);
    if (status == STATUS_OK)
        return status;
    core->open = false;
    if (ret_error)
        core_blot(core, ret_error->text);
    return error_prefix(ret_error, status, "%s", core->config.name);
}

static void run_start(void *context)
{
    struct call *call = context;
    call->status = start_here(call->core, call->turn, call->ret_error);
}

static enum status core_start(struct provider *provider, const struct provider_turn *turn,
                              struct error *ret_error)
{
    struct call call = {.core = core_of(provider), .turn = turn, .ret_error = ret_error};
    net_run(call.core->config.net, run_start, &call);
    return call.status;
}

static enum status feed_here(struct provider_core *core, const void *sound, size_t bytes)
{
    if (!core->open || !core->turn.send_audio || core->feed_ended)
        return STATUS_CANCELLED;
    if (core->begun)
        TRY(core->hooks->feed(core, sound, bytes));
    else if (core->sound.length + bytes > core->sound.limit)
        return STATUS_LIMIT;
    else
        strbuf_append_bytes(&core->sound, sound, bytes);
    core->sound_in += bytes;
    return strbuf_status(&core->sound);
}

static void run_feed(void *context)
{
    struct call *call = context;
    call->status = feed_here(call->core, call->sound, call->bytes);
}

static enum status core_feed(struct provider *provider, const void *sound, size_t bytes)
{
    struct call call = {.core = core_of(provider), .sound = sound, .bytes = bytes};
    net_run(call.core->config.net, run_feed, &call);
    return call.status;
}

static void run_end_feed(void *context)
{
    struct call *call = context;
    struct provider_core *core = call->core;
    if (!core->open || !core->turn.send_audio || core->feed_ended) {
        call->status = STATUS_CANCELLED;
        return;
    }
    core->feed_ended = true;
    if (core->sound_in == 0)
        core_fail(core, PROVIDER_REFUSED, "no sound was sent");
    else if (core->begun)
        core->hooks->end_feed(core);
}

static enum status core_end_feed(struct provider *provider)
{
    struct call call = {.core = core_of(provider)};
    net_run(call.core->config.net, run_end_feed, &call);
    return call.status;
}

static enum status reply_here(struct provider_core *core,
                              const struct provider_tool_result *results, size_t count,
                              struct error *ret_error)
{
    if (!core->open || !core->waiting)
        return error_set(ret_error, STATUS_CANCELLED, "%s: no call waits for a result",
                         core->config.name);
    for (size_t i = 0; i < count; i++) {
        const struct provider_message message = {
            .role = PROVIDER_TOOL_RESULT,
            .text = results[i].output,
            .name = history_tool_name(&core->history, results[i].call_id),
            .call_id = results[i].call_id};
        enum status status = history_add(&core->history, &message);
        if (status != STATUS_OK)
            return error_set(ret_error, status, "%s: a tool's result: %s", core->config.name,
                             status_text(status));
    }
    core->waiting = core->called = false;
    core->hooks->reply(core, count);
    return STATUS_OK;
}

static void run_reply(void *context)
{
    struct call *call = context;
    call->status = reply_here(call->core, call->results, call->count, call->ret_error);
}

static enum status core_reply(struct provider *provider, const struct provider_tool_result *results,
                              size_t count, struct error *ret_error)
{
    struct call call = {
        .core = core_of(provider), .results = results, .count = count, .ret_error = ret_error};
    net_run(call.core->config.net, run_reply, &call);
    return call.status;
}

static void run_cancel(void *context)
{
    struct call *call = context;
    turn_cancel(call->core, call->heard_ms);
}

static void core_cancel(struct provider *provider, int64_t heard_ms)
{
    struct call call = {.core = core_of(provider), .heard_ms = heard_ms};
    net_run(call.core->config.net, run_cancel, &call);
}

static void run_warm(void *context)
{
    struct call *call = context;
    struct provider_core *core = call->core;
    call->warmed = !core->open && core->hooks->warm && core->hooks->warm(core);
}

static bool core_warm(struct provider *provider)
{
    struct call call = {.core = core_of(provider)};
    net_run(call.core->config.net, run_warm, &call);
    return call.warmed;
}

static void run_destroy(void *context)
{
    struct provider_core *core = context;
    core->open = false;
    core->hooks->finish(core);
    core_free(core);
}

static void core_destroy(struct provider *provider)
{
    net_run(core_of(provider)->config.net, run_destroy, core_of(provider));
}

static const struct provider_ops core_ops = {.start = core_start,
                                             .feed = core_feed,
                                             .end_feed = core_end_feed,
                                             .reply = core_reply,
                                             .cancel = core_cancel,
                                             .destroy = core_destroy,
                                             .warm = core_warm};

enum status core_init(struct provider_core *core, const struct core_hooks *hooks,
                      const struct provider_config *config, struct error *ret_error)
{
    core->provider.ops = &core_ops;
    core->hooks = hooks;
    core->config = *config;
    core->config.name = strdup(config->name ? config->name : provider_kind_name(config->kind));
    core->config.url = strdup(config->url);
    core->config.model = strdup(config->model);
    core->config.voice = copy_of(config->voice);
    core->config.transcriber = copy_of(config->transcriber);
    if (core->config.byte_budget == 0)
        core->config.byte_budget = BUDGET_DEFAULT;
    strbuf_init(&core->sound, core->config.byte_budget / 2); /* it grows by base64 */
    strbuf_init(&core->answer, ANSWER_MAX);
    if (!core->config.name || !core->config.url || !core->config.model ||
        (config->voice && !core->config.voice) ||
        (config->transcriber && !core->config.transcriber))
        return error_set(ret_error, STATUS_NO_MEMORY, "provider: out of memory");
    return post_init(&core->post, config->net, config->events, config->index, ret_error);
}

void core_free(struct provider_core *core)
{
    post_finish(&core->post);
    turn_finish(core);
    strbuf_finish(&core->sound);
    strbuf_finish(&core->answer);
    free((char *)core->config.name);
    free((char *)core->config.url);
    free((char *)core->config.model);
    free((char *)core->config.voice);
    free((char *)core->config.transcriber);
    free(core);
}

static void begin_sound(struct provider_core *core)
{
    enum status status = strbuf_status(&core->sound);
    for (size_t at = 0; at < core->sound.length && status == STATUS_OK && core->open;) {
        size_t left = core->sound.length - at, piece = left < PIECE_BYTES ? left : PIECE_BYTES;
        status = core->hooks->feed(core, strbuf_text(&core->sound) + at, piece);
        at += piece;
    }
    strbuf_clear(&core->sound);
    if (status != STATUS_OK)
        core_fail(core, PROVIDER_OVERLOADED, "the sound does not fit into the byte budget");
    else if (core->feed_ended && core->open)
        core->hooks->end_feed(core);
}

void core_restart(struct provider_core *core)
{
    struct error error = {.text = ""};
    core->begun = false;
    if (core->turn.send_audio && core->sound.length < core->sound_in)
        core_fail(core, PROVIDER_CLOSED, "the connection broke, and with it the sound is lost");
    else if (core->hooks->start(core, &error) != STATUS_OK)
        core_fail(core, PROVIDER_UNREACHABLE, error.text);
}

void core_begin(struct provider_core *core)
{
    if (!core->open || core->begun)
        return;
    core->begun = true;
    core->hooks->begin(core);
    if (core->open && core->begun && core->turn.send_audio)
        begin_sound(core);
}

struct wire_request core_request(const struct provider_core *core, size_t from)
{
    return (struct wire_request){.model = core->config.model,
                                 .instructions = core->turn.instructions,
                                 .messages = core->history.messages + from,
                                 .message_count = core->history.count - from,
                                 .tools = core->turn.tools,
                                 .max_output_tokens = core->turn.max_output_tokens,
                                 .voice = core->config.voice,
                                 .transcriber = core->config.transcriber,
                                 .send_audio = core->turn.send_audio,
                                 .want_audio = core->turn.want_audio};
}

uint64_t core_setup_digest(const struct provider_core *core)
{
    char limit[20];
    snprintf(limit, sizeof(limit), "%d", core->turn.max_output_tokens);
    uint64_t digest = digest_text(0, core->turn.instructions);
    return digest_text(digest_text(digest, core->turn.tools), limit);
}
