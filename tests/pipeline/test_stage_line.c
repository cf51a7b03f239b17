#include <string.h>

#include "clock.h"
#include "harness.h"
#include "stage_line.h"

#define MS CLOCK_NS_PER_MS

static struct stage_line line_of(int count, int first, int second, int third)
{
    const struct cloud_order order = {.count = count, .place = {first, second, third}};
    struct stage_line line;
    stage_line_init(&line, &order);
    return line;
}

TEST(places_come_in_their_order_and_then_nobody)
{
    struct stage_line line = line_of(3, 1, CLOUD_DEVICE, 0);
    int at = 0;
    CHECK_EQ(stage_line_next(&line, 1, 0, &at), 1);
    CHECK_EQ(stage_line_next(&line, 1, 0, &at), CLOUD_DEVICE);
    CHECK_EQ(stage_line_next(&line, 1, 0, &at), 0);
    CHECK_EQ(stage_line_next(&line, 1, 0, &at), STAGE_NOBODY);
    CHECK_EQ(stage_line_next(&line, 1, 0, &at), STAGE_NOBODY);
    CHECK(stage_line_has_device(&line));
    line = line_of(2, 1, 0, 0);
    CHECK(!stage_line_has_device(&line));
}

TEST(one_that_failed_is_left_alone_for_the_rest_of_its_turn)
{
    struct stage_line line = line_of(2, 0, CLOUD_DEVICE, 0);
    int at = 0;
    stage_line_begin(&line, 0, 0);
    stage_line_fail(&line, 0, 7, 0, false);
    CHECK_EQ(stage_line_next(&line, 7, 0, &at), CLOUD_DEVICE);
    at = 0;
    CHECK_EQ(stage_line_next(&line, 8, 0, &at), 0);
}

TEST(one_that_goes_on_failing_is_left_alone_for_longer)
{
    struct stage_line line = line_of(2, 0, CLOUD_DEVICE, 0);
    int at = 0;
    for (uint32_t turn = 1; turn <= BREAKER_FAILURES; turn++) {
        at = 0;
        CHECK_EQ(stage_line_next(&line, turn, 0, &at), 0);
        stage_line_begin(&line, 0, 0);
        stage_line_fail(&line, 0, turn, 0, false);
    }
    at = 0;
    CHECK_EQ(stage_line_next(&line, 9, 0, &at), CLOUD_DEVICE);
    at = 0;
    CHECK_EQ(stage_line_next(&line, 9, BREAKER_PAUSE_MS * MS, &at), 0);
    /* One tries, and is trusted again. */
    stage_line_begin(&line, 0, BREAKER_PAUSE_MS * MS);
    at = 0;
    CHECK_EQ(stage_line_next(&line, 9, BREAKER_PAUSE_MS * MS, &at), CLOUD_DEVICE);
    stage_line_succeed(&line, 0);
    at = 0;
    CHECK_EQ(stage_line_next(&line, 9, BREAKER_PAUSE_MS * MS, &at), 0);
}

TEST(a_wrong_key_is_tried_once)
{
    struct stage_line line = line_of(2, 0, CLOUD_DEVICE, 0);
    int at = 0;
    stage_line_begin(&line, 0, 0);
    stage_line_fail(&line, 0, 1, 0, true);
    CHECK_EQ(stage_line_next(&line, 2, 0, &at), CLOUD_DEVICE);
}

TEST(a_change_of_mind_is_no_failure)
{
    struct stage_line line = line_of(2, 0, CLOUD_DEVICE, 0);
    for (int i = 0; i < 2 * BREAKER_FAILURES; i++) {
        int at = 0;
        CHECK_EQ(stage_line_next(&line, 1, 0, &at), 0);
        stage_line_begin(&line, 0, 0);
        stage_line_abandon(&line, 0);
    }
}
