/* Sends the counters once a day: only when they are enabled and an endpoint is configured. Nothing
 * is made for it before a sending is due, neither a thread nor a socket. A failure is no event; it
 * is tried again an hour later.
 *
 * Thread: mind, for all functions but create and destroy (control). */
#ifndef LINNET_PIPELINE_TELEMETRY_SENDER_H
#define LINNET_PIPELINE_TELEMETRY_SENDER_H

#include "clock.h"
#include "status.h"

enum { TELEMETRY_LOOK_S = 60, TELEMETRY_RETRY_S = 3600 };

/* Strings are copied. */
struct telemetry_sender_config {
    const char *state_path; /* of telemetry.h */
    const char *endpoint;   /* http:// is for this machine alone */
    const char *ca_file;    /* of net.h, or NULL */
    const char *version;
    const struct clock *clock; /* outlives it */
};

struct telemetry_sender;

enum status telemetry_sender_create(const struct telemetry_sender_config *config,
                                    struct telemetry_sender **ret_sender, struct error *ret_error);

/* Accepts NULL. */
void telemetry_sender_destroy(struct telemetry_sender *sender);

/* Begin a sending that is due, or see one to its end. Call about once a second. Accepts NULL. */
void telemetry_sender_step(struct telemetry_sender *sender);

#endif
