/* Lines of JSON: bytes in, lines out, whatever the cuts. Pure; the lines are not looked into.
 *
 * A line ends with LF or CRLF; blank lines are skipped; the last line needs no end: ndjson_end
 * hands it out. Bounded: a line of more than `limit` bytes ends the parsing.
 *
 * Thread: one at a time. */
#ifndef LINNET_NET_NDJSON_H
#define LINNET_NET_NDJSON_H

#include "strbuf.h"

struct ndjson_parser {
    struct strbuf line;
    enum status status;
};

/* `line`: `size` bytes without its end, and a 0, valid during the call. */
typedef void ndjson_line_fn(void *context, const char *line, size_t size);

void ndjson_init(struct ndjson_parser *parser, size_t limit);

/* Accepts a zeroed parser. */
void ndjson_finish(struct ndjson_parser *parser);

/* LIMIT, NO_MEMORY: and so from then on. */
enum status ndjson_feed(struct ndjson_parser *parser, const void *bytes, size_t size,
                        ndjson_line_fn *line, void *context);

/* The stream has ended: hand out what is left. */
enum status ndjson_end(struct ndjson_parser *parser, ndjson_line_fn *line, void *context);

#endif
