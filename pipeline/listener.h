/* One stream of Opus packets on its way to words: decoder, mel, voice activity, recogniser. A pool
 * makes them when they are needed, up to a number, and keeps them.
 *
 *     struct listener *listener = listener_pool_take(pool);        (NULL: all are in use)
 *     listener_hear(listener, packet, size)
 *     if (listener_decision(listener) != ENDPOINT_WAIT)
 *         listener_finish(listener, &result);
 *     listener_pool_give(pool, listener);
 *
 * Thread: pool functions: any; a listener belongs to one thread at a time. */
#ifndef LINNET_PIPELINE_LISTENER_H
#define LINNET_PIPELINE_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ears.h"
#include "endpoint.h"
#include "status.h"

struct asr_model;
struct wake_model;
struct listener;
struct listener_pool;

struct listener_pool_config {
    const struct asr_model *asr;   /* outlive the pool */
    const struct wake_model *wake; /* for voice activity */
    struct endpoint_config endpoint;
    size_t most; /* listeners at a time */
};

enum status listener_pool_create(const struct listener_pool_config *config,
                                 struct listener_pool **ret_pool, struct error *ret_error);

/* All listeners must have been given back. Accepts NULL. */
void listener_pool_destroy(struct listener_pool *pool);

/* A listener at the beginning of a stream; NULL when `most` are in use or there is no memory. */
struct listener *listener_pool_take(struct listener_pool *pool);

/* Accepts NULL. */
void listener_pool_give(struct listener_pool *pool, struct listener *listener);

/* The next 20 ms at 16 kHz. What is no Opus packet is heard as a lost one. */
void listener_hear(struct listener *listener, const uint8_t *packet, size_t size);

enum endpoint_decision listener_decision(const struct listener *listener);

/* The words so far, when they changed since the last call. */
bool listener_partial(struct listener *listener, char *ret_text, size_t size);

void listener_finish(struct listener *listener, struct ears_result *ret_result);

#endif
