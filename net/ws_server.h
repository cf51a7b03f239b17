/* Websocket server: few clients, each with a token, bounded in what it may send and in what waits
 * for it.
 *
 *     const struct ws_server_config config = {.address = "127.0.0.1", .port = 7531,
 *                                             .token = token, .handler = {...}, .context = self};
 *     TRY(ws_server_create(net, &config, &server, ret_error));
 *     ws_server_send(server, client, text, size, true);
 *     ws_server_destroy(server);
 *
 * A client says who it is by the header "Authorization: Bearer TOKEN"; without it the handshake
 * ends with status 401, with too many clients with 503. An address that other machines can reach is
 * refused without TLS, unless the caller allows it.
 *
 * A client is known by an id, which is not used again. One that does not read is dropped (close
 * code 1013) when more than `byte_budget` bytes wait for it; one that is silent and does not answer
 * pings, after two times `ping_ms`.
 *
 * Thread: any, for all functions; callbacks come on the net thread. */
#ifndef LINNET_NET_WS_SERVER_H
#define LINNET_NET_WS_SERVER_H

#include "net.h"

#include <stdint.h>

enum {
    WS_SERVER_CLIENTS_DEFAULT = 64,
    WS_SERVER_CLIENTS_MAX = 256,
    WS_SERVER_MAX_MESSAGE_DEFAULT = 1 << 16,
    WS_SERVER_BYTE_BUDGET_DEFAULT = 1 << 20,
    WS_SERVER_PING_DEFAULT_MS = 15000,
};

struct ws_server_handler {
    void (*opened)(void *context, uint32_t client);
    /* A whole message, valid during the call; after its `size` bytes stands a 0. */
    void (*message)(void *context, uint32_t client, const void *data, size_t size, bool text);
    /* Once for each client that was opened, unless the server is destroyed first. */
    void (*closed)(void *context, uint32_t client);
};

struct ws_server_config {
    const char *address;   /* number of an interface: "127.0.0.1", "0.0.0.0", "192.168.1.5" */
    int port;              /* 0: any that is free */
    const char *token;     /* at least 16 characters */
    const char *cert_file; /* PEM, with its chain; NULL: no TLS */
    const char *key_file;
    bool allow_plain; /* beyond this machine without TLS */
    size_t max_clients, max_message, byte_budget;
    int ping_ms; /* as the others 0: default */
    struct ws_server_handler handler;
    void *context;
};

struct ws_server;

/* Place of a client, below WS_SERVER_CLIENTS_MAX: its own as long as it is there. */
static inline uint32_t ws_server_place(uint32_t client)
{
    return client % WS_SERVER_CLIENTS_MAX;
}

/* Listen. Strings are copied. INVALID_ARGUMENT (address, token, plain beyond this machine), FORMAT
 * (certificate, key), BUSY (the port), NO_MEMORY. `ret_server` is set before any handler runs. */
enum status ws_server_create(struct net *net, const struct ws_server_config *config,
                             struct ws_server **ret_server, struct error *ret_error);

/* Stop listening and drop all clients; no callback is under way or comes later, once it returns.
 * Accepts NULL. */
void ws_server_destroy(struct ws_server *server);

int ws_server_port(const struct ws_server *server);

/* Queue a message. LIMIT: over the budget, and the client is dropped; CANCELLED: it is gone;
 * NO_MEMORY. */
enum status ws_server_send(struct ws_server *server, uint32_t client, const void *data, size_t size,
                           bool text);

/* Bytes that wait for a client; 0 when it is gone. */
size_t ws_server_pending(struct ws_server *server, uint32_t client);

/* Drop a client: `code` is that of the close frame. */
void ws_server_drop(struct ws_server *server, uint32_t client, int code);

#endif
