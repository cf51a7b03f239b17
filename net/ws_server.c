#include "ws_server.h"

#include "fault.h"
#include "inbox.h"
#include "net_impl.h"
#include "outbox.h"

#include <arpa/inet.h>
#include <libwebsockets.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TOKEN_LEAST = 16,
    TOKEN_BYTES = 256,
    PATH_BYTES = 1024,
    RECEIVE_BYTES = 8192,
    HANDSHAKE_S = 10, /* for a connection to become a client */
    GOODBYE_MS = 1000,
    CODE_TOO_SLOW = 1013, /* "try again later" */
};

struct ws_server_client {
    struct ws_server *server;
    uint32_t id; /* 0: nobody */
    struct lws *wsi;
    struct outbox outbox;
    struct inbox inbox;
    struct net_timer *timer; /* of pings, or of the goodbye */
    bool pinging, ping_due;
    int leaving; /* close code; 0: stays */
};

struct ws_server {
    struct net_grave grave; /* first: libwebsockets may still look here when the server is gone */
    struct lws_protocols protocols[2];
    char address[64], cert_file[PATH_BYTES], key_file[PATH_BYTES], token[TOKEN_BYTES];
    struct ws_server_config config;
    struct net *net;
    struct lws_vhost *vhost;
    int port;
    bool gone;
    struct net_task wake;
    uint32_t count;       /* of ids given */
    pthread_mutex_t lock; /* of the clients' ids and of their outboxes' lives */
    struct ws_server_client *clients;
    size_t client_count;
    size_t client_max;
};

static struct ws_server_client *find(struct ws_server *server, uint32_t id)
{
    size_t index = ws_server_place(id);
    if (!id || index >= server->client_max || server->clients[index].id != id)
        return NULL;
    return &server->clients[index];
}

/* The connection has gone or is let go: the place is free for another. */
static void release(struct ws_server_client *client)
{
    struct ws_server *server = client->server;
    uint32_t id = client->id;
    net_timer_set(client->timer, -1);
    if (client->wsi)
        lws_set_opaque_user_data(client->wsi, NULL);
    pthread_mutex_lock(&server->lock);
    client->id = 0;
    server->client_count--;
    outbox_finish(&client->outbox);
    pthread_mutex_unlock(&server->lock);
    inbox_finish(&client->inbox);
    client->wsi = NULL;
    if (!server->gone)
        server->config.handler.closed(server->config.context, id);
}

static void kill_client(struct ws_server_client *client)
{
    net_forget(client->wsi);
    client->wsi = NULL;
    release(client);
}

/* Say goodbye as soon as the client reads; one that does not has a second. */
static void leave(struct ws_server_client *client, int code)
{
    if (client->leaving)
        return;
    client->leaving = code;
    outbox_end(&client->outbox);
    lws_callback_on_writable(client->wsi);
    net_timer_set(client->timer, GOODBYE_MS);
}

static void on_timer(void *context)
{
    struct ws_server_client *client = context;
    if (!client->id)
        return;
    if (client->leaving || client->pinging) {
        kill_client(client);
        return;
    }
    client->pinging = client->ping_due = true;
    net_timer_set(client->timer, client->server->config.ping_ms);
    lws_callback_on_writable(client->wsi);
}

static void heard(struct ws_server_client *client)
{
    client->pinging = false;
    if (!client->leaving)
        net_timer_set(client->timer, client->server->config.ping_ms);
}

static struct ws_server_client *free_place(struct ws_server *server)
{
    for (size_t i = 0; i < server->client_max; i++)
        if (!server->clients[i].id)
            return &server->clients[i];
    return NULL;
}

static int on_opened(struct ws_server *server, struct lws *wsi)
{
    struct ws_server_client *client = free_place(server);
    if (!client)
        return -1;
    inbox_init(&client->inbox, server->config.max_message);
    client->wsi = wsi;
    client->pinging = client->ping_due = false;
    client->leaving = 0;
    server->count++;
    uint32_t index = (uint32_t)(client - server->clients);
    pthread_mutex_lock(&server->lock);
    outbox_init(&client->outbox, server->config.byte_budget);
    client->id = server->count * WS_SERVER_CLIENTS_MAX + index;
    server->client_count++;
    pthread_mutex_unlock(&server->lock);
    lws_set_opaque_user_data(wsi, client);
    heard(client);
    server->config.handler.opened(server->config.context, client->id);
    return 0;
}

