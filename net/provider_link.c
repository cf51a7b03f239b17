#include "provider_link.h"

#include "ws_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_MAX = 8192, TRIES_MAX = 5, AGE_MINUTES = 55 };

static void on_opened(void *context)
{
    struct provider_link *link = context;
    link->opened = true;
    link->opened_ns = clock_now_ns(link->core->config.clock);
    link->hooks->opened(link->core);
}

static void on_message(void *context, const void *data, size_t size, bool text)
{
    struct provider_link *link = context;
    link->text = text;
    link->hooks->message(link->core, data, size);
}

/* What was not the server's answer to this turn may be asked again on a fresh connection. */
static bool may_retry(const struct provider_link *link)
{
    const struct provider_core *core = link->core;
    return core->open && !core->waiting && !core->spoke && !core->retried && link->reused &&
           !(core->turn.send_audio && core->begun);
}

static void forget(struct provider_link *link)
{
    struct ws *ws = link->ws;
    link->ws = NULL;
    link->core->begun = false;
    link->opened = link->reused = link->served = link->expired = false;
    ws_abort(ws);
    link->hooks->lost(link->core);
}

/* Only a connection that has served is worth it: one that is accepted and closed at once would go
 * on for ever. */
static void reopen_later(struct provider_link *link)
{
    if (link->backoff.tries >= TRIES_MAX)
        return;
    link->random = link->random * 1664525u + 1013904223u;
    net_timer_set(link->timer, backoff_next(&link->backoff, &backoff_default, link->random));
}

static void fail_with(struct provider_link *link, enum net_failure why, int code, const char *text)
{
    char full[400];
    snprintf(full, sizeof(full), "%s: %s%s%s", link->core->config.name, net_failure_text(why),
             *text ? ": " : "", text);
    core_fail(link->core, core_failure(why, code), full);
}

static void on_closed(void *context, enum net_failure why, int code, const char *text)
{
    struct provider_link *link = context;
    bool had_served = link->served, retry = may_retry(link);
    bool asked = link->core->open && !link->core->waiting;
    if (asked && !retry)
        fail_with(link, why, code, text);
    forget(link);
    if (retry) {
        link->core->retried = true;
        core_restart(link->core);
    } else if (had_served || link->backoff.tries > 0) {
        reopen_later(link);
    }
}

static char *key_line(const struct provider_link *link)
{
    const char *key = link->core->config.key;
    char *line = NULL;
    if (key && asprintf(&line, "%s%s", link->key_header, key) < 0)
        line = NULL;
    return line;
}

static enum status open_with(struct provider_link *link, const char *header,
                             struct error *ret_error)
{
    const struct provider_config *config = &link->core->config;
    const char *const headers[] = {header, NULL};
    const struct ws_config ws = {
        .url = config->url,
        .headers = headers,
        .byte_budget = config->byte_budget,
        .max_message = WIRE_MESSAGE_MAX,
        .connect_timeout_ms = config->connect_timeout_ms,
        .allow_plain = config->allow_plain,
        .round_trip_ms = &link->core->provider.round_trip_ms,
        .handler = {.opened = on_opened, .message = on_message, .closed = on_closed},
        .context = link};
    return ws_open(config->net, &ws, &link->ws, ret_error);
}

static enum status link_open(struct provider_link *link, struct error *ret_error)
{
    char *header = key_line(link);
    if (link->core->config.key && !header)
        return error_set(ret_error, STATUS_NO_MEMORY, "out of memory");
    enum status status = open_with(link, header, ret_error);
    if (header)
        explicit_bzero(header, strlen(header));
    free(header);
    return status;
}

static void reopen(void *context)
{
    struct provider_link *link = context;
    if (!link->ws)
        link_open(link, NULL);
}

enum status link_init(struct provider_link *link, struct provider_core *core,
                      const struct link_hooks *hooks, const char *key_header,
                      struct error *ret_error)
{
    link->core = core;
    link->hooks = hooks;
    link->key_header = key_header;
    link->random = (uint32_t)clock_wall_ns(core->config.clock);
    if (core->config.max_age_ns <= 0)
        core->config.max_age_ns = AGE_MINUTES * 60 * CLOCK_NS_PER_S;
    return net_timer_create(core->config.net, reopen, link, &link->timer, ret_error);
}

void link_finish(struct provider_link *link)
{
    net_timer_destroy(link->timer);
    ws_abort(link->ws);
    link->timer = NULL;
    link->ws = NULL;
}

static bool is_too_old(const struct provider_link *link)
{
    const struct provider_config *config = &link->core->config;
    return link->expired ||
           (link->opened && clock_now_ns(config->clock) - link->opened_ns >= config->max_age_ns);
}

enum status link_require(struct provider_link *link, struct error *ret_error)
{
    net_timer_set(link->timer, -1);
    if (link->ws && is_too_old(link))
        forget(link);
    link->reused = link->ws != NULL;
    return link->ws ? STATUS_OK : link_open(link, ret_error);
}

bool link_warm(struct provider_link *link)
{
    const struct ws *before = link->ws;
    return link_require(link, NULL) == STATUS_OK && link->ws != before;
}

void link_abort(struct provider_link *link)
{
    if (link->ws)
        forget(link);
}

void link_renew(struct provider_link *link)
{
    link_abort(link);
    link_open(link, NULL);
}

void link_turn_over(struct provider_link *link)
{
    link->served = link->opened;
    backoff_reset(&link->backoff);
    if (link->ws && !link->core->open && is_too_old(link))
        link_renew(link);
}

void link_send(struct provider_link *link, struct strbuf *out, enum status encoded)
{
    enum status status = link->ws ? encoded : STATUS_CANCELLED;
    if (status == STATUS_OK)
        status = ws_send(link->ws, strbuf_text(out), out->length, true);
    strbuf_clear(out);
    if (status == STATUS_OK || status == STATUS_CANCELLED)
        return;
    if (status == STATUS_INVALID_ARGUMENT || status == STATUS_FORMAT)
        core_fail(link->core, PROVIDER_REFUSED, "the turn cannot be written as JSON");
    else
        core_fail(link->core, PROVIDER_OVERLOADED, "the turn does not fit into the byte budget");
    link_abort(link); /* it was told half of something */
}

enum status link_send_sound(struct provider_link *link, struct strbuf *out)
{
    enum status status = link->ws ? strbuf_status(out) : STATUS_CANCELLED;
    if (status == STATUS_OK)
        status = ws_send(link->ws, strbuf_text(out), out->length, !link->binary_sound);
    strbuf_clear(out);
    return status;
}
