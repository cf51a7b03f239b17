/* Trap for allocations, for code that must not make any: counts malloc, calloc, realloc and aligned
 * allocations (freeing too) of one thread, or of all threads of a name, while it is armed.
 *
 *     malloc_trap_thread();                    (or malloc_trap_named("capture*"))
 *     ... the code that must not allocate ...
 *     CHECK_EQ(malloc_trap_end(), 0);
 *
 * Linking malloc_trap_dep replaces the allocator's entry points of the test program; 'deps': [...,
 * malloc_trap_dep]. Under a sanitizer, which has an allocator of its own, malloc_trap_thread and
 * malloc_trap_named skip the test.
 *
 * Thread: arm and end on the test's main thread; counting works on all. */
#ifndef LINNET_TESTS_MALLOC_TRAP_H
#define LINNET_TESTS_MALLOC_TRAP_H

/* Count the calls of this thread from now. */
void malloc_trap_thread(void);

/* Count the calls of every thread whose name matches the glob, from now. */
void malloc_trap_named(const char *glob);

/* Disarm; the calls counted. */
unsigned malloc_trap_end(void);

#endif
