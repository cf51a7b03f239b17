#include "http_client.h"

#include "dial.h"
#include "fault.h"

#include <ctype.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ_BYTES = 16384, WRITE_BYTES = 16384, METHOD_BYTES = 16 };

struct http {
    struct net_peer peer; /* first: what libwebsockets calls back is the request */
    struct net *net;
    struct dial dial;
    struct http_config config;
    struct net_task begin, release;
    struct net_timer *idle;
    bool ended, closing;
    char method[METHOD_BYTES];
    unsigned char *body; /* LWS_PRE bytes, then the body */
    size_t body_size, sent, received;
    int retry_after_s;
    bool chunked;
    char *read_at, *read_from; /* while libwebsockets reads: where it is, where it began */
};

/* Never inside a callback of libwebsockets or of the owner: a task of its own. */
static void http_free(void *context)
{
    struct http *http = context;
    net_task_cancel(http->net, &http->begin);
    net_timer_destroy(http->idle);
    dial_finish(&http->dial);
    free(http->body);
    free(http);
}

static void end(struct http *http, enum net_failure why, const char *text)
{
    bool told = http->ended;
    http->ended = true;
    net_timer_set(http->idle, -1);
    dial_hang_up(&http->dial);
    if (http->closing)
        net_task_queue(http->net, &http->release);
    else if (!told)
        http->config.handler.ended(http->config.context, why, text);
}

static void on_dial_failed(struct net_peer *peer, enum net_failure why, int code, const char *text)
{
    (void)code;
    end((struct http *)(void *)peer, why, text);
}

static void on_idle(void *context)
{
    end(context, NET_FAILURE_TIMEOUT, "the server went silent");
}

/* Something moved: the silence begins anew. */
static void moved(struct http *http)
{
    net_timer_set(http->idle, http->config.idle_timeout_ms);
}

static int on_headers(struct http *http, struct lws *wsi, void *in, size_t size)
{
    if (dial_append_headers(&http->dial, in, size) != 0)
        return -1;
    dial_arrived(&http->dial);
    moved(http);
    if (http->body_size) {
        lws_client_http_body_pending(wsi, 1);
        lws_callback_on_writable(wsi);
    }
    return 0;
}

/* A piece a call; what libwebsockets does not get rid of it keeps, and calls only after it. */
static int on_writable(struct http *http, struct lws *wsi)
{
    size_t left = http->body_size - http->sent;
    size_t size = left < WRITE_BYTES ? left : WRITE_BYTES;
    bool last = size == left;
    if (!left)
        return 0;
    moved(http);
    if (lws_write(wsi, http->body + LWS_PRE + http->sent, size,
                  last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0)
        return -1;
    http->sent += size;
    if (last)
        lws_client_http_body_pending(wsi, 0);
    lws_callback_on_writable(wsi);
    return 0;
}

/* Seconds only; a date is taken as none. */
static int read_retry_after(struct lws *wsi)
{
    char text[16], *rest;
    if (lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_RETRY_AFTER) <= 0)
        return -1;
    long seconds = strtol(text, &rest, 10);
    return *rest || seconds < 0 || seconds > 86400 ? -1 : (int)seconds;
}

static int on_status(struct http *http, struct lws *wsi)
{
    int code = (int)lws_http_client_http_response(wsi);
    http->dial.http_status = code;
    http->retry_after_s = read_retry_after(wsi);
    http->chunked = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0;
    moved(http);
    if (http->config.handler.status && !http->closing)
        http->config.handler.status(http->config.context, code);
    return 0;
}

/* libwebsockets reads, takes the chunks' frames off, and comes back with READ. */
static int on_readable(struct http *http, struct lws *wsi)
{
    char buffer[LWS_PRE + READ_BYTES];
    int size = READ_BYTES;
    http->read_at = http->read_from = buffer + LWS_PRE;
    int result = lws_http_client_read(wsi, &http->read_at, &size);
    http->read_at = http->read_from = NULL;
    return result < 0 ? -1 : 0;
}

/* Completed, says libwebsockets 4.1 also when the server closes between two chunks or in one. Then
 * it has moved on by nothing, while the last chunk's end is at least one byte. */
static bool is_whole(const struct http *http)
{
    return !http->chunked || !http->read_at || http->read_at != http->read_from;
}

static int on_body(struct http *http, const void *in, size_t size)
{
    moved(http);
    if (http->closing)
        return -1;
    if (size > http->config.max_body - http->received) {
        end(http, NET_FAILURE_TOO_LARGE, net_failure_text(NET_FAILURE_TOO_LARGE));
        return -1;
    }
    http->received += size;
    http->config.handler.body(http->config.context, in, size);
    return 0;
}

static int on_gone(struct http *http, bool whole)
{
    dial_release(&http->dial);
    if (whole)
        end(http, NET_FAILURE_NONE, net_failure_text(NET_FAILURE_NONE));
    else
        end(http, NET_FAILURE_CLOSED, "the server closed in the middle of its answer");
    return -1;
}

/* Before the status, another address may do better. */
static int on_closed(struct http *http, struct lws *wsi)
{
    if (http->dial.http_status)
        return on_gone(http, false);
    dial_lost(&http->dial, wsi, NULL, 0);
    return 0;
}

