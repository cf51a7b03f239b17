/* Lend this machine's ears, mind and voice to other Linnets over the network: wire_link.h says what
 * is spoken, docs/internals/link.md how a turn goes.
 *
 *     const struct serve_config config = {.net = net, .clock = clock, .address = "127.0.0.1",
 *                                         .port = 7531, .token = token};
 *     TRY(serve_create(&config, &serve, ret_error));
 *     ...
 *     serve_destroy(serve);
 *
 * The net thread only puts what comes into a bounded queue a client. The ears, one thread for each
 * processor, share the clients, decode their sound and recognise while they speak; another thread,
 * the mind, closes transcriptions, answers and speaks, so that its longer work never holds up a
 * packet. Weights are shared; what a client costs beyond them is bounded: a queue, what waits for
 * it in the server, and while it speaks a recogniser from a pool.
 *
 * Thread: control, for all functions but serve_counters (any). */
#ifndef LINNET_PIPELINE_SERVE_H
#define LINNET_PIPELINE_SERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "clock.h"
#include "net.h"
#include "status.h"
#include "wire_link.h"

struct serve_config {
    struct net *net;                                    /* outlives it */
    const struct clock *clock;                          /* real, outlives it */
    const char *models_dir;                             /* NULL: find it */
    const char *name;                                   /* told to clients */
    const char *address, *token, *cert_file, *key_file; /* ws_server.h */
    int port;
    bool allow_plain;
    size_t max_clients; /* 0: 64 */
    unsigned stages;    /* of link_stage, what is lent; 0: all */
};

struct serve;

/* Errors of the models (naming the file) and of ws_server_create. */
enum status serve_create(const struct serve_config *config, struct serve **ret_serve,
                         struct error *ret_error);

/* Accepts NULL. */
void serve_destroy(struct serve *serve);

int serve_port(const struct serve *serve);

void serve_counters(struct serve *serve, struct link_counters *ret_counters);

#endif
