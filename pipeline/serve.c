#include "serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asr.h"
#include "gguf.h"
#include "models_dir.h"
#include "option.h"
#include "serve_impl.h"
#include "wake.h"

enum {
    CLIENTS_DEFAULT = 64,
    QUEUE_BYTES = 65536,
    SPARE_BYTES = 256,     /* of a queue, for the news that the client has gone */
    BYTE_BUDGET = 2 << 20, /* the longest reply, spoken, is 1.6 MB of packets and their cost */
    PATH_BYTES = 600,
    CODE_TOO_FAST = 1008,
};

/* ---- what comes from the net thread ---- */

static struct serve_client *client_of(struct serve *serve, uint32_t id)
{
    return &serve->clients[ws_server_place(id)];
}

/* Each place stands in its ear's mailbox at most once, so it always fits. */
static void schedule(struct serve *serve, uint32_t id)
{
    uint32_t place = ws_server_place(id);
    if (!atomic_exchange(&serve->clients[place].scheduled, true))
        mailbox_post(serve->ears[place % serve->ear_count].places, &place);
}

static bool push(struct serve *serve, uint32_t id, enum serve_record kind, const void *data,
                 size_t size)
{
    const struct packet_record record = {
        .time_ns = clock_now_ns(serve->config.clock), .size = (uint32_t)size, .kind = kind};
    size_t spare = kind == SERVE_OPENED || kind == SERVE_CLOSED ? 0 : SPARE_BYTES;
    bool taken = packet_queue_push(&client_of(serve, id)->queue, &record, data, spare);
    schedule(serve, id);
    return taken;
}

static void on_opened(void *context, uint32_t id)
{
    struct serve *serve = context;
    atomic_fetch_add(&serve->client_count, 1);
    push(serve, id, SERVE_OPENED, &id, sizeof(id));
}

static void on_closed(void *context, uint32_t id)
{
    struct serve *serve = context;
    atomic_fetch_sub(&serve->client_count, 1);
    atomic_store(&client_of(serve, id)->open_turn, 0);
    push(serve, id, SERVE_CLOSED, &id, sizeof(id));
}

/* Sound that nobody takes in time is lost; a client whose words nobody takes is dropped. */
static void on_message(void *context, uint32_t id, const void *data, size_t size, bool text)
{
    struct serve *serve = context;
    bool taken = push(serve, id, text ? SERVE_TEXT : SERVE_SOUND, data, size);
    if (!text)
        atomic_fetch_add(&serve->packets, 1);
    if (!text && !taken)
        atomic_fetch_add(&serve->lost, 1);
    else if (!taken)
        ws_server_drop(serve->server, id, CODE_TOO_FAST);
}

/* ---- what goes out ---- */

void serve_send(struct serve *serve, uint32_t id, const struct link_message *message)
{
    struct strbuf text;
    strbuf_init(&text, LINK_MESSAGE_MAX);
    if (wire_link_write(message, &text, NULL) == STATUS_OK)
        ws_server_send(serve->server, id, strbuf_text(&text), text.length, true);
    strbuf_finish(&text);
}

void serve_fail(struct serve *serve, uint32_t id, uint32_t turn, enum provider_failure failure,
                const char *text)
{
    serve_send(serve, id,
               &(struct link_message){
                   .kind = LINK_FAILED, .turn = turn, .failure = failure, .text = text});
}

bool serve_is_open(struct serve *serve, uint32_t id, uint32_t turn)
{
    return atomic_load(&client_of(serve, id)->open_turn) == turn;
}

void serve_counters(struct serve *serve, struct link_counters *ret_counters)
{
    *ret_counters = (struct link_counters){
        .clients = atomic_load(&serve->client_count),
        .packets = atomic_load(&serve->packets),
        .lost = atomic_load(&serve->lost),
        .late = atomic_load(&serve->late),
        .worst_us = atomic_load(&serve->worst_us),
        .turns = atomic_load(&serve->turns),
    };
}

/* ---- life ---- */

static enum status open_ears_models(struct serve *serve, struct error *ret_error)
{
    const char *dir = serve->config.models_dir;
    char acoustic[PATH_BYTES], language[PATH_BYTES], wake[PATH_BYTES];
    models_dir_file(dir, "asr.gguf", acoustic, sizeof(acoustic));
    models_dir_file(dir, "asr-lm.gguf", language, sizeof(language));
    models_dir_file(dir, "wake.gguf", wake, sizeof(wake));
    TRY(gguf_create_from_file(acoustic, &serve->acoustic, ret_error));
    TRY(gguf_create_from_file(language, &serve->language, ret_error));
    TRY(asr_model_create(serve->acoustic, serve->language, NULL, &serve->asr, ret_error));
    return wake_model_create(&serve->wake, wake, ret_error);
}

static enum status make_ears(struct serve *serve, struct error *ret_error)
{
    struct config options;
    config_defaults(&options);
    TRY(open_ears_models(serve, ret_error));
    const struct listener_pool_config config = {
        .asr = serve->asr,
        .wake = serve->wake,
        .endpoint = {.short_pause_ms = (int)options.short_pause_ms,
                     .long_pause_ms = (int)options.long_pause_ms,
                     .no_speech_ms = (int)options.no_speech_ms,
                     .max_turn_ms = (int)options.max_turn_ms},
        .most = serve->config.max_clients,
    };
    return listener_pool_create(&config, &serve->listeners, ret_error);
}