static void on_piece(struct ws_server_client *client, const void *in, size_t size)
{
    struct ws_server *server = client->server;
    heard(client);
    if (client->leaving)
        return;
    enum status status = inbox_take(&client->inbox, client->wsi, in, size);
    if (status == STATUS_OK)
        server->config.handler.message(server->config.context, client->id, client->inbox.message,
                                       client->inbox.size, client->inbox.text);
    else if (status != STATUS_AGAIN)
        leave(client, status == STATUS_LIMIT ? LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE
                                             : LWS_CLOSE_STATUS_UNEXPECTED_CONDITION);
}

static int on_writable(struct ws_server_client *client)
{
    struct lws *wsi = client->wsi;
    unsigned char ping[LWS_PRE + 1] = {0}; /* the pong of an empty one is not told */
    if (client->leaving) {
        lws_close_reason(wsi, (enum lws_close_status)client->leaving, NULL, 0);
        release(client);
        return -1;
    }
    if (client->ping_due) {
        client->ping_due = false;
        lws_callback_on_writable(wsi);
        return lws_write(wsi, ping + LWS_PRE, 1, LWS_WRITE_PING) < 0 ? -1 : 0;
    }
    enum outbox_result result = outbox_send_one(&client->outbox, wsi);
    if (result == OUTBOX_SENT)
        lws_callback_on_writable(wsi);
    return result == OUTBOX_BROKEN ? -1 : 0;
}

/* Takes as long for a wrong token as for the right one. */
static bool has_token(const struct ws_server *server, struct lws *wsi)
{
    char expected[TOKEN_BYTES + 8] = "", given[TOKEN_BYTES + 8] = "";
    snprintf(expected, sizeof(expected), "Bearer %s", server->token);
    if (lws_hdr_copy(wsi, given, sizeof(given), WSI_TOKEN_HTTP_AUTHORIZATION) <= 0)
        return false;
    return CRYPTO_memcmp(expected, given, sizeof(expected)) == 0;
}

/* Not by lws_return_http_status: that answers an upgrade with HTTP/1.0, which some clients do not
 * understand. */
