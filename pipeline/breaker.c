#include "breaker.h"

#include "clock.h"

void breaker_init(struct breaker *b)
{
    *b = (struct breaker){0};
}

enum breaker_state breaker_state(const struct breaker *b, int64_t now_ns)
{
    if (b->pause_ns == 0)
        return BREAKER_CLOSED;
    if (b->probing || now_ns - b->opened_ns < b->pause_ns)
        return BREAKER_OPEN;
    return BREAKER_HALF_OPEN;
}

void breaker_begin(struct breaker *b, int64_t now_ns)
{
    b->probing = breaker_state(b, now_ns) == BREAKER_HALF_OPEN;
}

void breaker_succeed(struct breaker *b)
{
    breaker_init(b);
}

void breaker_fail(struct breaker *b, int64_t now_ns, bool refused)
{
    b->failures++;
    b->probing = false;
    if (b->pause_ns == 0 && b->failures < BREAKER_FAILURES && !refused)
        return;
    int64_t next = b->pause_ns ? 2 * b->pause_ns : BREAKER_PAUSE_MS * CLOCK_NS_PER_MS;
    int64_t most = BREAKER_PAUSE_MAX_MS * CLOCK_NS_PER_MS;
    b->pause_ns = next < most ? next : most;
    b->opened_ns = now_ns;
}

void breaker_abandon(struct breaker *b)
{
    b->probing = false;
}

const char *breaker_state_name(enum breaker_state state)
{
    static const char *const names[] = {"closed", "open", "half-open"};
    return (unsigned)state < BREAKER_STATE_COUNT ? names[state] : "unknown";
}
