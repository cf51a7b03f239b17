#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conversation.h"
#include "harness.h"
#include "json_tools.h"

static struct conversation *make(int budget, int forget)
{
    const struct conversation_config config = {budget, forget};
    struct conversation *conversation;
    CHECK_OK(conversation_create(&config, &conversation, NULL));
    return conversation;
}

static void exchange(struct conversation *c, int64_t now, const char *asked, const char *answered)
{
    CHECK_OK(conversation_ask(c, now, asked, false, NULL));
    CHECK_OK(conversation_answer(c, answered, NULL));
}

static struct conversation_view view_of(struct conversation *c)
{
    struct conversation_view view;
    CHECK_OK(conversation_view(c, &view, NULL));
    return view;
}

static bool contains(const struct conversation_view *view, const char *text)
{
    for (size_t i = 0; i < view->count; i++) {
        if (strstr(view->messages[i].text, text))
            return true;
    }
    return false;
}

TEST(a_conversation_is_told_in_order)
{
    struct conversation *c = make(1000, 0);
    exchange(c, 1, "who was ada", "A mathematician.");
    CHECK_OK(conversation_ask(c, 2, "when did she live", false, NULL));
    CHECK_OK(conversation_tool(c, "c1", "get_date", "{}", "{\"ok\":true}", NULL));
    struct conversation_view view = view_of(c);
    CHECK_EQ(view.count, 5);
    CHECK(!view.summarised);
    CHECK_STR(view.messages[0].text, "who was ada");
    CHECK_EQ(view.messages[1].role, PROVIDER_ASSISTANT);
    CHECK_STR(view.messages[2].text, "when did she live");
    CHECK_EQ(view.messages[3].role, PROVIDER_TOOL_CALL);
    CHECK_STR(view.messages[3].name, "get_date");
    CHECK_EQ(view.messages[4].role, PROVIDER_TOOL_RESULT);
    CHECK_STR(view.messages[4].call_id, "c1");
    conversation_destroy(c);
}

TEST(an_answer_can_be_cut_to_what_was_heard)
{
    struct conversation *c = make(1000, 0);
    exchange(c, 1, "tell me a story", "Once upon a time there was a king.");
    CHECK_OK(conversation_answer(c, "Once upon a time", NULL));
    CHECK_OK(conversation_ask(c, 2, "go on", false, NULL));
    struct conversation_view view = view_of(c);
    CHECK_EQ(view.count, 3);
    CHECK_STR(view.messages[1].text, "Once upon a time");
    conversation_destroy(c);
}

TEST(what_does_not_fit_is_summarised)
{
    struct conversation *c = make(200, 0);
    char asked[64], answered[256];
    for (int i = 0; i < 20; i++) {
        snprintf(asked, sizeof(asked), "question number %d", i);
        snprintf(answered, sizeof(answered), "answer number %d is rather long and goes on so", i);
        exchange(c, i, asked, answered);
    }
    CHECK_OK(conversation_ask(c, 30, "the request", false, NULL));
    struct conversation_view view = view_of(c);
    CHECK(view.summarised);
    CHECK_EQ(view.messages[0].role, PROVIDER_USER);
    CHECK(strstr(view.messages[0].text, "Earlier in this conversation:") != NULL);
    CHECK(!contains(&view, "question number 0"));
    CHECK(contains(&view, "question number 19"));
    CHECK_STR(view.messages[view.count - 1].text, "the request");
    size_t bytes = 0;
    for (size_t i = 0; i < view.count; i++)
        bytes += 4 * 8 + strlen(view.messages[i].text);
    CHECK(bytes <= 200 * 4 + 100);
    conversation_destroy(c);
}

