/* Host names to addresses, on a thread of its own for each lookup: getaddrinfo waits for the name
 * server as long as it likes, and nobody else shall wait with it.
 *
 * Thread: net. */
#ifndef LINNET_NET_LOOKUP_H
#define LINNET_NET_LOOKUP_H

#include "net_impl.h"

enum { LOOKUP_ADDRESSES_MAX = 8, LOOKUP_ADDRESS_BYTES = 48 };

struct lookup_result {
    int count;         /* 0: not known */
    const char *cause; /* the resolver's words when there are none; static */
    char addresses[LOOKUP_ADDRESSES_MAX][LOOKUP_ADDRESS_BYTES]; /* as numbers */
};

typedef void lookup_fn(void *context, const struct lookup_result *result);

struct lookup;

/* `done` is called once on the net thread, unless the lookup is dropped before. NO_MEMORY, LIMIT
 * (threads). */
enum status lookup_start(struct net *net, const char *host, lookup_fn *done, void *context,
                         struct lookup **ret_lookup, struct error *ret_error);

/* The answer is not wanted any more, or has been heard: required in both cases. The thread goes on
 * until its name server answers, and then ends without touching the net. Accepts NULL. */
void lookup_drop(struct lookup *lookup);

#endif
