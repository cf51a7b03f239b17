#include "wire_json.h"

#include "base64.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The deepest that brackets outside of strings stand in each other. jansson would recurse further
 * than we like before it refuses. */
static int depth_of(const char *text, size_t size)
{
    int depth = 0, deepest = 0;
    bool quoted = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            deepest = ++depth > deepest ? depth : deepest;
        else if (!quoted && (c == '}' || c == ']'))
            depth--;
    }
    return deepest;
}

enum status wire_json_parse(const void *data, size_t size, struct json_t **ret_object,
                            struct error *ret_error)
{
    json_error_t why;
    if (size > WIRE_MESSAGE_MAX)
        return error_set(ret_error, STATUS_LIMIT, "a message of %zu bytes: expected at most %d",
                         size, WIRE_MESSAGE_MAX);
    if (depth_of(data, size) > WIRE_DEPTH_MAX)
        return error_set(ret_error, STATUS_FORMAT,
                         "a message with brackets deeper than %d: expected less", WIRE_DEPTH_MAX);
    json_t *root = json_loadb(data, size, 0, &why);
    if (!root)
        return error_set(ret_error, STATUS_FORMAT, "byte %d of %zu: expected JSON", why.position,
                         size);
    if (!json_is_object(root)) {
        json_decref(root);
        return error_set(ret_error, STATUS_FORMAT, "byte 0: expected a JSON object");
    }
    *ret_object = root;
    return STATUS_OK;
}

const char *wire_json_string(const struct json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

int64_t wire_json_integer(const struct json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value))
        return json_integer_value(value);
    double number = json_number_value(value);
    return number > -9e15 && number < 9e15 ? (int64_t)number : 0;
}

