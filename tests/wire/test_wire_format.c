/* Encoders and decoders of the wire formats, where the judges of judge_types.py do not look: cuts,
 * garbage, limits, base64. */
#include "base64.h"
#include "harness.h"
#include "wire_chat.h"
#include "wire_gemini.h"
#include "wire_json.h"
#include "wire_realtime.h"
#include "wire_responses.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum status decode_fn(const void *data, size_t size, wire_sink_fn *sink, void *context,
                              struct error *ret_error);

static decode_fn *const decoders[] = {wire_realtime_decode, wire_responses_decode, wire_chat_decode,
                                      wire_gemini_decode};
enum { DECODERS = sizeof(decoders) / sizeof(*decoders) };

/* One line an event: "kind response id name data". */
struct lines {
    char text[2000];
};

static void add_line(void *context, const struct wire_event *event)
{
    struct lines *lines = context;
    size_t n = strlen(lines->text);
    snprintf(lines->text + n, sizeof(lines->text) - n, "%d|%s|%s|%s|%s\n", (int)event->kind,
             event->response, event->id, event->name, event->data);
}

static enum status decode(decode_fn *decoder, const char *text, struct lines *ret_lines)
{
    memset(ret_lines, 0, sizeof(*ret_lines));
    return decoder(text, strlen(text), add_line, ret_lines, NULL);
}

TEST(base64_of_any_bytes_comes_back)
{
    struct test_random random = test_random_init();
    for (int round = 0; round < 300; round++) {
        unsigned char bytes[2000];
        size_t count = (size_t)test_random_range(&random, 0, sizeof(bytes)), got_count = 0;
        for (size_t i = 0; i < count; i++)
            bytes[i] = (unsigned char)test_random_u64(&random);
        struct strbuf text;
        unsigned char *got = NULL;
        strbuf_init(&text, 4000);
        base64_append(&text, bytes, count);
        CHECK_EQ(text.length, (count + 2) / 3 * 4);
        for (size_t i = 0; round % 2 && i < text.length; i++) /* the URL-safe alphabet */
            text.data[i] = text.data[i] == '+' ? '-' : text.data[i] == '/' ? '_' : text.data[i];
        CHECK_OK(base64_decode(strbuf_text(&text), text.length, &got, &got_count));
        CHECK_EQ(got_count, count);
        CHECK(memcmp(got, bytes, count) == 0);
        free(got);
        strbuf_finish(&text);
    }
}

TEST(base64_refuses_what_it_is_not)
{
    static const char *const wrong[] = {"A",
                                        "AAAAA",
                                        "A=AA",
                                        "AA=A",
                                        "====",
                                        "AA A",
                                        "AAA\n",
                                        "\xc3\xa9"
                                        "AA"};
    unsigned char *bytes;
    size_t count;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        CHECK_STATUS(base64_decode(wrong[i], strlen(wrong[i]), &bytes, &count), STATUS_FORMAT);
    CHECK_OK(base64_decode("aGk", 3, &bytes, &count));
    CHECK_STR((char *)bytes, "hi");
    free(bytes);
}

TEST(unknown_messages_and_fields_are_skipped)
{
    struct lines lines;
    CHECK_OK(
        decode(wire_realtime_decode, "{\"type\":\"response.new.thing\",\"x\":[1,{}]}", &lines));
    CHECK_STR(lines.text, "");
    CHECK_OK(decode(wire_responses_decode, "{\"type\":\"keepalive\"}", &lines));
    CHECK_STR(lines.text, "");
    CHECK_OK(decode(wire_gemini_decode, "{\"newThing\":{},\"serverContent\":{\"odd\":7}}", &lines));
    CHECK_STR(lines.text, "");
    CHECK_OK(
        decode(wire_realtime_decode,
               "{\"type\":\"response.output_text.delta\",\"delta\":\"hi\",\"obfuscation\":\"xx\","
               "\"response_id\":\"r1\"}",
               &lines));
    CHECK_STR(lines.text, "3|r1|||hi\n");
}

TEST(names_of_the_beta_are_understood)
{
    struct lines lines;
    CHECK_OK(decode(wire_realtime_decode,
                    "{\"type\":\"response.text.delta\",\"response_id\":\"r\",\"delta\":\"a\"}",
                    &lines));
    CHECK_STR(lines.text, "3|r|||a\n");
    CHECK_OK(decode(wire_realtime_decode,
                    "{\"type\":\"response.audio.delta\",\"response_id\":\"r\",\"item_id\":\"i\","
                    "\"delta\":\"aGk=\"}",
                    &lines));
    CHECK_STR(lines.text, "4|r|||hi\n");
}