static int refuse(struct lws *wsi, int status, const char *words)
{
    char text[LWS_PRE + 128];
    int size =
        snprintf(text + LWS_PRE, sizeof(text) - LWS_PRE,
                 "HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status, words);
    int written =
        lws_write(wsi, (unsigned char *)text + LWS_PRE, (size_t)size, LWS_WRITE_HTTP_HEADERS);
    return written < size ? -1 : 1;
}

static int on_upgrade(const struct ws_server *server, struct lws *wsi, const char *to)
{
    if (server->gone || !to || strcasecmp(to, "websocket") != 0)
        return refuse(wsi, 400, "Bad Request");
    if (!has_token(server, wsi))
        return refuse(wsi, 401, "Unauthorized");
    if (server->client_count >= server->client_max)
        return refuse(wsi, 503, "Service Unavailable");
    return 0;
}

static int on_client_event(struct ws_server_client *client, enum lws_callback_reasons reason,
                           void *in, size_t size)
{
    switch (reason) {
    case LWS_CALLBACK_RECEIVE:
        on_piece(client, in, size);
        return 0;
    case LWS_CALLBACK_RECEIVE_PONG:
        heard(client);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return on_writable(client);
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_WSI_DESTROY: /* of one whose end was not told */
        release(client);
        return 0;
    default:
        return 0;
    }
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size)
{
    (void)user;
    struct ws_server *server;
    struct ws_server_client *client;
    switch (reason) {
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
        lws_set_timeout(wsi, PENDING_TIMEOUT_ESTABLISH_WITH_SERVER, HANDSHAKE_S);
        return 0;
    case LWS_CALLBACK_HTTP:
        refuse(wsi, 404, "Not Found");
        return -1;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return on_upgrade(lws_get_protocol(wsi)->user, wsi, in);
    case LWS_CALLBACK_ESTABLISHED:
        server = lws_get_protocol(wsi)->user;
        return server->gone ? -1 : on_opened(server, wsi);
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX:
        return -1;
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_RECEIVE_PONG:
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_WSI_DESTROY:
        client = lws_get_opaque_user_data(wsi);
        return client ? on_client_event(client, reason, in, size) : 0;
    default:
        return 0;
    }
}

/* Somebody has sent something: every client that has something waiting is told when it can be. */
static void wake(void *context)
{
    struct ws_server *server = context;
    for (size_t i = 0; i < server->client_max; i++) {
        struct ws_server_client *client = &server->clients[i];
        if (client->id && outbox_ended(&client->outbox))
            leave(client, CODE_TOO_SLOW);
        else if (client->id && outbox_pending(&client->outbox))
            lws_callback_on_writable(client->wsi);
    }
}

enum status ws_server_send(struct ws_server *server, uint32_t id, const void *data, size_t size,
                           bool text)
{
    pthread_mutex_lock(&server->lock);
    struct ws_server_client *client = find(server, id);
    enum status status = client ? outbox_put(&client->outbox, data, size, text) : STATUS_CANCELLED;
    if (status == STATUS_LIMIT || status == STATUS_NO_MEMORY)
        outbox_end(&client->outbox);
    pthread_mutex_unlock(&server->lock);
    if (status != STATUS_CANCELLED)
        net_task_queue(server->net, &server->wake);
    return status;
}

size_t ws_server_pending(struct ws_server *server, uint32_t id)
{
    pthread_mutex_lock(&server->lock);
    struct ws_server_client *client = find(server, id);
    size_t pending = client ? outbox_pending(&client->outbox) : 0;
    pthread_mutex_unlock(&server->lock);
    return pending;
}

struct dropping {
    struct ws_server *server;
    uint32_t id;
    int code;
};

static void drop_here(void *context)
{
    const struct dropping *dropping = context;
    struct ws_server_client *client = find(dropping->server, dropping->id);
    if (client)
        leave(client, dropping->code);
}

void ws_server_drop(struct ws_server *server, uint32_t id, int code)
{
    net_run(server->net, drop_here, &(struct dropping){server, id, code});
}

int ws_server_port(const struct ws_server *server)
{
    return server->port;
}

static bool is_this_machine(const char *address)
{
    struct in_addr v4;
    return inet_pton(AF_INET, address, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

static enum status check_config(const struct ws_server_config *config, struct error *ret_error)
{
    struct in_addr v4;
    size_t token = config->token ? strlen(config->token) : 0;
    if (inet_pton(AF_INET, config->address, &v4) != 1)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "server: address \"%s\": expected a number like 127.0.0.1",
                         config->address);
    if (token < TOKEN_LEAST || token >= TOKEN_BYTES)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "server: a token of %zu characters: expected %d to %d", token, TOKEN_LEAST,
                         TOKEN_BYTES - 1);
    if (!is_this_machine(config->address) && !config->cert_file && !config->allow_plain)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "server: %s can be reached from other machines: expected a certificate, "
                         "or leave to talk in plain",
                         config->address);
    if ((config->cert_file == NULL) != (config->key_file == NULL))
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "server: expected both a certificate and a key");
    return STATUS_OK;
}

/* libwebsockets says only that it did not work. */
static enum status check_tls(const struct ws_server_config *config, struct error *ret_error)
{
    if (!config->cert_file)
        return STATUS_OK;
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    const char *wrong = NULL;
    if (tls && SSL_CTX_use_certificate_chain_file(tls, config->cert_file) != 1)
        wrong = config->cert_file;
    else if (tls && SSL_CTX_use_PrivateKey_file(tls, config->key_file, SSL_FILETYPE_PEM) != 1)
        wrong = config->key_file;
    SSL_CTX_free(tls);
    ERR_clear_error();
    if (!tls)
        return error_set(ret_error, STATUS_NO_MEMORY, "server: no memory for TLS");
    return wrong ? error_set(ret_error, STATUS_FORMAT,
                             "%s: expected a certificate and its key as PEM", wrong)
                 : STATUS_OK;
}

static size_t or_default(size_t value, size_t otherwise)
{
    return value ? value : otherwise;
}

