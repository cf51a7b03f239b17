#include "fault.h"
#include "harness.h"
#include "log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct seen {
    int count;
    char last[256];
    char all[4096];
};

static void seen_sink(void *context, const struct log_line *line)
{
    struct seen *seen = context;
    seen->count++;
    snprintf(seen->last, sizeof(seen->last), "%s %s: %s", log_level_name(line->level), line->module,
             line->text);
    size_t used = strlen(seen->all);
    snprintf(seen->all + used, sizeof(seen->all) - used, "%s\n", seen->last);
}

static struct log *log_make(struct seen *seen, struct clock *clock)
{
    struct log *log = NULL;
    *seen = (struct seen){.count = 0};
    clock_init_virtual(clock, 0);
    struct log_config config = {.sink = seen_sink,
                                .context = seen,
                                .level = LOG_LEVEL_INFO,
                                .per_second = 3,
                                .clock = clock};
    CHECK_OK(log_create(&config, &log, NULL));
    return log;
}

TEST(log_passes_its_level_and_above)
{
    struct seen seen;
    struct clock clock;
    struct log *log = log_make(&seen, &clock);
    LOG_DEBUG(log, "test", "too fine");
    CHECK_EQ(seen.count, 0);
    LOG_ERROR(log, "test", "%d failed", 3);
    CHECK_STR(seen.last, "error test: 3 failed");
    log_set_level(log, LOG_LEVEL_DEBUG);
    LOG_DEBUG(log, "test", "fine");
    CHECK_STR(seen.last, "debug test: fine");
    LOG_WARN(NULL, "test", "nobody listens");
    CHECK_EQ(seen.count, 2);
    log_destroy(log);
    log_destroy(NULL);
}

TEST(log_holds_back_floods_of_one_message)
{
    struct seen seen;
    struct clock clock;
    struct log *log = log_make(&seen, &clock);
    for (int i = 0; i < 100; i++)
        LOG_INFO(log, "test", "flood %d", i);
    CHECK_EQ(seen.count, 3);
    LOG_INFO(log, "test", "another");
    CHECK_EQ(seen.count, 4);
    log_destroy(log);
}

static void flood(struct log *log, int i)
{
    LOG_INFO(log, "test", "flood %d", i);
}

TEST(log_tells_how_many_it_held_back)
{
    struct seen seen;
    struct clock clock;
    struct log *log = log_make(&seen, &clock);
    for (int i = 0; i < 100; i++)
        flood(log, i);
    clock_advance(&clock, CLOCK_NS_PER_S);
    flood(log, 100);
    CHECK(strstr(seen.all, "info test: (97 more like the next line were held back)\n"
                           "info test: flood 100\n") != NULL);
    log_destroy(log);
}

TEST(log_rt_records_become_lines)
{
    struct seen seen;
    struct clock clock;
    struct log_rt *rt = NULL;
    struct log *log = log_make(&seen, &clock);
    CHECK_OK(log_rt_create(log, "capture", &rt, NULL));
    log_rt_post(rt, LOG_LEVEL_WARN, "xrun", 12, -1);
    log_rt_post(rt, LOG_LEVEL_DEBUG, "too fine", 0, 0);
    log_rt_post(NULL, LOG_LEVEL_WARN, "nobody", 0, 0);
    CHECK_EQ(seen.count, 0);
    log_drain(log);
    CHECK_EQ(seen.count, 1);
    CHECK_STR(seen.last, "warn capture: xrun (12, -1)");
    for (int i = 0; i < LOG_RT_CAPACITY + 5; i++)
        log_rt_post(rt, LOG_LEVEL_WARN, "many", i, 0);
    log_drain(log);
    CHECK_STR(seen.last, "warn capture: 5 records found no room");
    log_rt_post(rt, LOG_LEVEL_WARN, "last words", 1, 2);
    log_rt_destroy(rt);
    log_rt_destroy(NULL);
    CHECK_STR(seen.last, "warn capture: last words (1, 2)");
    log_drain(log);
    log_drain(NULL);
    log_destroy(log);
}

static void *rt_run(void *argument)
{
    for (int i = 0; i < 2000; i++)
        log_rt_post(argument, LOG_LEVEL_INFO, "tick", i, 0);
    return NULL;
}

TEST(log_rt_posts_while_another_thread_drains)
{
    struct seen seen;
    struct clock clock;
    struct log_rt *rt = NULL;
    pthread_t thread;
    struct log *log = log_make(&seen, &clock);
    CHECK_OK(log_rt_create(log, "rt", &rt, NULL));
    CHECK_EQ(pthread_create(&thread, NULL, rt_run, rt), 0);
    for (int i = 0; i < 50; i++)
        log_drain(log);
    pthread_join(thread, NULL);
    log_rt_destroy(rt);
    CHECK(strstr(seen.all, "tick (0, 0)") != NULL);
    log_destroy(log);
}

TEST(log_stream_sink_writes_a_line)
{
    char *text = NULL;
    size_t size = 0;
    setenv("TZ", "UTC", 1);
    FILE *stream = open_memstream(&text, &size);
    struct log_line line = {
        .wall_ns = 3723004000000, .level = LOG_LEVEL_WARN, .module = "m", .text = "t"};
    log_sink_stream(stream, &line);
    fclose(stream);
    CHECK_STR(text, "01:02:03.004 warn m: t\n");
    CHECK_STR(log_level_name((enum log_level)9), "unknown");
    free(text);
}

TEST(log_create_fails_cleanly)
{
    struct log *log = NULL;
    struct log_config config = {.sink = seen_sink};
    fault_arm(FAULT_ALLOC, 1);
    CHECK_STATUS(log_create(&config, &log, NULL), STATUS_NO_MEMORY);
    CHECK_OK(log_create(&config, &log, NULL));
    struct log_rt *rt = NULL;
    fault_arm(FAULT_ALLOC, 1);
    CHECK_STATUS(log_rt_create(log, "m", &rt, NULL), STATUS_NO_MEMORY);
    log_destroy(log);
}
