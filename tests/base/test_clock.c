#include "clock.h"
#include "harness.h"

TEST(clock_virtual_stands_still_until_advanced)
{
    struct clock clock;
    clock_init_virtual(&clock, 1000 * CLOCK_NS_PER_S);
    CHECK_EQ(clock_now_ns(&clock), 0);
    CHECK_EQ(clock_now_ns(&clock), 0);
    CHECK_EQ(clock_wall_ns(&clock), 1000 * CLOCK_NS_PER_S);
    clock_advance(&clock, 10 * CLOCK_NS_PER_MS);
    CHECK_EQ(clock_now_ns(&clock), 10 * CLOCK_NS_PER_MS);
    CHECK_EQ(clock_wall_ns(&clock), 1000 * CLOCK_NS_PER_S + 10 * CLOCK_NS_PER_MS);
}

TEST(clock_virtual_sleeps_at_once_and_never_backwards)
{
    struct clock clock;
    clock_init_virtual(&clock, 0);
    clock_sleep_until(&clock, 3600 * CLOCK_NS_PER_S);
    CHECK_EQ(clock_now_ns(&clock), 3600 * CLOCK_NS_PER_S);
    clock_sleep_until(&clock, CLOCK_NS_PER_S);
    clock_advance(&clock, -5);
    CHECK_EQ(clock_now_ns(&clock), 3600 * CLOCK_NS_PER_S);
}

TEST(clock_real_moves_and_sleeps)
{
    struct clock clock;
    clock_init_real(&clock);
    int64_t before = clock_now_ns(&clock);
    clock_advance(&clock, CLOCK_NS_PER_S * 1000);
    clock_sleep_until(&clock, before + 5 * CLOCK_NS_PER_MS);
    int64_t slept = clock_now_ns(&clock) - before;
    CHECK(slept >= 5 * CLOCK_NS_PER_MS);
    CHECK(slept < 900 * CLOCK_NS_PER_S);
    CHECK(clock_wall_ns(&clock) > INT64_C(1700000000) * CLOCK_NS_PER_S);
}
