/* The half of provider_core.h that tells what a turn brings. */
#include "provider_core.h"

#include <string.h>

enum { SOUND_BYTES_A_SECOND = 48000 };

static struct provider_event event_of(const struct provider_core *core,
                                      enum provider_event_kind kind)
{
    return (struct provider_event){.kind = kind, .turn = core->turn.turn};
}

/* Whether events may still be posted; a turn of which one was lost fails. */
static bool can_post(struct provider_core *core)
{
    if (core->open && core->post.overflowed) {
        post_drop(&core->post);
        core_fail(core, PROVIDER_OVERLOADED, "nobody takes the events");
    }
    return core->open;
}

void core_text(struct provider_core *core, const char *text, size_t length)
{
    struct provider_event event = event_of(core, PROVIDER_EVENT_TEXT);
    if (!can_post(core) || length == 0)
        return;
    core->spoke = true;
    strbuf_append_bytes(&core->answer, text, length);
    if (strbuf_status(&core->answer) != STATUS_OK)
        core_fail(core, PROVIDER_GARBLED, "the answer does not end");
    else
        post_text(&core->post, &event, text, length);
}

void core_sound(struct provider_core *core, const char *bytes, size_t count)
{
    struct provider_event event = event_of(core, PROVIDER_EVENT_AUDIO);
    if (!can_post(core))
        return;
    core->spoke = true;
    core->sound_out += count;
    if (core->turn.want_audio)
        post_sound(&core->post, &event, bytes, count / 2 * 2);
}

void core_heard(struct provider_core *core, const char *text, size_t length, double confidence)
{
    struct provider_event event = event_of(core, PROVIDER_EVENT_HEARD);
    event.confidence = confidence;
    if (can_post(core) && core->turn.send_audio && length > 0)
        post_text(&core->post, &event, text, length);
}

static bool fits(const char *text)
{
    return strlen(text) < PROVIDER_NAME_BYTES;
}

void core_tool(struct provider_core *core, const char *call_id, const char *name,
               const char *arguments)
{
    struct provider_event event = event_of(core, PROVIDER_EVENT_TOOL);
    const struct provider_message call = {PROVIDER_TOOL_CALL, arguments, name, call_id};
    if (!can_post(core))
        return;
    if (!fits(call_id) || !fits(name) || !*name) {
        core_fail(core, PROVIDER_GARBLED, "a tool call with a bad name or id");
        return;
    }
    if (history_add(&core->history, &call) != STATUS_OK) {
        core_fail(core, PROVIDER_GARBLED, "too many tool calls");
        return;
    }
    core->spoke = core->called = true;
    memcpy(event.name, name, strlen(name) + 1);
    memcpy(event.call_id, call_id, strlen(call_id) + 1);
    post_text(&core->post, &event, arguments, strlen(arguments));
}

static void post_usage(struct provider_core *core)
{
    struct provider_event event = event_of(core, PROVIDER_EVENT_USAGE);
    event.usage = (struct provider_usage){
        .input_tokens = core->total.input_tokens + core->round.input_tokens,
        .cached_tokens = core->total.cached_tokens + core->round.cached_tokens,
        .output_tokens = core->total.output_tokens + core->round.output_tokens,
        .input_seconds = (double)core->sound_in / SOUND_BYTES_A_SECOND,
        .output_seconds = (double)core->sound_out / SOUND_BYTES_A_SECOND};
    post_event(&core->post, &event);
}

void core_usage(struct provider_core *core, const struct provider_usage *tokens)
{
    if (!can_post(core))
        return;
    core->round = *tokens;
    post_usage(core);
}

bool core_keep_answer(struct provider_core *core)
{
    const struct provider_message message = {.role = PROVIDER_ASSISTANT,
                                             .text = strbuf_text(&core->answer)};
    if (core->answer.length == 0)
        return false;
    enum status status = history_add(&core->history, &message);
    strbuf_clear(&core->answer);
    return status == STATUS_OK;
}

void core_round_done(struct provider_core *core)
{
    struct provider_event event = event_of(core, PROVIDER_EVENT_DONE);
    if (!can_post(core))
        return;
    if (core->sound_in + core->sound_out > 0)
        post_usage(core);
    core->total.input_tokens += core->round.input_tokens;
    core->total.cached_tokens += core->round.cached_tokens;
    core->total.output_tokens += core->round.output_tokens;
    core->round = (struct provider_usage){0};
    core->waiting = core->called;
    core->open = core->waiting;
    post_event(&core->post, &event);
}

void core_blot(const struct provider_core *core, char *text)
{
    size_t length = core->config.key ? strlen(core->config.key) : 0;
    char *at = length > 0 ? strstr(text, core->config.key) : NULL;
    for (; at; at = strstr(at, core->config.key))
        memset(at, '*', length);
}

void core_fail(struct provider_core *core, enum provider_failure failure, const char *text)
{
    struct provider_event event = event_of(core, PROVIDER_EVENT_FAILED);
    if (!core->open)
        return;
    core->open = false;
    event.failure = failure;
    size_t length = strlen(text);
    if (length > PROVIDER_DATA_BYTES - 1)
        length = PROVIDER_DATA_BYTES - 1;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    memcpy(event.data, text, length);
    core_blot(core, event.data);
    event.length = length;
    post_event(&core->post, &event);
}

static enum provider_failure handshake_failure(int status)
{
    return status == 0 ? PROVIDER_UNREACHABLE : wire_failure(status, "", "");
}

/* Codes of close frames: RFC 6455, section 7.4.1, and those above 3000 of the services. */
static enum provider_failure close_failure(int code)
{
    if (code == 1011 || code == 1012 || code == 1013)
        return PROVIDER_OVERLOADED;
    if (code == 1007 || code == 1008 || code >= 3000)
        return PROVIDER_REFUSED;
    return PROVIDER_CLOSED;
}

enum provider_failure core_failure(enum net_failure why, int code)
{
    switch (why) {
    case NET_FAILURE_RESOLVE:
    case NET_FAILURE_CONNECT:
    case NET_FAILURE_TLS:
    case NET_FAILURE_TIMEOUT:
        return PROVIDER_UNREACHABLE;
    case NET_FAILURE_HANDSHAKE:
        return handshake_failure(code);
    case NET_FAILURE_TOO_LARGE:
    case NET_FAILURE_PROTOCOL:
        return PROVIDER_GARBLED;
    case NET_FAILURE_CLOSED:
        return close_failure(code);
    default:
        return PROVIDER_CLOSED;
    }
}
