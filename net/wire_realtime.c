#include "wire_realtime.h"

#include "base64.h"
#include "wire_json.h"

#include <jansson.h>
#include <string.h>

enum { PCM_RATE = 24000 };

static json_t *pcm_format(void)
{
    return json_pack("{s:s, s:i}", "type", "audio/pcm", "rate", PCM_RATE);
}

static json_t *session_input(const struct wire_request *request)
{
    json_t *transcription =
        request->transcriber ? json_pack("{s:s}", "model", request->transcriber) : json_null();
    return json_pack("{s:o, s:o, s:n}", "format", pcm_format(), "transcription", transcription,
                     "turn_detection");
}

static json_t *session_output(const struct wire_request *request)
{
    return json_pack("{s:o, s:s*}", "format", pcm_format(), "voice", request->voice);
}

static json_t *session_limit(const struct wire_request *request)
{
    return request->max_output_tokens > 0 ? json_integer(request->max_output_tokens)
                                          : json_string("inf");
}

enum status wire_realtime_session(const struct wire_request *request, const char *event_id,
                                  struct strbuf *out, struct error *ret_error)
{
    json_t *tools = NULL;
    TRY(wire_json_tools(request->tools ? request->tools : "[]", wire_json_tool_flat, &tools,
                        ret_error));
    json_t *message =
        json_pack("{s:s, s:s, s:{s:s, s:[s], s:s, s:{s:o, s:o}, s:o, s:s, s:o}}", "type",
                  "session.update", "event_id", event_id, "session", "type", "realtime",
                  "output_modalities", request->want_audio ? "audio" : "text", "instructions",
                  request->instructions ? request->instructions : "", "audio", "input",
                  session_input(request), "output", session_output(request), "tools", tools,
                  "tool_choice", "auto", "max_output_tokens", session_limit(request));
    return wire_json_write(message, "session.update", out, ret_error);
}

static json_t *item_message(const struct provider_message *message, const char *id,
                            const char *role, const char *part)
{
    return json_pack("{s:s, s:s, s:s, s:[{s:s, s:s}]}", "id", id, "type", "message", "role", role,
                     "content", "type", part, "text", message->text);
}

static json_t *item_of(const struct provider_message *message, const char *id)
{
    switch (message->role) {
    case PROVIDER_TOOL_CALL:
        return json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", id, "type", "function_call", "call_id",
                         message->call_id, "name", message->name, "arguments", message->text);
    case PROVIDER_TOOL_RESULT:
        return json_pack("{s:s, s:s, s:s, s:s}", "id", id, "type", "function_call_output",
                         "call_id", message->call_id, "output", message->text);
    case PROVIDER_ASSISTANT:
        return item_message(message, id, "assistant", "output_text");
    default:
        return item_message(message, id, "user", "input_text");
    }
}

enum status wire_realtime_item(const struct provider_message *message, const char *id,
                               const char *event_id, struct strbuf *out, struct error *ret_error)
{
    return wire_json_write(json_pack("{s:s, s:s, s:o}", "type", "conversation.item.create",
                                     "event_id", event_id, "item", item_of(message, id)),
                           "conversation.item.create", out, ret_error);
}

enum status wire_realtime_append(const void *sound, size_t bytes, struct strbuf *out)
{
    strbuf_append(out, "{\"type\":\"input_audio_buffer.append\",\"audio\":\"");
    base64_append(out, sound, bytes);
    strbuf_append(out, "\"}");
    return strbuf_status(out);
}

enum status wire_realtime_commit(const char *event_id, struct strbuf *out)
{
    return wire_json_write(
        json_pack("{s:s, s:s}", "type", "input_audio_buffer.commit", "event_id", event_id),
        "input_audio_buffer.commit", out, NULL);
}

enum status wire_realtime_clear(struct strbuf *out)
{
    strbuf_append(out, "{\"type\":\"input_audio_buffer.clear\"}");
    return strbuf_status(out);
}

enum status wire_realtime_respond(const char *mark, const char *event_id, struct strbuf *out,
                                  struct error *ret_error)
{
    return wire_json_write(json_pack("{s:s, s:s, s:{s:{s:s}}}", "type", "response.create",
                                     "event_id", event_id, "response", "metadata", "mark", mark),
                           "response.create", out, ret_error);
}

enum status wire_realtime_cancel(const char *response, const char *event_id, struct strbuf *out,
                                 struct error *ret_error)
{
    return wire_json_write(json_pack("{s:s, s:s, s:s*}", "type", "response.cancel", "event_id",
                                     event_id, "response_id", response),
                           "response.cancel", out, ret_error);
}

enum status wire_realtime_truncate(const char *item, int64_t heard_ms, const char *event_id,
                                   struct strbuf *out, struct error *ret_error)
{
    return wire_json_write(json_pack("{s:s, s:s, s:s, s:i, s:I}", "type",
                                     "conversation.item.truncate", "event_id", event_id, "item_id",
                                     item, "content_index", 0, "audio_end_ms",
                                     (json_int_t)heard_ms),
                           "conversation.item.truncate", out, ret_error);
}

enum status wire_realtime_delete(const char *item, const char *event_id, struct strbuf *out,
                                 struct error *ret_error)
{
    return wire_json_write(json_pack("{s:s, s:s, s:s}", "type", "conversation.item.delete",
                                     "event_id", event_id, "item_id", item),
                           "conversation.item.delete", out, ret_error);
}

static void emit(const struct wire_decoding *in, const struct wire_event *event)
{
    in->sink(in->context, event);
}

static enum status expected(const struct wire_decoding *in, const char *what)
{
    return error_set(in->ret_error, STATUS_FORMAT, "%.80s: expected %s",
                     wire_json_string(in->message, "type"), what);
}

