/* Sends the counters once a day: only when they are enabled and an endpoint is configured. A
 * failure is no event; it is tried again an hour later.
 *
 * Thread: mind, for all functions. */
#ifndef LINNET_PIPELINE_TELEMETRY_SENDER_H
#define LINNET_PIPELINE_TELEMETRY_SENDER_H

#include "net.h"
#include "status.h"
#include "telemetry.h"

enum { TELEMETRY_RETRY_S = 3600 };

struct telemetry_sender_config {
    struct net *net;
    struct telemetry *telemetry;
    const char *endpoint; /* copied */
    const char *version;  /* copied */
};

struct telemetry_sender;

/* Net and telemetry outlive it. */
enum status telemetry_sender_create(const struct telemetry_sender_config *config,
                                    struct telemetry_sender **ret_sender, struct error *ret_error);
void telemetry_sender_destroy(struct telemetry_sender *sender);

/* Begin a sending that is due, or see one to its end. Call about once a second; `now`: unix
 * seconds. */
void telemetry_sender_step(struct telemetry_sender *sender, int64_t now);

#endif
