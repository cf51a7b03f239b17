/* What the checks and the runner of the harness agree on. Thread: the test's main thread. */
#ifndef LINNET_TESTS_HARNESS_RUN_H
#define LINNET_TESTS_HARNESS_RUN_H

/* Exit statuses of a test's process. */
enum {
    TEST_EXIT_PASSED = 0,
    TEST_EXIT_FAILED = 1,
    TEST_EXIT_SKIPPED = 77,
};

#endif
