/* JSON as the wire formats use it: bounded reading, fields of the wrong type read as absent, and
 * writing into a strbuf. jansson's type stays behind it.
 *
 * Thread: any. */
#ifndef LINNET_NET_WIRE_JSON_H
#define LINNET_NET_WIRE_JSON_H

#include "wire.h"

struct json_t;

/* The object that the whole of `data` is; json_decref it. FORMAT: not JSON, not an object, deeper
 * than WIRE_DEPTH_MAX; LIMIT: larger than WIRE_MESSAGE_MAX. The error quotes nothing of it. */
enum status wire_json_parse(const void *data, size_t size, struct json_t **ret_object,
                            struct error *ret_error);

/* The string at a key of an object; "" when there is none. Accepts NULL. */
const char *wire_json_string(const struct json_t *object, const char *key);

/* The number at a key, cut to an integer; 0 when there is none. */
int64_t wire_json_integer(const struct json_t *object, const char *key);

/* Whether the key holds `true`. */
bool wire_json_true(const struct json_t *object, const char *key);

/* A message being decoded, and who hears of it. */
struct wire_decoding {
    const struct json_t *message;
    wire_sink_fn *sink;
    void *context;
    struct error *ret_error;
};

struct wire_handler {
    const char *type; /* of the message; NULL ends a table */
    enum status (*handle)(const struct wire_decoding *in);
};

/* Decode a message by the handler of its "type"; messages of other types are skipped. FORMAT
 * without a type, otherwise as wire_json_parse and the handler. */
enum status wire_json_dispatch(const void *data, size_t size, const struct wire_handler *handlers,
                               wire_sink_fn *sink, void *context, struct error *ret_error);

/* Append the JSON of `value` and drop the reference to it. INVALID_ARGUMENT when it is NULL: some
 * text in it was not UTF-8, or there was no memory. `what` is for the error. */
enum status wire_json_write(struct json_t *value, const char *what, struct strbuf *out,
                            struct error *ret_error);

/* Set a key unless the text is NULL; false when the text is not UTF-8. */
bool wire_json_set(struct json_t *object, const char *key, const char *text);

/* A new array with what `shape` makes of each tool's {"name","description","parameters"}. FORMAT:
 * not such an array, too many. */
enum status wire_json_tools(const char *text, struct json_t *(*shape)(const struct json_t *tool),
                            struct json_t **ret_array, struct error *ret_error);

/* A tool as OpenAI's flat form: {"type":"function","name",...}. New reference. */
struct json_t *wire_json_tool_flat(const struct json_t *tool);

/* Hand the text in `value` (any string) to the sink as `kind`, unless it is empty. */
void wire_text(wire_sink_fn *sink, void *context, enum wire_kind kind, const char *text);

/* Hand the sound that a text in base64 holds to the sink. FORMAT, NO_MEMORY. */
enum status wire_sound(wire_sink_fn *sink, void *context, struct wire_event event,
                       const char *base64, struct error *ret_error);

/* Hand an error to the sink: `error` is an object {"message","type","code"...} or a string. */
void wire_error(wire_sink_fn *sink, void *context, const struct json_t *error, int64_t status);

/* An event with all strings empty. */
struct wire_event wire_event_of(enum wire_kind kind);

#endif
