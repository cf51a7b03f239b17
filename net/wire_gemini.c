#include "wire_gemini.h"

#include "base64.h"
#include "wire_json.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PCM_RATE = 24000 };

static json_t *declaration_of(const json_t *tool)
{
    return json_pack("{s:s, s:s*, s:O*}", "name", wire_json_string(tool, "name"), "description",
                     json_string_value(json_object_get(tool, "description")),
                     "parametersJsonSchema", json_object_get(tool, "parameters"));
}

static json_t *generation_of(const struct wire_request *request)
{
    json_t *config = json_pack("{s:[s]}", "responseModalities", "AUDIO");
    bool good = config != NULL;
    if (good && request->max_output_tokens > 0)
        good = json_object_set_new(config, "maxOutputTokens",
                                   json_integer(request->max_output_tokens)) == 0;
    if (good && request->voice)
        good = json_object_set_new(config, "speechConfig",
                                   json_pack("{s:{s:{s:s}}}", "voiceConfig", "prebuiltVoiceConfig",
                                             "voiceName", request->voice)) == 0;
    if (good)
        return config;
    json_decref(config);
    return NULL;
}

static json_t *model_name(const char *model)
{
    return json_pack("s+", strncmp(model, "models/", 7) == 0 ? "" : "models/", model);
}

static json_t *setup_of(const struct wire_request *request, const char *handle, json_t *tools)
{
    return json_pack(
        "{s:o, s:o, s:{s:{s:b}}, s:{s:s*}, s:{}, s:{}, s:o*, s:o*, s:o*}", "model",
        model_name(request->model), "generationConfig", generation_of(request),
        "realtimeInputConfig", "automaticActivityDetection", "disabled", 1, "sessionResumption",
        "handle", handle, "inputAudioTranscription", "outputAudioTranscription",
        "systemInstruction",
        request->instructions ? json_pack("{s:[{s:s}]}", "parts", "text", request->instructions)
                              : NULL,
        "tools", tools ? json_pack("[{s:o}]", "functionDeclarations", tools) : NULL,
        "historyConfig",
        request->message_count > 0 ? json_pack("{s:b}", "initialHistoryInClientContent", 1) : NULL);
}

static bool is_utf8(const char *text)
{
    json_t *string = text ? json_string(text) : NULL;
    bool good = !text || string;
    json_decref(string);
    return good;
}

enum status wire_gemini_setup(const struct wire_request *request, const char *handle,
                              struct strbuf *out, struct error *ret_error)
{
    json_t *tools = NULL;
    if (!is_utf8(request->instructions))
        return wire_json_write(NULL, "setup", out, ret_error);
    if (request->tools)
        TRY(wire_json_tools(request->tools, declaration_of, &tools, ret_error));
    return wire_json_write(json_pack("{s:o}", "setup", setup_of(request, handle, tools)), "setup",
                           out, ret_error);
}

/* The object in a text, or an object that holds the text. */
static json_t *object_of(const char *text)
{
    json_t *object = NULL;
    if (wire_json_parse(text, strlen(text), &object, NULL) == STATUS_OK)
        return object;
    return json_pack("{s:s}", "output", text);
}

static json_t *part_of(const struct provider_message *message)
{
    switch (message->role) {
    case PROVIDER_TOOL_CALL:
        return json_pack("{s:{s:s, s:s, s:o}}", "functionCall", "id", message->call_id, "name",
                         message->name, "args", object_of(message->text));
    case PROVIDER_TOOL_RESULT:
        return json_pack("{s:{s:s, s:s, s:o}}", "functionResponse", "id", message->call_id, "name",
                         message->name ? message->name : "", "response", object_of(message->text));
    default:
        return json_pack("{s:s}", "text", message->text);
    }
}

static json_t *content_of(const struct provider_message *message)
{
    bool model = message->role == PROVIDER_ASSISTANT || message->role == PROVIDER_TOOL_CALL;
    return json_pack("{s:s, s:[o]}", "role", model ? "model" : "user", "parts", part_of(message));
}

