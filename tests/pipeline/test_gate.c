#include <stdlib.h>
#include <string.h>

#include "gate.h"
#include "harness.h"

static struct privacy *make_rules(void)
{
    static const char *const hub[] = {"hub"};
    const struct privacy_rule rules[] = {
        {.match = "health", .action = PRIVACY_DENY, .targets = hub, .target_count = 1},
        {.match = "numbers", .action = PRIVACY_REDACT},
    };
    struct privacy *privacy;
    CHECK_OK(privacy_create(rules, 2, &privacy, NULL));
    return privacy;
}

static struct gate_pass pass_of(const struct gate_request *request)
{
    struct gate_pass pass;
    CHECK_OK(gate_check(request, &pass, NULL));
    return pass;
}

/* Nothing of a denied turn is left to be sent. */
static void check_denied(const struct gate_request *request, const char *rule)
{
    struct gate_pass pass = pass_of(request);
    CHECK_EQ(pass.verdict, PRIVACY_DENIED);
    CHECK_STR(pass.rule, rule);
    CHECK_EQ(pass.bytes, 0);
    CHECK_EQ(pass.turn.message_count, 0);
    CHECK(!pass.turn.messages && !pass.turn.instructions && !pass.turn.tools);
    CHECK(!pass.turn.send_audio);
    gate_pass_finish(&pass);
}

TEST(a_harmless_turn_passes_as_it_is)
{
    struct privacy *privacy = make_rules();
    const struct provider_message messages[] = {{.role = PROVIDER_USER, .text = "who was Ada"}};
    const struct provider_turn turn = {.turn = 7,
                                       .instructions = "be brief",
                                       .messages = messages,
                                       .message_count = 1,
                                       .tools = "[]",
                                       .want_audio = true,
                                       .max_output_tokens = 90};
    const struct gate_request request = {.privacy = privacy, .target = "cloud", .turn = &turn};
    struct gate_pass pass = pass_of(&request);
    CHECK_EQ(pass.verdict, PRIVACY_ALLOWED);
    CHECK_EQ(pass.turn.turn, 7);
    CHECK_EQ(pass.turn.max_output_tokens, 90);
    CHECK(pass.turn.want_audio);
    CHECK_STR(pass.turn.messages[0].text, "who was Ada");
    CHECK_STR(pass.turn.instructions, "be brief");
    CHECK_STR(pass.turn.tools, "[]");
    CHECK_EQ(pass.bytes, strlen("who was Ada") + strlen("be brief") + 2);
    CHECK(pass.turn.messages[0].text != messages[0].text);
    gate_pass_finish(&pass);
    privacy_destroy(privacy);
}

TEST(every_text_of_a_turn_is_redacted)
{
    struct privacy *privacy = make_rules();
    const struct provider_message messages[] = {
        {.role = PROVIDER_USER, .text = "my number is 5551234567"},
        {.role = PROVIDER_ASSISTANT, .text = "noted: 555 123 4567"},
        {.role = PROVIDER_TOOL_CALL, .text = "{\"n\":5551234567}", .name = "x", .call_id = "c1"},
        {.role = PROVIDER_TOOL_RESULT, .text = "{\"said\":\"5551234567\"}", .call_id = "c1"},
        {.role = PROVIDER_USER, .text = "dial five five five one two three four"},
    };
    const struct provider_turn turn = {
        .instructions = "user 5551234567", .messages = messages, .message_count = 5};
    const struct gate_request request = {.privacy = privacy, .target = "cloud", .turn = &turn};
    struct gate_pass pass = pass_of(&request);
    CHECK_EQ(pass.verdict, PRIVACY_REDACTED);
    CHECK_STR(pass.rule, "numbers");
    CHECK_EQ(pass.turn.message_count, 5);
    CHECK_STR(pass.turn.instructions, "user [number]");
    CHECK_STR(pass.turn.messages[0].text, "my number is [number]");
    CHECK_STR(pass.turn.messages[1].text, "noted: [number]");
    CHECK_STR(pass.turn.messages[2].text, "{}");
    CHECK_STR(pass.turn.messages[2].name, "x");
    CHECK_STR(pass.turn.messages[3].text, "{\"said\":\"[number]\"}");
    CHECK_STR(pass.turn.messages[3].call_id, "c1");
    CHECK_STR(pass.turn.messages[4].text, "dial [number]");
    gate_pass_finish(&pass);
    privacy_destroy(privacy);
}

