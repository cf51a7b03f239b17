/* Circuit breaker: after some failures in a row a provider is left alone for a while, then tried
 * with one request; if that works it is trusted again, else it is left alone for twice as long.
 *
 *     CLOSED --failures--> OPEN --pause over, one request--> HALF_OPEN --it works--> CLOSED
 *                           ^---------- it fails, the pause doubles ------+
 *
 * Pure: time is passed in. Thread: one at a time, for all functions; no allocation. */
#ifndef LINNET_PIPELINE_BREAKER_H
#define LINNET_PIPELINE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum { BREAKER_FAILURES = 3, BREAKER_PAUSE_MS = 10000, BREAKER_PAUSE_MAX_MS = 320000 };

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN, BREAKER_STATE_COUNT };

struct breaker {
    int failures;      /* in a row */
    int64_t pause_ns;  /* 0: closed */
    int64_t opened_ns; /* when it opened last */
    bool probing;      /* the one request of HALF_OPEN is under way */
};

void breaker_init(struct breaker *breaker);

/* HALF_OPEN: one request may try. OPEN also while that request is under way. */
enum breaker_state breaker_state(const struct breaker *breaker, int64_t now_ns);

/* A request is sent. */
void breaker_begin(struct breaker *breaker, int64_t now_ns);

/* How it went. `refused`: trying again soon is useless (a wrong key), so one is enough to open. */
void breaker_succeed(struct breaker *breaker);
void breaker_fail(struct breaker *breaker, int64_t now_ns, bool refused);

/* The request was given up for reasons of our own: it says nothing about the provider. */
void breaker_abandon(struct breaker *breaker);

const char *breaker_state_name(enum breaker_state state); /* "closed", "open", "half-open" */

#endif
