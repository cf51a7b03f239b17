#include "harness.h"

#include "harness_run.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void test_fail(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fflush(stdout);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    fflush(stderr);
    _exit(TEST_EXIT_FAILED);
}

_Noreturn void test_skip(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("SKIP: ", stdout);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    exit(TEST_EXIT_SKIPPED);
}

void test_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    fflush(stdout);
}

void test_check_eq(const char *file, int line, const char *texts, long long a, long long b)
{
    if (a != b)
        test_fail(file, line, "CHECK_EQ(%s): %lld is not %lld", texts, a, b);
}

void test_check_near(const char *file, int line, const char *texts, double a, double b,
                     double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        test_fail(file, line, "CHECK_NEAR(%s): %.9g is not within %.3g of %.9g", texts, a,
                  tolerance, b);
}

void test_check_str(const char *file, int line, const char *texts, const char *a, const char *b)
{
    if (!a || !b || strcmp(a, b) != 0)
        test_fail(file, line, "CHECK_STR(%s): \"%s\" is not \"%s\"", texts, a ? a : "(null)",
                  b ? b : "(null)");
}

void test_check_status(const char *file, int line, const char *texts, enum status a, enum status b)
{
    if (a != b)
        test_fail(file, line, "CHECK_STATUS(%s): %s is not %s", texts, status_name(a),
                  status_name(b));
}

const char *test_shared(const char *relative)
{
    static char path[4096];
    const char *root = getenv("LINNET_SHARED");
    snprintf(path, sizeof(path), "%s/%s", root ? root : TEST_SHARED_DEFAULT, relative);
    if (access(path, R_OK) != 0)
        test_skip("%s is absent", path);
    return path;
}

const char *test_path(const char *name)
{
    static char paths[16][4096];
    static unsigned next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof(paths[0]), "%s/%s", test_folder(), name);
    return path;
}

uint64_t test_seed(void)
{
    const char *text = getenv("LINNET_SEED");
    return text ? strtoull(text, NULL, 0) : 1;
}

struct test_random test_random_init(void)
{
    return (struct test_random){.state = test_seed()};
}

uint64_t test_random_u64(struct test_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int64_t test_random_range(struct test_random *random, int64_t low, int64_t high)
{
    return low + (int64_t)(test_random_u64(random) % (uint64_t)(high - low + 1));
}

float test_random_float(struct test_random *random)
{
    return (float)(test_random_u64(random) >> 40) * 0x1p-23f - 1.0f;
}

double test_snr_db(const float *expected, const float *got, size_t count)
{
    double signal = 0.0;
    double noise = 0.0;
    for (size_t i = 0; i < count; i++) {
        double difference = (double)expected[i] - got[i];
        signal += (double)expected[i] * expected[i];
        noise += difference * difference;
    }
    return noise > 0.0 ? 10.0 * log10(signal / noise) : 400.0;
}
