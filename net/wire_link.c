#include "wire_link.h"

#include "wire_json.h"

#include <jansson.h>
#include <string.h>

/* What of a message stands in its JSON, beside "type". */
enum {
    HAS_TURN = 1,
    HAS_TEXT = 2,
    HAS_NAME = 4,
    HAS_CALL = 8,
    HAS_STAGES = 16,
    HAS_VERSION = 32,
    HAS_CONFIDENCE = 64,
    HAS_FAILURE = 128,
    HAS_COUNTERS = 256,
    HAS_TOOLS = 512,
};

static const char *const types[] = {
#define LINK_KIND_TYPE(name, text) [LINK_##name] = text,
    LINK_KIND_MAP(LINK_KIND_TYPE)
#undef LINK_KIND_TYPE
};

static unsigned has(enum link_kind kind)
{
    static const unsigned fields[] = {
        [LINK_HELLO] = HAS_VERSION | HAS_STAGES | HAS_TEXT,
        [LINK_START] = HAS_TURN | HAS_STAGES | HAS_TEXT | HAS_TOOLS,
        [LINK_END] = HAS_TURN,
        [LINK_RESULT] = HAS_TURN | HAS_CALL | HAS_TEXT,
        [LINK_CANCEL] = HAS_TURN,
        [LINK_COUNT] = HAS_COUNTERS,
        [LINK_PARTIAL] = HAS_TURN | HAS_TEXT,
        [LINK_HEARD] = HAS_TURN | HAS_TEXT | HAS_CONFIDENCE,
        [LINK_TEXT] = HAS_TURN | HAS_TEXT,
        [LINK_TOOL] = HAS_TURN | HAS_CALL | HAS_NAME | HAS_TEXT,
        [LINK_DONE] = HAS_TURN,
        [LINK_FAILED] = HAS_TURN | HAS_FAILURE | HAS_TEXT,
    };
    return fields[kind];
}

static const char *const stage_names[] = {"transcribe", "answer", "say"};

static const char *const failure_names[] = {
    [PROVIDER_UNREACHABLE] = "unreachable", [PROVIDER_CLOSED] = "closed",
    [PROVIDER_REFUSED] = "refused",         [PROVIDER_GARBLED] = "garbled",
    [PROVIDER_OVERLOADED] = "overloaded",
};

struct counter_row {
    const char *key;
    size_t offset;
};

static const struct counter_row counter_rows[] = {
    {"clients", offsetof(struct link_counters, clients)},
    {"packets", offsetof(struct link_counters, packets)},
    {"lost", offsetof(struct link_counters, lost)},
    {"late", offsetof(struct link_counters, late)},
    {"worst_us", offsetof(struct link_counters, worst_us)},
    {"turns", offsetof(struct link_counters, turns)},
};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static int64_t *counter_at(struct link_counters *counters, const struct counter_row *row)
{
    return (int64_t *)(void *)((char *)counters + row->offset);
}

/* ---- reading ---- */

static enum status malformed(const char *expected, struct error *ret_error)
{
    return error_set(ret_error, STATUS_FORMAT, "link: expected %s", expected);
}

static bool read_kind(const char *type, enum link_kind *ret_kind)
{
    for (int kind = 0; kind < LINK_KIND_COUNT; kind++)
        if (strcmp(types[kind], type) == 0) {
            *ret_kind = (enum link_kind)kind;
            return true;
        }
    return false;
}

static enum status read_turn(const json_t *object, struct link_message *message,
                             struct error *ret_error)
{
    int64_t turn = wire_json_integer(object, "turn");
    if (turn < 1 || turn > UINT32_MAX)
        return malformed("a turn from 1 to 4294967295", ret_error);
    message->turn = (uint32_t)turn;
    return STATUS_OK;
}

