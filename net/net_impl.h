/* Between the files of net/: the loop, its tasks, and what libwebsockets calls back. Nothing here
 * is for users of a connection.
 *
 * Thread: net, for all functions, but where said otherwise. */
#ifndef LINNET_NET_NET_IMPL_H
#define LINNET_NET_NET_IMPL_H

#include "net.h"

#include <stdint.h>

struct lws;
struct lws_context;
struct lws_vhost;

/* Something to do on the net thread, in memory of the caller: queueing it cannot fail. */
struct net_task {
    void (*run)(void *context);
    void *context;
    struct net_task *next;
    bool queued;
};

/* Queue a task that is not queued (one that is stays where it is). Thread: any. */
void net_task_queue(struct net *net, struct net_task *task);

/* Take it back if it has not run. */
void net_task_cancel(struct net *net, struct net_task *task);

/* What a libwebsockets connection belongs to. `event` gets an LWS_CALLBACK_... of its connection
 * and returns what libwebsockets shall be told: 0, or -1 to end the connection. */
struct net_peer {
    int (*event)(struct net_peer *peer, struct lws *wsi, int reason, void *in, size_t size);
};

struct lws_context *net_context(const struct net *net);

/* Where connections to others belong to. */
struct lws_vhost *net_client_vhost(const struct net *net);

/* Memory that libwebsockets may still look at until its context is gone: the grave is the first
 * member of a block, which is freed then. Thread: any. */
struct net_grave {
    struct net_grave *next;
};
void net_bury(struct net *net, struct net_grave *grave);

/* Let a connection die without its owner: events no longer reach the peer. Accepts NULL. */
void net_forget(struct lws *wsi);

/* 32 bits that nobody can guess. Thread: any. */
uint32_t net_random(const struct net *net);

#endif
