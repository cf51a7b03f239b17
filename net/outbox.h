/* Messages that wait for a websocket to be writable, counted against a budget of bytes.
 *
 * What was given to libwebsockets counts until it asks for more, since it keeps what the socket
 * does not take.
 *
 * Thread: outbox_put, outbox_end, outbox_ended and outbox_pending: any; the rest: net. */
#ifndef LINNET_NET_OUTBOX_H
#define LINNET_NET_OUTBOX_H

#include "status.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct lws;
struct outbox_chunk;

struct outbox {
    pthread_mutex_t lock;
    struct outbox_chunk *first, *last;
    size_t pending, in_flight, budget;
    bool ended;
};

void outbox_init(struct outbox *outbox, size_t budget);
void outbox_finish(struct outbox *outbox);

/* Queue a copy. LIMIT: over the budget; CANCELLED: ended; NO_MEMORY. */
enum status outbox_put(struct outbox *outbox, const void *data, size_t size, bool text);

/* Refuse from now on; false when it had ended before. */
bool outbox_end(struct outbox *outbox);

bool outbox_ended(struct outbox *outbox);

size_t outbox_pending(struct outbox *outbox);

enum outbox_result { OUTBOX_EMPTY, OUTBOX_SENT, OUTBOX_BROKEN };

/* The connection is writable: send the oldest message. After SENT ask for the next chance. */
enum outbox_result outbox_send_one(struct outbox *outbox, struct lws *wsi);

#endif