static void take_config(struct ws_server *server, const struct ws_server_config *config)
{
    struct ws_server_config *own = &server->config;
    *own = *config;
    own->max_message = or_default(config->max_message, WS_SERVER_MAX_MESSAGE_DEFAULT);
    own->byte_budget = or_default(config->byte_budget, WS_SERVER_BYTE_BUDGET_DEFAULT);
    own->ping_ms = config->ping_ms > 0 ? config->ping_ms : WS_SERVER_PING_DEFAULT_MS;
    server->client_max = or_default(config->max_clients, WS_SERVER_CLIENTS_DEFAULT);
    if (server->client_max > WS_SERVER_CLIENTS_MAX)
        server->client_max = WS_SERVER_CLIENTS_MAX;
    snprintf(server->address, sizeof(server->address), "%s", config->address);
    snprintf(server->token, sizeof(server->token), "%s", config->token);
    if (config->cert_file)
        snprintf(server->cert_file, sizeof(server->cert_file), "%s", config->cert_file);
    if (config->key_file)
        snprintf(server->key_file, sizeof(server->key_file), "%s", config->key_file);
    server->protocols[0] = (struct lws_protocols){.name = "linnet-server",
                                                  .callback = on_event,
                                                  .rx_buffer_size = RECEIVE_BYTES,
                                                  .user = server};
}

static enum status make_clients(struct ws_server *server, struct error *ret_error)
{
    server->clients = mem_calloc(server->client_max, sizeof(*server->clients));
    if (!server->clients)
        return error_set(ret_error, STATUS_NO_MEMORY, "server: out of memory");
    for (size_t i = 0; i < server->client_max; i++) {
        struct ws_server_client *client = &server->clients[i];
        client->server = server;
        TRY(net_timer_create(server->net, on_timer, client, &client->timer, ret_error));
    }
    return STATUS_OK;
}

static void listen_here(void *context)
{
    struct ws_server *server = context;
    bool tls = server->config.cert_file != NULL;
    struct lws_context_creation_info info = {
        .port = server->config.port,
        .iface = server->address,
        .protocols = server->protocols,
        .options = LWS_SERVER_OPTION_DISABLE_IPV6 | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
                   (tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0),
        .vhost_name = "server",
        .ssl_cert_filepath = tls ? server->cert_file : NULL,
        .ssl_private_key_filepath = tls ? server->key_file : NULL,
        .ssl_options_set = SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1,
        .alpn = "http/1.1",
        .timeout_secs_ah_idle = HANDSHAKE_S,
        .keepalive_timeout = HANDSHAKE_S,
    };
    server->vhost = lws_create_vhost(net_context(server->net), &info);
    if (server->vhost)
        server->port = lws_get_vhost_listen_port(server->vhost);
}

/* The caller has the server before the net thread can call a handler that looks for it. */
static enum status start(struct ws_server *server, struct ws_server **ret_server,
                         struct error *ret_error)
{
    struct ws_server *before = *ret_server;
    TRY(make_clients(server, ret_error));
    *ret_server = server;
    net_run(server->net, listen_here, server);
    if (server->vhost)
        return STATUS_OK;
    *ret_server = before;
    return error_set(ret_error, STATUS_BUSY, "server: cannot listen on %s port %d", server->address,
                     server->config.port);
}

enum status ws_server_create(struct net *net, const struct ws_server_config *config,
                             struct ws_server **ret_server, struct error *ret_error)
{
    TRY(check_config(config, ret_error));
    TRY(check_tls(config, ret_error));
    struct ws_server *server = mem_calloc(1, sizeof(*server));
    if (!server)
        return error_set(ret_error, STATUS_NO_MEMORY, "server: out of memory");
    server->net = net;
    server->wake = (struct net_task){.run = wake, .context = server};
    pthread_mutex_init(&server->lock, NULL);
    take_config(server, config);
    enum status status = start(server, ret_server, ret_error);
    if (status != STATUS_OK)
        ws_server_destroy(server);
    return status;
}

static void stop_here(void *context)
{
    struct ws_server *server = context;
    server->gone = true;
    for (size_t i = 0; i < server->client_max && server->clients; i++) {
        if (server->clients[i].id)
            kill_client(&server->clients[i]);
        net_timer_destroy(server->clients[i].timer);
    }
    if (server->vhost)
        lws_vhost_destroy(server->vhost);
    net_task_cancel(server->net, &server->wake);
}

void ws_server_destroy(struct ws_server *server)
{
    if (!server)
        return;
    net_run(server->net, stop_here, server);
    pthread_mutex_destroy(&server->lock);
    free(server->clients);
    net_bury(server->net, &server->grave);
}
