#include "harness.h"

#include <string.h>

TEST(status_has_names_and_texts)
{
    CHECK_STR(status_name(STATUS_NO_MEMORY), "NO_MEMORY");
    CHECK_STR(status_text(STATUS_NO_MEMORY), "out of memory");
    CHECK_STR(status_name((enum status)999), "UNKNOWN");
    CHECK_STR(status_text((enum status)999), "unknown status");
}

TEST(error_set_carries_text_and_status)
{
    struct error error = {0};
    CHECK_STATUS(error_set(&error, STATUS_FORMAT, "%s: byte %d", "a.wav", 12), STATUS_FORMAT);
    CHECK_STATUS(error.status, STATUS_FORMAT);
    CHECK_STR(error.text, "a.wav: byte 12");
    CHECK_STATUS(error_set(NULL, STATUS_IO, "nobody listens"), STATUS_IO);
}

TEST(error_prefix_puts_context_in_front)
{
    struct error error = {0};
    error_set(&error, STATUS_FORMAT, "byte %d", 12);
    CHECK_STATUS(error_prefix(&error, STATUS_IO, "model %s", "wake"), STATUS_IO);
    CHECK_STR(error.text, "model wake: byte 12");
}

TEST(error_texts_stay_in_their_buffer)
{
    struct error error = {0};
    char longer[sizeof(error.text) + 100];
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    error_set(&error, STATUS_IO, "%s", longer);
    CHECK_EQ(strlen(error.text), sizeof(error.text) - 1);
    error_prefix(&error, STATUS_IO, "%s", longer);
    CHECK_EQ(strlen(error.text), sizeof(error.text) - 1);
    error_prefix(&error, STATUS_IO, "%.*s", (int)sizeof(error.text) - 4, longer);
    CHECK(strlen(error.text) < sizeof(error.text));
}

static enum status forwards(enum status status)
{
    TRY(status);
    return STATUS_END;
}

TEST(try_forwards_failures_only)
{
    CHECK_STATUS(forwards(STATUS_IO), STATUS_IO);
    CHECK_STATUS(forwards(STATUS_OK), STATUS_END);
}