bool wire_json_true(const struct json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static int append_piece(const char *bytes, size_t size, void *context)
{
    struct strbuf *out = context;
    strbuf_append_bytes(out, bytes, size);
    return strbuf_status(out) == STATUS_OK ? 0 : -1;
}

enum status wire_json_write(struct json_t *value, const char *what, struct strbuf *out,
                            struct error *ret_error)
{
    if (!value)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: expected UTF-8 text", what);
    int result = json_dump_callback(value, append_piece, out, JSON_COMPACT);
    json_decref(value);
    enum status status = strbuf_status(out);
    if (status != STATUS_OK)
        return error_set(ret_error, status, "%s: %s", what, status_text(status));
    if (result != 0)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: out of memory", what);
    return STATUS_OK;
}

bool wire_json_set(struct json_t *object, const char *key, const char *text)
{
    return !text || json_object_set_new(object, key, json_string(text)) == 0;
}

static enum status shape_tools(const json_t *tools, json_t *(*shape)(const json_t *), json_t *array,
                               struct error *ret_error)
{
    size_t i;
    json_t *tool;
    if (!json_is_array(tools) || json_array_size(tools) > WIRE_TOOLS_MAX)
        return error_set(ret_error, STATUS_FORMAT, "tools: expected an array of at most %d",
                         WIRE_TOOLS_MAX);
    json_array_foreach(tools, i, tool)
    {
        if (!*wire_json_string(tool, "name"))
            return error_set(ret_error, STATUS_FORMAT, "tools: number %zu: expected a name", i);
        json_t *shaped = shape(tool);
        if (!shaped || json_array_append_new(array, shaped) != 0)
            return error_set(ret_error, STATUS_NO_MEMORY, "tools: out of memory");
    }
    return STATUS_OK;
}

enum status wire_json_tools(const char *text, struct json_t *(*shape)(const struct json_t *tool),
                            struct json_t **ret_array, struct error *ret_error)
{
    json_error_t why;
    size_t length = strlen(text);
    if (depth_of(text, length) > WIRE_DEPTH_MAX - 8)
        return error_set(ret_error, STATUS_FORMAT, "tools: brackets deeper than %d",
                         WIRE_DEPTH_MAX - 8);
    json_t *tools = json_loadb(text, length, 0, &why);
    if (!tools)
        return error_set(ret_error, STATUS_FORMAT, "tools: byte %d: expected JSON", why.position);
    json_t *array = json_array();
    enum status status = array ? shape_tools(tools, shape, array, ret_error) : STATUS_NO_MEMORY;
    json_decref(tools);
    if (status != STATUS_OK) {
        json_decref(array);
        return status;
    }
    *ret_array = array;
    return STATUS_OK;
}

struct json_t *wire_json_tool_flat(const struct json_t *tool)
{
    return json_pack("{s:s, s:s, s:s*, s:O*}", "type", "function", "name",
                     wire_json_string(tool, "name"), "description",
                     json_string_value(json_object_get(tool, "description")), "parameters",
                     json_object_get(tool, "parameters"));
}

struct wire_event wire_event_of(enum wire_kind kind)
{
    return (struct wire_event){
        .kind = kind, .response = "", .item = "", .id = "", .name = "", .data = ""};
}

void wire_text(wire_sink_fn *sink, void *context, enum wire_kind kind, const char *text)
{
    struct wire_event event = wire_event_of(kind);
    event.data = text;
    event.length = strlen(text);
    if (event.length > 0)
        sink(context, &event);
}

enum status wire_sound(wire_sink_fn *sink, void *context, struct wire_event event,
                       const char *base64, struct error *ret_error)
{
    unsigned char *bytes;
    size_t count;
    enum status status = base64_decode(base64, strlen(base64), &bytes, &count);
    if (status != STATUS_OK)
        return error_set(ret_error, status, "sound: expected base64: %s", status_text(status));
    event.data = (const char *)bytes;
    event.length = count;
    if (count > 0)
        sink(context, &event);
    free(bytes);
    return STATUS_OK;
}

/* Codes come as texts or as HTTP statuses. */
static const char *code_of(const json_t *error)
{
    const char *code = wire_json_string(error, "code");
    return *code ? code : wire_json_string(error, "status");
}

void wire_error(wire_sink_fn *sink, void *context, const struct json_t *error, int64_t status)
{
    struct wire_event event = wire_event_of(WIRE_ERROR);
    const char *text = json_string_value(error);
    if (!text)
        text = wire_json_string(error, "message");
    if (status == 0)
        status = wire_json_integer(error, "code");
    event.id = wire_json_string(error, "event_id");
    event.name = code_of(error);
    event.data = *text ? text : "the server reports an error without a text";
    event.length = strlen(event.data);
    event.failure = wire_failure(status, wire_json_string(error, "type"), event.name);
    sink(context, &event);
}

static bool is_one_of(const char *text, const char *const *list)
{
    while (*list && strcmp(text, *list) != 0)
        list++;
    return *list != NULL;
}

enum provider_failure wire_failure(int64_t status, const char *type, const char *code)
{
    static const char *const refused[] = {
        "insufficient_quota", "invalid_api_key", "billing_hard_limit_reached",
        "PERMISSION_DENIED",  "UNAUTHENTICATED", NULL};
    static const char *const busy[] = {"rate_limit_exceeded",
                                       "server_error",
                                       "rate_limit_error",
                                       "overloaded_error",
                                       "unavailable_error",
                                       "internal_error",
                                       "UNAVAILABLE",
                                       "RESOURCE_EXHAUSTED",
                                       "INTERNAL",
                                       NULL};
    if (is_one_of(code, refused) || is_one_of(type, refused))
        return PROVIDER_REFUSED;
    if (status == 408 || status == 429 || status >= 500)
        return PROVIDER_OVERLOADED;
    if (is_one_of(code, busy) || is_one_of(type, busy))
        return PROVIDER_OVERLOADED;
    return PROVIDER_REFUSED;
}

static const struct wire_handler *handler_of(const struct wire_handler *handlers, const char *type)
{
    for (; handlers->type; handlers++)
        if (strcmp(handlers->type, type) == 0)
            return handlers;
    return NULL;
}

enum status wire_json_dispatch(const void *data, size_t size, const struct wire_handler *handlers,
                               wire_sink_fn *sink, void *context, struct error *ret_error)
{
    json_t *message;
    TRY(wire_json_parse(data, size, &message, ret_error));
    const struct wire_decoding in = {message, sink, context, ret_error};
    const char *type = wire_json_string(message, "type");
    const struct wire_handler *handler = handler_of(handlers, type);
    enum status status = STATUS_OK;
    if (!*type)
        status = error_set(ret_error, STATUS_FORMAT, "a message without a type");
    else if (handler)
        status = handler->handle(&in);
    json_decref(message);
    return status;
}
