/* Tests that end in every possible way, for check_harness.sh. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TEST(victim_passes)
{
    CHECK_EQ(1, 1);
}

TEST(victim_fails)
{
    CHECK_EQ(1 + 1, 3);
}

TEST(victim_skips)
{
    test_skip("the moon is down");
}

TEST(victim_crashes)
{
    abort();
}

TEST_TIMEOUT(victim_hangs, 1)
{
    pause();
}

TEST(victim_leaves_its_folder)
{
    FILE *file = fopen(test_path("file"), "w");
    CHECK(file != NULL);
    fclose(file);
    test_note("folder %s", test_folder());
}

TEST(victim_compares_floats)
{
    CHECK_NEAR(1.0, 1.1, 0.01);
}

TEST(victim_compares_texts)
{
    CHECK_STR("a", "b");
}

TEST(victim_exits_with_another_status)
{
    exit(3);
}