static enum status read_stages(const json_t *object, struct link_message *message,
                               struct error *ret_error)
{
    const json_t *array = json_object_get(object, "stages"), *item;
    size_t i;
    json_array_foreach(array, i, item)
    {
        const char *name = json_string_value(item);
        for (size_t s = 0; s < ROWS(stage_names) && name; s++)
            if (strcmp(name, stage_names[s]) == 0)
                message->stages |= 1u << s;
    }
    if (message->kind == LINK_START && !message->stages)
        return malformed("a stage: transcribe, answer or say", ret_error);
    return STATUS_OK;
}

static enum status read_tools(const json_t *object, struct link_message *message,
                              struct error *ret_error)
{
    const json_t *array = json_object_get(object, "tools"), *item;
    size_t i;
    if (json_array_size(array) > LINK_TOOLS_MAX)
        return malformed("at most 32 tools", ret_error);
    json_array_foreach(array, i, item)
    {
        const char *name = json_string_value(item);
        if (!name || strlen(name) >= PROVIDER_NAME_BYTES)
            return malformed("names of tools of at most 63 bytes", ret_error);
        message->tools[message->tool_count++] = name;
    }
    return STATUS_OK;
}

static enum status read_failure(const json_t *object, struct link_message *message,
                                struct error *ret_error)
{
    const char *name = wire_json_string(object, "failure");
    for (size_t i = 0; i < ROWS(failure_names); i++)
        if (strcmp(failure_names[i], name) == 0) {
            message->failure = (enum provider_failure)i;
            return STATUS_OK;
        }
    return malformed("a failure by its name", ret_error);
}

static void read_counters(const json_t *object, struct link_message *message)
{
    for (size_t i = 0; i < ROWS(counter_rows); i++)
        *counter_at(&message->counters, &counter_rows[i]) =
            wire_json_integer(object, counter_rows[i].key);
}

static enum status read_texts(const json_t *object, struct link_message *message, unsigned fields,
                              struct error *ret_error)
{
    if (fields & HAS_TEXT)
        message->text = wire_json_string(object, "text");
    if (fields & HAS_NAME)
        message->name = wire_json_string(object, "name");
    if (fields & HAS_CALL)
        message->call_id = wire_json_string(object, "call_id");
    if (strlen(message->text) > LINK_TEXT_MAX)
        return error_set(ret_error, STATUS_LIMIT, "link: a text of more than %d bytes",
                         LINK_TEXT_MAX);
    if (strlen(message->name) >= PROVIDER_NAME_BYTES ||
        strlen(message->call_id) >= PROVIDER_NAME_BYTES)
        return malformed("a name of at most 63 bytes", ret_error);
    return STATUS_OK;
}

static enum status read_numbers(const json_t *object, struct link_message *message, unsigned fields,
                                struct error *ret_error)
{
    if (fields & HAS_VERSION)
        message->version = (int)(wire_json_integer(object, "version") & 0xffff);
    if (fields & HAS_CONFIDENCE)
        message->confidence = json_number_value(json_object_get(object, "confidence"));
    if (!(message->confidence >= 0 && message->confidence <= 1))
        return malformed("a confidence from 0 to 1", ret_error);
    if (fields & HAS_COUNTERS)
        read_counters(object, message);
    return STATUS_OK;
}

static enum status read_fields(const json_t *object, struct link_message *message,
                               struct error *ret_error)
{
    if (!read_kind(wire_json_string(object, "type"), &message->kind))
        return malformed("a type that is known", ret_error);
    unsigned fields = has(message->kind);
    message->text = message->name = message->call_id = "";
    TRY(read_texts(object, message, fields, ret_error));
    TRY(read_numbers(object, message, fields, ret_error));
    if (fields & HAS_TURN)
        TRY(read_turn(object, message, ret_error));
    if (fields & HAS_STAGES)
        TRY(read_stages(object, message, ret_error));
    if (fields & HAS_TOOLS)
        TRY(read_tools(object, message, ret_error));
    message->hold = message->kind == LINK_START && json_is_true(json_object_get(object, "hold"));
    return fields & HAS_FAILURE ? read_failure(object, message, ret_error) : STATUS_OK;
}

