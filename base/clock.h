/* The clock: the one place where time is read.
 *
 * A real clock follows the machine. A virtual clock stands still until it is advanced, so that a
 * replay runs faster than real time and gives the same result every time. Everything that needs the
 * time is handed a clock.
 *
 * Unit: nanoseconds in int64_t, everywhere. `now` is monotonic and starts anywhere (0 for a virtual
 * clock); `wall` is the time since 1970-01-01 UTC.
 *
 * Thread: any, audio-rt safe (vDSO, no lock) except clock_sleep_until; one thread advances a
 * virtual clock. */
#ifndef LINNET_BASE_CLOCK_H
#define LINNET_BASE_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define CLOCK_NS_PER_S INT64_C(1000000000)
#define CLOCK_NS_PER_MS INT64_C(1000000)

struct clock {
    bool is_virtual;
    int64_t wall_start_ns;
    atomic_int_least64_t elapsed_ns;
};

void clock_init_real(struct clock *clock);

/* A clock that stands at now = 0 and the given wall time. */
void clock_init_virtual(struct clock *clock, int64_t wall_ns);

int64_t clock_now_ns(const struct clock *clock);

int64_t clock_wall_ns(const struct clock *clock);

/* Virtual clocks only: move on by `ns` >= 0. */
void clock_advance(struct clock *clock, int64_t ns);

/* Real: sleep until clock_now_ns reaches `until_ns`. Virtual: be there at once, never backwards. */
void clock_sleep_until(struct clock *clock, int64_t until_ns);

#endif
