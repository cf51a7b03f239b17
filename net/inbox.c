#include "inbox.h"

#include "fault.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

/* First bytes, and what is kept of the buffer between two messages. */
enum { LEAST_BYTES = 1024, KEPT_BYTES = 65536 };

void inbox_init(struct inbox *inbox, size_t limit)
{
    *inbox = (struct inbox){.limit = limit};
}

void inbox_finish(struct inbox *inbox)
{
    free(inbox->message);
    inbox->message = NULL;
    inbox->size = inbox->capacity = 0;
    inbox->within = false;
}

static void begin(struct inbox *inbox, bool text)
{
    if (inbox->capacity > KEPT_BYTES)
        inbox_finish(inbox);
    inbox->within = true;
    inbox->text = text;
    inbox->size = 0;
}

static bool reserve(struct inbox *inbox, size_t size)
{
    size_t capacity = inbox->capacity ? inbox->capacity : LEAST_BYTES;
    while (capacity < size + 1)
        capacity *= 2;
    if (capacity == inbox->capacity)
        return true;
    char *message = mem_calloc(1, capacity);
    if (!message)
        return false;
    if (inbox->size)
        memcpy(message, inbox->message, inbox->size);
    free(inbox->message);
    inbox->message = message;
    inbox->capacity = capacity;
    return true;
}

enum status inbox_take(struct inbox *inbox, struct lws *wsi, const void *piece, size_t size)
{
    if (!inbox->within)
        begin(inbox, !lws_frame_is_binary(wsi));
    if (size > inbox->limit - inbox->size)
        return STATUS_LIMIT;
    if (!reserve(inbox, inbox->size + size))
        return STATUS_NO_MEMORY;
    if (size)
        memcpy(inbox->message + inbox->size, piece, size);
    inbox->size += size;
    inbox->message[inbox->size] = 0;
    if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi))
        return STATUS_AGAIN;
    inbox->within = false;
    return STATUS_OK;
}
