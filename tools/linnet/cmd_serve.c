#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "commands.h"
#include "net.h"
#include "serve.h"
#include "serve_token.h"

struct options {
    const char *address, *token_file, *cert, *key, *models, *stages;
    double port, clients;
    bool plain, json;
};

static const struct cli_option rows[] = {
    {"address", 0, CLI_TEXT, offsetof(struct options, address), "NUMBER",
     "Interface to listen on; 127.0.0.1 unless given: this machine only."},
    {"port", 'p', CLI_REAL, offsetof(struct options, port), "NUMBER",
     "Port to listen on; 7531 unless given, 0: any that is free."},
    {"token-file", 0, CLI_TEXT, offsetof(struct options, token_file), "FILE",
     "Where the clients' token is kept (mode 0600); made when it is not there. LINNET_SERVE_TOKEN "
     "goes before it."},
    {"cert", 0, CLI_TEXT, offsetof(struct options, cert), "FILE",
     "Certificate with its chain (PEM), for wss://."},
    {"key", 0, CLI_TEXT, offsetof(struct options, key), "FILE", "Its key (PEM)."},
    {"plain", 0, CLI_FLAG, offsetof(struct options, plain), NULL,
     "Let other machines in without TLS: whoever shares the network can listen."},
    {"stages", 0, CLI_TEXT, offsetof(struct options, stages), "LIST",
     "What is lent: transcribe, answer, say, separated by commas; all unless given."},
    {"clients", 0, CLI_REAL, offsetof(struct options, clients), "NUMBER",
     "At most that many at a time; 64 unless given, 256 at most."},
    {"models", 'm', CLI_TEXT, offsetof(struct options, models), "DIR",
     "Folder of the model files."},
    {"json", 'j', CLI_FLAG, offsetof(struct options, json), NULL,
     "One JSON object when it listens, one at the end."},
    {0},
};

static bool read_stages(const char *list, unsigned *ret_stages)
{
    static const char *const names[] = {"transcribe", "answer", "say"};
    *ret_stages = 0;
    for (const char *at = list; at && *at;) {
        size_t size = strcspn(at, ",");
        unsigned before = *ret_stages;
        for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            if (strlen(names[i]) == size && memcmp(names[i], at, size) == 0)
                *ret_stages |= 1u << i;
        if (*ret_stages == before)
            return false;
        at += size + (at[size] == ',');
    }
    return true;
}

static void show(json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    fflush(stdout);
    json_decref(object);
}

static void show_listening(const struct options *options, const struct serve *serve,
                           const struct serve_token *token)
{
    const char *scheme = options->cert ? "wss" : "ws";
    const char *where = *token->path ? token->path : "the environment";
    if (options->json)
        show(json_pack("{s:s, s:s, s:i, s:s}", "listening", scheme, "address", options->address,
                       "port", serve_port(serve), "token", where));
    else
        fprintf(stderr, "listening on %s://%s:%d/; the token is in %s%s; Ctrl-C ends\n", scheme,
                options->address, serve_port(serve), where, token->made ? " (made just now)" : "");
}

static void show_counters(const struct options *options, struct serve *serve)
{
    struct link_counters c;
    serve_counters(serve, &c);
    if (options->json)
        show(json_pack("{s:I, s:I, s:I, s:I, s:I}", "packets", (json_int_t)c.packets, "lost",
                       (json_int_t)c.lost, "late", (json_int_t)c.late, "worst_us",
                       (json_int_t)c.worst_us, "turns", (json_int_t)c.turns));
    else
        fprintf(stderr,
                "%lld turns, %lld packets: %lld lost, %lld late, the longest wait %.1f ms\n",
                (long long)c.turns, (long long)c.packets, (long long)c.lost, (long long)c.late,
                (double)c.worst_us / 1000);
}

/* The signals are blocked in all threads and asked for here. */
static enum status serve_until_interrupted(const struct options *options,
                                           const struct serve_config *config,
                                           const struct serve_token *token, struct error *error)
{
    struct serve *serve;
    sigset_t signals;
    int number;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    TRY(serve_create(config, &serve, error));
    show_listening(options, serve, token);
    sigwait(&signals, &number);
    show_counters(options, serve);
    serve_destroy(serve);
    return STATUS_OK;
}

static enum status work(const struct options *options, unsigned stages, struct error *error)
{
    struct serve_token token;
    struct clock clock;
    struct net *net;
    clock_init_real(&clock);
    TRY(serve_token_load(options->token_file, &token, error));
    enum status status = net_create(&(struct net_config){.clock = &clock}, &net, error);
    if (status == STATUS_OK) {
        const struct serve_config config = {
            .net = net,
            .clock = &clock,
            .models_dir = options->models,
            .name = "linnet " LINNET_VERSION,
            .address = options->address,
            .port = (int)options->port,
            .token = secret_text(&token.secret),
            .cert_file = options->cert,
            .key_file = options->key,
            .allow_plain = options->plain,
            .max_clients = (size_t)options->clients,
            .stages = stages,
        };
        status = serve_until_interrupted(options, &config, &token, error);
        net_destroy(net);
    }
    secret_finish(&token.secret);
    return status;
}

static void block_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

static int run(int argc, char **argv)
{
    struct options options = {.address = "127.0.0.1", .port = 7531, .clients = 64};
    struct error error;
    unsigned stages;
    int count, exit_status;
    if (!cli_parse(&command_serve, &options, argc, argv, &count, &exit_status))
        return exit_status;
    if (!read_stages(options.stages, &stages) || options.port < 0 || options.port > 65535 ||
        options.clients < 1 || options.clients > 256) {
        cli_fail("serve: expected stages among transcribe, answer, say; a port up to 65535; 1 to "
                 "256 clients");
        return EXIT_USAGE;
    }
    block_signals();
    return work(&options, stages, &error) == STATUS_OK ? EXIT_DONE : cli_fail("%s", error.text);
}

const struct cli_command command_serve = {
    .name = "serve",
    .arguments = "",
    .summary = "Lend this machine's ears, mind and voice to other Linnets.",
    .options = rows,
    .run = run,
};
