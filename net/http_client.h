/* HTTP/1.1 client: one request, its answer streamed as it comes (server-sent events, lines of
 * JSON, or a plain body).
 *
 *     const struct http_config config = {.method = "POST", .url = "http://127.0.0.1:11434/v1/...",
 *                                        .headers = (const char *const[]){"Accept: ...", NULL},
 *                                        .body = json, .body_size = strlen(json),
 *                                        .content_type = "application/json",
 *                                        .handler = {on_status, on_body, on_ended},
 *                                        .context = self};
 *     TRY(http_open(net, &config, &http, ret_error));
 *     ...
 *     http_close(http);
 *
 * `status` comes once before any `body`, and exactly one `ended` comes at the end, unless the owner
 * closes first. Redirections are not followed: a key goes to the host that the user named and to no
 * other. Errors (4xx, 5xx) are answers like others: look at the status.
 *
 * Thread: any, for all functions; callbacks come on the net thread. */
#ifndef LINNET_NET_HTTP_CLIENT_H
#define LINNET_NET_HTTP_CLIENT_H

#include "net.h"

enum {
    HTTP_MAX_BODY_DEFAULT = 16 << 20,
    HTTP_CONNECT_TIMEOUT_DEFAULT_MS = 5000,
    HTTP_IDLE_TIMEOUT_DEFAULT_MS = 60000,
};

struct http_handler {
    /* 200, 404, ...; may be NULL. */
    void (*status)(void *context, int code);
    /* The next bytes of the body, cut anywhere; valid during the call. */
    void (*body)(void *context, const void *data, size_t size);
    /* The end: NONE when the answer is whole, else why not. `text` is never NULL. */
    void (*ended)(void *context, enum net_failure why, const char *text);
};

struct http_config {
    const char *method;         /* "GET", "POST", ... */
    const char *url;            /* http:// or https:// */
    const char *const *headers; /* "Name: value", ends with NULL; NULL: none */
    const void *body;           /* copied; NULL: none */
    size_t body_size;
    const char *content_type; /* of the body */
    size_t max_body;          /* bytes of the answer; 0: default */
    int connect_timeout_ms;   /* name, connection and TLS together; 0: default */
    int idle_timeout_ms;      /* longest silence of the server after the request; 0: default */
    bool allow_plain;         /* http:// to a host that is not this machine */
    struct http_handler handler;
    void *context;
};

struct http;

/* Begin; config and its strings are copied. FORMAT (url), INVALID_ARGUMENT (header, plain
 * http:// to another machine without allow_plain), NO_MEMORY. What the network does comes as
 * callbacks, also before this has returned. */
enum status http_open(struct net *net, const struct http_config *config, struct http **ret_http,
                      struct error *ret_error);

/* Seconds that the answer's Retry-After asks to wait, -1 without one. Thread: net, from `status`
 * on. */
int http_retry_after_s(const struct http *http);

/* Stop if it is still going, and forget it. No callback is under way or comes later, once it
 * returns; the caller therefore holds no lock that its callbacks take. On the net thread also from
 * within a callback of this request. Accepts NULL. */
void http_close(struct http *http);

#endif
