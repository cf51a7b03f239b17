/* The encoders and decoders of the wire formats for the judges of judge_types.py:
 *
 *     wire_lines encode            one line a message we may send: FORMAT, tab, JSON
 *     wire_lines decode FORMAT     messages on standard input, one a line; prints what each says:
 *                                  one line an event, as a JSON array, then an empty line
 */
#include "base64.h"
#include "wire_chat.h"
#include "wire_gemini.h"
#include "wire_realtime.h"
#include "wire_responses.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct provider_message messages[] = {
    {PROVIDER_USER, "What is \"caf\xc3\xa9\"?\n", NULL, NULL},
    {PROVIDER_ASSISTANT, "Let me see.", NULL, NULL},
    {PROVIDER_TOOL_CALL, "{\"word\":\"caf\xc3\xa9\"}", "look_up", "call_1"},
    {PROVIDER_TOOL_CALL, "{}", "time", "call_2"},
    {PROVIDER_TOOL_RESULT, "a place", "look_up", "call_1"},
    {PROVIDER_TOOL_RESULT, "{\"hour\":3}", "time", "call_2"},
    {PROVIDER_USER, "Thanks", NULL, NULL},
};
enum { MESSAGES = sizeof(messages) / sizeof(*messages) };

static const struct wire_request full = {
    .model = "some-model",
    .instructions = "Be short.",
    .previous = "resp_0",
    .messages = messages,
    .message_count = MESSAGES,
    .tools =
        "[{\"name\":\"look_up\",\"description\":\"a word\",\"parameters\":{\"type\":\"object\","
        "\"properties\":{\"word\":{\"type\":\"string\"}},\"required\":[\"word\"]}},"
        "{\"name\":\"time\",\"description\":\"now\",\"parameters\":{\"type\":\"object\","
        "\"properties\":{}}}]",
    .max_output_tokens = 300,
    .voice = "marin",
    .transcriber = "some-transcriber",
    .send_audio = true,
    .want_audio = true,
};

static const struct wire_request least = {
    .model = "some-model", .messages = messages, .message_count = 1};

static void say(const char *format, struct strbuf *text, enum status status)
{
    if (status != STATUS_OK) {
        fprintf(stderr, "wire_lines: %s: %s\n", format, status_text(status));
        exit(1);
    }
    printf("%s\t%s\n", format, strbuf_text(text));
    strbuf_clear(text);
}

static void encode_realtime(struct strbuf *text)
{
    const char *kind = "realtime";
    const char sound[] = {1, 2, 3, 4};
    say(kind, text, wire_realtime_session(&full, "e1", text, NULL));
    say(kind, text, wire_realtime_session(&least, "e2", text, NULL));
    for (int i = 0; i < MESSAGES; i++)
        say(kind, text, wire_realtime_item(&messages[i], "item_1", "e3", text, NULL));
    say(kind, text, wire_realtime_append(sound, sizeof(sound), text));
    say(kind, text, wire_realtime_commit("e4", text));
    say(kind, text, wire_realtime_clear(text));
    say(kind, text, wire_realtime_respond("7", "e5", text, NULL));
    say(kind, text, wire_realtime_cancel("resp_1", "e6", text, NULL));
    say(kind, text, wire_realtime_truncate("item_1", 1234, "e7", text, NULL));
    say(kind, text, wire_realtime_delete("item_1", "e8", text, NULL));
}

static void encode_gemini(struct strbuf *text)
{
    const char *kind = "gemini";
    const char sound[] = {1, 2, 3, 4};
    say(kind, text, wire_gemini_setup(&full, NULL, text, NULL));
    say(kind, text, wire_gemini_setup(&full, "handle-1", text, NULL));
    say(kind, text,
        wire_gemini_setup(&(struct wire_request){.model = "models/m"}, NULL, text, NULL));
    say(kind, text, wire_gemini_history(&full, text, NULL));
    say(kind, text, wire_gemini_activity(true, text));
    say(kind, text, wire_gemini_text("Caf\xc3\xa9", text, NULL));
    say(kind, text, wire_gemini_audio(sound, sizeof(sound), text));
    say(kind, text, wire_gemini_activity(false, text));
    say(kind, text, wire_gemini_results(&messages[4], 2, text, NULL));
}

static int encode(void)
{
    struct strbuf text;
    strbuf_init(&text, 1 << 20);
    encode_realtime(&text);
    say("responses", &text, wire_responses_create(&full, &text, NULL));
    say("responses", &text, wire_responses_create(&least, &text, NULL));
    say("chat", &text, wire_chat_request(&full, false, &text, NULL));
    say("chat", &text, wire_chat_request(&full, true, &text, NULL));
    say("chat", &text, wire_chat_request(&least, false, &text, NULL));
    encode_gemini(&text);
    strbuf_finish(&text);
    return 0;
}

static json_t *event_data(const struct wire_event *event)
{
    struct strbuf letters;
    if (event->kind != WIRE_AUDIO)
        return json_string(event->data);
    strbuf_init(&letters, 1 << 24);
    base64_append(&letters, event->data, event->length);
    json_t *text = json_string(strbuf_text(&letters));
    strbuf_finish(&letters);
    return text;
}

static void print_event(void *context, const struct wire_event *event)
{
    static const char *const kinds[] = {"READY", "STARTED", "COMMITTED", "TEXT",  "AUDIO",
                                        "HEARD", "TOOL",    "TOOL_PART", "USAGE", "FINISHED",
                                        "ENDED", "ERROR",   "LEAVING",   "RESUME"};
    json_t *line =
        json_pack("[s, s, s, s, o, i, I, b, i, [I, I, I], s]", kinds[event->kind], event->response,
                  event->id, event->name, event_data(event), event->index, (json_int_t)event->ms,
                  event->ok, (int)event->failure, (json_int_t)event->usage.input_tokens,
                  (json_int_t)event->usage.cached_tokens, (json_int_t)event->usage.output_tokens,
                  event->item);
    (void)context;
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
}

typedef enum status decode_fn(const void *data, size_t size, wire_sink_fn *sink, void *context,
                              struct error *ret_error);

static decode_fn *decoder_of(const char *format)
{
    return strcmp(format, "realtime") == 0    ? wire_realtime_decode
           : strcmp(format, "responses") == 0 ? wire_responses_decode
           : strcmp(format, "chat") == 0      ? wire_chat_decode
           : strcmp(format, "gemini") == 0    ? wire_gemini_decode
                                              : NULL;
}

static int decode(decode_fn *decoder)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    struct error error;
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        if (line[length - 1] == '\n')
            length--;
        if (decoder(line, (size_t)length, print_event, NULL, &error) != STATUS_OK)
            printf("[\"REFUSED\",\"%s\"]\n", error.text);
        putchar('\n');
        fflush(stdout);
    }
    free(line);
    return 0;
}

int main(int argc, char **argv)
{
    decode_fn *decoder = argc == 3 ? decoder_of(argv[2]) : NULL;
    if (argc == 2 && strcmp(argv[1], "encode") == 0)
        return encode();
    if (decoder && strcmp(argv[1], "decode") == 0)
        return decode(decoder);
    fprintf(stderr, "usage: wire_lines encode | wire_lines decode FORMAT\n");
    return 2;
}
