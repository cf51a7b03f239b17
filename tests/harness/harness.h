/* Test harness: each test function runs in a process of its own, with a timeout, and speaks TAP.
 *
 *     #include "harness.h"
 *
 *     TEST(ring_keeps_order)
 *     {
 *         CHECK_EQ(ring_read(&ring, out, 4), 4);
 *     }
 *
 *     TEST_TIMEOUT(search_of_a_long_file, 300)
 *     {
 *         const char *path = test_shared("data/x.wav");   (skips the test when it is not there)
 *         ...
 *     }
 *
 * There is no main() to write. A program takes globs of function names, --list, and --no-fork for a
 * debugger: build/tests/test_ring 'ring_*' --no-fork Environment: LINNET_SEED (random tests;
 * default 1), LINNET_TEST_FILTER (one more glob), LINNET_TEST_SLOWER (multiplies timeouts, for
 * sanitizers), LINNET_SHARED (real recordings, default ../shared beside the checkout). A failing
 * check prints what was expected and how to repeat the test, and ends that test.
 *
 * Registration: in tests/<area>/meson.build
 *     foreach name : ['ring', 'arena']
 *       c_tests += {name: {'suite': 'base', 'sources': files('test_' + name + '.c'), 'deps':
 * [base_dep]}} endforeach
 *
 * Thread: checks may fail on any thread; the rest belongs to the test's main thread. */
#ifndef LINNET_TESTS_HARNESS_H
#define LINNET_TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

struct test_case {
    const char *name;
    const char *file;
    void (*run)(void);
    unsigned timeout_s;
    struct test_case *next;
};

enum { TEST_TIMEOUT_DEFAULT_S = 60 };

/* Called by TEST before main. */
void test_register(struct test_case *test);

#define TEST_TIMEOUT(function, seconds)                                                            \
    static void function(void);                                                                    \
    static struct test_case function##_case = {#function, __FILE__, function, seconds, NULL};      \
    __attribute__((constructor)) static void function##_register(void)                             \
    {                                                                                              \
        test_register(&function##_case);                                                           \
    }                                                                                              \
    static void function(void)

#define TEST(function) TEST_TIMEOUT(function, TEST_TIMEOUT_DEFAULT_S)

/* End this test as failed; the text says what was expected. */
_Noreturn void test_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* End this test as skipped; the text says what was missing. */
_Noreturn void test_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line in the test's output. */
void test_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

void test_check_eq(const char *file, int line, const char *texts, long long a, long long b);
void test_check_near(const char *file, int line, const char *texts, double a, double b,
                     double tolerance);
void test_check_str(const char *file, int line, const char *texts, const char *a, const char *b);
void test_check_status(const char *file, int line, const char *texts, enum status a, enum status b);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            test_fail(__FILE__, __LINE__, "CHECK(%s)", #condition);                                \
    } while (0)
#define CHECK_EQ(a, b) test_check_eq(__FILE__, __LINE__, #a ", " #b, (long long)(a), (long long)(b))
#define CHECK_NEAR(a, b, tolerance)                                                                \
    test_check_near(__FILE__, __LINE__, #a ", " #b, (a), (b), (tolerance))
#define CHECK_STR(a, b) test_check_str(__FILE__, __LINE__, #a ", " #b, (a), (b))
#define CHECK_STATUS(a, b) test_check_status(__FILE__, __LINE__, #a ", " #b, (a), (b))
#define CHECK_OK(expression) CHECK_STATUS(expression, STATUS_OK)

/* Path of a file under the shared folder; skips the test when it is absent. Valid until the test
 * ends. */
const char *test_shared(const char *relative);

/* A fresh folder for this test, removed after it. */
const char *test_folder(void);

/* test_folder() + "/" + name; valid until the test ends. */
const char *test_path(const char *name);

/* Small repeatable random numbers (splitmix64), seeded from LINNET_SEED. */
struct test_random {
    uint64_t state;
};

uint64_t test_seed(void);
struct test_random test_random_init(void);
uint64_t test_random_u64(struct test_random *random);
/* Uniform in [low, high]. */
int64_t test_random_range(struct test_random *random, int64_t low, int64_t high);
/* Uniform in [-1, 1). */
float test_random_float(struct test_random *random);

/* 10 log10(signal energy / energy of the difference); 400 when equal. */
double test_snr_db(const float *expected, const float *got, size_t count);

#endif
