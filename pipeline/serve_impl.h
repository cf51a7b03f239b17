/* Between the files of serve: what the threads share and who owns what.
 *
 * Thread: a client's members belong to its ear, but for those marked otherwise. */
#ifndef LINNET_PIPELINE_SERVE_IMPL_H
#define LINNET_PIPELINE_SERVE_IMPL_H

#include <stdatomic.h>

#include "listener.h"
#include "mailbox.h"
#include "packet_queue.h"
#include "provider.h"
#include "serve.h"
#include "thread.h"
#include "ws_server.h"

/* Kinds of packet_record. */
enum serve_record { SERVE_OPENED, SERVE_CLOSED, SERVE_TEXT, SERVE_SOUND };

struct serve_client {
    struct packet_queue queue; /* net -> ears */
    atomic_bool scheduled;     /* its place is in its ear's mailbox */
    atomic_uint open_turn;     /* for the mind: 0 when cancelled */
    uint32_t id;               /* of the server; 0: nobody */
    uint32_t turn;             /* 0: none */
    unsigned stages;
    struct listener *listener; /* while sound is expected */
    unsigned packets;          /* of this turn */
    bool hold;                 /* no pause ends it */
    size_t tool_count;
    char tools[LINK_TOOLS_MAX][PROVIDER_NAME_BYTES];
};

/* What the mind does for a turn. */
struct serve_job {
    uint32_t id, turn;
    unsigned stages;           /* left to do */
    struct listener *listener; /* to be finished and given back, or NULL */
    bool is_result;            /* the text answers a tool call: it is the answer */
    size_t tool_count;
    char tools[LINK_TOOLS_MAX][PROVIDER_NAME_BYTES];
    char text[LINK_TEXT_MAX + 1];
};

/* One of the threads that share the clients between them, each with its own. */
struct serve_ear {
    struct serve *serve;
    struct mailbox *places; /* of uint32_t: of clients with something to do */
    struct thread thread;
};

enum { SERVE_EARS_MAX = 8 };

struct serve_mind;

struct serve {
    struct serve_config config;
    struct ws_server *server;
    struct gguf *acoustic, *language;
    struct asr_model *asr;
    struct wake_model *wake;
    struct listener_pool *listeners;
    struct serve_mind *mind;
    struct serve_client *clients;
    struct serve_ear ears[SERVE_EARS_MAX];
    size_t ear_count;
    struct mailbox *jobs; /* of struct serve_job */
    struct thread mind_thread;
    /* link_counters */
    atomic_llong client_count, packets, lost, late, worst_us, turns;
};

/* Send a message to a client; its turn is that of the message. Thread: any. */
void serve_send(struct serve *serve, uint32_t id, const struct link_message *message);

void serve_fail(struct serve *serve, uint32_t id, uint32_t turn, enum provider_failure failure,
                const char *text);

/* Whether work for this turn still makes sense. Thread: any. */
bool serve_is_open(struct serve *serve, uint32_t id, uint32_t turn);

/* ---- ears ---- */

/* Run a struct serve_ear until its mailbox is closed. */
void serve_ears_run(void *context);

/* Everything a client still holds goes back. */
void serve_ears_forget(struct serve *serve, struct serve_client *client);

/* ---- mind ---- */

enum status serve_mind_create(struct serve *serve, const char *models_dir, unsigned stages,
                              struct serve_mind **ret_mind, struct error *ret_error);
void serve_mind_destroy(struct serve_mind *mind);

/* Run until the jobs' mailbox is closed; what is left in it is given back. */
void serve_mind_run(void *context);

#endif
