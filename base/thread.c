#include "thread.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

static void *thread_main(void *argument)
{
    const struct thread *thread = argument;
    thread->config.run(thread->config.context);
    return NULL;
}

static int thread_create_with(struct thread *thread, int priority)
{
    pthread_attr_t attributes;
    struct sched_param param = {.sched_priority = priority};
    pthread_attr_init(&attributes);
    if (priority > 0) {
        pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
        pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
        pthread_attr_setschedparam(&attributes, &param);
    }
    int result = pthread_create(&thread->handle, &attributes, thread_main, thread);
    pthread_attr_destroy(&attributes);
    return result;
}

enum status thread_start(struct thread *thread, const struct thread_config *config,
                         struct error *ret_error)
{
    struct thread fresh = {.config = *config};
    *thread = fresh;
    thread->realtime = config->realtime_priority > 0;
    int result = thread_create_with(thread, config->realtime_priority);
    if (result && thread->realtime) {
        thread->realtime = false;
        result = thread_create_with(thread, 0);
    }
    if (result)
        return error_set(ret_error, STATUS_LIMIT, "thread %s: cannot start: %s", config->name,
                         strerror(result));
    char name[16];
    snprintf(name, sizeof(name), "%s", config->name);
    pthread_setname_np(thread->handle, name);
    thread->started = true;
    return STATUS_OK;
}

void thread_join(struct thread *thread)
{
    if (!thread || !thread->started)
        return;
    pthread_join(thread->handle, NULL);
    thread->started = false;
}

bool thread_is_realtime(const struct thread *thread)
{
    return thread->realtime;
}

int thread_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? count : 1;
}
