/* A model elsewhere (a cloud, a local server, another Linnet) behind one small interface: start a
 * turn, feed it, receive deltas, cancel. What is said about a turn comes back as events in one
 * mailbox shared by all providers.
 *
 *     provider_start(provider, &turn, &error);
 *     while (mailbox_wait(events, &event, timeout) == STATUS_OK && event.turn == turn.turn)
 *         ...                                        TEXT*, TOOL*, USAGE, then DONE or FAILED
 *     provider_destroy(provider);
 *
 * Every started turn ends with exactly one DONE or FAILED event, unless it is cancelled: then with
 * none. Events of cancelled turns are not posted after cancel returns, but may still be in the
 * mailbox: compare .turn. Audio is 16-bit little-endian mono at 24 kHz, except for a Linnet, which
 * takes and gives Opus packets, one a call or event.
 *
 * Thread: one (mind) for all functions; none of them waits for the network. Events are posted by
 * the net thread. */
#ifndef LINNET_NET_PROVIDER_H
#define LINNET_NET_PROVIDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "mailbox.h"
#include "status.h"

enum { PROVIDER_NAME_BYTES = 64, PROVIDER_DATA_BYTES = 1024 };

enum provider_role {
    PROVIDER_USER,
    PROVIDER_ASSISTANT,
    PROVIDER_TOOL_CALL,   /* .name, .call_id; .text are the arguments, a JSON object */
    PROVIDER_TOOL_RESULT, /* .call_id; .text is the result */
};

struct provider_message {
    enum provider_role role;
    const char *text; /* UTF-8 */
    const char *name;
    const char *call_id;
};

/* A turn as it is started. Strings are copied or sent before start returns. */
struct provider_turn {
    uint32_t turn;            /* echoed in the events */
    const char *instructions; /* the system prompt */
    const struct provider_message
        *messages; /* oldest first; the last is the request, unless audio */
    size_t message_count;
    const char *tools; /* JSON array of {"name","description","parameters"}, or NULL */
    bool send_audio;   /* the request comes as sound, by provider_feed */
    bool want_audio;   /* the answer shall come as sound */
    int max_output_tokens;
};

struct provider_tool_result {
    const char *call_id;
    const char *output;
};

enum provider_failure {
    PROVIDER_UNREACHABLE, /* name, connection, TLS or handshake */
    PROVIDER_CLOSED,      /* the connection broke in the middle */
    PROVIDER_REFUSED,     /* key, quota, model: trying again does not help soon */
    PROVIDER_GARBLED,     /* what came is not the protocol */
    PROVIDER_OVERLOADED,  /* rate limit or server error: try again later */
};

struct provider_usage {
    int64_t input_tokens, cached_tokens, output_tokens;
    double input_seconds, output_seconds; /* of audio */
};

enum provider_event_kind {
    PROVIDER_EVENT_TEXT,   /* .data: next part of the answer (of its transcript, when it comes as
                            * sound), whole UTF-8 characters */
    PROVIDER_EVENT_AUDIO,  /* .data: next samples or one packet */
    PROVIDER_EVENT_HEARD,  /* .data: what the provider understood of the sound sent */
    PROVIDER_EVENT_TOOL,   /* .name, .call_id; .data: arguments, JSON; .more: goes on in the next */
    PROVIDER_EVENT_USAGE,  /* .usage of this turn so far */
    PROVIDER_EVENT_DONE,   /* nothing more comes; after TOOL events: waits for provider_reply */
    PROVIDER_EVENT_FAILED, /* .failure; .data: why, in words */
};

struct provider_event {
    enum provider_event_kind kind;
    int provider;  /* provider_config.index */
    uint32_t turn; /* of provider_turn */
    bool more;
    double confidence; /* of HEARD: 0..1; 1 where the provider tells none */
    enum provider_failure failure;
    struct provider_usage usage;
    char name[PROVIDER_NAME_BYTES];
    char call_id[PROVIDER_NAME_BYTES];
    size_t length; /* bytes of .data; a 0 follows them */
    char data[PROVIDER_DATA_BYTES];
};

struct provider;

/* What a kind of provider implements; `provider` is the first member of its own structure. */
struct provider_ops {
    enum status (*start)(struct provider *provider, const struct provider_turn *turn,
                         struct error *ret_error);
    enum status (*feed)(struct provider *provider, const void *sound, size_t bytes);
    enum status (*end_feed)(struct provider *provider);
    enum status (*reply)(struct provider *provider, const struct provider_tool_result *results,
                         size_t count, struct error *ret_error);
    void (*cancel)(struct provider *provider, int64_t heard_ms);
    void (*destroy)(struct provider *provider);
    bool (*warm)(struct provider *provider); /* NULL: there is no connection to keep */
};

struct provider {
    const struct provider_ops *ops;
    atomic_int round_trip_ms; /* of its connection, the last that was measured; 0: none was */
};

/* Begin a turn; a turn that is still open is cancelled first. Fails only for bad arguments or no
 * memory; what the network does comes as events. */
static inline enum status provider_start(struct provider *provider,
                                         const struct provider_turn *turn, struct error *ret_error)
{
    return provider->ops->start(provider, turn, ret_error);
}

/* Sound of a turn that was started with send_audio. STATUS_LIMIT when the connection's byte budget
 * is full: the sound is dropped. */
static inline enum status provider_feed(struct provider *provider, const void *sound, size_t bytes)
{
    return provider->ops->feed(provider, sound, bytes);
}

static inline enum status provider_end_feed(struct provider *provider)
{
    return provider->ops->end_feed(provider);
}

/* Results of the tools that the turn asked for; the answer goes on. */
static inline enum status provider_reply(struct provider *provider,
                                         const struct provider_tool_result *results, size_t count,
                                         struct error *ret_error)
{
    return provider->ops->reply(provider, results, count, ret_error);
}

/* End the turn now. `heard_ms`: how much of its sound was really played (barge-in), so that the
 * provider forgets the rest; negative when it gave none. */
static inline void provider_cancel(struct provider *provider, int64_t heard_ms)
{
    provider->ops->cancel(provider, heard_ms);
}

/* A turn may begin soon: open the connection that it would use, and say nothing over it. True when
 * one is being opened; false when it is there already, cannot be opened, or is none that lasts. */
static inline bool provider_warm(struct provider *provider)
{
    return provider->ops->warm && provider->ops->warm(provider);
}

/* Thread: any. */
static inline int provider_round_trip_ms(const struct provider *provider)
{
    return atomic_load(&provider->round_trip_ms);
}

/* Accepts NULL. */
static inline void provider_destroy(struct provider *provider)
{
    if (provider)
        provider->ops->destroy(provider);
}

#endif
