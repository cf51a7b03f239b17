#include "cloud_plan.h"

#include <stdio.h>

_Static_assert((int)CLOUD_PROVIDERS_MAX <= (int)ROUTE_PROVIDERS_MAX, "room for all providers");
_Static_assert((int)CLOUD_DEVICE == (int)ROUTE_DEVICE, "one word for the device");

static void measure_history(const struct provider_history *history, struct route_provider *row)
{
    row->samples = history->first_token.count;
    row->first_token_p50_ms = history_percentile(&history->first_token, 50);
    row->p95_ms = history_percentile(&history->first_token, 95);
    row->round_trip_ms = history_percentile(&history->round_trip, 50);
}

void cloud_plan_measure(const struct cloud_config *config, const struct cloud *cloud,
                        struct cloud_send *send, int64_t now_ns, struct route_features *features)
{
    const struct cloud_order *order = &config->order[STAGE_GENERATE];
    features->provider_count = config->provider_count;
    features->order_count = order->count;
    features->fixed = order->fixed;
    for (int i = 0; i < order->count; i++)
        features->order[i] = order->place[i];
    for (int i = 0; i < config->provider_count; i++) {
        struct route_provider *row = &features->provider[i];
        snprintf(row->name, sizeof(row->name), "%s", config->providers[i].name);
        row->deadline_ms = (int)config->providers[i].deadline_ms;
        row->breaker = breaker_state(cloud_breaker(cloud, i), now_ns);
        measure_history(cloud_history(cloud, i), row);
        cloud_send_measure(send, i, row);
    }
}

struct cloud_plan cloud_plan_of(const struct route_decision *decision,
                                const struct route_features *features, const struct config *options)
{
    struct cloud_plan plan = {
        .place_count = decision->place_count,
        .hedge = decision->hedge,
        .hedge_after_ms = decision->hedge_after_ms,
        .filler_ms = (int)options->filler_ms,
        .total_wait_ms = (int)options->total_wait_ms,
        .stall_ms = CLOUD_STALL_MS,
        .tool_rounds = (int)options->tool_rounds,
    };
    for (int i = 0; i < decision->place_count; i++) {
        int place = decision->place[i];
        plan.place[i] = place;
        plan.deadline_ms[i] = place == ROUTE_DEVICE ? 0 : features->provider[place].deadline_ms;
    }
    return plan;
}
