/* The threads that look at what clients send: texts of the link, and sound, packet by packet. */
#include <stdio.h>
#include <string.h>

#include "serve_impl.h"

enum {
    RECORDS_AT_A_TIME = 16, /* of one client, before the next has its turn */
    PACKETS_A_PARTIAL = 5,  /* the words so far are told every 100 ms */
    CODE_BAD_MESSAGE = 1008,
};

void serve_ears_forget(struct serve *serve, struct serve_client *client)
{
    if (client->listener)
        listener_pool_give(serve->listeners, client->listener);
    client->listener = NULL;
    client->turn = 0;
    atomic_store(&client->open_turn, 0);
}

static void post_job(struct serve *serve, struct serve_client *client, const char *text,
                     bool is_result)
{
    struct serve_job job = {.id = client->id,
                            .turn = client->turn,
                            .stages = client->stages,
                            .listener = client->listener,
                            .is_result = is_result,
                            .tool_count = client->tool_count};
    memcpy(job.tools, client->tools, sizeof(job.tools));
    snprintf(job.text, sizeof(job.text), "%s", text);
    if (mailbox_post(serve->jobs, &job) == STATUS_OK) {
        client->listener = NULL;
        return;
    }
    serve_fail(serve, client->id, client->turn, PROVIDER_OVERLOADED, "too much to do");
    serve_ears_forget(serve, client);
}

/* ---- sound ---- */

static void tell_partial(struct serve *serve, const struct serve_client *client)
{
    char text[LINNET_TEXT_BYTES];
    if (client->packets % PACKETS_A_PARTIAL == 0 &&
        listener_partial(client->listener, text, sizeof(text)))
        serve_send(
            serve, client->id,
            &(struct link_message){.kind = LINK_PARTIAL, .turn = client->turn, .text = text});
}

static void hear(struct serve *serve, struct serve_client *client, const void *data, size_t size)
{
    const uint8_t *packet;
    uint32_t turn;
    size_t packet_size;
    if (wire_link_sound_read(data, size, &turn, &packet, &packet_size) != STATUS_OK ||
        turn != client->turn || !client->listener)
        return;
    client->packets++;
    listener_hear(client->listener, packet, packet_size);
    tell_partial(serve, client);
    if (!client->hold && listener_decision(client->listener) != ENDPOINT_WAIT)
        post_job(serve, client, "", false);
}

/* ---- texts ---- */

static void welcome(struct serve *serve, const struct serve_client *client,
                    const struct link_message *message)
{
    if (message->version != LINK_VERSION) {
        ws_server_drop(serve->server, client->id, CODE_BAD_MESSAGE);
        return;
    }
    serve_send(serve, client->id,
               &(struct link_message){.kind = LINK_HELLO,
                                      .version = LINK_VERSION,
                                      .stages = serve->config.stages,
                                      .text = serve->config.name});
}

static void take_tools(struct serve_client *client, const struct link_message *message)
{
    client->tool_count = message->tool_count;
    for (size_t i = 0; i < message->tool_count; i++)
        snprintf(client->tools[i], sizeof(client->tools[i]), "%s", message->tools[i]);
}

static void start(struct serve *serve, struct serve_client *client,
                  const struct link_message *message)
{
    serve_ears_forget(serve, client);
    client->turn = message->turn;
    client->stages = message->stages;
    client->packets = 0;
    client->hold = message->hold;
    take_tools(client, message);
    atomic_store(&client->open_turn, message->turn);
    atomic_fetch_add(&serve->turns, 1);
    if (message->stages & ~serve->config.stages) {
        serve_fail(serve, client->id, client->turn, PROVIDER_REFUSED, "this stage is not lent");
        serve_ears_forget(serve, client);
    } else if (!(message->stages & LINK_TRANSCRIBE)) {
        post_job(serve, client, message->text, false);
    } else if (!(client->listener = listener_pool_take(serve->listeners))) {
        serve_fail(serve, client->id, client->turn, PROVIDER_OVERLOADED, "no ear is free");
        serve_ears_forget(serve, client);
    }
}

static void count(struct serve *serve, const struct serve_client *client)
{
    struct link_message message = {.kind = LINK_COUNT};
    serve_counters(serve, &message.counters);
    serve_send(serve, client->id, &message);
}

static void obey(struct serve *serve, struct serve_client *client,
                 const struct link_message *message)
{
    bool current = message->turn == client->turn && client->turn;
    switch (message->kind) {
    case LINK_HELLO:
        welcome(serve, client, message);
        break;
    case LINK_START:
        start(serve, client, message);
        break;
    case LINK_END:
        if (current && client->listener)
            post_job(serve, client, "", false);
        break;
    case LINK_RESULT:
        if (current)
            post_job(serve, client, message->text, true);
        break;
    case LINK_CANCEL:
        if (current)
            serve_ears_forget(serve, client);
        break;
    case LINK_COUNT:
        count(serve, client);
        break;
    default:
        break;
    }
}

static void read_text(struct serve *serve, struct serve_client *client, const char *data,
                      size_t size)
{
    struct link_message message;
    if (wire_link_read(data, size, &message, NULL) != STATUS_OK) {
        ws_server_drop(serve->server, client->id, CODE_BAD_MESSAGE);
        return;
    }
    obey(serve, client, &message);
    wire_link_finish(&message);
}

/* ---- the thread ---- */

static void count_wait(struct serve *serve, const struct packet_record *record)
{
    int64_t us = (clock_now_ns(serve->config.clock) - record->time_ns) / 1000;
    if (us > LINK_FRAME_MS * 1000)
        atomic_fetch_add(&serve->late, 1);
    if (us > atomic_load(&serve->worst_us))
        atomic_store(&serve->worst_us, us);
}

static void look_at(struct serve *serve, struct serve_client *client,
                    const struct packet_record *record, const char *data)
{
    switch ((enum serve_record)record->kind) {
    case SERVE_OPENED:
        memcpy(&client->id, data, sizeof(client->id));
        break;
    case SERVE_CLOSED:
        serve_ears_forget(serve, client);
        client->id = 0;
        break;
    case SERVE_TEXT:
        read_text(serve, client, data, record->size);
        break;
    case SERVE_SOUND:
        hear(serve, client, data, record->size);
        count_wait(serve, record);
        break;
    }
}

static void attend(struct serve_ear *ear, uint32_t place, char *data)
{
    struct serve *serve = ear->serve;
    struct serve_client *client = &serve->clients[place];
    struct packet_record record;
    atomic_store(&client->scheduled, false);
    for (int i = 0; i < RECORDS_AT_A_TIME; i++) {
        if (!packet_queue_take(&client->queue, &record, data, LINK_MESSAGE_MAX + 1))
            return;
        look_at(serve, client, &record, data);
    }
    if (!packet_queue_is_empty(&client->queue) && !atomic_exchange(&client->scheduled, true))
        mailbox_post(ear->places, &place);
}

void serve_ears_run(void *context)
{
    struct serve_ear *ear = context;
    char data[LINK_MESSAGE_MAX + 1];
    uint32_t place;
    while (mailbox_wait(ear->places, &place, -1) == STATUS_OK)
        attend(ear, place, data);
}
