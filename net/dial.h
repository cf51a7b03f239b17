/* What websocket and HTTP clients have in common until the first byte of the answer: the URL and
 * its policy, the headers, the name, the addresses one after the other, TLS, and the deadline.
 *
 * Thread: net, but dial_init and dial_finish: any, while nothing is going on. */
#ifndef LINNET_NET_DIAL_H
#define LINNET_NET_DIAL_H

#include "lookup.h"
#include "net_impl.h"
#include "strbuf.h"
#include "url.h"

/* The longest block of headers that a request may carry. */
enum { DIAL_HEADERS_MAX = 12288, DIAL_TEXT_BYTES = 320 };

typedef void dial_failed_fn(struct net_peer *peer, enum net_failure why, int code,
                            const char *text);

struct dial {
    struct net *net;
    struct net_peer *peer;
    dial_failed_fn *failed; /* once, and nothing after it */
    struct url url;
    const char *method; /* NULL: websocket; static */
    struct strbuf headers;
    int timeout_ms;
    struct net_timer *deadline, *attempt;
    struct lookup *lookup;
    struct lookup_result result;
    int next;        /* of the addresses */
    struct lws *wsi; /* NULL: none */
    bool asked;      /* the request was sent: no other address is tried after that */
    int http_status; /* of the answer; 0: none yet */
};

struct dial_config {
    const char *url;
    bool websocket;     /* expected of the URL */
    const char *method; /* NULL for a websocket */
    const char *const *headers;
    int timeout_ms;
    bool allow_plain;
};

/* Check and copy. INVALID_ARGUMENT, FORMAT, NO_MEMORY. The dial must stay in place. */
enum status dial_init(struct dial *dial, struct net *net, const struct dial_config *config,
                      struct error *ret_error);

/* Drop whatever is going on and free it; accepts a zeroed dial. */
void dial_finish(struct dial *dial);

/* Begin: `failed` is called when it comes to nothing, perhaps before this returns. */
void dial_begin(struct dial *dial, struct net_peer *peer, dial_failed_fn *failed);

/* The deadline is met (or another is set). */
void dial_arrived(struct dial *dial);

/* Answer to LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER. */
int dial_append_headers(struct dial *dial, void *in, size_t size);

/* Answer to LWS_CALLBACK_CLIENT_CONNECTION_ERROR: try the next address, or call `failed`. */
void dial_lost(struct dial *dial, struct lws *wsi, const char *text, size_t size);

/* Let the connection die without its owner. */
void dial_hang_up(struct dial *dial);

/* Let go of a connection that dies by itself or that is about to end by a return value. */
void dial_release(struct dial *dial);

#endif
