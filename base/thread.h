/* Threads: start with a name and a wish for real-time priority, join.
 *
 *     struct thread thread;
 *     TRY(thread_start(&thread, &(struct thread_config){.name = "capture", .run = capture_run,
 * .context = c, .realtime_priority = 70}, ret_error));
 *     ...
 *     thread_join(&thread);
 *
 * Thread: control. */
#ifndef LINNET_BASE_THREAD_H
#define LINNET_BASE_THREAD_H

#include "status.h"

#include <pthread.h>
#include <stdbool.h>

struct thread_config {
    /* Shown by ps and debuggers; at most 15 characters count. */
    const char *name;
    void (*run)(void *context);
    void *context;
    /* 0: ordinary. 1..99: ask for SCHED_FIFO; being refused is not an error, see
     * thread_is_realtime. */
    int realtime_priority;
};

struct thread {
    pthread_t handle;
    struct thread_config config;
    bool started;
    bool realtime;
};

/* Start config->run(config->context). The thread struct must stay in place until it is joined.
 * LIMIT when the system gives no more threads. */
enum status thread_start(struct thread *thread, const struct thread_config *config,
                         struct error *ret_error);

/* Wait until it has returned. Accepts a zeroed or already joined thread. */
void thread_join(struct thread *thread);

/* Whether real-time priority was granted. */
bool thread_is_realtime(const struct thread *thread);

/* Processors this process may run on, at least 1. */
int thread_processors(void);

#endif
