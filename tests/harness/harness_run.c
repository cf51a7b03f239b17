/* The runner: registry, options, one forked process a test, TAP on stdout. */
#include "harness.h"

#include "harness_run.h"

#include <errno.h>
#include <fnmatch.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_MAX = 1 << 16, LINE_MAX_CHARS = 4096, FILTERS_MAX = 16 };

static struct test_case *first_test;
static struct test_case **last_link = &first_test;
static char folder[256];

struct options {
    const char *program;
    const char *filters[FILTERS_MAX];
    int filter_count;
    bool list;
    bool no_fork;
};

/* Output of one test, kept until its verdict is known, so that TAP stays readable. */
struct output {
    char text[OUTPUT_MAX];
    size_t used;
    bool cut;
};

void test_register(struct test_case *test)
{
    *last_link = test;
    last_link = &test->next;
}

const char *test_folder(void)
{
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        test_fail(__FILE__, __LINE__, "cannot make %s: %s", folder, strerror(errno));
    return folder;
}

static int folder_remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void folder_remove(void)
{
    if (access(folder, F_OK) == 0)
        nftw(folder, folder_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void folder_name(const struct test_case *test)
{
    const char *root = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%.100s/linnet-%ld-%.80s", root ? root : "/tmp",
             (long)getpid(), test->name);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double timeout_of(const struct test_case *test)
{
    const char *slower = getenv("LINNET_TEST_SLOWER");
    return test->timeout_s * (slower ? strtod(slower, NULL) : 1.0);
}

static void output_append(struct output *output, const char *text, size_t count)
{
    size_t room = sizeof(output->text) - 1 - output->used;
    output->cut |= count > room;
    count = count < room ? count : room;
    memcpy(output->text + output->used, text, count);
    output->used += count;
    output->text[output->used] = '\0';
}

/* Every line of a test's output is a TAP comment. */
static void output_print(const struct output *output)
{
    const char *line = output->text;
    while (*line) {
        size_t length = strcspn(line, "\n");
        printf("# %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    if (output->cut)
        printf("# (more output was cut)\n");
}

_Noreturn static void child_run(const struct test_case *test, int fd)
{
    setpgid(0, 0);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    close(fd);
    test->run();
    exit(TEST_EXIT_PASSED);
}

/* Read the test's output until it ends; false when its time is over. A grandchild that outlives the
 * test may hold the pipe, so the end of the process counts too. */
static bool child_watch(pid_t pid, int fd, double deadline, struct output *output, int *ret_wait)
{
    char chunk[4096];
    bool open = true;
    for (;;) {
        struct pollfd watched = {.fd = fd, .events = POLLIN};
        if (open && poll(&watched, 1, 20) > 0) {
            ssize_t n = read(fd, chunk, sizeof(chunk));
            if (n > 0) {
                output_append(output, chunk, (size_t)n);
                continue;
            }
            open = n < 0 && errno == EINTR;
        }
        if (waitpid(pid, ret_wait, open ? WNOHANG : 0) == pid)
            return true;
        if (seconds_now() > deadline)
            return false;
    }
}

static void repeat_print(const struct options *options, const struct test_case *test)
{
    printf("# repeat: LINNET_SEED=%llu %s '%s'\n", (unsigned long long)test_seed(),
           options->program, test->name);
}

static const char *skip_reason(const struct output *output, char *line, size_t size)
{
    const char *start = strstr(output->text, "SKIP: ");
    snprintf(line, size, "%.*s", start ? (int)strcspn(start + 6, "\n") : 0, start ? start + 6 : "");
    return line;
}

static bool verdict_print(const struct options *options, const struct test_case *test, int number,
                          const struct output *output, bool in_time, int wait)
{
    char line[LINE_MAX_CHARS];
    if (in_time && WIFEXITED(wait) && WEXITSTATUS(wait) == TEST_EXIT_PASSED) {
        printf("ok %d - %s\n", number, test->name);
        output_print(output);
        return true;
    }
    if (in_time && WIFEXITED(wait) && WEXITSTATUS(wait) == TEST_EXIT_SKIPPED) {
        printf("ok %d - %s # SKIP %s\n", number, test->name,
               skip_reason(output, line, sizeof(line)));
        return true;
    }
    printf("not ok %d - %s\n", number, test->name);
    output_print(output);
    if (!in_time)
        printf("# timed out after %.0f s\n", timeout_of(test));
    else if (WIFSIGNALED(wait))
        printf("# killed by signal %d (%s)\n", WTERMSIG(wait), strsignal(WTERMSIG(wait)));
    else
        printf("# exit status %d\n", WEXITSTATUS(wait));
    repeat_print(options, test);
    return false;
}

static bool test_run_forked(const struct options *options, const struct test_case *test, int number)
{
    int fds[2];
    struct output output = {.used = 0};
    fflush(NULL);
    if (pipe(fds) != 0)
        return false;
    double deadline = seconds_now() + timeout_of(test);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        child_run(test, fds[1]);
    }
    close(fds[1]);
    int wait = 0;
    bool in_time = pid > 0 && child_watch(pid, fds[0], deadline, &output, &wait);
    if (pid > 0)
        kill(-pid, SIGKILL);
    if (pid > 0 && !in_time)
        waitpid(pid, &wait, 0);
    close(fds[0]);
    return verdict_print(options, test, number, &output, in_time, wait);
}

static bool test_run(const struct options *options, const struct test_case *test, int number)
{
    folder_name(test);
    bool passed = true;
    if (options->no_fork)
        test->run();
    else
        passed = test_run_forked(options, test, number);
    folder_remove();
    fflush(stdout);
    return passed;
}

static bool test_wanted(const struct options *options, const struct test_case *test)
{
    const char *filter = getenv("LINNET_TEST_FILTER");
    if (filter && *filter && fnmatch(filter, test->name, 0) != 0)
        return false;
    for (int i = 0; i < options->filter_count; i++)
        if (fnmatch(options->filters[i], test->name, 0) == 0)
            return true;
    return options->filter_count == 0;
}

static bool options_read(struct options *options, int argc, char **argv)
{
    *options = (struct options){.program = argv[0]};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0)
            options->list = true;
        else if (strcmp(argv[i], "--no-fork") == 0)
            options->no_fork = true;
        else if (argv[i][0] == '-' || options->filter_count == FILTERS_MAX)
            return false;
        else
            options->filters[options->filter_count++] = argv[i];
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options options;
    if (!options_read(&options, argc, argv)) {
        fprintf(stderr, "usage: %s [--list] [--no-fork] [GLOB]...\n", argv[0]);
        return 2;
    }
    int wanted = 0;
    for (const struct test_case *test = first_test; test; test = test->next)
        wanted += test_wanted(&options, test);
    if (!options.list)
        printf("1..%d\n", wanted);
    int number = 0;
    int failed = 0;
    for (const struct test_case *test = first_test; test; test = test->next) {
        if (!test_wanted(&options, test))
            continue;
        if (options.list)
            printf("%s\n", test->name);
        else
            failed += !test_run(&options, test, ++number);
    }
    return failed ? 1 : 0;
}
