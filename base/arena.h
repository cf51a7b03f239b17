/* Arena: all memory of one context in one block, laid out once by one function.
 *
 * The layout function runs twice, first over a measuring arena that only adds up, then over the
 * real block:
 *
 *     static void session_layout(struct session *s, struct arena *arena)
 *     {
 *         s->keys = arena_array(arena, s->heads * s->context, sizeof(*s->keys));
 *         s->scores = arena_array(arena, s->context, sizeof(*s->scores));
 *     }
 *
 *     struct arena measure = arena_measuring();
 *     session_layout(s, &measure);
 *     TRY(arena_init(&s->arena, &measure, ret_error));
 *     session_layout(s, &s->arena);
 *
 * Every piece is zeroed and starts at a 64-byte border; under AddressSanitizer the gaps between
 * pieces are poisoned. Later use may take a mark, allocate scratch above it, and go back to the
 * mark.
 *
 * Thread: one thread at a time; arena_init and arena_finish are control, the rest is audio-rt safe.
 */
#ifndef LINNET_BASE_ARENA_H
#define LINNET_BASE_ARENA_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

struct arena {
    unsigned char *block;
    size_t size;
    size_t used;
    bool measuring;
    /* A piece overflowed size_t or the block. */
    bool failed;
};

/* An arena without memory that adds up what a layout needs; its pieces are NULL. */
struct arena arena_measuring(void);

/* One block of the measured size. INVALID_ARGUMENT when measuring overflowed, NO_MEMORY. */
enum status arena_init(struct arena *arena, const struct arena *measured, struct error *ret_error);

/* Accepts a zeroed arena; all pieces are gone. */
void arena_finish(struct arena *arena);

/* `count` zeroed elements of `size` bytes; NULL while measuring and when they do not fit. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* Bytes used so far, for arena_release. */
size_t arena_mark(const struct arena *arena);

/* Give back everything allocated after the mark. */
void arena_release(struct arena *arena, size_t mark);

#endif
