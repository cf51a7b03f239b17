#include "arena.h"
#include "fault.h"
#include "harness.h"

#include <stdint.h>
#include <string.h>

struct layout {
    float *first;
    char *second;
    double *third;
};

static void layout_lay(struct layout *layout, struct arena *arena)
{
    layout->first = arena_array(arena, 100, sizeof(*layout->first));
    layout->second = arena_array(arena, 3, 1);
    layout->third = arena_array(arena, 7, sizeof(*layout->third));
}

TEST(arena_lays_out_what_it_measured)
{
    struct arena arena, measure = arena_measuring();
    struct layout layout;
    layout_lay(&layout, &measure);
    CHECK(layout.first == NULL && !measure.failed);
    CHECK_OK(arena_init(&arena, &measure, NULL));
    layout_lay(&layout, &arena);
    CHECK_EQ(arena.used, arena.size);
    CHECK(!arena.failed);
    CHECK_EQ((uintptr_t)layout.first % 64, 0);
    CHECK_EQ((uintptr_t)layout.second % 64, 0);
    CHECK_EQ((uintptr_t)layout.third % 64, 0);
    for (int i = 0; i < 100; i++)
        CHECK(layout.first[i] == 0.0f);
    memset(layout.second, 1, 3);
    CHECK(layout.third[0] == 0.0);
    CHECK(arena_array(&arena, 1, 1) == NULL);
    CHECK(arena.failed);
    arena_finish(&arena);
    arena_finish(&arena);
    arena_finish(NULL);
}

TEST(arena_marks_give_scratch_back_zeroed)
{
    struct arena arena, measure = arena_measuring();
    arena_array(&measure, 16, 1);
    CHECK_OK(arena_init(&arena, &measure, NULL));
    size_t mark = arena_mark(&arena);
    unsigned char *scratch = arena_array(&arena, 16, 1);
    memset(scratch, 0xff, 16);
    arena_release(&arena, mark);
    unsigned char *again = arena_array(&arena, 16, 1);
    CHECK(again == scratch);
    CHECK_EQ(again[15], 0);
    arena_finish(&arena);
}

TEST(arena_refuses_overflow)
{
    struct arena arena, measure = arena_measuring();
    struct error error = {0};
    CHECK(arena_array(&measure, SIZE_MAX / 2, 4) == NULL);
    CHECK_STATUS(arena_init(&arena, &measure, &error), STATUS_INVALID_ARGUMENT);
    measure = arena_measuring();
    arena_array(&measure, 1, 64);
    fault_arm(FAULT_ALLOC, 1);
    CHECK_STATUS(arena_init(&arena, &measure, &error), STATUS_NO_MEMORY);
}
