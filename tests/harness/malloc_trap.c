#include "malloc_trap.h"

#include "harness.h"

#include <errno.h>
#include <fnmatch.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TRAP_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TRAP_SANITIZED 1
#endif
#endif

#ifdef TRAP_SANITIZED

void malloc_trap_thread(void)
{
    test_skip("the sanitizer owns the allocator");
}

void malloc_trap_named(const char *glob)
{
    test_skip("the sanitizer owns the allocator that %s uses", glob);
}

unsigned malloc_trap_end(void)
{
    return 0;
}

#else

/* glibc's own entry points. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

enum trap_mode { TRAP_OFF, TRAP_THREAD, TRAP_NAMED };

static atomic_int mode;
static atomic_uint count;
static pthread_t trapped_thread;
static char trapped_glob[32];

static void trap_arm(enum trap_mode wanted)
{
    atomic_store(&count, 0);
    atomic_store(&mode, (int)wanted);
}

void malloc_trap_thread(void)
{
    trapped_thread = pthread_self();
    trap_arm(TRAP_THREAD);
}

void malloc_trap_named(const char *glob)
{
    snprintf(trapped_glob, sizeof(trapped_glob), "%s", glob);
    trap_arm(TRAP_NAMED);
}

unsigned malloc_trap_end(void)
{
    atomic_store(&mode, TRAP_OFF);
    return atomic_load(&count);
}

static void trap_count(void)
{
    int wanted = atomic_load(&mode);
    if (wanted == TRAP_OFF)
        return;
    char name[16] = "";
    bool caught = wanted == TRAP_THREAD && pthread_equal(pthread_self(), trapped_thread);
    if (wanted == TRAP_NAMED && pthread_getname_np(pthread_self(), name, sizeof(name)) == 0)
        caught = fnmatch(trapped_glob, name, 0) == 0;
    if (caught)
        atomic_fetch_add(&count, 1);
}

void *malloc(size_t size)
{
    trap_count();
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    trap_count();
    return __libc_calloc(n, size);
}

void *realloc(void *memory, size_t size)
{
    trap_count();
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    trap_count();
    return __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size)
{
    trap_count();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    trap_count();
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}

void free(void *memory)
{
    if (memory)
        trap_count();
    __libc_free(memory);
}

#endif
