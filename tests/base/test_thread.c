#include "harness.h"
#include "thread.h"

#include <pthread.h>
#include <string.h>

struct job {
    int value;
    char name[16];
};

static void job_run(void *context)
{
    struct job *job = context;
    job->value++;
    /* The starter names the thread right after creating it. */
    do
        pthread_getname_np(pthread_self(), job->name, sizeof(job->name));
    while (strcmp(job->name, "a-rather-long-n") != 0);
}

TEST(thread_runs_named_and_joins)
{
    struct job job = {.value = 1};
    struct thread thread;
    struct thread_config config = {.name = "a-rather-long-name", .run = job_run, .context = &job};
    CHECK_OK(thread_start(&thread, &config, NULL));
    thread_join(&thread);
    thread_join(&thread);
    thread_join(NULL);
    CHECK_EQ(job.value, 2);
    CHECK_STR(job.name, "a-rather-long-n");
    CHECK(!thread_is_realtime(&thread));
}

static void policy_read(void *context)
{
    int *policy = context;
    struct sched_param param;
    pthread_getschedparam(pthread_self(), policy, &param);
}

TEST(thread_asks_for_realtime_and_lives_without)
{
    int policy = -1;
    struct thread thread;
    struct thread_config config = {
        .name = "rt", .run = policy_read, .context = &policy, .realtime_priority = 10};
    CHECK_OK(thread_start(&thread, &config, NULL));
    thread_join(&thread);
    test_note("real-time priority %s", thread_is_realtime(&thread) ? "granted" : "refused");
    CHECK_EQ(policy == SCHED_FIFO, thread_is_realtime(&thread));
}

TEST(thread_counts_processors)
{
    CHECK(thread_processors() >= 1);
}
