#include "telemetry_sender.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_client.h"
#include "telemetry.h"

enum { TEXT_BYTES = 256, VERSION_BYTES = 33, ANSWER_BYTES_MAX = 4096 };

enum sending { SENDING_NONE, SENDING, SENDING_ARRIVED, SENDING_FAILED };

struct telemetry_sender {
    struct telemetry_sender_config config;
    char endpoint[TEXT_BYTES], ca_file[TEXT_BYTES], version[VERSION_BYTES];
    struct telemetry *telemetry;
    struct net *net; /* while one is under way */
    struct http *http;
    int64_t counts[TELEMETRY_COUNT]; /* of that one */
    int64_t look_at;                 /* unix seconds */
    atomic_int code;                 /* of the answer */
    atomic_int state;                /* enum sending; the net thread ends one */
};

enum status telemetry_sender_create(const struct telemetry_sender_config *config,
                                    struct telemetry_sender **ret_sender, struct error *ret_error)
{
    struct telemetry_sender *sender = calloc(1, sizeof(*sender));
    if (!sender)
        return error_set(ret_error, STATUS_NO_MEMORY, "telemetry: out of memory");
    sender->config = *config;
    snprintf(sender->endpoint, sizeof(sender->endpoint), "%s", config->endpoint);
    snprintf(sender->ca_file, sizeof(sender->ca_file), "%s",
             config->ca_file ? config->ca_file : "");
    snprintf(sender->version, sizeof(sender->version), "%s", config->version);
    enum status status = telemetry_create(config->state_path, &sender->telemetry, ret_error);
    if (status != STATUS_OK) {
        telemetry_sender_destroy(sender);
        return status;
    }
    *ret_sender = sender;
    return STATUS_OK;
}

void telemetry_sender_destroy(struct telemetry_sender *sender)
{
    if (!sender)
        return;
    http_close(sender->http);
    net_destroy(sender->net);
    telemetry_destroy(sender->telemetry);
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

static enum status post(struct telemetry_sender *sender, const char *payload)
{
    const struct net_config net = {.clock = sender->config.clock,
                                   .ca_file = *sender->ca_file ? sender->ca_file : NULL};
    const struct http_config config = {
        .method = "POST",
        .url = sender->endpoint,
        .body = payload,
        .body_size = strlen(payload),
        .content_type = "application/json",
        .max_body = ANSWER_BYTES_MAX,
        .handler = {on_status, on_body, on_ended},
        .context = sender,
    };
    TRY(net_create(&net, &sender->net, NULL));
    return http_open(sender->net, &config, &sender->http, NULL);
}

static void begin(struct telemetry_sender *sender)
{
    char payload[TELEMETRY_PAYLOAD_BYTES];
    if (telemetry_get(sender->telemetry, sender->counts, NULL) != STATUS_OK)
        return;
    telemetry_payload(sender->version, sender->counts, payload);
    atomic_store(&sender->code, 0);
    atomic_store(&sender->state, SENDING);
    if (post(sender, payload) != STATUS_OK)
        atomic_store(&sender->state, SENDING_FAILED);
}

static void end(struct telemetry_sender *sender, bool arrived, int64_t now)
{
    http_close(sender->http);
    net_destroy(sender->net);
    sender->http = NULL;
    sender->net = NULL;
    atomic_store(&sender->state, SENDING_NONE);
    sender->look_at = now + (arrived ? TELEMETRY_LOOK_S : TELEMETRY_RETRY_S);
    if (arrived)
        telemetry_sent(sender->telemetry, now, sender->counts, NULL);
}

void telemetry_sender_step(struct telemetry_sender *sender)
{
    if (!sender)
        return;
    int64_t now = clock_wall_ns(sender->config.clock) / CLOCK_NS_PER_S;
    int state = atomic_load(&sender->state);
    if (state == SENDING_ARRIVED || state == SENDING_FAILED)
        end(sender, state == SENDING_ARRIVED, now);
    if (state != SENDING_NONE || now < sender->look_at)
        return;
    sender->look_at = now + TELEMETRY_LOOK_S;
    if (telemetry_is_due(sender->telemetry, now))
        begin(sender);
}
