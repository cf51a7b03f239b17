#include "packet_queue.h"

#include <stdlib.h>
#include <string.h>

#include "fault.h"

enum status packet_queue_init(struct packet_queue *queue, size_t capacity, struct error *ret_error)
{
    *queue = (struct packet_queue){.capacity = capacity, .bytes = mem_calloc(1, capacity)};
    pthread_mutex_init(&queue->lock, NULL);
    return queue->bytes
               ? STATUS_OK
               : error_set(ret_error, STATUS_NO_MEMORY, "no memory for a queue of packets");
}

void packet_queue_finish(struct packet_queue *queue)
{
    if (queue->capacity)
        pthread_mutex_destroy(&queue->lock);
    free(queue->bytes);
    *queue = (struct packet_queue){.bytes = NULL};
}

static void put(struct packet_queue *queue, const void *data, size_t size)
{
    size_t at = (queue->first + queue->used) % queue->capacity;
    size_t piece = size < queue->capacity - at ? size : queue->capacity - at;
    memcpy(queue->bytes + at, data, piece);
    memcpy(queue->bytes, (const uint8_t *)data + piece, size - piece);
    queue->used += size;
}

static void get(struct packet_queue *queue, void *ret_data, size_t size)
{
    size_t piece = size < queue->capacity - queue->first ? size : queue->capacity - queue->first;
    memcpy(ret_data, queue->bytes + queue->first, piece);
    memcpy((uint8_t *)ret_data + piece, queue->bytes, size - piece);
    queue->first = (queue->first + size) % queue->capacity;
    queue->used -= size;
}

bool packet_queue_push(struct packet_queue *queue, const struct packet_record *record,
                       const void *data, size_t spare)
{
    pthread_mutex_lock(&queue->lock);
    bool fits = sizeof(*record) + record->size + spare <= queue->capacity - queue->used;
    if (fits) {
        put(queue, record, sizeof(*record));
        if (record->size)
            put(queue, data, record->size);
    }
    pthread_mutex_unlock(&queue->lock);
    return fits;
}

bool packet_queue_take(struct packet_queue *queue, struct packet_record *ret_record, void *ret_data,
                       size_t size)
{
    pthread_mutex_lock(&queue->lock);
    bool found = queue->used > 0;
    if (found) {
        get(queue, ret_record, sizeof(*ret_record));
        size_t kept = ret_record->size < size - 1 ? ret_record->size : size - 1;
        get(queue, ret_data, kept);
        queue->first = (queue->first + ret_record->size - kept) % queue->capacity;
        queue->used -= ret_record->size - kept;
        ((uint8_t *)ret_data)[kept] = 0;
        ret_record->size = (uint32_t)kept;
    }
    pthread_mutex_unlock(&queue->lock);
    return found;
}

bool packet_queue_is_empty(struct packet_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    bool empty = queue->used == 0;
    pthread_mutex_unlock(&queue->lock);
    return empty;
}