TEST(garbage_is_an_error_that_quotes_nothing)
{
    static const char *const wrong[] = {"",
                                        "secret",
                                        "[]",
                                        "\"secret\"",
                                        "{\"type\":",
                                        "null",
                                        "{\"type\":\"a\"} secret",
                                        "\xff\xfe",
                                        "{\"a\":\"\xff\"}"};
    struct lines lines = {0};
    for (int d = 0; d < DECODERS; d++)
        for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
            struct error error = {0};
            CHECK_STATUS(decoders[d](wrong[i], strlen(wrong[i]), add_line, &lines, &error),
                         STATUS_FORMAT);
            CHECK(error.text[0] && !strstr(error.text, "secret"));
        }
    CHECK_STR(lines.text, "");
}

TEST(depth_is_bounded)
{
    enum { DEEP = 100000, HEAD = 5 };
    char *text = malloc(2 * DEEP + HEAD + 1);
    struct lines lines = {0};
    memcpy(text, "{\"a\":", HEAD);
    memset(text + HEAD, '[', DEEP);
    memset(text + HEAD + DEEP, ']', DEEP);
    text[HEAD + 2 * DEEP] = '}';
    for (int d = 0; d < DECODERS; d++)
        CHECK_STATUS(decoders[d](text, HEAD + 2 * DEEP + 1, add_line, &lines, NULL), STATUS_FORMAT);
    free(text);
}

/* Bytes of a message, cut and changed at random: an error or not, but always an end. */
TEST(changed_messages_never_crash)
{
    static const char *const seeds[DECODERS] = {
        "{\"type\":\"response.done\",\"response\":{\"id\":\"r\",\"status\":\"failed\","
        "\"status_details\":{\"error\":{\"code\":\"server_error\"}},\"usage\":{\"input_tokens\":7}}"
        "}",
        "{\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"usage\":{\"input_tokens\":1}"
        "}}",
        "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{"
        "\"name\":"
        "\"n\",\"arguments\":\"{}\"}}]},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":"
        "1}}",
        "{\"serverContent\":{\"modelTurn\":{\"parts\":[{\"inlineData\":{\"data\":\"AAAA\","
        "\"mimeType\":"
        "\"audio/pcm;rate=24000\"}}]},\"turnComplete\":true},\"goAway\":{\"timeLeft\":\"5s\"}}"};
    struct test_random random = test_random_init();
    for (int round = 0; round < 20000; round++) {
        int d = round % DECODERS;
        size_t size = strlen(seeds[d]);
        char *text = strdup(seeds[d]);
        struct lines lines = {0};
        for (int k = 0; k < 3; k++)
            text[test_random_range(&random, 0, (int64_t)size - 1)] =
                (char)test_random_range(&random, 32, 126);
        decoders[d](text, (size_t)test_random_range(&random, 0, (int64_t)size), add_line, &lines,
                    NULL);
        decoders[d](text, size, add_line, &lines, NULL);
        free(text);
    }
}

