/* The websocket of a provider: opened when a turn needs it, kept between turns, renewed before its
 * session's limit, opened again by itself, with growing delays and not for ever, when it breaks
 * while nothing is asked of it.
 *
 * Thread: net, but for link_init and link_finish. */
#ifndef LINNET_NET_PROVIDER_LINK_H
#define LINNET_NET_PROVIDER_LINK_H

#include "backoff.h"
#include "provider_core.h"

struct ws;

struct link_hooks {
    /* The connection is there. */
    void (*opened)(struct provider_core *core);
    void (*message)(struct provider_core *core, const void *data, size_t size);
    /* It is gone, by whomever: what the server knew is forgotten. */
    void (*lost)(struct provider_core *core);
};

struct provider_link {
    struct provider_core *core;
    const struct link_hooks *hooks;
    const char *key_header; /* "Authorization: Bearer " */
    struct ws *ws;
    struct net_timer *timer; /* until it is opened again */
    struct backoff backoff;
    bool opened;
    bool reused;       /* it was there when the turn began */
    bool served;       /* a turn went over it to its end */
    bool expired;      /* the server will close it: renew as soon as no turn is open */
    int64_t opened_ns; /* by the configuration's clock */
    uint32_t random;
    bool binary_sound; /* send sound in binary frames; zeroed: as text */
    bool text;         /* of the message that is being handed on: a text frame */
};

/* `link` lies in the kind's structure, next to `core`. `key_header` is a literal. */
enum status link_init(struct provider_link *link, struct provider_core *core,
                      const struct link_hooks *hooks, const char *key_header,
                      struct error *ret_error);

/* Accepts a link that is zeroed. */
void link_finish(struct provider_link *link);

/* Before a turn: renew what is too old, open what is closed. After OK, `opened` comes or has come
 * (link->opened); when it cannot, the turn fails. */
enum status link_require(struct provider_link *link, struct error *ret_error);

/* Open what is closed, for a turn that may come; true when it is being opened now. */
bool link_warm(struct provider_link *link);

/* Forget this connection without a word; `lost` is called. */
void link_abort(struct provider_link *link);

/* The same, and open another one at once for the turn to come. */
void link_renew(struct provider_link *link);

/* After a turn: renew it if its time has come. */
void link_turn_over(struct provider_link *link);

/* Send what is in `out` and empty it. When that fails for good, so does the turn. */
void link_send(struct provider_link *link, struct strbuf *out, enum status encoded);

/* Send sound: LIMIT when the byte budget is full, and it is dropped. */
enum status link_send_sound(struct provider_link *link, struct strbuf *out);

#endif
