/* Websocket client: one connection, from the name of the server to the last close frame.
 *
 *     static void on_message(void *context, const void *data, size_t size, bool text) { ... }
 *     const struct ws_config config = {.url = "wss://example.org/v1?model=x",
 *                                      .headers = (const char *const[]){"Authorization: x", 0},
 *                                      .handler = {.opened = on_opened, .message = on_message,
 *                                                  .closed = on_closed},
 *                                      .context = self};
 *     TRY(ws_open(net, &config, &ws, ret_error));
 *     ws_send(ws, text, strlen(text), true);          may be called before `opened`: it waits
 *     ws_close(ws);
 *
 * Exactly one `closed` comes for each connection that its owner does not close first; nothing comes
 * after it, but the ws itself stays until ws_close. Messages come whole, fragments joined. There is
 * no reconnecting in here: see backoff.h.
 *
 * Bytes waiting to be sent are counted against `byte_budget`; what a slow server does not take is
 * refused, never hoarded. A connection on which nothing arrives for `ping_ms` is pinged, and given
 * up when nothing arrives for `ping_ms` more.
 *
 * Thread: any, for all functions; callbacks come on the net thread. */
#ifndef LINNET_NET_WS_CLIENT_H
#define LINNET_NET_WS_CLIENT_H

#include "net.h"

enum {
    WS_MAX_MESSAGE_DEFAULT = 16 << 20,
    WS_BYTE_BUDGET_DEFAULT = 4 << 20,
    WS_CONNECT_TIMEOUT_DEFAULT_MS = 5000,
    WS_PING_DEFAULT_MS = 15000,
};

struct ws_handler {
    /* The handshake is done. May be NULL. */
    void (*opened)(void *context);
    /* A whole message, valid during the call; after its `size` bytes stands a 0. */
    void (*message)(void *context, const void *data, size_t size, bool text);
    /* The end. `code`: of the close frame (1006 when none came), or the HTTP status when `why` is
     * HANDSHAKE (0 when there was none). `text`: the server's reason or ours; never NULL, valid
     * during the call. */
    void (*closed)(void *context, enum net_failure why, int code, const char *text);
};

struct ws_config {
    const char *url;            /* ws:// or wss:// */
    const char *const *headers; /* "Name: value", ends with NULL; NULL: none */
    size_t max_message;         /* bytes of one message received; 0: default */
    size_t byte_budget;         /* bytes waiting to be sent; 0: default */
    int connect_timeout_ms;     /* name, connection, TLS and handshake together; 0: default */
    int ping_ms;                /* 0: default; negative: no pings */
    bool allow_plain;           /* ws:// to a host that is not this machine */
    atomic_int *round_trip_ms;  /* where each answered ping leaves its time, or NULL */
    struct ws_handler handler;
    void *context;
};

struct ws;

/* Begin to connect; config and its strings are copied. FORMAT (url), INVALID_ARGUMENT (header,
 * plain ws:// to another machine without allow_plain), NO_MEMORY. What the network does comes as
 * callbacks, also before this has returned. */
enum status ws_open(struct net *net, const struct ws_config *config, struct ws **ret_ws,
                    struct error *ret_error);

/* Queue a message. LIMIT: the budget is full, nothing was queued; CANCELLED: closed; NO_MEMORY. */
enum status ws_send(struct ws *ws, const void *data, size_t size, bool text);

/* Bytes that wait to be sent. */
size_t ws_pending(struct ws *ws);

/* Send what is queued, say goodbye (close code 1000) and forget the connection; gives up after a
 * second, without the caller waiting for it. No callback is under way or comes later, once it
 * returns; the caller therefore holds no lock that its callbacks take. On the net thread also from
 * within a callback of this connection. Accepts NULL. */
void ws_close(struct ws *ws);

/* The same, without sending what is queued. */
void ws_abort(struct ws *ws);

#endif
