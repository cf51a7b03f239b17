/* A bounded queue of records of bytes with their time, in one block of memory: what a client has
 * sent and nobody has looked at yet.
 *
 * Thread: any, for push; one for take. */
#ifndef LINNET_PIPELINE_PACKET_QUEUE_H
#define LINNET_PIPELINE_PACKET_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

struct packet_record {
    int64_t time_ns;
    uint32_t size;
    uint32_t kind; /* the user's */
};

struct packet_queue {
    pthread_mutex_t lock;
    uint8_t *bytes;
    size_t capacity, first, used;
};

enum status packet_queue_init(struct packet_queue *queue, size_t capacity, struct error *ret_error);

/* Accepts a zeroed queue. */
void packet_queue_finish(struct packet_queue *queue);

/* False when it would leave less than `spare` bytes free: nothing is queued then. */
bool packet_queue_push(struct packet_queue *queue, const struct packet_record *record,
                       const void *data, size_t spare);

/* The oldest, its bytes (and a 0) in ret_data; false when there is none. A record larger than
 * `size` - 1 is cut. */
bool packet_queue_take(struct packet_queue *queue, struct packet_record *ret_record, void *ret_data,
                       size_t size);

bool packet_queue_is_empty(struct packet_queue *queue);

#endif