static enum status make_clients(struct serve *serve, struct error *ret_error)
{
    size_t count = serve->config.max_clients;
    serve->clients = calloc(count, sizeof(*serve->clients));
    if (!serve->clients)
        return error_set(ret_error, STATUS_NO_MEMORY, "serve: out of memory");
    for (size_t i = 0; i < count; i++)
        TRY(packet_queue_init(&serve->clients[i].queue, QUEUE_BYTES, ret_error));
    return mailbox_create(count * 2, sizeof(struct serve_job), &serve->jobs, ret_error);
}

static enum status make_ears_mailboxes(struct serve *serve, struct error *ret_error)
{
    size_t processors = (size_t)thread_processors(), clients = serve->config.max_clients;
    serve->ear_count = processors < SERVE_EARS_MAX ? processors : SERVE_EARS_MAX;
    for (size_t i = 0; i < serve->ear_count; i++) {
        struct serve_ear *ear = &serve->ears[i];
        ear->serve = serve;
        TRY(mailbox_create(clients, sizeof(uint32_t), &ear->places, ret_error));
    }
    return STATUS_OK;
}

static enum status start_threads(struct serve *serve, struct error *ret_error)
{
    struct thread_config ears = {.name = "serve-ears", .run = serve_ears_run};
    const struct thread_config mind = {
        .name = "serve-mind", .run = serve_mind_run, .context = serve};
    for (size_t i = 0; i < serve->ear_count; i++) {
        ears.context = &serve->ears[i];
        TRY(thread_start(&serve->ears[i].thread, &ears, ret_error));
    }
    return thread_start(&serve->mind_thread, &mind, ret_error);
}

static enum status start_server(struct serve *serve, struct error *ret_error)
{
    const struct serve_config *c = &serve->config;
    const struct ws_server_config config = {
        .address = c->address,
        .port = c->port,
        .token = c->token,
        .cert_file = c->cert_file,
        .key_file = c->key_file,
        .allow_plain = c->allow_plain,
        .max_clients = c->max_clients,
        .max_message = LINK_MESSAGE_MAX,
        .byte_budget = BYTE_BUDGET,
        .handler = {.opened = on_opened, .message = on_message, .closed = on_closed},
        .context = serve,
    };
    return ws_server_create(c->net, &config, &serve->server, ret_error);
}

/* The threads come last, since they send through the server; what comes in before waits in the
 * queues. */
static enum status prepare(struct serve *serve, struct error *ret_error)
{
    const struct serve_config *c = &serve->config;
    if (c->stages & LINK_TRANSCRIBE)
        TRY(make_ears(serve, ret_error));
    TRY(serve_mind_create(serve, c->models_dir, c->stages, &serve->mind, ret_error));
    TRY(make_clients(serve, ret_error));
    TRY(make_ears_mailboxes(serve, ret_error));
    TRY(start_server(serve, ret_error));
    return start_threads(serve, ret_error);
}

enum status serve_create(const struct serve_config *config, struct serve **ret_serve,
                         struct error *ret_error)
{
    struct serve *serve = calloc(1, sizeof(*serve));
    if (!serve)
        return error_set(ret_error, STATUS_NO_MEMORY, "serve: out of memory");
    serve->config = *config;
    size_t clients = config->max_clients ? config->max_clients : CLIENTS_DEFAULT;
    serve->config.max_clients = clients < WS_SERVER_CLIENTS_MAX ? clients : WS_SERVER_CLIENTS_MAX;
    serve->config.stages = config->stages ? config->stages : LINK_STAGES;
    enum status status = prepare(serve, ret_error);
    if (status != STATUS_OK) {
        serve_destroy(serve);
        return status;
    }
    *ret_serve = serve;
    return STATUS_OK;
}

static void stop_threads(struct serve *serve)
{
    for (size_t i = 0; i < serve->ear_count; i++) {
        if (serve->ears[i].places)
            mailbox_close(serve->ears[i].places);
        thread_join(&serve->ears[i].thread);
    }
    if (serve->jobs)
        mailbox_close(serve->jobs);
    thread_join(&serve->mind_thread);
}

static void free_clients(struct serve *serve)
{
    for (size_t i = 0; i < serve->config.max_clients && serve->clients; i++) {
        serve_ears_forget(serve, &serve->clients[i]);
        packet_queue_finish(&serve->clients[i].queue);
    }
    free(serve->clients);
    for (size_t i = 0; i < serve->ear_count; i++)
        mailbox_destroy(serve->ears[i].places);
    mailbox_destroy(serve->jobs);
}

/* The threads first: they send through the server. What comes in meanwhile stays in queues. */
void serve_destroy(struct serve *serve)
{
    if (!serve)
        return;
    stop_threads(serve);
    ws_server_destroy(serve->server);
    free_clients(serve);
    serve_mind_destroy(serve->mind);
    listener_pool_destroy(serve->listeners);
    wake_model_destroy(serve->wake);
    asr_model_destroy(serve->asr);
    gguf_destroy(serve->language);
    gguf_destroy(serve->acoustic);
    free(serve);
}

int serve_port(const struct serve *serve)
{
    return ws_server_port(serve->server);
}
