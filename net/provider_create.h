/* Providers from their configuration: which kinds there are, and one of a kind.
 *
 *     const struct provider_config config = {.index = 0, .name = "cloud", .kind = kind,
 *                                            .url = "wss://api.openai.com/v1/realtime",
 *                                            .model = "...", .key = key, .clock = clock,
 *                                            .net = net, .events = events};
 *     TRY(provider_create(&config, &provider, ret_error));
 *
 * Creating one connects to nothing: the first turn does. A websocket then stays open between turns,
 * is renewed before its session's limit, and is opened again, with delays that grow, when it breaks
 * while nothing is asked of it; whatever was said before is replayed from the next turn's messages.
 *
 * The key is in the headers of requests and nowhere else: not in errors, events or logs.
 *
 * Thread: as provider.h says; provider_kind_of and provider_kind_name: any. */
#ifndef LINNET_NET_PROVIDER_CREATE_H
#define LINNET_NET_PROVIDER_CREATE_H

#include "net.h"
#include "provider.h"

#define PROVIDER_KIND_MAP(X)                                                                       \
    X(REALTIME, "openai-realtime")                                                                 \
    X(RESPONSES, "openai-responses")                                                               \
    X(CHAT, "openai-chat")                                                                         \
    X(GEMINI, "gemini-live")                                                                       \
    X(LINNET, "linnet")

enum provider_kind {
#define PROVIDER_KIND_ENUM(name, text) PROVIDER_KIND_##name,
    PROVIDER_KIND_MAP(PROVIDER_KIND_ENUM)
#undef PROVIDER_KIND_ENUM
        PROVIDER_KIND_COUNT,
};

/* Strings are copied, but for the key. */
struct provider_config {
    int index;        /* echoed in the events */
    const char *name; /* for texts */
    enum provider_kind kind;
    const char *url;         /* ws(s):// or, for CHAT, http(s)://; "/v1" at its end is completed */
    const char *model;       /* as the service calls it */
    const char *key;         /* secret, or NULL: no authorisation. Must outlive the provider */
    const char *voice;       /* for want_audio; NULL: the service's own */
    const char *transcriber; /* REALTIME: model that writes down what it hears; NULL: no HEARD */
    int64_t max_age_ns;      /* of a connection; 0: 55 minutes (GEMINI: 9) */
    size_t byte_budget;      /* bytes waiting to be sent; 0: ws_client.h's default */
    int connect_timeout_ms;  /* 0: ws_client.h's default */
    bool allow_plain;        /* ws:// and http:// to other machines */
    const struct clock *clock; /* of ages; the net has its own timers. Must outlive the provider */
    struct net *net;           /* the same */
    struct mailbox *events;    /* of struct provider_event; the same */
};

/* The kind with this name; false when there is none. */
bool provider_kind_of(const char *name, enum provider_kind *ret_kind);

/* "openai-realtime" */
const char *provider_kind_name(enum provider_kind kind);

/* Where the kind is found unless the configuration says otherwise; NULL: it has to. REALTIME's gets
 * ?model= appended by the provider unless it is there. */
const char *provider_kind_url(enum provider_kind kind);

/* INVALID_ARGUMENT: no or a wrong url, no model; UNSUPPORTED: the kind; NO_MEMORY. */
enum status provider_create(const struct provider_config *config, struct provider **ret_provider,
                            struct error *ret_error);

#endif