enum status wire_gemini_history(const struct wire_request *request, struct strbuf *out,
                                struct error *ret_error)
{
    json_t *turns = json_array();
    for (size_t i = 0; turns && i < request->message_count; i++)
        if (json_array_append_new(turns, content_of(&request->messages[i])) != 0) {
            json_decref(turns);
            turns = NULL;
        }
    return wire_json_write(
        json_pack("{s:{s:o, s:b}}", "clientContent", "turns", turns, "turnComplete", 1),
        "clientContent", out, ret_error);
}

enum status wire_gemini_activity(bool begins, struct strbuf *out)
{
    strbuf_format(out, "{\"realtimeInput\":{\"%s\":{}}}", begins ? "activityStart" : "activityEnd");
    return strbuf_status(out);
}

enum status wire_gemini_text(const char *text, struct strbuf *out, struct error *ret_error)
{
    return wire_json_write(json_pack("{s:{s:s}}", "realtimeInput", "text", text), "realtimeInput",
                           out, ret_error);
}

enum status wire_gemini_audio(const void *sound, size_t bytes, struct strbuf *out)
{
    strbuf_format(out, "{\"realtimeInput\":{\"audio\":{\"mimeType\":\"audio/pcm;rate=%d\",",
                  PCM_RATE);
    strbuf_append(out, "\"data\":\"");
    base64_append(out, sound, bytes);
    strbuf_append(out, "\"}}}");
    return strbuf_status(out);
}

static json_t *response_of(const struct provider_message *result)
{
    return json_pack("{s:s, s:s, s:o}", "id", result->call_id, "name", result->name, "response",
                     object_of(result->text));
}

enum status wire_gemini_results(const struct provider_message *results, size_t count,
                                struct strbuf *out, struct error *ret_error)
{
    json_t *responses = json_array();
    for (size_t i = 0; responses && i < count; i++)
        if (json_array_append_new(responses, response_of(&results[i])) != 0) {
            json_decref(responses);
            responses = NULL;
        }
    return wire_json_write(json_pack("{s:{s:o}}", "toolResponse", "functionResponses", responses),
                           "toolResponse", out, ret_error);
}

struct decoding {
    wire_sink_fn *sink;
    void *context;
    struct error *ret_error;
};

static enum status decode_sound(const struct decoding *in, const json_t *blob)
{
    const char *type = wire_json_string(blob, "mimeType"), *rate = strstr(type, "rate=");
    if (strncmp(type, "audio/pcm", 9) != 0)
        return STATUS_OK;
    if (rate && strtol(rate + 5, NULL, 10) != PCM_RATE)
        return error_set(in->ret_error, STATUS_FORMAT, "sound: expected a rate of %d", PCM_RATE);
    return wire_sound(in->sink, in->context, wire_event_of(WIRE_AUDIO),
                      wire_json_string(blob, "data"), in->ret_error);
}

static void decode_turn_end(const struct decoding *in, const json_t *content)
{
    const char *reason = wire_json_string(content, "turnCompleteReason");
    struct wire_event event = wire_event_of(WIRE_ENDED);
    event.ok = !*reason || strcmp(reason, "NEED_MORE_INPUT") == 0 ||
               strcmp(reason, "TURN_COMPLETE_REASON_UNSPECIFIED") == 0;
    event.failure = PROVIDER_REFUSED;
    event.data = event.ok ? "" : reason;
    event.length = strlen(event.data);
    in->sink(in->context, &event);
}

/* Texts in parts are thoughts; the words of the answer are in its transcript. */
static enum status decode_content(const struct decoding *in, const json_t *content)
{
    const json_t *parts = json_object_get(json_object_get(content, "modelTurn"), "parts");
    size_t i;
    json_t *part;
    wire_text(in->sink, in->context, WIRE_HEARD,
              wire_json_string(json_object_get(content, "inputTranscription"), "text"));
    json_array_foreach(parts, i, part) TRY(decode_sound(in, json_object_get(part, "inlineData")));
    wire_text(in->sink, in->context, WIRE_TEXT,
              wire_json_string(json_object_get(content, "outputTranscription"), "text"));
    if (wire_json_true(content, "turnComplete"))
        decode_turn_end(in, content);
    return STATUS_OK;
}

