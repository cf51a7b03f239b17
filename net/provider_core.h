/* What all kinds of provider share: the turn with its messages, the events about it, the accounts,
 * and the way from the caller's thread to the net thread, on which everything else happens. A kind
 * is the hooks below around a structure that begins with a provider_core.
 *
 * Life of a turn: start (the kind sees to a connection, then calls core_begin), begin (send it),
 * core_text and the like as the answer comes, core_round_done: either the end, or, after tools, a
 * wait for `reply`. core_fail ends it at any time.
 *
 * Thread: net for everything, but for core_init, and provider_ops as provider.h says. */
#ifndef LINNET_NET_PROVIDER_CORE_H
#define LINNET_NET_PROVIDER_CORE_H

#include "provider_create.h"
#include "provider_past.h"
#include "provider_post.h"
#include "strbuf.h"
#include "wire.h"

struct provider_core;

struct core_hooks {
    /* A turn wants to begin: call core_begin now or once there is a connection. INVALID_ARGUMENT
     * and the like end the turn without an event. */
    enum status (*start)(struct provider_core *core, struct error *ret_error);
    void (*begin)(struct provider_core *core);
    /* Between begin and the end; may be NULL where send_audio is refused. */
    enum status (*feed)(struct provider_core *core, const void *sound, size_t bytes);
    void (*end_feed)(struct provider_core *core);
    /* The last `count` messages of the history are results. */
    void (*reply)(struct provider_core *core, size_t count);
    /* The turn is over for the caller; `heard_ms` as in provider.h. Also after its end. */
    void (*cancel)(struct provider_core *core, int64_t heard_ms);
    /* Close the connection and free what is the kind's own. */
    void (*finish)(struct provider_core *core);
    /* No turn is open: open the connection of the next one; true when that was needed. May be NULL.
     */
    bool (*warm)(struct provider_core *core);
};

struct provider_core {
    struct provider provider; /* must stay first */
    const struct core_hooks *hooks;
    struct provider_config config; /* with strings of its own, but for the key */
    struct post post;
    /* The turn. */
    struct provider_turn turn; /* with strings of its own; messages are in the history */
    struct history history;
    bool open;    /* events of it may be posted */
    bool begun;   /* sent, or being sent */
    bool waiting; /* for results */
    bool called;  /* tools were called in this round */
    bool spoke;   /* something of the answer was posted */
    bool retried; /* it has been sent again on another connection */
    bool feed_ended;
    struct strbuf sound;  /* fed before it could be sent */
    struct strbuf answer; /* text of this round */
    struct provider_usage total, round;
    size_t sound_in, sound_out; /* bytes */
};

/* `core` is zeroed but for what the kind added. Copies the configuration. */
enum status core_init(struct provider_core *core, const struct core_hooks *hooks,
                      const struct provider_config *config, struct error *ret_error);

/* Free `core` itself after a failed creation; else provider_destroy does. Thread: any. */
void core_free(struct provider_core *core);

/* The turn can be sent now: begin, then the sound that waits. Does nothing without such a turn. */
void core_begin(struct provider_core *core);

/* The connection is another one: let the kind start the turn again, with all that was said in it
 * since. A turn that began with sound cannot: the sound is gone, and it fails. */
void core_restart(struct provider_core *core);

/* What the answer says; nothing happens when no turn is open. */
void core_text(struct provider_core *core, const char *text, size_t length);
void core_sound(struct provider_core *core, const char *bytes, size_t count);
void core_heard(struct provider_core *core, const char *text, size_t length, double confidence);
void core_tool(struct provider_core *core, const char *call_id, const char *name,
               const char *arguments);
void core_usage(struct provider_core *core, const struct provider_usage *tokens);

/* Put the text of this round so far into the history as a message; true when there was one. */
bool core_keep_answer(struct provider_core *core);

/* The model has said all of this round. */
void core_round_done(struct provider_core *core);

/* The key, should it be in `text`, is not told. */
void core_fail(struct provider_core *core, enum provider_failure failure, const char *text);

/* Blot out the key in a text of ours. */
void core_blot(const struct provider_core *core, char *text);

/* What to ask for: the turn's instructions and wishes, and messages [from, count). */
struct wire_request core_request(const struct provider_core *core, size_t from);

/* A digest of the turn's instructions, tools and limit: what a session is set up with. */
uint64_t core_setup_digest(const struct provider_core *core);

/* The failure that the end of a connection is. `code`: as ws_client.h says. */
enum provider_failure core_failure(enum net_failure why, int code);

#endif