/* Every turn is in the view, in the summary, or too old for both; none is in it twice. */
TEST(a_view_never_passes_its_budget_and_repeats_nothing)
{
    struct test_random random = test_random_init();
    for (int round = 0; round < 200; round++) {
        int budget = (int)test_random_range(&random, 40, 600);
        struct conversation *c = make(budget, 0);
        int turns = (int)test_random_range(&random, 1, 90);
        char text[400];
        for (int i = 0; i < turns; i++) {
            int n = snprintf(text, sizeof(text), "<q%d>", i);
            memset(text + n, 'x', (size_t)test_random_range(&random, 0, 300));
            text[n + test_random_range(&random, 0, 300)] = '\0';
            CHECK_OK(conversation_ask(c, i, text, false, NULL));
            if (i + 1 < turns)
                CHECK_OK(conversation_answer(c, "fine", NULL));
            memset(text, 0, sizeof(text));
        }
        struct conversation_view view = view_of(c);
        size_t bytes = 0, last = strlen(view.messages[view.count - 1].text);
        for (size_t i = 0; i < view.count; i++)
            bytes += strlen(view.messages[i].text);
        CHECK(bytes <= (size_t)budget * 4 + last + 64);
        for (int i = 0; i < turns; i++) {
            snprintf(text, sizeof(text), "<q%d>", i);
            int found = 0;
            for (size_t m = 0; m < view.count; m++)
                found += strstr(view.messages[m].text, text) != NULL;
            CHECK(found <= 1);
            CHECK(i + 1 < turns || found == 1);
        }
        conversation_destroy(c);
    }
}

TEST(a_private_turn_is_never_told)
{
    struct conversation *c = make(100, 0);
    CHECK_OK(conversation_ask(c, 1, "secret wish", true, NULL));
    CHECK_OK(conversation_answer(c, "secret answer", NULL));
    exchange(c, 2, "who was ada", "A mathematician.");
    for (int i = 0; i < 40; i++) {
        CHECK_OK(conversation_ask(c, 3 + i, "and then", false, NULL));
        struct conversation_view view = view_of(c);
        CHECK(!contains(&view, "secret"));
        CHECK_OK(conversation_answer(c, "More was to come of that in time.", NULL));
    }
    conversation_destroy(c);
}

TEST(a_long_pause_begins_anew)
{
    struct conversation *c = make(1000, 300);
    exchange(c, 1000, "who was ada", "A mathematician.");
    CHECK_OK(conversation_ask(c, 1300, "when did she live", false, NULL));
    struct conversation_view view = view_of(c);
    CHECK_EQ(view.count, 3);
    CHECK_OK(conversation_ask(c, 1601, "what time is it", false, NULL));
    view = view_of(c);
    CHECK_EQ(view.count, 1);
    conversation_destroy(c);
}

TEST(long_texts_are_cut_at_a_character)
{
    struct conversation *c = make(4000, 0);
    static char text[CONVERSATION_TEXT_BYTES + 8];
    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    CHECK_OK(conversation_ask(c, 1, text, false, NULL));
    struct conversation_view view = view_of(c);
    CHECK_EQ(strlen(view.messages[0].text), CONVERSATION_TEXT_BYTES - 2);
    conversation_destroy(c);
}

TEST(nothing_asked_is_refused)
{
    struct conversation *c = make(1000, 0);
    struct conversation_view view;
    CHECK_STATUS(conversation_answer(c, "x", NULL), STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(conversation_view(c, &view, NULL), STATUS_INVALID_ARGUMENT);
    conversation_destroy(c);
}

/* A session would be set up anew each time they change. */
TEST(the_instructions_are_the_same_all_day)
{
    static const int64_t noon = 1795262400, hour = 3600;
    char *text, *late, *next, *tools;
    CHECK_OK(conversation_instructions("Europe/London", noon, &text, NULL));
    CHECK_OK(conversation_instructions("Europe/London", noon + 12 * hour - 1, &late, NULL));
    CHECK_OK(conversation_instructions("Europe/London", noon + 12 * hour, &next, NULL));
    CHECK_OK(json_tools_describe(&tools, NULL));
    CHECK(strstr(text, "Saturday, 21 November 2026") != NULL);
    CHECK_STR(text, late);
    CHECK(strstr(next, "Sunday, 22 November 2026") != NULL);
    /* Who tells the time is named, and is there. */
    CHECK(strstr(text, "get_time") != NULL && strstr(tools, "\"name\":\"get_time\"") != NULL);
    free(text);
    free(late);
    free(next);
    free(tools);
}
