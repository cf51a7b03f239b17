#include "fault.h"
#include "harness.h"
#include "strbuf.h"

#include <stdlib.h>
#include <string.h>

TEST(strbuf_grows_and_formats)
{
    struct strbuf text;
    strbuf_init(&text, 1000);
    CHECK_STR(strbuf_text(&text), "");
    for (int i = 0; i < 100; i++)
        strbuf_format(&text, "%d,", i % 10);
    strbuf_append(&text, "end");
    strbuf_append_char(&text, '!');
    strbuf_append_bytes(&text, "abc", 2);
    CHECK_OK(strbuf_status(&text));
    CHECK_EQ(text.length, 206);
    CHECK_EQ(strlen(strbuf_text(&text)), 206);
    CHECK_STR(strbuf_text(&text) + 198, "9,end!ab");
    strbuf_finish(&text);
    strbuf_finish(&text);
    strbuf_finish(NULL);
}

TEST(strbuf_stops_at_its_limit_and_remembers)
{
    struct strbuf text;
    strbuf_init(&text, 5);
    strbuf_append(&text, "12345");
    CHECK_OK(strbuf_status(&text));
    strbuf_append(&text, "6");
    strbuf_append(&text, "");
    CHECK_STATUS(strbuf_status(&text), STATUS_LIMIT);
    CHECK_STR(strbuf_text(&text), "12345");
    CHECK(strbuf_take(&text) == NULL);
    strbuf_clear(&text);
    strbuf_append(&text, "ab");
    CHECK_OK(strbuf_status(&text));
    CHECK_STR(strbuf_text(&text), "ab");
    strbuf_finish(&text);
}

TEST(strbuf_hands_its_text_over)
{
    struct strbuf text;
    strbuf_init(&text, 50);
    char *empty = strbuf_take(&text);
    CHECK_STR(empty, "");
    free(empty);
    strbuf_append(&text, "mine");
    char *taken = strbuf_take(&text);
    CHECK_STR(taken, "mine");
    CHECK_STR(strbuf_text(&text), "");
    free(taken);
    strbuf_finish(&text);
}

TEST(strbuf_survives_lack_of_memory)
{
    struct strbuf text;
    strbuf_init(&text, 500);
    strbuf_append(&text, "kept");
    fault_arm(FAULT_ALLOC, 1);
    for (int i = 0; i < 20; i++)
        strbuf_append(&text, "0123456789");
    CHECK_STATUS(strbuf_status(&text), STATUS_NO_MEMORY);
    CHECK(strncmp(strbuf_text(&text), "kept", 4) == 0);
    strbuf_finish(&text);
}
