#include "fault.h"
#include "harness.h"

#include <stdint.h>
#include <stdlib.h>

TEST(fault_happens_once_at_the_nth_passing)
{
    CHECK(!fault_hit(FAULT_DEVICE));
    fault_arm(FAULT_DEVICE, 3);
    CHECK(!fault_hit(FAULT_DEVICE));
    CHECK(!fault_hit(FAULT_DEVICE));
    CHECK(!fault_hit(FAULT_WRITE));
    CHECK(fault_hit(FAULT_DEVICE));
    CHECK(!fault_hit(FAULT_DEVICE));
    CHECK(!fault_disarm(FAULT_DEVICE));
    fault_arm(FAULT_DEVICE, 2);
    CHECK(fault_disarm(FAULT_DEVICE));
    CHECK(!fault_hit(FAULT_DEVICE));
}

TEST(mem_calloc_fails_on_demand_and_on_overflow)
{
    fault_arm(FAULT_ALLOC, 1);
    CHECK(mem_calloc(1, 1) == NULL);
    volatile size_t many = SIZE_MAX / 2;
    CHECK(mem_calloc(many, 4) == NULL);
    void *memory = mem_calloc(4, 4);
    CHECK(memory != NULL);
    free(memory);
}

TEST(mem_aligned_is_aligned_and_zeroed)
{
    const size_t sizes[] = {0, 1, 63, 64, 65, 1000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        unsigned char *memory = mem_aligned(sizes[i]);
        CHECK(memory != NULL);
        CHECK_EQ((uintptr_t)memory % 64, 0);
        for (size_t k = 0; k < sizes[i]; k++)
            CHECK_EQ(memory[k], 0);
        free(memory);
    }
    fault_arm(FAULT_ALLOC, 1);
    CHECK(mem_aligned(1) == NULL);
    CHECK(mem_aligned(SIZE_MAX) == NULL);
}
