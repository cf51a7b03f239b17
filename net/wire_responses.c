#include "wire_responses.h"

#include "wire_json.h"

#include <jansson.h>
#include <string.h>

static json_t *input_of(const struct provider_message *message)
{
    switch (message->role) {
    case PROVIDER_TOOL_CALL:
        return json_pack("{s:s, s:s, s:s, s:s}", "type", "function_call", "call_id",
                         message->call_id, "name", message->name, "arguments", message->text);
    case PROVIDER_TOOL_RESULT:
        return json_pack("{s:s, s:s, s:s}", "type", "function_call_output", "call_id",
                         message->call_id, "output", message->text);
    default:
        return json_pack("{s:s, s:s, s:s}", "type", "message", "role",
                         message->role == PROVIDER_ASSISTANT ? "assistant" : "user", "content",
                         message->text);
    }
}

static json_t *inputs_of(const struct wire_request *request)
{
    json_t *inputs = json_array();
    for (size_t i = 0; i < request->message_count; i++)
        if (json_array_append_new(inputs, input_of(&request->messages[i])) != 0) {
            json_decref(inputs);
            return NULL;
        }
    return inputs;
}

static bool add_tools(json_t *message, json_t *tools)
{
    if (!tools)
        return true;
    return json_object_set_new(message, "tools", tools) == 0 &&
           wire_json_set(message, "tool_choice", "auto");
}

static json_t *create_of(const struct wire_request *request, json_t *tools)
{
    json_t *message = json_pack("{s:s, s:s, s:b, s:o}", "type", "response.create", "model",
                                request->model, "store", 0, "input", inputs_of(request));
    bool good = add_tools(message, tools) &&
                wire_json_set(message, "instructions", request->instructions) &&
                wire_json_set(message, "previous_response_id", request->previous);
    if (good && request->max_output_tokens > 0)
        good = json_object_set_new(message, "max_output_tokens",
                                   json_integer(request->max_output_tokens)) == 0;
    if (good)
        return message;
    json_decref(message);
    return NULL;
}

enum status wire_responses_create(const struct wire_request *request, struct strbuf *out,
                                  struct error *ret_error)
{
    json_t *tools = NULL;
    if (request->tools)
        TRY(wire_json_tools(request->tools, wire_json_tool_flat, &tools, ret_error));
    return wire_json_write(create_of(request, tools), "response.create", out, ret_error);
}

static enum status expected(const struct wire_decoding *in, const char *what)
{
    return error_set(in->ret_error, STATUS_FORMAT, "%.80s: expected %s",
                     wire_json_string(in->message, "type"), what);
}

static enum status handle_started(const struct wire_decoding *in)
{
    struct wire_event event = wire_event_of(WIRE_STARTED);
    event.response = wire_json_string(json_object_get(in->message, "response"), "id");
    if (!*event.response)
        return expected(in, "response.id");
    in->sink(in->context, &event);
    return STATUS_OK;
}

static enum status handle_text(const struct wire_decoding *in)
{
    wire_text(in->sink, in->context, WIRE_TEXT, wire_json_string(in->message, "delta"));
    return STATUS_OK;
}

/* A finished item: of interest are calls, whose arguments have come in pieces before. */
static enum status handle_item(const struct wire_decoding *in)
{
    const json_t *item = json_object_get(in->message, "item");
    struct wire_event event = wire_event_of(WIRE_TOOL);
    if (strcmp(wire_json_string(item, "type"), "function_call") != 0)
        return STATUS_OK;
    event.id = wire_json_string(item, "call_id");
    event.name = wire_json_string(item, "name");
    event.data = wire_json_string(item, "arguments");
    event.length = strlen(event.data);
    if (!*event.id || !*event.name)
        return expected(in, "item.call_id and item.name");
    in->sink(in->context, &event);
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
            wire_json_integer(json_object_get(usage, "input_tokens_details"), "cached_tokens")};
    in->sink(in->context, &event);
}

static enum status emit_end(const struct wire_decoding *in, struct wire_event *event)
{
    const json_t *response = json_object_get(in->message, "response");
    event->response = wire_json_string(response, "id");
    event->name = wire_json_string(response, "status");
    if (!*event->response)
        return expected(in, "response.id");
    event->length = strlen(event->data);
    emit_usage(in, response);
    in->sink(in->context, event);
    return STATUS_OK;
}

static enum status handle_completed(const struct wire_decoding *in)
{
    struct wire_event event = wire_event_of(WIRE_ENDED);
    event.ok = true;
    return emit_end(in, &event);
}

static enum status handle_incomplete(const struct wire_decoding *in)
{
    const json_t *response = json_object_get(in->message, "response");
    const char *reason =
        wire_json_string(json_object_get(response, "incomplete_details"), "reason");
    struct wire_event event = wire_event_of(WIRE_ENDED);
    event.ok = strcmp(reason, "max_output_tokens") == 0;
    event.failure = PROVIDER_REFUSED;
    event.data = event.ok ? "" : *reason ? reason : "the response is incomplete";
    return emit_end(in, &event);
}

static enum status handle_failed(const struct wire_decoding *in)
{
    const json_t *response = json_object_get(in->message, "response");
    const json_t *error = json_object_get(response, "error");
    const char *text = wire_json_string(error, "message");
    struct wire_event event = wire_event_of(WIRE_ENDED);
    event.failure = wire_failure(0, "", wire_json_string(error, "code"));
    event.data = *text ? text : "the response failed";
    return emit_end(in, &event);
}

/* Over a websocket the cause is in an object of its own, over HTTP in the event itself. */
static enum status handle_error(const struct wire_decoding *in)
{
    const json_t *error = json_object_get(in->message, "error");
    wire_error(in->sink, in->context, error ? error : in->message,
               wire_json_integer(in->message, "status"));
    return STATUS_OK;
}

static const struct wire_handler handlers[] = {
    {"response.created", handle_started},
    {"response.output_text.delta", handle_text},
    {"response.refusal.delta", handle_text},
    {"response.output_item.done", handle_item},
    {"response.completed", handle_completed},
    {"response.incomplete", handle_incomplete},
    {"response.failed", handle_failed},
    {"error", handle_error},
    {0},
};

enum status wire_responses_decode(const void *data, size_t size, wire_sink_fn *sink, void *context,
                                  struct error *ret_error)
{
    return wire_json_dispatch(data, size, handlers, sink, context, ret_error);
}
