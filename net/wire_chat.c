#include "wire_chat.h"

#include "wire_json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A refusal that is no JSON is quoted up to here. */
enum { QUOTE_MAX = 200, CALL_INDEX_MAX = 127 };

static json_t *tool_nested(const json_t *tool)
{
    return json_pack("{s:s, s:{s:s, s:s*, s:O*}}", "type", "function", "function", "name",
                     wire_json_string(tool, "name"), "description",
                     json_string_value(json_object_get(tool, "description")), "parameters",
                     json_object_get(tool, "parameters"));
}

static json_t *call_of(const struct provider_message *message)
{
    return json_pack("{s:s, s:s, s:{s:s, s:s}}", "id", message->call_id, "type", "function",
                     "function", "name", message->name, "arguments", message->text);
}

static json_t *message_of(const struct provider_message *message)
{
    switch (message->role) {
    case PROVIDER_TOOL_CALL:
        return json_pack("{s:s, s:n, s:[o]}", "role", "assistant", "content", "tool_calls",
                         call_of(message));
    case PROVIDER_TOOL_RESULT:
        return json_pack("{s:s, s:s, s:s}", "role", "tool", "tool_call_id", message->call_id,
                         "content", message->text);
    default:
        return json_pack("{s:s, s:s}", "role",
                         message->role == PROVIDER_ASSISTANT ? "assistant" : "user", "content",
                         message->text);
    }
}

/* Add a call to the last message when that is the assistant's; false when it is not. */
static bool joined(json_t *messages, const struct provider_message *message)
{
    json_t *last = json_array_get(messages, json_array_size(messages) - 1);
    if (message->role != PROVIDER_TOOL_CALL ||
        strcmp(wire_json_string(last, "role"), "assistant") != 0)
        return false;
    json_t *calls = json_object_get(last, "tool_calls");
    if (calls)
        return json_array_append_new(calls, call_of(message)) == 0;
    return json_object_set_new(last, "tool_calls", json_pack("[o]", call_of(message))) == 0;
}

static json_t *messages_of(const struct wire_request *request)
{
    json_t *messages = json_array();
    bool good = true;
    if (request->instructions && *request->instructions)
        good = json_array_append_new(messages, json_pack("{s:s, s:s}", "role", "system", "content",
                                                         request->instructions)) == 0;
    for (size_t i = 0; good && i < request->message_count; i++)
        if (!joined(messages, &request->messages[i]))
            good = json_array_append_new(messages, message_of(&request->messages[i])) == 0;
    if (good)
        return messages;
    json_decref(messages);
    return NULL;
}

static json_t *body_of(const struct wire_request *request, bool new_limit_name, json_t *tools)
{
    json_t *body = json_pack("{s:s, s:o, s:b, s:{s:b}, s:o*}", "model", request->model, "messages",
                             messages_of(request), "stream", 1, "stream_options", "include_usage",
                             1, "tools", tools);
    if (!body || request->max_output_tokens <= 0)
        return body;
    const char *limit = new_limit_name ? "max_completion_tokens" : "max_tokens";
    if (json_object_set_new(body, limit, json_integer(request->max_output_tokens)) == 0)
        return body;
    json_decref(body);
    return NULL;
}

enum status wire_chat_request(const struct wire_request *request, bool new_limit_name,
                              struct strbuf *out, struct error *ret_error)
{
    json_t *tools = NULL;
    if (request->tools)
        TRY(wire_json_tools(request->tools, tool_nested, &tools, ret_error));
    return wire_json_write(body_of(request, new_limit_name, tools), "request", out, ret_error);
}

static void emit_usage(const json_t *usage, wire_sink_fn *sink, void *context)
{
    struct wire_event event = wire_event_of(WIRE_USAGE);
    if (!json_is_object(usage))
        return;
    event.usage = (struct provider_usage){
        .input_tokens = wire_json_integer(usage, "prompt_tokens"),
        .output_tokens = wire_json_integer(usage, "completion_tokens"),
        .cached_tokens =
            wire_json_integer(json_object_get(usage, "prompt_tokens_details"), "cached_tokens")};
    sink(context, &event);
}

