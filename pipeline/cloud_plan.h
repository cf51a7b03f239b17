/* Between the router and the cloud: what is measured of the providers goes into the features, and
 * the decision becomes a plan.
 *
 * Thread: mind, for all functions. */
#ifndef LINNET_PIPELINE_CLOUD_PLAN_H
#define LINNET_PIPELINE_CLOUD_PLAN_H

#include <stdint.h>

#include "cloud.h"
#include "cloud_config.h"
#include "cloud_send.h"
#include "option.h"
#include "route.h"

/* Longest silence inside an answer, ms. */
enum { CLOUD_STALL_MS = 5000 };

/* Order, breakers, histories, privacy and money of all providers. The conversation's last turn is
 * the request. */
void cloud_plan_measure(const struct cloud_config *config, const struct cloud *cloud,
                        struct cloud_send *send, int64_t now_ns, struct route_features *features);

/* For a decision whose route is ROUTE_CLOUD. */
struct cloud_plan cloud_plan_of(const struct route_decision *decision,
                                const struct route_features *features,
                                const struct config *options);

#endif
