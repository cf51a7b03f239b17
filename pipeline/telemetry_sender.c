#include "telemetry_sender.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_client.h"

enum { ENDPOINT_BYTES = 256, VERSION_BYTES = 33 };

enum sending { SENDING_NONE, SENDING, SENDING_ARRIVED, SENDING_FAILED };

struct telemetry_sender {
    struct net *net;
    struct telemetry *telemetry;
    char endpoint[ENDPOINT_BYTES], version[VERSION_BYTES];
    struct http *http;
    int64_t counts[TELEMETRY_COUNT]; /* of the sending under way */
    int64_t not_before;              /* unix seconds, after a failure */
    atomic_int code;                 /* of the answer */
    atomic_int state;                /* enum sending; the net thread ends one */
};

enum status telemetry_sender_create(const struct telemetry_sender_config *config,
                                    struct telemetry_sender **ret_sender, struct error *ret_error)
{
    struct telemetry_sender *sender = calloc(1, sizeof(*sender));
    if (!sender)
        return error_set(ret_error, STATUS_NO_MEMORY, "telemetry: out of memory");
    sender->net = config->net;
    sender->telemetry = config->telemetry;
    snprintf(sender->endpoint, sizeof(sender->endpoint), "%s", config->endpoint);
    snprintf(sender->version, sizeof(sender->version), "%s", config->version);
    *ret_sender = sender;
    return STATUS_OK;
}

void telemetry_sender_destroy(struct telemetry_sender *sender)
{
    if (!sender)
        return;
    http_close(sender->http);
    free(sender);
}

static void on_status(void *context, int code)
{
    struct telemetry_sender *sender = context;
    atomic_store(&sender->code, code);
}

static void on_body(void *context, const void *data, size_t size)
{
    (void)context, (void)data, (void)size;
}

static void on_ended(void *context, enum net_failure why, const char *text)
{
    struct telemetry_sender *sender = context;
    int code = atomic_load(&sender->code);
    (void)text;
    bool arrived = why == NET_FAILURE_NONE && code >= 200 && code < 300;
    atomic_store(&sender->state, arrived ? SENDING_ARRIVED : SENDING_FAILED);
}

static void begin(struct telemetry_sender *sender)
{
    char payload[TELEMETRY_PAYLOAD_BYTES];
    if (telemetry_get(sender->telemetry, sender->counts, NULL) != STATUS_OK)
        return;
    telemetry_payload(sender->version, sender->counts, payload);
    const struct http_config config = {
        .method = "POST",
        .url = sender->endpoint,
        .body = payload,
        .body_size = strlen(payload),
        .content_type = "application/json",
        .max_body = 4096,
        .handler = {on_status, on_body, on_ended},
        .context = sender,
    };
    atomic_store(&sender->code, 0);
    atomic_store(&sender->state, SENDING);
    if (http_open(sender->net, &config, &sender->http, NULL) != STATUS_OK)
        atomic_store(&sender->state, SENDING_FAILED);
}

static void end(struct telemetry_sender *sender, bool arrived, int64_t now)
{
    http_close(sender->http);
    sender->http = NULL;
    atomic_store(&sender->state, SENDING_NONE);
    sender->not_before = now + TELEMETRY_RETRY_S;
    if (arrived)
        telemetry_sent(sender->telemetry, now, sender->counts, NULL);
}

void telemetry_sender_step(struct telemetry_sender *sender, int64_t now)
{
    int state = atomic_load(&sender->state);
    if (state == SENDING_ARRIVED || state == SENDING_FAILED)
        end(sender, state == SENDING_ARRIVED, now);
    else if (state == SENDING_NONE && *sender->endpoint && now >= sender->not_before &&
             telemetry_is_due(sender->telemetry, now))
        begin(sender);
}
