/* Fault points: failures that tests cause on purpose, and the allocator that goes with them.
 *
 * A point is armed with a count; the n-th time the code passes it, it fails once. Unarmed points
 * cost one relaxed load.
 *
 *     for (unsigned n = 1; ; n++) {
 *         fault_arm(FAULT_ALLOC, n);
 *         enum status status = thing_create(&thing, &error);
 *         if (fault_disarm(FAULT_ALLOC))      (the n-th allocation was never reached: all of them
 * have failed once) break; CHECK_STATUS(status, STATUS_NO_MEMORY);
 *     }
 *
 * Thread: any, for fault_hit and the allocator; arming belongs to one thread. */
#ifndef LINNET_BASE_FAULT_H
#define LINNET_BASE_FAULT_H

#include <stdbool.h>
#include <stddef.h>

enum fault_point {
    FAULT_ALLOC,  /* memory is gone */
    FAULT_WRITE,  /* the disk is full */
    FAULT_SYNC,   /* the disk does not take what was written */
    FAULT_RENAME, /* the new file cannot take the old one's place */
    FAULT_DEVICE, /* the sound device is gone */
    FAULT_XRUN,   /* the sound device ran dry or over */
    FAULT_POINT_COUNT,
};

/* The nth passing of the point from now fails (1: the next). */
void fault_arm(enum fault_point point, unsigned nth);

/* Disarm; true when the fault had not happened yet. */
bool fault_disarm(enum fault_point point);

/* True when this passing of the point must fail. */
bool fault_hit(enum fault_point point);

/* calloc behind FAULT_ALLOC; NULL when out of memory or when count * size overflows. Freed with
 * free(). Not for real-time threads. */
void *mem_calloc(size_t count, size_t size);

/* Zeroed memory at a 64-byte border, behind FAULT_ALLOC; NULL when out of memory. Freed with
 * free(). Not for real-time threads. */
void *mem_aligned(size_t size);

#endif