TEST(a_denied_request_leaves_nothing)
{
    struct privacy *privacy = make_rules();
    const struct provider_message messages[] = {
        {.role = PROVIDER_USER, .text = "hello"},
        {.role = PROVIDER_ASSISTANT, .text = "hello"},
        {.role = PROVIDER_USER, .text = "is my tumor back"},
    };
    const struct provider_turn turn = {.messages = messages, .message_count = 3, .tools = "[]"};
    struct gate_request request = {.privacy = privacy, .target = "cloud", .turn = &turn};
    check_denied(&request, "health");
    request.target = "hub";
    struct gate_pass pass = pass_of(&request);
    CHECK_EQ(pass.verdict, PRIVACY_ALLOWED);
    gate_pass_finish(&pass);
    request.private_mode = true;
    check_denied(&request, "private mode");
    privacy_destroy(privacy);
}

TEST(a_request_behind_tools_is_still_the_request)
{
    struct privacy *privacy = make_rules();
    const struct provider_message messages[] = {
        {.role = PROVIDER_USER, .text = "is my tumor back"},
        {.role = PROVIDER_TOOL_CALL, .text = "{}", .name = "get_time", .call_id = "c1"},
        {.role = PROVIDER_TOOL_RESULT, .text = "{}", .call_id = "c1"},
    };
    const struct provider_turn turn = {.messages = messages, .message_count = 3};
    const struct gate_request request = {.privacy = privacy, .target = "cloud", .turn = &turn};
    check_denied(&request, "health");
    privacy_destroy(privacy);
}

TEST(a_request_that_is_gone_on_with_is_still_the_request)
{
    struct privacy *privacy = make_rules();
    const struct provider_message messages[] = {
        {.role = PROVIDER_USER, .text = "is my tumor back"},
        {.role = PROVIDER_ASSISTANT, .text = "That depends"},
        {.role = PROVIDER_USER, .text = "go on"},
    };
    const struct provider_turn turn = {.messages = messages, .message_count = 3};
    const struct gate_request request = {
        .privacy = privacy, .target = "cloud", .turn = &turn, .asked = messages[0].text};
    check_denied(&request, "health");
    privacy_destroy(privacy);
}

TEST(denied_history_is_left_out)
{
    struct privacy *privacy = make_rules();
    const struct provider_message messages[] = {
        {.role = PROVIDER_USER, .text = "my insulin is low"},
        {.role = PROVIDER_ASSISTANT, .text = "I set an alarm."},
        {.role = PROVIDER_TOOL_CALL,
         .text = "{\"name\":\"insulin\"}",
         .name = "t",
         .call_id = "c1"},
        {.role = PROVIDER_TOOL_RESULT, .text = "insulin timer set", .call_id = "c1"},
        {.role = PROVIDER_USER, .text = "who was Ada"},
    };
    const struct provider_turn turn = {.messages = messages, .message_count = 5};
    const struct gate_request request = {.privacy = privacy, .target = "cloud", .turn = &turn};
    struct gate_pass pass = pass_of(&request);
    CHECK_EQ(pass.verdict, PRIVACY_REDACTED);
    CHECK_EQ(pass.turn.message_count, 4);
    CHECK_STR(pass.turn.messages[0].text, "I set an alarm.");
    CHECK_STR(pass.turn.messages[1].text, "{}");
    CHECK_STR(pass.turn.messages[2].text, "[kept on the device]");
    CHECK_STR(pass.turn.messages[3].text, "who was Ada");
    gate_pass_finish(&pass);
    privacy_destroy(privacy);
}

TEST(sound_leaves_only_whole_and_with_consent)
{
    struct privacy *privacy = make_rules();
    const struct provider_turn turn = {.send_audio = true};
    struct gate_request request = {
        .privacy = privacy, .target = "cloud", .turn = &turn, .heard = "who was ada"};
    check_denied(&request, "send_audio is not true");
    request.may_send_audio = true;
    struct gate_pass pass = pass_of(&request);
    CHECK_EQ(pass.verdict, PRIVACY_ALLOWED);
    CHECK(pass.turn.send_audio);
    gate_pass_finish(&pass);
    request.heard = "is my tumor back";
    check_denied(&request, "health");
    request.heard = "call five five five one two three four five";
    check_denied(&request, "numbers");
    privacy_destroy(privacy);
}

TEST(results_of_tools_are_guarded)
{
    struct privacy *privacy = make_rules();
    char *output;
    CHECK_OK(gate_result(privacy, "cloud", "{\"said\":\"call 5551234567\"}", &output, NULL));
    CHECK_STR(output, "{\"said\":\"call [number]\"}");
    free(output);
    CHECK_OK(gate_result(privacy, "cloud", "insulin", &output, NULL));
    CHECK_STR(output, "[kept on the device]");
    free(output);
    CHECK_OK(gate_result(privacy, "hub", "insulin", &output, NULL));
    CHECK_STR(output, "insulin");
    free(output);
    privacy_destroy(privacy);
}