static enum status handle_ready(const struct wire_decoding *in)
{
    struct wire_event event = wire_event_of(WIRE_READY);
    emit(in, &event);
    return STATUS_OK;
}

static enum status handle_started(const struct wire_decoding *in)
{
    const json_t *response = json_object_get(in->message, "response");
    struct wire_event event = wire_event_of(WIRE_STARTED);
    event.response = wire_json_string(response, "id");
    event.name = wire_json_string(json_object_get(response, "metadata"), "mark");
    if (!*event.response)
        return expected(in, "response.id");
    emit(in, &event);
    return STATUS_OK;
}

static enum status handle_committed(const struct wire_decoding *in)
{
    struct wire_event event = wire_event_of(WIRE_COMMITTED);
    event.id = wire_json_string(in->message, "item_id");
    if (!*event.id)
        return expected(in, "item_id");
    emit(in, &event);
    return STATUS_OK;
}

/* An event of an item of a response. */
static struct wire_event item_event(const struct wire_decoding *in, enum wire_kind kind)
{
    struct wire_event event = wire_event_of(kind);
    event.response = wire_json_string(in->message, "response_id");
    event.item = wire_json_string(in->message, "item_id");
    return event;
}

static enum status handle_text(const struct wire_decoding *in)
{
    struct wire_event event = item_event(in, WIRE_TEXT);
    event.data = wire_json_string(in->message, "delta");
    event.length = strlen(event.data);
    if (event.length > 0)
        emit(in, &event);
    return STATUS_OK;
}

static enum status handle_audio(const struct wire_decoding *in)
{
    return wire_sound(in->sink, in->context, item_event(in, WIRE_AUDIO),
                      wire_json_string(in->message, "delta"), in->ret_error);
}

static enum status handle_heard(const struct wire_decoding *in)
{
    struct wire_event event = item_event(in, WIRE_HEARD);
    event.data = wire_json_string(in->message, "transcript");
    event.length = strlen(event.data);
    if (event.length > 0)
        emit(in, &event);
    return STATUS_OK;
}

static enum status handle_tool(const struct wire_decoding *in)
{
    struct wire_event event = item_event(in, WIRE_TOOL);
    event.id = wire_json_string(in->message, "call_id");
    event.name = wire_json_string(in->message, "name");
    event.data = wire_json_string(in->message, "arguments");
    event.length = strlen(event.data);
    if (!*event.id)
        return expected(in, "call_id");
    emit(in, &event);
    return STATUS_OK;
}

static void emit_usage(const struct wire_decoding *in, const json_t *response)
{
    const json_t *usage = json_object_get(response, "usage");
    if (!json_is_object(usage))
        return;
    struct wire_event event = wire_event_of(WIRE_USAGE);
    event.response = wire_json_string(response, "id");
    event.usage = (struct provider_usage){
        .input_tokens = wire_json_integer(usage, "input_tokens"),
        .output_tokens = wire_json_integer(usage, "output_tokens"),
        .cached_tokens =
            wire_json_integer(json_object_get(usage, "input_token_details"), "cached_tokens")};
    emit(in, &event);
}

/* Why a response ended that was not completed. */
static void ended_badly(struct wire_event *event, const json_t *response)
{
    const json_t *details = json_object_get(response, "status_details");
    const json_t *error = json_object_get(details, "error");
    const char *reason = wire_json_string(details, "reason");
    const char *message = wire_json_string(error, "message");
    event->failure =
        wire_failure(0, wire_json_string(error, "type"), wire_json_string(error, "code"));
    event->data = *message ? message : *reason ? reason : event->name;
    event->length = strlen(event->data);
}

/* An answer cut at max_output_tokens is an answer. */
static bool ended_well(const json_t *response, const char *status)
{
    const json_t *details = json_object_get(response, "status_details");
    return strcmp(status, "completed") == 0 ||
           (strcmp(status, "incomplete") == 0 &&
            strcmp(wire_json_string(details, "reason"), "max_output_tokens") == 0);
}

static enum status handle_done(const struct wire_decoding *in)
{
    const json_t *response = json_object_get(in->message, "response");
    struct wire_event event = wire_event_of(WIRE_ENDED);
    event.response = wire_json_string(response, "id");
    event.name = wire_json_string(response, "status");
    if (!*event.response)
        return expected(in, "response.id");
    event.ok = ended_well(response, event.name);
    if (!event.ok)
        ended_badly(&event, response);
    emit_usage(in, response);
    emit(in, &event);
    return STATUS_OK;
}

static enum status handle_error(const struct wire_decoding *in)
{
    const json_t *error = json_object_get(in->message, "error");
    if (!error)
        return expected(in, "error");
    wire_error(in->sink, in->context, error, 0);
    return STATUS_OK;
}

static const struct wire_handler handlers[] = {
    {"session.created", handle_ready},
    {"session.updated", handle_ready},
    {"response.created", handle_started},
    {"input_audio_buffer.committed", handle_committed},
    {"response.output_text.delta", handle_text},
    {"response.output_audio_transcript.delta", handle_text},
    {"response.output_audio.delta", handle_audio},
    {"conversation.item.input_audio_transcription.completed", handle_heard},
    {"response.function_call_arguments.done", handle_tool},
    {"response.done", handle_done},
    {"error", handle_error},
    {"response.text.delta", handle_text},
    {"response.audio_transcript.delta", handle_text},
    {"response.audio.delta", handle_audio},
    {0},
};

enum status wire_realtime_decode(const void *data, size_t size, wire_sink_fn *sink, void *context,
                                 struct error *ret_error)
{
    return wire_json_dispatch(data, size, handlers, sink, context, ret_error);
}
