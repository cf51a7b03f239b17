#include "ws_client.h"

#include "dial.h"
#include "fault.h"
#include "inbox.h"
#include "outbox.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CODE_NONE = 1006,   /* RFC 6455, 7.4.1: closed without a close frame */
    FLUSH_MS = 1000,    /* what ws_close grants to what is queued */
    REASON_BYTES = 124, /* a close frame's text and a 0 */
};

struct ws {
    struct net_peer peer; /* first: what libwebsockets calls back is the ws */
    struct net *net;
    struct dial dial;
    struct ws_config config;
    struct net_task begin, wake, release;
    struct net_timer *ping, *flush;
    bool open, closing, pinging, ping_due;
    int64_t pinged_ns;
    int refusing; /* the close code to be sent; 0: none */
    struct outbox outbox;
    struct inbox inbox;
    int close_code;
    char close_reason[REASON_BYTES];
};

/* Never inside a callback of libwebsockets or of the owner: a task of its own. */
static void ws_free(void *context)
{
    struct ws *ws = context;
    net_task_cancel(ws->net, &ws->begin);
    net_task_cancel(ws->net, &ws->wake);
    net_timer_destroy(ws->ping);
    net_timer_destroy(ws->flush);
    dial_finish(&ws->dial);
    outbox_finish(&ws->outbox);
    inbox_finish(&ws->inbox);
    free(ws);
}

/* Nothing is sent or handed on any more. */
static void tell_end(struct ws *ws, enum net_failure why, int code, const char *text)
{
    bool untold = outbox_end(&ws->outbox);
    net_timer_set(ws->ping, -1);
    if (untold && !ws->closing)
        ws->config.handler.closed(ws->config.context, why, code, text);
}

/* The connection is gone; an owner who has closed already has left it to us to free it. */
static void end(struct ws *ws, enum net_failure why, int code, const char *text)
{
    net_timer_set(ws->flush, -1);
    dial_hang_up(&ws->dial);
    ws->open = false;
    tell_end(ws, why, code, text);
    if (ws->closing)
        net_task_queue(ws->net, &ws->release);
}

static void on_dial_failed(struct net_peer *peer, enum net_failure why, int code, const char *text)
{
    end((struct ws *)(void *)peer, why, code, text);
}

/* Anything received proves that the server lives. */
static void heard(struct ws *ws)
{
    ws->pinging = false;
    net_timer_set(ws->ping, ws->config.ping_ms);
}

static void on_pong(struct ws *ws)
{
    int64_t took_ns = clock_now_ns(net_clock(ws->net)) - ws->pinged_ns;
    if (ws->config.round_trip_ms && ws->pinging)
        atomic_store(ws->config.round_trip_ms, (int)(took_ns / CLOCK_NS_PER_MS));
    heard(ws);
}

static void on_ping(void *context)
{
    struct ws *ws = context;
    if (ws->pinging) {
        end(ws, NET_FAILURE_STALLED, CODE_NONE, net_failure_text(NET_FAILURE_STALLED));
        return;
    }
    ws->pinging = ws->ping_due = true;
    net_timer_set(ws->ping, ws->config.ping_ms);
    lws_callback_on_writable(ws->dial.wsi);
}

static void on_opened(struct ws *ws)
{
    ws->open = true;
    dial_arrived(&ws->dial);
    heard(ws);
    lws_callback_on_writable(ws->dial.wsi);
    if (ws->config.handler.opened && !ws->closing)
        ws->config.handler.opened(ws->config.context);
}

/* Refuse the rest of the connection, with a close frame that says why: the owner hears of it now,
 * the server when the socket is writable. */
static void refuse(struct ws *ws, enum lws_close_status code, enum net_failure why)
{
    ws->refusing = (int)code;
    inbox_finish(&ws->inbox);
    lws_callback_on_writable(ws->dial.wsi);
    net_timer_set(ws->flush, FLUSH_MS);
    tell_end(ws, why, (int)code, net_failure_text(why));
}

static void on_piece(struct ws *ws, struct lws *wsi, const void *in, size_t size)
{
    if (ws->closing || ws->refusing)
        return;
    heard(ws);
    enum status status = inbox_take(&ws->inbox, wsi, in, size);
    if (status == STATUS_OK)
        ws->config.handler.message(ws->config.context, ws->inbox.message, ws->inbox.size,
                                   ws->inbox.text);
    else if (status == STATUS_LIMIT)
        refuse(ws, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, NET_FAILURE_TOO_LARGE);
    else if (status != STATUS_AGAIN)
        refuse(ws, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, NET_FAILURE_NO_MEMORY);
}

static int send_ping(struct ws *ws, struct lws *wsi)
{
    unsigned char bytes[LWS_PRE];
    ws->ping_due = false;
    ws->pinged_ns = clock_now_ns(net_clock(ws->net));
    lws_callback_on_writable(wsi);
    return lws_write(wsi, bytes + LWS_PRE, 0, LWS_WRITE_PING) < 0 ? -1 : 0;
}

/* Nothing is left to send, or nothing shall be: say goodbye. */
static int say_goodbye(struct ws *ws, struct lws *wsi)
{
    int code = ws->refusing ? ws->refusing : LWS_CLOSE_STATUS_NORMAL;
    dial_release(&ws->dial);
    lws_close_reason(wsi, (enum lws_close_status)code, NULL, 0);
    end(ws, NET_FAILURE_NONE, code, "");
    return -1;
}

