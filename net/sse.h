/* Server-sent events: bytes in, events out, whatever the cuts. Pure.
 *
 * As in the HTML standard, section 9.2.6: lines end with LF, CRLF or CR; several `data` lines are
 * joined with LF; comments, unknown fields and a byte order mark are skipped; an empty line
 * dispatches; what is not dispatched when the stream ends is dropped. Bounded: an event with more
 * than `limit` bytes of data ends the parsing.
 *
 *     sse_init(&parser, 1 << 20);
 *     TRY(sse_feed(&parser, bytes, size, on_event, self));
 *     sse_finish(&parser);
 *
 * Thread: one at a time. */
#ifndef LINNET_NET_SSE_H
#define LINNET_NET_SSE_H

#include "strbuf.h"

#include <stdbool.h>

enum { SSE_NAME_BYTES = 64 };

struct sse_parser {
    struct strbuf line;
    struct strbuf data;
    char event[SSE_NAME_BYTES];
    bool has_data;
    bool after_cr;
    bool begun; /* the byte order mark can come no more */
    enum status status;
};

/* `event`: its type, "message" when none was named; `data`: `size` bytes and a 0, valid during the
 * call. */
typedef void sse_event_fn(void *context, const char *event, const char *data, size_t size);

/* At most `limit` bytes of data an event, and as many a line. */
void sse_init(struct sse_parser *parser, size_t limit);

/* Accepts a zeroed parser. */
void sse_finish(struct sse_parser *parser);

/* LIMIT, NO_MEMORY: and so from then on. */
enum status sse_feed(struct sse_parser *parser, const void *bytes, size_t size, sse_event_fn *event,
                     void *context);

#endif
