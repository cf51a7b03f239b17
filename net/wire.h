/* What messages of model services say, in one vocabulary: the decoders of each wire format
 * (wire_realtime.h, wire_responses.h, wire_chat.h, wire_gemini.h) turn one message into calls of a
 * sink, and what is unknown to them is skipped. Pure.
 *
 * Thread: any. */
#ifndef LINNET_NET_WIRE_H
#define LINNET_NET_WIRE_H

#include "provider.h"
#include "status.h"
#include "strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WIRE_MESSAGE_MAX = 16 << 20, /* bytes of one message, in either direction */
    WIRE_DEPTH_MAX = 64,         /* brackets within brackets */
    WIRE_TOOLS_MAX = 128,
};

enum wire_kind {
    WIRE_READY,     /* the session is set up */
    WIRE_STARTED,   /* a response begins: .response; .name: the mark that asked for it, or "" */
    WIRE_COMMITTED, /* the sound sent has become the item .id */
    WIRE_TEXT,      /* .data: next letters of the answer */
    WIRE_AUDIO,     /* .data: next bytes of sound, PCM 24 kHz */
    WIRE_HEARD,     /* .data: next letters of what was understood */
    WIRE_TOOL,      /* a whole call: .id, .name, .data: its arguments, JSON */
    WIRE_TOOL_PART, /* a part of call .index: .id and .name or "", .data: next of the arguments */
    WIRE_USAGE,     /* .usage: tokens of this response */
    WIRE_FINISHED,  /* the model has said all: .ok, else .failure and .data: why */
    WIRE_ENDED,     /* nothing more comes: as FINISHED; .response */
    WIRE_ERROR,     /* .failure, .id: the event that is to blame or "", .name: code, .data: text */
    WIRE_LEAVING,   /* the server closes the connection in .ms */
    WIRE_RESUME,    /* .id: what resumes this session later; "": nothing does now */
};

struct wire_event {
    enum wire_kind kind;
    const char *response; /* strings are never NULL; "" when the message has none */
    const char *item;     /* of the response that this belongs to */
    const char *id;
    const char *name;
    const char *data; /* `length` bytes and a 0 */
    size_t length;
    int index;
    int64_t ms;
    bool ok;
    enum provider_failure failure;
    struct provider_usage usage; /* tokens only */
};

/* The event and what it points to are valid during the call. */
typedef void wire_sink_fn(void *context, const struct wire_event *event);

/* What is asked of a model in one message; each encoder says which members it reads. */
struct wire_request {
    const char *model;
    const char *instructions; /* NULL: none */
    const char *previous;     /* what the messages follow, or NULL */
    const struct provider_message *messages;
    size_t message_count;
    const char *tools; /* as in provider_turn, or NULL */
    int max_output_tokens;
    const char *voice;       /* NULL: the service's own */
    const char *transcriber; /* model that writes down what is heard, or NULL */
    bool send_audio;
    bool want_audio;
};

/* What a server's error means for us, by its HTTP status (0: unknown), type and code ("": none). */
enum provider_failure wire_failure(int64_t status, const char *type, const char *code);

#endif
