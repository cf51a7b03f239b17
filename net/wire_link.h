/* The link between two Linnets: what is said over the websocket, docs/internals/link.md. Texts are
 * JSON objects with a "type"; sound is binary: the turn's number and one Opus packet. Pure.
 *
 *     struct link_message message = {.kind = LINK_START, .turn = 7, .stages = LINK_ANSWER, ...};
 *     TRY(wire_link_write(&message, &out, ret_error));
 *
 *     TRY(wire_link_read(data, size, &message, ret_error));
 *     ...                              strings live in the message
 *     wire_link_finish(&message);
 *
 * Thread: any. */
#ifndef LINNET_NET_WIRE_LINK_H
#define LINNET_NET_WIRE_LINK_H

#include "provider.h"
#include "strbuf.h"

#include <stdbool.h>

enum {
    LINK_VERSION = 1,
    LINK_TEXT_MAX = 4095,     /* bytes of one text */
    LINK_TOOLS_MAX = 32,      /* names offered with a turn */
    LINK_MESSAGE_MAX = 32768, /* bytes of one message */
    LINK_PACKET_MAX = 1275,   /* bytes of an Opus packet */
    LINK_SOUND_MAX = 4 + LINK_PACKET_MAX,
    LINK_RATE_UP = 16000, /* of what the packets were made from, samples a second */
    LINK_RATE_DOWN = 24000,
    LINK_FRAME_MS = 20,
};

/* What is done for a turn; a bit each. */
enum link_stage {
    LINK_TRANSCRIBE = 1, /* sound comes in, its words go out */
    LINK_ANSWER = 2,     /* a request is answered */
    LINK_SAY = 4,        /* text goes out as sound */
    LINK_STAGES = 7,
};

#define LINK_KIND_MAP(X)                                                                           \
    X(HELLO, "hello")     /* both, first: .version; the server's: .stages, .text: its name */      \
    X(START, "start")     /* client: .stages, .text: request unless TRANSCRIBE, .tools, .hold */   \
    X(END, "end")         /* client: no more sound */                                              \
    X(RESULT, "result")   /* client: .call_id, .text: of a tool */                                 \
    X(CANCEL, "cancel")   /* client */                                                             \
    X(COUNT, "count")     /* client: asks for the server's counters; the answer: .counters */      \
    X(PARTIAL, "partial") /* server: .text so far understood */                                    \
    X(HEARD, "heard")     /* server: .text understood, .confidence */                              \
    X(TEXT, "text")       /* server: .text: next part of the answer */                             \
    X(TOOL, "tool")       /* server: .call_id, .name, .text: arguments as JSON */                  \
    X(DONE, "done")       /* server: the turn, or this round of it, is over */                     \
    X(FAILED, "failed")   /* server: .failure, .text: why */

enum link_kind {
#define LINK_KIND_ENUM(name, text) LINK_##name,
    LINK_KIND_MAP(LINK_KIND_ENUM)
#undef LINK_KIND_ENUM
        LINK_KIND_COUNT,
};

/* Of a server, since it started. */
struct link_counters {
    int64_t clients;  /* now */
    int64_t packets;  /* received */
    int64_t lost;     /* dropped because nobody was there to take them */
    int64_t late;     /* decoded more than LINK_FRAME_MS after they came */
    int64_t worst_us; /* the longest wait of a packet */
    int64_t turns;    /* begun */
};

struct link_message {
    enum link_kind kind;
    uint32_t turn;
    int version;
    unsigned stages;
    const char *text, *name, *call_id; /* never NULL after reading */
    double confidence;                 /* 0..1 */
    enum provider_failure failure;
    struct link_counters counters;
    bool hold; /* sound ends with END alone: the client judges pauses itself */
    const char *tools[LINK_TOOLS_MAX];
    size_t tool_count;
    void *memory; /* of the strings, after reading */
};

/* FORMAT: not such a message; LIMIT: too long. The error quotes nothing of it. */
enum status wire_link_read(const void *data, size_t size, struct link_message *ret_message,
                           struct error *ret_error);

/* Free what reading allocated; accepts a zeroed message. */
void wire_link_finish(struct link_message *message);

/* Append the JSON of a message. NULL strings count as "". INVALID_ARGUMENT: not UTF-8; LIMIT. */
enum status wire_link_write(const struct link_message *message, struct strbuf *out,
                            struct error *ret_error);

/* One packet of sound: returns how many bytes of `ret_bytes` it takes, 0 when the packet is empty
 * or too long. */
size_t wire_link_sound(uint32_t turn, const void *packet, size_t size,
                       uint8_t ret_bytes[LINK_SOUND_MAX]);

/* The other way: *ret_packet points into `data`. FORMAT. */
enum status wire_link_sound_read(const void *data, size_t size, uint32_t *ret_turn,
                                 const uint8_t **ret_packet, size_t *ret_size);

#endif