static int on_event(struct net_peer *peer, struct lws *wsi, int reason, void *in, size_t size)
{
    struct http *http = (struct http *)(void *)peer;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        return on_headers(http, wsi, in, size);
    case LWS_CALLBACK_CLIENT_HTTP_WRITEABLE:
        return on_writable(http, wsi);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        dial_lost(&http->dial, wsi, in, size);
        return 0;
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
        return on_status(http, wsi);
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP:
        return on_readable(http, wsi);
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ:
        return on_body(http, in, size);
    case LWS_CALLBACK_COMPLETED_CLIENT_HTTP:
        return on_gone(http, is_whole(http));
    case LWS_CALLBACK_CLOSED_CLIENT_HTTP:
        return on_closed(http, wsi);
    case LWS_CALLBACK_WSI_DESTROY: /* most have told their end before */
        return wsi == http->dial.wsi ? on_closed(http, wsi) : 0;
    default:
        return 0;
    }
}

static void begin(void *context)
{
    struct http *http = context;
    dial_begin(&http->dial, &http->peer, on_dial_failed);
}

static enum status copy_body(struct http *http, const struct http_config *config,
                             struct error *ret_error)
{
    if (!config->body_size)
        return STATUS_OK;
    http->body = mem_calloc(1, LWS_PRE + config->body_size);
    if (!http->body)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: no memory for the body", config->url);
    memcpy(http->body + LWS_PRE, config->body, config->body_size);
    http->body_size = config->body_size;
    return STATUS_OK;
}

static enum status take_method(struct http *http, const char *method, struct error *ret_error)
{
    size_t size = strlen(method);
    for (size_t i = 0; i < size; i++)
        if (!isupper((unsigned char)method[i]))
            size = METHOD_BYTES;
    if (size == 0 || size >= METHOD_BYTES)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "method: expected capital letters");
    memcpy(http->method, method, size);
    return STATUS_OK;
}

/* Headers of the body come in front of the caller's. */
static enum status http_dial(struct http *http, const struct http_config *config,
                             struct error *ret_error)
{
    enum { HEADERS_MAX = 32 };
    const char *headers[HEADERS_MAX + 1] = {NULL};
    char type[160], length[48];
    size_t count = 0;
    struct dial_config dial = {
        .url = config->url,
        .method = http->method,
        .headers = headers,
        .timeout_ms = config->connect_timeout_ms > 0 ? config->connect_timeout_ms
                                                     : HTTP_CONNECT_TIMEOUT_DEFAULT_MS,
        .allow_plain = config->allow_plain,
    };
    if (config->body_size && config->content_type) {
        snprintf(type, sizeof(type), "Content-Type: %s", config->content_type);
        headers[count++] = type;
    }
    snprintf(length, sizeof(length), "Content-Length: %zu", config->body_size);
    if (config->body_size || strcmp(http->method, "GET") != 0)
        headers[count++] = length;
    for (const char *const *h = config->headers; h && *h; h++) {
        if (count == HEADERS_MAX)
            return error_set(ret_error, STATUS_INVALID_ARGUMENT, "more than %d headers",
                             HEADERS_MAX);
        headers[count++] = *h;
    }
    return dial_init(&http->dial, http->net, &dial, ret_error);
}

static void take_config(struct http *http, const struct http_config *config)
{
    http->config = (struct http_config){.handler = config->handler, .context = config->context};
    http->config.max_body = config->max_body ? config->max_body : HTTP_MAX_BODY_DEFAULT;
    http->config.idle_timeout_ms =
        config->idle_timeout_ms > 0 ? config->idle_timeout_ms : HTTP_IDLE_TIMEOUT_DEFAULT_MS;
    http->retry_after_s = -1;
}

static enum status http_prepare(struct http *http, const struct http_config *config,
                                struct error *ret_error)
{
    TRY(take_method(http, config->method, ret_error));
    TRY(copy_body(http, config, ret_error));
    TRY(http_dial(http, config, ret_error));
    return net_timer_create(http->net, on_idle, http, &http->idle, ret_error);
}

enum status http_open(struct net *net, const struct http_config *config, struct http **ret_http,
                      struct error *ret_error)
{
    struct http *http = mem_calloc(1, sizeof(*http));
    if (!http)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: out of memory", config->url);
    http->peer.event = on_event;
    http->net = net;
    http->begin = (struct net_task){.run = begin, .context = http};
    http->release = (struct net_task){.run = http_free, .context = http};
    take_config(http, config);
    enum status status = http_prepare(http, config, ret_error);
    if (status != STATUS_OK) {
        http_free(http);
        return status;
    }
    *ret_http = http;
    net_task_queue(net, &http->begin);
    return STATUS_OK;
}

int http_retry_after_s(const struct http *http)
{
    return http->retry_after_s;
}

static void close_here(void *context)
{
    struct http *http = context;
    http->closing = true;
    end(http, NET_FAILURE_NONE, "");
}

void http_close(struct http *http)
{
    if (http)
        net_run(http->net, close_here, http);
}
