/* The net thread itself: tasks, timers, and what is left when memory runs out. */
#include "fault.h"
#include "file.h"
#include "harness.h"
#include "http_client.h"
#include "net.h"
#include "ws_client.h"

#include <stdatomic.h>
#include <string.h>

static struct clock real_clock(void)
{
    struct clock clock;
    clock_init_real(&clock);
    return clock;
}

static struct net *open_net(const struct clock *clock)
{
    struct net *net = NULL;
    CHECK_OK(net_create(&(struct net_config){.clock = clock}, &net, NULL));
    return net;
}

struct trace {
    struct net *net;
    atomic_int count;
    int order[64];
};

static void note(struct trace *trace, int what)
{
    CHECK(net_is_here(trace->net));
    trace->order[trace->count] = what;
    atomic_fetch_add(&trace->count, 1);
}

static void note_one(void *context)
{
    note(context, 1);
}

static void note_two(void *context)
{
    note(context, 2);
}

TEST(net_runs_tasks_in_their_order)
{
    struct clock clock = real_clock();
    struct trace trace = {.net = open_net(&clock)};
    CHECK(!net_is_here(trace.net));
    CHECK(net_clock(trace.net) == &clock);
    for (int i = 0; i < 20; i++) {
        CHECK_OK(net_post(trace.net, note_one, &trace));
        net_run(trace.net, note_two, &trace);
        CHECK_EQ(trace.count, 2 * i + 2);
        CHECK_EQ(trace.order[2 * i], 1);
        CHECK_EQ(trace.order[2 * i + 1], 2);
    }
    net_destroy(trace.net);
    net_destroy(NULL);
}

TEST(net_ends_with_tasks_in_its_queue)
{
    struct clock clock = real_clock();
    struct trace trace = {.net = open_net(&clock)};
    for (int i = 0; i < 50; i++)
        CHECK_OK(net_post(trace.net, note_one, &trace));
    net_destroy(trace.net);
    CHECK_EQ(trace.count, 50);
}

struct timing {
    struct trace trace;
    struct net_timer *timer;
};

static void set_timer(void *context)
{
    struct timing *timing = context;
    net_timer_set(timing->timer, 60000);
    net_timer_set(timing->timer, 20);
}

static void stop_timer(void *context)
{
    struct timing *timing = context;
    net_timer_set(timing->timer, 20);
    net_timer_set(timing->timer, -1);
}

static void wait_ms(struct clock *clock, int ms)
{
    clock_sleep_until(clock, clock_now_ns(clock) + ms * CLOCK_NS_PER_MS);
}

TEST(net_timers_fire_once_a_setting)
{
    struct clock clock = real_clock();
    struct timing timing = {.trace = {.net = open_net(&clock)}};
    struct net *net = timing.trace.net;
    CHECK_OK(net_timer_create(net, note_one, &timing.trace, &timing.timer, NULL));
    int64_t start = clock_now_ns(&clock);
    net_run(net, set_timer, &timing);
    while (timing.trace.count == 0)
        wait_ms(&clock, 1);
    CHECK(clock_now_ns(&clock) - start >= 19 * CLOCK_NS_PER_MS);
    net_run(net, stop_timer, &timing);
    wait_ms(&clock, 100);
    CHECK_EQ(timing.trace.count, 1);
    net_run(net, set_timer, &timing);
    net_timer_destroy(timing.timer);
    wait_ms(&clock, 50);
    CHECK_EQ(timing.trace.count, 1);
    net_destroy(net);
}

TEST(net_refuses_bad_authorities)
{
    struct clock clock = real_clock();
    struct net *net = NULL;
    struct error error;
    const struct net_config absent = {.clock = &clock, .ca_file = "/no/such/ca.pem"};
    const char *path = test_path("no.pem");
    CHECK_OK(file_write_atomic(path, "no certificate", 14, NULL));
    const struct net_config wrong = {.clock = &clock, .ca_file = path};
    CHECK_STATUS(net_create(&absent, &net, &error), STATUS_NOT_FOUND);
    CHECK(strstr(error.text, "/no/such/ca.pem") != NULL);
    CHECK_STATUS(net_create(&wrong, &net, &error), STATUS_FORMAT);
    CHECK(net == NULL);
}

static void never(void *context, const void *data, size_t size, bool text)
{
    (void)context, (void)data, (void)size, (void)text;
}

static void count_end(void *context, enum net_failure why, int code, const char *text)
{
    (void)why, (void)code, (void)text;
    atomic_fetch_add((atomic_int *)context, 1);
}

static void never_body(void *context, const void *data, size_t size)
{
    (void)context, (void)data, (void)size;
}

static void count_http_end(void *context, enum net_failure why, const char *text)
{
    count_end(context, why, 0, text);
}

/* One connection that comes to nothing, with a message queued, closed before or after its end. */
static enum status live_once(struct net *net, atomic_int *ends)
{
    struct ws *ws = NULL;
    struct http *http = NULL;
    const struct ws_config config = {.url = "ws://localhost:1/",
                                     .headers = (const char *const[]){"A: b", NULL},
                                     .handler = {.message = never, .closed = count_end},
                                     .context = ends};
    const struct http_config request = {.method = "POST",
                                        .url = "http://127.0.0.1:1/",
                                        .body = "x",
                                        .body_size = 1,
                                        .handler = {.body = never_body, .ended = count_http_end},
                                        .context = ends};
    enum status status = ws_open(net, &config, &ws, NULL);
    if (status == STATUS_OK)
        status = http_open(net, &request, &http, NULL);
    if (status == STATUS_OK && ws_send(ws, "x", 1, true) == STATUS_NO_MEMORY)
        status = STATUS_NO_MEMORY;
    ws_close(ws);
    http_close(http);
    return status;
}

TEST(net_survives_without_memory)
{
    struct clock clock = real_clock();
    atomic_int ends = 0;
    unsigned failures = 0;
    for (unsigned n = 1;; n++) {
        struct net *net = open_net(&clock);
        fault_arm(FAULT_ALLOC, n);
        enum status status = live_once(net, &ends);
        bool unreached = fault_disarm(FAULT_ALLOC);
        net_destroy(net);
        if (status != STATUS_OK)
            CHECK_STATUS(status, STATUS_NO_MEMORY);
        failures += status != STATUS_OK;
        if (unreached)
            break;
    }
    CHECK(failures >= 10);
}

TEST(net_ends_are_told_once)
{
    struct clock clock = real_clock();
    struct net *net = open_net(&clock);
    atomic_int ends = 0;
    struct ws *ws[20];
    const struct ws_config config = {.url = "ws://127.0.0.1:1/",
                                     .handler = {.message = never, .closed = count_end},
                                     .context = &ends};
    for (int i = 0; i < 20; i++)
        CHECK_OK(ws_open(net, &config, &ws[i], NULL));
    while (ends < 20)
        wait_ms(&clock, 1);
    for (int i = 0; i < 20; i++) {
        CHECK_STATUS(ws_send(ws[i], "x", 1, true), STATUS_CANCELLED);
        ws_close(ws[i]);
    }
    net_destroy(net);
    CHECK_EQ(ends, 20);
}
