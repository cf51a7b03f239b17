#include "arena.h"

#include "fault.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

/* GAP is never handed out: it keeps neighbours apart, so that ASan sees a piece overrun. */
enum { ARENA_BORDER = 64, ARENA_GAP = 64 };

struct arena arena_measuring(void)
{
    return (struct arena){.measuring = true};
}

enum status arena_init(struct arena *arena, const struct arena *measured, struct error *ret_error)
{
    if (measured->failed)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "arena: the sizes asked for overflow");
    unsigned char *block = mem_aligned(measured->used);
    if (!block)
        return error_set(ret_error, STATUS_NO_MEMORY, "arena: out of memory for %zu bytes",
                         measured->used);
    *arena = (struct arena){.block = block, .size = measured->used};
    ASAN_POISON_MEMORY_REGION(block, arena->size);
    return STATUS_OK;
}

void arena_finish(struct arena *arena)
{
    if (!arena)
        return;
    if (arena->block)
        ASAN_UNPOISON_MEMORY_REGION(arena->block, arena->size);
    free(arena->block);
    *arena = (struct arena){.block = NULL};
}

/* Bytes that a piece takes with its gap; false on overflow. */
static bool arena_piece(size_t count, size_t size, size_t *ret_bytes)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        return false;
    *ret_bytes = (bytes + ARENA_BORDER - 1) / ARENA_BORDER * ARENA_BORDER + ARENA_GAP;
    return true;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    size_t end;
    if (!arena_piece(count, size, &bytes) || __builtin_add_overflow(arena->used, bytes, &end) ||
        (!arena->measuring && end > arena->size)) {
        arena->failed = true;
        return NULL;
    }
    size_t start = arena->used;
    arena->used = end;
    if (arena->measuring)
        return NULL;
    void *piece = arena->block + start;
    ASAN_UNPOISON_MEMORY_REGION(piece, count * size);
    memset(piece, 0, count * size);
    return piece;
}

size_t arena_mark(const struct arena *arena)
{
    return arena->used;
}

void arena_release(struct arena *arena, size_t mark)
{
    if (!arena->measuring)
        ASAN_POISON_MEMORY_REGION(arena->block + mark, arena->used - mark);
    arena->used = mark;
}
