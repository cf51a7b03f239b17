#include "latency_history.h"

#include <stdlib.h>
#include <string.h>

void history_init(struct provider_history *history)
{
    memset(history, 0, sizeof(*history));
}

static void add(struct history_ring *ring, int64_t ms)
{
    ring->ms[ring->next] = ms < 0 ? 0 : ms > INT32_MAX ? INT32_MAX : (int32_t)ms;
    ring->next = (ring->next + 1) % HISTORY_SAMPLES;
    ring->count += ring->count < HISTORY_SAMPLES;
    ring->added++;
}

void history_add_first_token(struct provider_history *history, int64_t ms)
{
    add(&history->first_token, ms);
}

void history_add_round_trip(struct provider_history *history, int64_t ms)
{
    add(&history->round_trip, ms);
}

int32_t history_sample(const struct history_ring *ring, int back)
{
    return ring->ms[(ring->next + HISTORY_SAMPLES - 1 - back) % HISTORY_SAMPLES];
}

static int compare(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

int history_percentile(const struct history_ring *ring, int percent)
{
    int32_t sorted[HISTORY_SAMPLES];
    if (ring->count == 0)
        return HISTORY_UNKNOWN;
    memcpy(sorted, ring->ms, (size_t)ring->count * sizeof(sorted[0]));
    qsort(sorted, (size_t)ring->count, sizeof(sorted[0]), compare);
    int rank = (ring->count * percent + 99) / 100;
    return sorted[rank > 0 ? rank - 1 : 0];
}
