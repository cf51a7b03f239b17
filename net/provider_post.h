/* Events of one provider on their way to the mailbox that all share: long texts are cut between
 * characters, sound between samples, and what a full mailbox refuses waits here, bounded, and is
 * offered again.
 *
 * Thread: net, but for init and finish. */
#ifndef LINNET_NET_PROVIDER_POST_H
#define LINNET_NET_PROVIDER_POST_H

#include "net.h"
#include "provider.h"

enum { POST_WAITING_MAX = 8192 };

struct post_node;

struct post {
    int provider;
    struct mailbox *events;
    struct net_timer *again;
    struct post_node *first, *last;
    size_t waiting;
    bool overflowed; /* something was lost: the turn cannot be told whole */
};

enum status post_init(struct post *post, struct net *net, struct mailbox *events, int provider,
                      struct error *ret_error);

/* Accepts a zeroed post. */
void post_finish(struct post *post);

/* Fills in .provider. */
void post_event(struct post *post, const struct provider_event *event);

/* As many events as it takes, like `event` but for .data, .length and .more. */
void post_text(struct post *post, const struct provider_event *event, const char *text,
               size_t length);
void post_sound(struct post *post, const struct provider_event *event, const char *bytes,
                size_t count);

/* Forget what waits. */
void post_drop(struct post *post);

#endif
