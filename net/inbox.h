/* A message that is put together from the pieces that a websocket brings, up to a limit.
 *
 * Thread: net. */
#ifndef LINNET_NET_INBOX_H
#define LINNET_NET_INBOX_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

struct lws;

struct inbox {
    size_t limit;
    char *message; /* ends with a 0 that is not counted */
    size_t size, capacity;
    bool text;
    bool within; /* a message has begun and not ended */
};

void inbox_init(struct inbox *inbox, size_t limit);

/* Accepts a zeroed inbox; it is empty then. */
void inbox_finish(struct inbox *inbox);

/* Take a piece that `wsi` brings. OK: the message is whole, in message, size and text, until the
 * next call; AGAIN: there is more of it; LIMIT; NO_MEMORY. */
enum status inbox_take(struct inbox *inbox, struct lws *wsi, const void *piece, size_t size);

#endif
