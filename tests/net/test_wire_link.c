/* Messages of the link between two Linnets. */
#include "harness.h"
#include "wire_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TEST(link_messages_come_back_as_they_went)
{
    const struct link_message messages[] = {
        {.kind = LINK_HELLO, .version = 1, .stages = LINK_STAGES, .text = "linnet"},
        {.kind = LINK_START,
         .turn = 7,
         .stages = LINK_TRANSCRIBE | LINK_SAY,
         .tool_count = 2,
         .tools = {"set_timer", "x"}},
        {.kind = LINK_START, .turn = 8, .stages = LINK_TRANSCRIBE, .hold = true},
        {.kind = LINK_TOOL, .turn = 1, .call_id = "c", .name = "n", .text = "{\"a\":\"b\"}"},
        {.kind = LINK_HEARD, .turn = UINT32_MAX, .text = "\xc3\xa4", .confidence = 0.25},
        {.kind = LINK_FAILED, .turn = 2, .failure = PROVIDER_OVERLOADED, .text = "full"},
        {.kind = LINK_COUNT, .counters = {1, 2, 3, 4, 5, 6}},
    };
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        struct link_message back;
        struct strbuf out;
        strbuf_init(&out, 10000);
        CHECK_OK(wire_link_write(&messages[i], &out, NULL));
        CHECK_OK(wire_link_read(strbuf_text(&out), out.length, &back, NULL));
        CHECK_EQ(back.kind, messages[i].kind);
        CHECK_EQ(back.turn, messages[i].turn);
        CHECK_EQ(back.stages, messages[i].stages);
        CHECK_STR(back.text, messages[i].text ? messages[i].text : "");
        CHECK_EQ(back.failure, messages[i].failure);
        CHECK(memcmp(&back.counters, &messages[i].counters, sizeof(back.counters)) == 0);
        CHECK_EQ(back.tool_count, messages[i].tool_count);
        CHECK_EQ(back.hold, messages[i].hold);
        wire_link_finish(&back);
        strbuf_finish(&out);
    }
}

TEST(link_refuses_what_is_no_message)
{
    const char *bad[] = {"",
                         "[]",
                         "{}",
                         "{\"type\":\"fly\"}",
                         "{\"type\":\"start\",\"turn\":1}",
                         "{\"type\":\"end\"}",
                         "{\"type\":\"end\",\"turn\":0}",
                         "{\"type\":\"end\",\"turn\":4294967296}",
                         "{\"type\":\"end\",\"turn\":-1}",
                         "{\"type\":\"heard\",\"turn\":1,\"confidence\":2}",
                         "{\"type\":\"failed\",\"turn\":1,\"failure\":\"bored\"}",
                         "{\"type\":\"start\",\"turn\":1,\"stages\":[\"say\"],\"tools\":[1]}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct link_message message;
        struct error error = {0};
        CHECK_STATUS(wire_link_read(bad[i], strlen(bad[i]), &message, &error), STATUS_FORMAT);
        CHECK(strstr(error.text, "expected") != NULL);
    }
}

TEST(link_texts_are_bounded)
{
    char *text = calloc(1, 40000);
    struct link_message message;
    for (int size = 4000; size < 4200; size++) {
        int n = snprintf(text, 40000, "{\"type\":\"text\",\"turn\":1,\"text\":\"%0*d\"}", size, 0);
        enum status status = wire_link_read(text, (size_t)n, &message, NULL);
        CHECK_STATUS(status, size <= LINK_TEXT_MAX ? STATUS_OK : STATUS_LIMIT);
        if (status == STATUS_OK)
            wire_link_finish(&message);
    }
    memset(text, ' ', 40000);
    CHECK_STATUS(wire_link_read(text, LINK_MESSAGE_MAX + 1, &message, NULL), STATUS_LIMIT);
    free(text);
}

TEST(link_sound_keeps_its_turn)
{
    uint8_t bytes[LINK_SOUND_MAX];
    const uint8_t *packet;
    uint32_t turn;
    size_t size;
    CHECK_EQ(wire_link_sound(0x01020304, "opus", 4, bytes), 8);
    CHECK_OK(wire_link_sound_read(bytes, 8, &turn, &packet, &size));
    CHECK_EQ(turn, 0x01020304);
    CHECK(size == 4 && memcmp(packet, "opus", 4) == 0);
    CHECK_EQ(wire_link_sound(1, bytes, 0, bytes), 0);
    CHECK_EQ(wire_link_sound(1, bytes, LINK_PACKET_MAX + 1, bytes), 0);
    CHECK_STATUS(wire_link_sound_read(bytes, 4, &turn, &packet, &size), STATUS_FORMAT);
    CHECK_STATUS(wire_link_sound_read(bytes, LINK_SOUND_MAX + 1, &turn, &packet, &size),
                 STATUS_FORMAT);
}
