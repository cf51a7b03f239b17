#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "json_tools.h"

TEST(every_tool_is_described_as_json_schema)
{
    char *text;
    CHECK_OK(json_tools_describe(&text, NULL));
    json_t *tools = json_loads(text, 0, NULL);
    CHECK(json_is_array(tools));
    CHECK_EQ(json_array_size(tools), 16);
    for (size_t i = 0; i < json_array_size(tools); i++) {
        json_t *tool = json_array_get(tools, i);
        json_t *parameters = json_object_get(tool, "parameters");
        CHECK(json_string_length(json_object_get(tool, "description")) > 5);
        CHECK_STR(json_string_value(json_object_get(parameters, "type")), "object");
        CHECK(json_is_false(json_object_get(parameters, "additionalProperties")));
        json_t *required = json_object_get(parameters, "required");
        for (size_t k = 0; k < json_array_size(required); k++)
            CHECK(json_object_get(json_object_get(parameters, "properties"),
                                  json_string_value(json_array_get(required, k))) != NULL);
    }
    json_decref(tools);
    free(text);
}

TEST(a_call_is_read_and_run)
{
    struct tool_call call;
    CHECK_OK(
        json_tools_read("timer_set", "{\"duration\":\"ten minutes\",\"name\":null}", &call, NULL));
    CHECK_STR(call.name, "timer_set");
    CHECK_EQ(call.arg_count, 1);
    CHECK_STR(tool_call_arg(&call, "duration"), "ten minutes");
    CHECK_OK(
        json_tools_read("convert", "{\"amount\":5,\"from\":\"miles\",\"to\":\"km\"}", &call, NULL));
    CHECK_STR(tool_call_arg(&call, "amount"), "5");
    CHECK_OK(
        json_tools_read("convert", "{\"amount\":2.5,\"from\":\"a\",\"to\":\"b\"}", &call, NULL));
    CHECK_STR(tool_call_arg(&call, "amount"), "2.5");
    CHECK_OK(json_tools_read("stop", "", &call, NULL));
    CHECK_EQ(call.arg_count, 0);
    const struct skill_context context = {.zone = "UTC", .now = 1795262400};
    struct skill_reply reply;
    CHECK_OK(json_tools_read("calculate", "{\"expression\":\"12 * 8\"}", &call, NULL));
    CHECK_OK(skill_run(&context, &call, &reply, NULL));
    CHECK(strstr(reply.text, "96") != NULL);
}

TEST(bad_calls_are_refused_in_words)
{
    static const struct {
        const char *name, *arguments, *expected;
        enum status status;
    } cases[] = {
        {"shell", "{}", "no tool \"shell\"", STATUS_NOT_FOUND},
        {"timer_set", "{", "no JSON", STATUS_FORMAT},
        {"timer_set", "[]", "an object", STATUS_FORMAT},
        {"timer_set", "{}", "\"duration\" is missing", STATUS_INVALID_ARGUMENT},
        {"timer_set", "{\"duration\":\"\"}", "missing", STATUS_INVALID_ARGUMENT},
        {"timer_set", "{\"duration\":[1]}", "must be text", STATUS_INVALID_ARGUMENT},
        {"timer_set", "{\"duration\":true}", "must be text", STATUS_INVALID_ARGUMENT},
        {"timer_set", "{\"duration\":\"1 hour\",\"path\":\"/etc\"}", "unknown argument \"path\"",
         STATUS_INVALID_ARGUMENT},
        {"timer_set", "{\"duration\":\"a\",\"duration\":\"b\"}", "no JSON", STATUS_FORMAT},
        {"timer_set", "{\"duration\":\"a\\u0000b\"}", "no JSON", STATUS_FORMAT},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tool_call call = {.arg_count = 77};
        struct error error = {0};
        CHECK_STATUS(json_tools_read(cases[i].name, cases[i].arguments, &call, &error),
                     cases[i].status);
        if (!strstr(error.text, cases[i].expected))
            test_fail(__FILE__, __LINE__, "%s: %s", cases[i].arguments, error.text);
        CHECK_EQ(call.arg_count, 77);
    }
}

TEST(a_long_argument_is_refused)
{
    char arguments[400], words[201] = {0};
    struct tool_call call;
    memset(words, 'x', 200);
    snprintf(arguments, sizeof(arguments), "{\"duration\":\"%s\"}", words);
    CHECK_STATUS(json_tools_read("timer_set", arguments, &call, NULL), STATUS_LIMIT);
}

TEST(results_are_json)
{
    char *text;
    CHECK_OK(json_tools_result(true, "It's \"ten\".", &text, NULL));
    CHECK_STR(text, "{\"ok\":true,\"said\":\"It's \\\"ten\\\".\"}");
    free(text);
    CHECK_OK(json_tools_result(false, "no", &text, NULL));
    CHECK_STR(text, "{\"ok\":false,\"error\":\"no\"}");
    free(text);
}
