#include "fault.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Passings left until the fault; 0 when unarmed. */
static atomic_uint countdowns[FAULT_POINT_COUNT];

void fault_arm(enum fault_point point, unsigned nth)
{
    atomic_store(&countdowns[point], nth);
}

bool fault_disarm(enum fault_point point)
{
    return atomic_exchange(&countdowns[point], 0) != 0;
}

bool fault_hit(enum fault_point point)
{
    unsigned left = atomic_load_explicit(&countdowns[point], memory_order_relaxed);
    while (left > 0)
        if (atomic_compare_exchange_weak(&countdowns[point], &left, left - 1))
            return left == 1;
    return false;
}

void *mem_calloc(size_t count, size_t size)
{
    return fault_hit(FAULT_ALLOC) ? NULL : calloc(count, size);
}

void *mem_aligned(size_t size)
{
    enum { BORDER = 64 };
    if (size > SIZE_MAX - BORDER || fault_hit(FAULT_ALLOC))
        return NULL;
    size_t rounded = size ? (size + BORDER - 1) / BORDER * BORDER : BORDER;
    void *memory = aligned_alloc(BORDER, rounded);
    if (memory)
        memset(memory, 0, rounded);
    return memory;
}
