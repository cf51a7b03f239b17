/* The network: one libwebsockets context and one thread, `net`, on which everything that a
 * connection has to say is said. Connections are opened from any thread (ws_client.h,
 * http_client.h); whoever owns one hears of it by callbacks on the net thread, which must return
 * soon: they post to a mailbox, set a flag, send an answer.
 *
 *     TRY(net_create(&(struct net_config){.clock = clock}, &net, ret_error));
 *     TRY(ws_open(net, &config, &ws, ret_error));
 *     ...
 *     ws_close(ws);
 *     net_destroy(net);
 *
 * Nothing is connected and no port is opened until somebody asks for it. TLS certificates and host
 * names are always checked, against the system's certificate authorities and those in `ca_file`.
 * Names are looked up on threads of their own, so a dead name server holds up nobody else.
 *
 * Thread: any, for all functions, but where said otherwise. */
#ifndef LINNET_NET_NET_H
#define LINNET_NET_NET_H

#include "clock.h"
#include "status.h"

#include <stdbool.h>
#include <stddef.h>

/* Why a connection ended or was never made; one list gives codes, names and texts. */
#define NET_FAILURE_MAP(X)                                                                         \
    X(NONE, "ended as asked")                                                                      \
    X(RESOLVE, "the host name is not known")                                                       \
    X(CONNECT, "the host cannot be reached")                                                       \
    X(TLS, "the secure connection failed")                                                         \
    X(HANDSHAKE, "the server refused the request")                                                 \
    X(CLOSED, "the connection was closed")                                                         \
    X(TIMEOUT, "the deadline passed")                                                              \
    X(STALLED, "the server does not answer pings")                                                 \
    X(TOO_LARGE, "a message is larger than allowed")                                               \
    X(PROTOCOL, "what came is not the protocol")                                                   \
    X(NO_MEMORY, "out of memory")

enum net_failure {
#define NET_FAILURE_ENUM(name, text) NET_FAILURE_##name,
    NET_FAILURE_MAP(NET_FAILURE_ENUM)
#undef NET_FAILURE_ENUM
        NET_FAILURE_COUNT,
};

/* "the deadline passed" for NET_FAILURE_TIMEOUT. */
const char *net_failure_text(enum net_failure failure);

/* "TIMEOUT" for NET_FAILURE_TIMEOUT. */
const char *net_failure_name(enum net_failure failure);

struct net;

struct net_config {
    const struct clock *clock; /* for ages and dates; must outlive the net */
    const char *ca_file;       /* PEM of further certificate authorities, or NULL */
};

/* Start the thread. NOT_FOUND or FORMAT (ca_file), NO_MEMORY, LIMIT (threads, descriptors). */
enum status net_create(const struct net_config *config, struct net **ret_net,
                       struct error *ret_error);

/* Stop the thread and close what is still flushing. Everything opened on it must have been closed
 * by its owner before. Accepts NULL. Thread: any but net. */
void net_destroy(struct net *net);

const struct clock *net_clock(const struct net *net);

/* Whether the caller is the net thread. */
bool net_is_here(const struct net *net);

/* Run function(context) on the net thread, later, in the order of posting. NO_MEMORY. */
enum status net_post(struct net *net, void (*function)(void *context), void *context);

/* Run function(context) on the net thread and wait until it has returned; on the net thread itself
 * at once. The caller holds no lock that a callback takes. */
void net_run(struct net *net, void (*function)(void *context), void *context);

/* A timer of real time whose function runs on the net thread, once a setting. */
struct net_timer;

enum status net_timer_create(struct net *net, void (*function)(void *context), void *context,
                             struct net_timer **ret_timer, struct error *ret_error);

/* Fire in `ms` from now instead of whatever was set; negative: not at all. Thread: net. */
void net_timer_set(struct net_timer *timer, int ms);

/* No call is under way or comes later, once it returns; on the net thread also from within its own
 * function. Accepts NULL. */
void net_timer_destroy(struct net_timer *timer);

#endif
