/* How long to wait before trying again: exponential, with jitter. Pure: the caller brings the
 * random bits and the clock.
 *
 *     struct backoff backoff = {0};
 *     wait_ms = backoff_next(&backoff, &backoff_default, random_bits);
 *     ...
 *     backoff_reset(&backoff);         once it works again
 *
 * The n-th delay is first * 2^n, at most `longest`, times a factor drawn evenly from
 * [1 - jitter, 1], so that many clients of one server that failed do not come back at once.
 *
 * Thread: any, one at a time per state. */
#ifndef LINNET_NET_BACKOFF_H
#define LINNET_NET_BACKOFF_H

#include <stdint.h>

struct backoff_policy {
    int first_ms;
    int longest_ms;
    int jitter_percent; /* 0..100 */
};

/* 0.5 s, doubling, at most 8 s; jitter 25 %. */
extern const struct backoff_policy backoff_default;

struct backoff {
    unsigned tries;
};

/* The next delay in ms, and count the try. */
int backoff_next(struct backoff *backoff, const struct backoff_policy *policy,
                 uint32_t random_bits);

void backoff_reset(struct backoff *backoff);

#endif