TEST(texts_that_are_not_utf8_are_refused)
{
    const struct provider_message message = {PROVIDER_USER, "caf\xe9", NULL, NULL};
    const struct provider_message call = {PROVIDER_TOOL_CALL, "{}", "\xff", "c"};
    const struct wire_request requests[] = {
        {.model = "m", .messages = &message, .message_count = 1},
        {.model = "m", .messages = &call, .message_count = 1},
        {.model = "m", .instructions = "\xff"}};
    struct strbuf out;
    strbuf_init(&out, 10000);
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(wire_chat_request(&requests[i], false, &out, NULL), STATUS_INVALID_ARGUMENT);
        CHECK_STATUS(wire_responses_create(&requests[i], &out, NULL), STATUS_INVALID_ARGUMENT);
    }
    CHECK_STATUS(wire_realtime_item(&message, "i", "e", &out, NULL), STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(wire_realtime_session(&requests[2], "e", &out, NULL), STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(wire_gemini_setup(&requests[2], NULL, &out, NULL), STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(wire_gemini_history(&requests[0], &out, NULL), STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(wire_gemini_text("\xff", &out, NULL), STATUS_INVALID_ARGUMENT);
    CHECK_EQ(out.length, 0);
    strbuf_finish(&out);
}

TEST(wrong_tools_are_refused)
{
    static const char *const wrong[] = {"", "{}", "[1]", "[{\"description\":\"no name\"}]", "[{}"};
    struct strbuf out;
    strbuf_init(&out, 10000);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        const struct wire_request request = {.model = "m", .tools = wrong[i]};
        CHECK_STATUS(wire_chat_request(&request, false, &out, NULL), STATUS_FORMAT);
        CHECK_STATUS(wire_responses_create(&request, &out, NULL), STATUS_FORMAT);
        CHECK_STATUS(wire_realtime_session(&request, "e", &out, NULL), STATUS_FORMAT);
        CHECK_STATUS(wire_gemini_setup(&request, NULL, &out, NULL), STATUS_FORMAT);
    }
    strbuf_finish(&out);
}

TEST(a_full_buffer_is_a_limit)
{
    const struct provider_message message = {PROVIDER_USER, "a long enough text", NULL, NULL};
    const struct wire_request request = {.model = "m", .messages = &message, .message_count = 1};
    struct strbuf out;
    strbuf_init(&out, 20);
    CHECK_STATUS(wire_chat_request(&request, false, &out, NULL), STATUS_LIMIT);
    strbuf_clear(&out);
    CHECK_STATUS(wire_realtime_append("0123456789", 10, &out), STATUS_LIMIT);
    strbuf_finish(&out);
}

TEST(calls_in_a_row_are_one_chat_message)
{
    const struct provider_message messages[] = {
        {PROVIDER_USER, "hi", NULL, NULL},      {PROVIDER_ASSISTANT, "wait", NULL, NULL},
        {PROVIDER_TOOL_CALL, "{}", "a", "1"},   {PROVIDER_TOOL_CALL, "{}", "b", "2"},
        {PROVIDER_TOOL_RESULT, "x", NULL, "1"}, {PROVIDER_TOOL_CALL, "{}", "c", "3"}};
    const struct wire_request request = {.model = "m", .messages = messages, .message_count = 6};
    struct strbuf out;
    struct json_t *body;
    strbuf_init(&out, 10000);
    CHECK_OK(wire_chat_request(&request, false, &out, NULL));
    CHECK_OK(wire_json_parse(strbuf_text(&out), out.length, &body, NULL));
    const json_t *list = json_object_get(body, "messages");
    CHECK_EQ(json_array_size(list), 4);
    CHECK_STR(wire_json_string(json_array_get(list, 1), "content"), "wait");
    CHECK_EQ(json_array_size(json_object_get(json_array_get(list, 1), "tool_calls")), 2);
    CHECK_EQ(json_array_size(json_object_get(json_array_get(list, 3), "tool_calls")), 1);
    json_decref(body);
    strbuf_finish(&out);
}

TEST(quirks_of_local_servers)
{
    struct lines lines;
    CHECK_OK(decode(wire_chat_decode, "[DONE]", &lines));
    CHECK_STR(lines.text, "10||||\n");
    CHECK_OK(decode(wire_chat_decode, "{\"error\":\"model not found\"}", &lines));
    CHECK_STR(lines.text, "11||||model not found\n");
    CHECK_OK(decode(wire_chat_decode,
                    "{\"choices\":[{\"delta\":{\"content\":null,\"reasoning_content\":\"hm\"}}]}",
                    &lines));
    CHECK_STR(lines.text, "");
    CHECK_OK(decode(wire_chat_decode,
                    "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"name\":\"n\","
                    "\"arguments\":{\"a\":1}}}]}}]}",
                    &lines));
    CHECK_STR(lines.text, "7|||n|{\"a\":1}\n");
    wire_chat_refusal(502, "Bad gateway\nmore", 16, add_line, &lines);
    CHECK(strstr(lines.text, "HTTP status 502: Bad gateway\n"));
}

TEST(failures_are_told_apart)
{
    CHECK_EQ(wire_failure(401, "", ""), PROVIDER_REFUSED);
    CHECK_EQ(wire_failure(404, "", "model_not_found"), PROVIDER_REFUSED);
    CHECK_EQ(wire_failure(429, "", "insufficient_quota"), PROVIDER_REFUSED);
    CHECK_EQ(wire_failure(429, "", ""), PROVIDER_OVERLOADED);
    CHECK_EQ(wire_failure(503, "unavailable_error", ""), PROVIDER_OVERLOADED);
    CHECK_EQ(wire_failure(0, "server_error", ""), PROVIDER_OVERLOADED);
    CHECK_EQ(wire_failure(0, "invalid_request_error", ""), PROVIDER_REFUSED);
}