static enum status decode_call(const struct decoding *in, const json_t *call)
{
    const json_t *args = json_object_get(call, "args");
    struct wire_event event = wire_event_of(WIRE_TOOL);
    event.id = wire_json_string(call, "id");
    event.name = wire_json_string(call, "name");
    if (!*event.name)
        return error_set(in->ret_error, STATUS_FORMAT, "toolCall: expected a name");
    char *text = json_is_object(args) ? json_dumps(args, JSON_COMPACT) : NULL;
    event.data = text ? text : "{}";
    event.length = strlen(event.data);
    in->sink(in->context, &event);
    free(text);
    return STATUS_OK;
}

static enum status decode_calls(const struct decoding *in, const json_t *calls)
{
    struct wire_event event = wire_event_of(WIRE_FINISHED);
    size_t i;
    json_t *call;
    json_array_foreach(calls, i, call) TRY(decode_call(in, call));
    event.ok = true;
    event.name = "tool_calls";
    if (json_array_size(calls) > 0)
        in->sink(in->context, &event);
    return STATUS_OK;
}

static void decode_usage(const struct decoding *in, const json_t *usage)
{
    struct wire_event event = wire_event_of(WIRE_USAGE);
    event.usage = (struct provider_usage){
        .input_tokens = wire_json_integer(usage, "promptTokenCount") +
                        wire_json_integer(usage, "toolUsePromptTokenCount"),
        .output_tokens = wire_json_integer(usage, "responseTokenCount") +
                         wire_json_integer(usage, "thoughtsTokenCount"),
        .cached_tokens = wire_json_integer(usage, "cachedContentTokenCount")};
    in->sink(in->context, &event);
}

/* "50s", "9.5s" */
static void decode_leaving(const struct decoding *in, const json_t *leaving)
{
    double seconds = strtod(wire_json_string(leaving, "timeLeft"), NULL);
    struct wire_event event = wire_event_of(WIRE_LEAVING);
    event.ms = isfinite(seconds) && seconds > 0 && seconds < 1e6 ? (int64_t)(seconds * 1e3) : 0;
    in->sink(in->context, &event);
}

static void decode_resumption(const struct decoding *in, const json_t *update)
{
    struct wire_event event = wire_event_of(WIRE_RESUME);
    if (wire_json_true(update, "resumable"))
        event.id = wire_json_string(update, "newHandle");
    in->sink(in->context, &event);
}

static enum status decode_message(const struct decoding *in, const json_t *message)
{
    const json_t *value;
    struct wire_event ready = wire_event_of(WIRE_READY);
    if (json_object_get(message, "setupComplete"))
        in->sink(in->context, &ready);
    if ((value = json_object_get(message, "sessionResumptionUpdate")))
        decode_resumption(in, value);
    if ((value = json_object_get(message, "goAway")))
        decode_leaving(in, value);
    if ((value = json_object_get(message, "usageMetadata")))
        decode_usage(in, value);
    if ((value = json_object_get(message, "serverContent")))
        TRY(decode_content(in, value));
    if ((value = json_object_get(message, "toolCall")))
        TRY(decode_calls(in, json_object_get(value, "functionCalls")));
    if ((value = json_object_get(message, "error")))
        wire_error(in->sink, in->context, value, 0);
    return STATUS_OK;
}

enum status wire_gemini_decode(const void *data, size_t size, wire_sink_fn *sink, void *context,
                               struct error *ret_error)
{
    json_t *message;
    const struct decoding in = {sink, context, ret_error};
    TRY(wire_json_parse(data, size, &message, ret_error));
    enum status status = decode_message(&in, message);
    json_decref(message);
    return status;
}
