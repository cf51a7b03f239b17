/* What was measured of one provider: the time to its first token and the round trip of its
 * connection, over the last HISTORY_SAMPLES turns, and how often it failed.
 *
 * Pure. Thread: one at a time, for all functions; no allocation. */
#ifndef LINNET_PIPELINE_LATENCY_HISTORY_H
#define LINNET_PIPELINE_LATENCY_HISTORY_H

#include <stdint.h>

enum { HISTORY_SAMPLES = 32, HISTORY_UNKNOWN = -1 };

/* A ring of milliseconds. */
struct history_ring {
    int count, next;
    uint32_t added; /* ever; the last of them are kept */
    int32_t ms[HISTORY_SAMPLES];
};

struct provider_history {
    struct history_ring first_token, round_trip;
    uint32_t answered, failed; /* turns */
};

void history_init(struct provider_history *history);

void history_add_first_token(struct provider_history *history, int64_t ms);
void history_add_round_trip(struct provider_history *history, int64_t ms);

/* The sample that was added `back` before the last one; back < count. */
int32_t history_sample(const struct history_ring *ring, int back);

/* The smallest sample that at least `percent` of all samples do not exceed (nearest rank);
 * HISTORY_UNKNOWN without samples. */
int history_percentile(const struct history_ring *ring, int percent);

#endif