enum status wire_link_read(const void *data, size_t size, struct link_message *ret_message,
                           struct error *ret_error)
{
    struct link_message message = {.turn = 0};
    json_t *object;
    if (size > LINK_MESSAGE_MAX)
        return error_set(ret_error, STATUS_LIMIT, "link: a message of %zu bytes", size);
    TRY(wire_json_parse(data, size, &object, ret_error));
    enum status status = read_fields(object, &message, ret_error);
    if (status != STATUS_OK) {
        json_decref(object);
        return status;
    }
    message.memory = object;
    *ret_message = message;
    return STATUS_OK;
}

void wire_link_finish(struct link_message *message)
{
    if (message->memory)
        json_decref(message->memory);
    message->memory = NULL;
}

/* ---- writing ---- */

static json_t *stages_of(unsigned stages)
{
    json_t *array = json_array();
    for (size_t i = 0; i < ROWS(stage_names); i++)
        if (stages & 1u << i)
            json_array_append_new(array, json_string(stage_names[i]));
    return array;
}

static json_t *tools_of(const struct link_message *message)
{
    json_t *array = json_array();
    for (size_t i = 0; i < message->tool_count; i++)
        json_array_append_new(array, json_string(message->tools[i]));
    return array;
}

static void write_counters(json_t *object, const struct link_message *message)
{
    struct link_counters counters = message->counters;
    for (size_t i = 0; i < ROWS(counter_rows); i++)
        json_object_set_new(object, counter_rows[i].key,
                            json_integer(*counter_at(&counters, &counter_rows[i])));
}

static bool write_fields(json_t *object, const struct link_message *message)
{
    unsigned fields = has(message->kind);
    bool good = true;
    if (fields & HAS_TURN)
        json_object_set_new(object, "turn", json_integer(message->turn));
    if (fields & HAS_VERSION)
        json_object_set_new(object, "version", json_integer(message->version));
    if (fields & HAS_STAGES)
        json_object_set_new(object, "stages", stages_of(message->stages));
    if (fields & HAS_CALL)
        good = wire_json_set(object, "call_id", message->call_id) && good;
    if (fields & HAS_NAME)
        good = wire_json_set(object, "name", message->name) && good;
    if (fields & HAS_TEXT)
        good = wire_json_set(object, "text", message->text) && good;
    if (fields & HAS_CONFIDENCE)
        json_object_set_new(object, "confidence", json_real(message->confidence));
    if (fields & HAS_FAILURE)
        json_object_set_new(object, "failure", json_string(failure_names[message->failure]));
    if (fields & HAS_COUNTERS)
        write_counters(object, message);
    if (message->tool_count)
        json_object_set_new(object, "tools", tools_of(message));
    if (message->hold)
        json_object_set_new(object, "hold", json_true());
    return good;
}

enum status wire_link_write(const struct link_message *message, struct strbuf *out,
                            struct error *ret_error)
{
    json_t *object = json_pack("{s:s}", "type", types[message->kind]);
    if (object && !write_fields(object, message)) {
        json_decref(object);
        object = NULL;
    }
    return wire_json_write(object, "link", out, ret_error);
}

/* ---- sound ---- */

size_t wire_link_sound(uint32_t turn, const void *packet, size_t size,
                       uint8_t ret_bytes[LINK_SOUND_MAX])
{
    if (size == 0 || size > LINK_PACKET_MAX)
        return 0;
    for (int i = 0; i < 4; i++)
        ret_bytes[i] = (uint8_t)(turn >> 8 * i);
    memcpy(ret_bytes + 4, packet, size);
    return size + 4;
}

enum status wire_link_sound_read(const void *data, size_t size, uint32_t *ret_turn,
                                 const uint8_t **ret_packet, size_t *ret_size)
{
    const uint8_t *bytes = data;
    if (size < 5 || size > LINK_SOUND_MAX)
        return STATUS_FORMAT;
    *ret_turn = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                (uint32_t)bytes[3] << 24;
    *ret_packet = bytes + 4;
    *ret_size = size - 4;
    return STATUS_OK;
}
