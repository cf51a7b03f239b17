#include "sse.h"

#include <stdio.h>
#include <string.h>

/* Room for a field's name beside its value. */
enum { FIELD_NAME_ROOM = 64 };

void sse_init(struct sse_parser *parser, size_t limit)
{
    *parser = (struct sse_parser){.status = STATUS_OK};
    strbuf_init(&parser->line, limit + FIELD_NAME_ROOM);
    strbuf_init(&parser->data, limit);
}

void sse_finish(struct sse_parser *parser)
{
    strbuf_finish(&parser->line);
    strbuf_finish(&parser->data);
}

static void dispatch(struct sse_parser *parser, sse_event_fn *event, void *context)
{
    if (parser->has_data)
        event(context, parser->event[0] ? parser->event : "message", strbuf_text(&parser->data),
              parser->data.length);
    strbuf_clear(&parser->data);
    parser->has_data = false;
    parser->event[0] = 0;
}

static void take_field(struct sse_parser *parser, const char *name, size_t name_size,
                       const char *value, size_t size)
{
    if (name_size == 4 && memcmp(name, "data", 4) == 0) {
        if (parser->has_data)
            strbuf_append_char(&parser->data, '\n');
        strbuf_append_bytes(&parser->data, value, size);
        parser->has_data = true;
        parser->status = strbuf_status(&parser->data);
    } else if (name_size == 5 && memcmp(name, "event", 5) == 0) {
        snprintf(parser->event, sizeof(parser->event), "%.*s", (int)size, value);
    }
}

static void take_line(struct sse_parser *parser, const char *line, size_t size, sse_event_fn *event,
                      void *context)
{
    if (size == 0) {
        dispatch(parser, event, context);
        return;
    }
    const char *colon = memchr(line, ':', size);
    size_t name_size = colon ? (size_t)(colon - line) : size;
    const char *value = colon ? colon + 1 : line + size, *end = line + size;
    if (value < end && *value == ' ')
        value++;
    take_field(parser, line, name_size, value, (size_t)(end - value));
}

static void end_line(struct sse_parser *parser, sse_event_fn *event, void *context)
{
    const char *line = strbuf_text(&parser->line);
    size_t size = parser->line.length;
    if (!parser->begun && size >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
        line += 3;
        size -= 3;
    }
    parser->begun = true;
    take_line(parser, line, size, event, context);
    strbuf_clear(&parser->line);
}

/* Up to the next line end; returns where to go on. */
static const char *take_piece(struct sse_parser *parser, const char *p, const char *end,
                              sse_event_fn *event, void *context)
{
    if (parser->after_cr && *p == '\n') {
        parser->after_cr = false;
        return p + 1;
    }
    const char *stop = p;
    while (stop < end && *stop != '\n' && *stop != '\r')
        stop++;
    parser->after_cr = stop < end && *stop == '\r';
    strbuf_append_bytes(&parser->line, p, (size_t)(stop - p));
    parser->status = strbuf_status(&parser->line);
    if (stop == end || parser->status != STATUS_OK)
        return end;
    end_line(parser, event, context);
    return stop + 1;
}

enum status sse_feed(struct sse_parser *parser, const void *bytes, size_t size, sse_event_fn *event,
                     void *context)
{
    const char *p = bytes, *end = p + size;
    while (p < end && parser->status == STATUS_OK)
        p = take_piece(parser, p, end, event, context);
    return parser->status;
}