static int on_writable(struct ws *ws, struct lws *wsi)
{
    if (ws->refusing)
        return say_goodbye(ws, wsi);
    if (ws->ping_due)
        return send_ping(ws, wsi);
    enum outbox_result result = outbox_send_one(&ws->outbox, wsi);
    if (result == OUTBOX_EMPTY)
        return ws->closing ? say_goodbye(ws, wsi) : 0;
    lws_callback_on_writable(wsi);
    return result == OUTBOX_BROKEN ? -1 : 0;
}

static int on_peer_close(struct ws *ws, const unsigned char *in, size_t size)
{
    if (size < 2)
        return 0;
    ws->close_code = in[0] << 8 | in[1];
    snprintf(ws->close_reason, sizeof(ws->close_reason), "%.*s", (int)(size - 2),
             (const char *)in + 2);
    return 0;
}

static void on_closed(struct ws *ws)
{
    const char *text = ws->close_reason[0] ? ws->close_reason : "the server closed the connection";
    dial_release(&ws->dial);
    end(ws, NET_FAILURE_CLOSED, ws->close_code ? ws->close_code : CODE_NONE, text);
}

/* The last that is heard of a connection; most have told their end before. */
static void on_destroyed(struct ws *ws, struct lws *wsi)
{
    if (wsi != ws->dial.wsi)
        return;
    if (ws->open)
        on_closed(ws);
    else
        dial_lost(&ws->dial, wsi, NULL, 0);
}

static int on_event(struct net_peer *peer, struct lws *wsi, int reason, void *in, size_t size)
{
    struct ws *ws = (struct ws *)(void *)peer;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        return dial_append_headers(&ws->dial, in, size);
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
        ws->dial.http_status = (int)lws_http_client_http_response(wsi);
        return 0;
    case LWS_CALLBACK_CLOSED_CLIENT_HTTP: /* after connecting, before it asked for a websocket */
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        dial_lost(&ws->dial, wsi, in, size);
        return 0;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        on_opened(ws);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        on_piece(ws, wsi, in, size);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
        on_pong(ws);
        return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return on_writable(ws, wsi);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return on_peer_close(ws, in, size);
    case LWS_CALLBACK_CLIENT_CLOSED:
        on_closed(ws);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        on_destroyed(ws, wsi);
        return 0;
    default:
        return 0;
    }
}

static void begin(void *context)
{
    struct ws *ws = context;
    dial_begin(&ws->dial, &ws->peer, on_dial_failed);
}

static void wake(void *context)
{
    struct ws *ws = context;
    if (ws->open)
        lws_callback_on_writable(ws->dial.wsi);
}

static void on_flush(void *context)
{
    end(context, NET_FAILURE_NONE, CODE_NONE, "");
}

static size_t or_default(size_t value, size_t otherwise)
{
    return value ? value : otherwise;
}

static void take_config(struct ws *ws, const struct ws_config *config)
{
    ws->config = *config;
    ws->config.url = NULL;
    ws->config.headers = NULL;
    outbox_init(&ws->outbox, or_default(config->byte_budget, WS_BYTE_BUDGET_DEFAULT));
    inbox_init(&ws->inbox, or_default(config->max_message, WS_MAX_MESSAGE_DEFAULT));
    ws->config.ping_ms = config->ping_ms ? config->ping_ms : WS_PING_DEFAULT_MS;
}

static enum status ws_prepare(struct ws *ws, const struct ws_config *config,
                              struct error *ret_error)
{
    struct dial_config dial = {
        .url = config->url,
        .websocket = true,
        .headers = config->headers,
        .timeout_ms = config->connect_timeout_ms > 0 ? config->connect_timeout_ms
                                                     : WS_CONNECT_TIMEOUT_DEFAULT_MS,
        .allow_plain = config->allow_plain,
    };
    TRY(dial_init(&ws->dial, ws->net, &dial, ret_error));
    TRY(net_timer_create(ws->net, on_ping, ws, &ws->ping, ret_error));
    return net_timer_create(ws->net, on_flush, ws, &ws->flush, ret_error);
}

enum status ws_open(struct net *net, const struct ws_config *config, struct ws **ret_ws,
                    struct error *ret_error)
{
    struct ws *ws = mem_calloc(1, sizeof(*ws));
    if (!ws)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: out of memory", config->url);
    ws->peer.event = on_event;
    ws->net = net;
    ws->begin = (struct net_task){.run = begin, .context = ws};
    ws->wake = (struct net_task){.run = wake, .context = ws};
    ws->release = (struct net_task){.run = ws_free, .context = ws};
    take_config(ws, config);
    enum status status = ws_prepare(ws, config, ret_error);
    if (status != STATUS_OK) {
        ws_free(ws);
        return status;
    }
    *ret_ws = ws;
    net_task_queue(net, &ws->begin);
    return STATUS_OK;
}

enum status ws_send(struct ws *ws, const void *data, size_t size, bool text)
{
    enum status status = outbox_put(&ws->outbox, data, size, text);
    if (status == STATUS_OK)
        net_task_queue(ws->net, &ws->wake);
    return status;
}

size_t ws_pending(struct ws *ws)
{
    return outbox_pending(&ws->outbox);
}

static void close_here(void *context)
{
    struct ws *ws = context;
    ws->closing = true;
    if (ws->open) {
        net_timer_set(ws->flush, FLUSH_MS);
        lws_callback_on_writable(ws->dial.wsi);
    } else {
        end(ws, NET_FAILURE_NONE, CODE_NONE, "");
    }
}

static void abort_here(void *context)
{
    struct ws *ws = context;
    ws->closing = true;
    end(ws, NET_FAILURE_NONE, CODE_NONE, "");
}

void ws_close(struct ws *ws)
{
    if (ws)
        net_run(ws->net, close_here, ws);
}

void ws_abort(struct ws *ws)
{
    if (ws)
        net_run(ws->net, abort_here, ws);
}
