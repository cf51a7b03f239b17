/* A websocket server for tests: echoes what it gets, and does what a text says:
 *
 *     flood SIZE COUNT     COUNT binary messages of SIZE bytes to the one who asks
 *     drop CODE            drops the one who asks
 *
 *     server_probe PORT [CERT KEY]      prints "listening PORT", then "opened ID", "closed ID",
 *                                       "sent STATUS", "memory BYTES" (asked for on stdin) */
#include "net.h"
#include "ws_server.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN "a-token-for-tests-only"

struct probe {
    struct net *net;
    struct ws_server *server;
};

static void say(const char *what, unsigned long number)
{
    printf("%s %lu\n", what, number);
    fflush(stdout);
}

static void on_opened(void *context, uint32_t client)
{
    (void)context;
    say("opened", client);
}

static void on_closed(void *context, uint32_t client)
{
    (void)context;
    say("closed", client);
}

static void flood(struct ws_server *server, uint32_t client, const char *words)
{
    char *rest;
    size_t size = strtoul(words, &rest, 10);
    long count = strtol(rest, NULL, 10);
    char *bytes = calloc(1, size + 1);
    enum status status = STATUS_OK;
    for (long i = 0; i < count && status == STATUS_OK; i++)
        status = ws_server_send(server, client, bytes, size, false);
    free(bytes);
    printf("sent %s\n", status_name(status));
    fflush(stdout);
}

static void on_message(void *context, uint32_t client, const void *data, size_t size, bool text)
{
    const struct probe *probe = context;
    if (text && strncmp(data, "flood ", 6) == 0)
        flood(probe->server, client, (const char *)data + 6);
    else if (text && strncmp(data, "drop ", 5) == 0)
        ws_server_drop(probe->server, client, (int)strtol((const char *)data + 5, NULL, 10));
    else
        ws_server_send(probe->server, client, data, size, text);
}

int main(int argc, char **argv)
{
    struct probe probe = {.net = NULL};
    struct error error;
    struct clock clock;
    char line[64];
    clock_init_real(&clock);
    const struct ws_server_config config = {
        .address = "127.0.0.1",
        .port = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0,
        .token = TOKEN,
        .cert_file = argc > 3 ? argv[2] : NULL,
        .key_file = argc > 3 ? argv[3] : NULL,
        .max_clients = 8,
        .byte_budget = 500000,
        .ping_ms = 500,
        .handler = {on_opened, on_message, on_closed},
        .context = &probe,
    };
    if (net_create(&(struct net_config){.clock = &clock}, &probe.net, &error) != STATUS_OK ||
        ws_server_create(probe.net, &config, &probe.server, &error) != STATUS_OK) {
        printf("%s %s\n", status_name(error.status), error.text);
        net_destroy(probe.net);
        return 1;
    }
    say("listening", (unsigned long)ws_server_port(probe.server));
    while (fgets(line, sizeof(line), stdin)) {
        struct mallinfo2 info = mallinfo2();
        say("memory", info.uordblks + info.hblkhd);
    }
    ws_server_destroy(probe.server);
    net_destroy(probe.net);
    say("end", 0);
    return 0;
}