/* Arguments are a text; some servers send the object itself. */
static void emit_call(const json_t *call, wire_sink_fn *sink, void *context)
{
    const json_t *function = json_object_get(call, "function");
    const json_t *arguments = json_object_get(function, "arguments");
    char *object = json_is_object(arguments) ? json_dumps(arguments, JSON_COMPACT) : NULL;
    int64_t index = wire_json_integer(call, "index");
    struct wire_event event = wire_event_of(WIRE_TOOL_PART);
    event.index = index < 0 || index > CALL_INDEX_MAX ? CALL_INDEX_MAX : (int)index;
    event.id = wire_json_string(call, "id");
    event.name = wire_json_string(function, "name");
    event.data = object ? object : wire_json_string(function, "arguments");
    event.length = strlen(event.data);
    sink(context, &event);
    free(object);
}

static void emit_finish(const char *reason, wire_sink_fn *sink, void *context)
{
    struct wire_event event = wire_event_of(WIRE_FINISHED);
    event.ok = strcmp(reason, "content_filter") != 0;
    event.name = reason;
    event.failure = PROVIDER_REFUSED;
    event.data = event.ok ? "" : reason;
    event.length = strlen(event.data);
    sink(context, &event);
}

static void emit_choice(const json_t *choice, wire_sink_fn *sink, void *context)
{
    const json_t *delta = json_object_get(choice, "delta");
    const char *reason = wire_json_string(choice, "finish_reason");
    size_t i;
    json_t *call;
    wire_text(sink, context, WIRE_TEXT, wire_json_string(delta, "content"));
    wire_text(sink, context, WIRE_TEXT, wire_json_string(delta, "refusal"));
    json_array_foreach(json_object_get(delta, "tool_calls"), i, call)
        emit_call(call, sink, context);
    if (*reason)
        emit_finish(reason, sink, context);
}

static enum status emit_chunk(const json_t *chunk, wire_sink_fn *sink, void *context,
                              struct error *ret_error)
{
    const json_t *error = json_object_get(chunk, "error");
    const json_t *choices = json_object_get(chunk, "choices");
    const json_t *usage = json_object_get(chunk, "usage");
    if (error && !json_is_null(error)) {
        wire_error(sink, context, error, 0);
        return STATUS_OK;
    }
    if (!json_is_array(choices) && !json_is_object(usage))
        return error_set(ret_error, STATUS_FORMAT, "a chunk without choices, usage and error");
    if (json_array_size(choices) > 0)
        emit_choice(json_array_get(choices, 0), sink, context);
    emit_usage(usage, sink, context);
    return STATUS_OK;
}

enum status wire_chat_decode(const void *data, size_t size, wire_sink_fn *sink, void *context,
                             struct error *ret_error)
{
    if (size == 6 && memcmp(data, "[DONE]", 6) == 0) {
        struct wire_event event = wire_event_of(WIRE_ENDED);
        event.ok = true;
        sink(context, &event);
        return STATUS_OK;
    }
    json_t *chunk;
    TRY(wire_json_parse(data, size, &chunk, ret_error));
    enum status status = emit_chunk(chunk, sink, context, ret_error);
    json_decref(chunk);
    return status;
}

/* The first line of a body that is not JSON, as far as it is plain ASCII. */
static void quote(const char *data, size_t size, char *ret_text)
{
    size_t n = 0;
    while (n < size && n < QUOTE_MAX && data[n] >= ' ' && data[n] <= '~') {
        ret_text[n] = data[n];
        n++;
    }
    ret_text[n] = '\0';
}

static void refusal_plain(int http_status, const char *data, size_t size, wire_sink_fn *sink,
                          void *context)
{
    char text[QUOTE_MAX + 40], quoted[QUOTE_MAX + 1];
    struct wire_event event = wire_event_of(WIRE_ERROR);
    quote(data, size, quoted);
    snprintf(text, sizeof(text), "HTTP status %d%s%s", http_status, *quoted ? ": " : "", quoted);
    event.failure = wire_failure(http_status, "", "");
    event.data = text;
    event.length = strlen(text);
    sink(context, &event);
}

/* {"error": {...}}, {"error": "text"}, or the members of the error at the top (vLLM's older form).
 */
void wire_chat_refusal(int http_status, const void *data, size_t size, wire_sink_fn *sink,
                       void *context)
{
    json_t *body = NULL;
    if (wire_json_parse(data, size, &body, NULL) != STATUS_OK) {
        refusal_plain(http_status, data, size, sink, context);
        return;
    }
    const json_t *error = json_object_get(body, "error");
    wire_error(sink, context, error && !json_is_null(error) ? error : body, http_status);
    json_decref(body);
}
