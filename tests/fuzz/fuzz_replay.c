/* Replays a fuzz target's corpus (LINNET_FUZZ_CORPUS, a folder) in the normal suite: every seed as
 * it is, cut in up to CUTS_MAX places, and with random bytes changed. */
#include "file.h"
#include "harness.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Only there under a sanitizer. */
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));

enum { SEED_MAX = 1 << 22, CUTS_MAX = 200, CHANGES = 300, CHANGED_BYTES_MAX = 4 };

/* What is being tried, for the line that is printed when it kills the process. */
static char trying[512];

static void trying_print(void)
{
    if (write(STDERR_FILENO, trying, strlen(trying)) < 0)
        return;
}

static void trying_print_and_die(int number)
{
    trying_print();
    signal(number, SIG_DFL);
    raise(number);
}

static void trying_arm(void)
{
    signal(SIGABRT, trying_print_and_die);
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(trying_print);
    else
        signal(SIGSEGV, trying_print_and_die);
}

/* A copy of exactly `size` bytes, so that a sanitizer sees one byte too many being read. */
static void input_try(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

/* One seed: its bytes are the caller's to change. */
typedef void seed_fn(const char *name, uint8_t *data, size_t size);

static void seed_whole(const char *name, uint8_t *data, size_t size)
{
    snprintf(trying, sizeof(trying), "input: %.400s\n", name);
    input_try(data, size);
}

static void seed_cut(const char *name, uint8_t *data, size_t size)
{
    size_t step = size / CUTS_MAX + 1;
    for (size_t length = 0; length < size; length += step) {
        snprintf(trying, sizeof(trying), "input: the first %zu bytes of %.400s\n", length, name);
        input_try(data, length);
    }
}

static void seed_change(const char *name, uint8_t *data, size_t size)
{
    struct test_random random = test_random_init();
    uint8_t *changed = malloc(size ? size : 1);
    for (int i = 0; size > 0 && i < CHANGES; i++) {
        memcpy(changed, data, size);
        int64_t count = test_random_range(&random, 1, CHANGED_BYTES_MAX);
        for (int64_t k = 0; k < count; k++)
            changed[test_random_range(&random, 0, (int64_t)size - 1)] =
                (uint8_t)test_random_u64(&random);
        snprintf(trying, sizeof(trying), "input: change %d of %.400s\n", i, name);
        input_try(changed, size);
    }
    free(changed);
}

static int entry_is_seed(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void corpus_replay(seed_fn *replay)
{
    const char *corpus = getenv("LINNET_FUZZ_CORPUS");
    struct dirent **entries = NULL;
    if (!corpus)
        test_skip("LINNET_FUZZ_CORPUS names no corpus");
    trying_arm();
    int count = scandir(corpus, &entries, entry_is_seed, alphasort);
    if (count <= 0)
        test_fail(__FILE__, __LINE__, "%s: expected a folder with seeds", corpus);
    for (int i = 0; i < count; i++) {
        char path[4096];
        void *data = NULL;
        size_t size = 0;
        snprintf(path, sizeof(path), "%s/%s", corpus, entries[i]->d_name);
        CHECK_OK(file_read(path, SEED_MAX, &data, &size, NULL));
        replay(entries[i]->d_name, data, size);
        free(data);
        free(entries[i]);
    }
    free(entries);
    test_note("%d seeds", count);
}

TEST_TIMEOUT(corpus_passes, 120)
{
    corpus_replay(seed_whole);
}

TEST_TIMEOUT(corpus_cut_anywhere_passes, 200)
{
    corpus_replay(seed_cut);
}

TEST_TIMEOUT(corpus_with_changed_bytes_passes, 200)
{
    corpus_replay(seed_change);
}
