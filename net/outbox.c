#include "outbox.h"

#include "fault.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

/* libwebsockets writes the frame's header into the LWS_PRE bytes before the message. */
struct outbox_chunk {
    struct outbox_chunk *next;
    size_t size;
    bool text;
    unsigned char bytes[];
};

void outbox_init(struct outbox *outbox, size_t budget)
{
    *outbox = (struct outbox){.budget = budget};
    pthread_mutex_init(&outbox->lock, NULL);
}

void outbox_finish(struct outbox *outbox)
{
    for (struct outbox_chunk *chunk = outbox->first, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    outbox->first = outbox->last = NULL;
    pthread_mutex_destroy(&outbox->lock);
}

static size_t cost_of(size_t size)
{
    return sizeof(struct outbox_chunk) + LWS_PRE + size;
}

/* OK, LIMIT or CANCELLED; takes the chunk when OK. */
static enum status append(struct outbox *outbox, struct outbox_chunk *chunk)
{
    enum status status = STATUS_OK;
    pthread_mutex_lock(&outbox->lock);
    if (outbox->ended) {
        status = STATUS_CANCELLED;
    } else if (cost_of(chunk->size) > outbox->budget - outbox->pending) {
        status = STATUS_LIMIT;
    } else {
        if (outbox->last)
            outbox->last->next = chunk;
        else
            outbox->first = chunk;
        outbox->last = chunk;
        outbox->pending += cost_of(chunk->size);
    }
    pthread_mutex_unlock(&outbox->lock);
    return status;
}

enum status outbox_put(struct outbox *outbox, const void *data, size_t size, bool text)
{
    if (size > outbox->budget)
        return STATUS_LIMIT;
    struct outbox_chunk *chunk = mem_calloc(1, cost_of(size));
    if (!chunk)
        return STATUS_NO_MEMORY;
    chunk->size = size;
    chunk->text = text;
    if (size)
        memcpy(chunk->bytes + LWS_PRE, data, size);
    enum status status = append(outbox, chunk);
    if (status != STATUS_OK)
        free(chunk);
    return status;
}

bool outbox_end(struct outbox *outbox)
{
    pthread_mutex_lock(&outbox->lock);
    bool first = !outbox->ended;
    outbox->ended = true;
    pthread_mutex_unlock(&outbox->lock);
    return first;
}

bool outbox_ended(struct outbox *outbox)
{
    pthread_mutex_lock(&outbox->lock);
    bool ended = outbox->ended;
    pthread_mutex_unlock(&outbox->lock);
    return ended;
}

size_t outbox_pending(struct outbox *outbox)
{
    pthread_mutex_lock(&outbox->lock);
    size_t pending = outbox->pending;
    pthread_mutex_unlock(&outbox->lock);
    return pending;
}

/* What was given to libwebsockets before is on the wire now, or it would not call us. */
static struct outbox_chunk *take(struct outbox *outbox)
{
    pthread_mutex_lock(&outbox->lock);
    struct outbox_chunk *chunk = outbox->first;
    outbox->pending -= outbox->in_flight;
    outbox->in_flight = 0;
    if (chunk) {
        outbox->first = chunk->next;
        outbox->last = outbox->first ? outbox->last : NULL;
        outbox->in_flight = cost_of(chunk->size);
    }
    pthread_mutex_unlock(&outbox->lock);
    return chunk;
}

enum outbox_result outbox_send_one(struct outbox *outbox, struct lws *wsi)
{
    struct outbox_chunk *chunk = take(outbox);
    if (!chunk)
        return OUTBOX_EMPTY;
    enum lws_write_protocol how = chunk->text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY;
    int written = lws_write(wsi, chunk->bytes + LWS_PRE, chunk->size, how);
    free(chunk);
    return written < 0 ? OUTBOX_BROKEN : OUTBOX_SENT;
}
