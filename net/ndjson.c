#include "ndjson.h"

#include <stdbool.h>
#include <string.h>

void ndjson_init(struct ndjson_parser *parser, size_t limit)
{
    *parser = (struct ndjson_parser){.status = STATUS_OK};
    strbuf_init(&parser->line, limit);
}

void ndjson_finish(struct ndjson_parser *parser)
{
    strbuf_finish(&parser->line);
}

static bool is_blank(const char *line, size_t size)
{
    return strspn(line, " \t\r") == size;
}

/* A CR at the end is half of a CRLF, and white space to JSON otherwise. */
static void hand_out(struct ndjson_parser *parser, ndjson_line_fn *line, void *context)
{
    struct strbuf *text = &parser->line;
    if (text->length && text->data[text->length - 1] == '\r')
        text->data[--text->length] = 0;
    if (!is_blank(strbuf_text(text), text->length))
        line(context, strbuf_text(text), text->length);
    strbuf_clear(text);
}

enum status ndjson_feed(struct ndjson_parser *parser, const void *bytes, size_t size,
                        ndjson_line_fn *line, void *context)
{
    const char *p = bytes, *end = p + size;
    while (p < end && parser->status == STATUS_OK) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        const char *stop = newline ? newline : end;
        strbuf_append_bytes(&parser->line, p, (size_t)(stop - p));
        parser->status = strbuf_status(&parser->line);
        if (newline && parser->status == STATUS_OK)
            hand_out(parser, line, context);
        p = newline ? newline + 1 : end;
    }
    return parser->status;
}

enum status ndjson_end(struct ndjson_parser *parser, ndjson_line_fn *line, void *context)
{
    if (parser->status == STATUS_OK)
        hand_out(parser, line, context);
    return parser->status;
}
