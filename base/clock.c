#include "clock.h"

#include <errno.h>
#include <time.h>

static int64_t machine_ns(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

void clock_init_real(struct clock *clock)
{
    *clock = (struct clock){.is_virtual = false};
}

void clock_init_virtual(struct clock *clock, int64_t wall_ns)
{
    *clock = (struct clock){.is_virtual = true, .wall_start_ns = wall_ns};
}

int64_t clock_now_ns(const struct clock *clock)
{
    return clock->is_virtual ? atomic_load_explicit(&clock->elapsed_ns, memory_order_acquire)
                             : machine_ns(CLOCK_MONOTONIC);
}

int64_t clock_wall_ns(const struct clock *clock)
{
    return clock->is_virtual ? clock->wall_start_ns + clock_now_ns(clock)
                             : machine_ns(CLOCK_REALTIME);
}

void clock_advance(struct clock *clock, int64_t ns)
{
    if (clock->is_virtual && ns > 0)
        atomic_fetch_add_explicit(&clock->elapsed_ns, ns, memory_order_release);
}

void clock_sleep_until(struct clock *clock, int64_t until_ns)
{
    if (clock->is_virtual) {
        clock_advance(clock, until_ns - clock_now_ns(clock));
        return;
    }
    struct timespec until = {.tv_sec = until_ns / CLOCK_NS_PER_S,
                             .tv_nsec = until_ns % CLOCK_NS_PER_S};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        continue;
}
