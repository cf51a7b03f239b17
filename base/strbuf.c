#include "strbuf.h"

#include "fault.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strbuf_init(struct strbuf *buffer, size_t limit)
{
    *buffer = (struct strbuf){.limit = limit};
}

void strbuf_finish(struct strbuf *buffer)
{
    if (!buffer)
        return;
    free(buffer->data);
    *buffer = (struct strbuf){.data = NULL};
}

/* Room for `extra` more characters and the terminator. */
static bool strbuf_reserve(struct strbuf *buffer, size_t extra)
{
    if (buffer->status != STATUS_OK)
        return false;
    if (extra > buffer->limit - buffer->length) {
        buffer->status = STATUS_LIMIT;
        return false;
    }
    size_t needed = buffer->length + extra + 1;
    if (needed <= buffer->capacity)
        return true;
    size_t capacity = buffer->capacity ? buffer->capacity * 2 : 64;
    if (capacity < needed)
        capacity = needed;
    char *data = mem_calloc(capacity, 1);
    if (!data) {
        buffer->status = STATUS_NO_MEMORY;
        return false;
    }
    if (buffer->data)
        memcpy(data, buffer->data, buffer->length + 1);
    free(buffer->data);
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

void strbuf_append_bytes(struct strbuf *buffer, const char *bytes, size_t count)
{
    if (!strbuf_reserve(buffer, count))
        return;
    memcpy(buffer->data + buffer->length, bytes, count);
    buffer->length += count;
    buffer->data[buffer->length] = '\0';
}

void strbuf_append(struct strbuf *buffer, const char *text)
{
    strbuf_append_bytes(buffer, text, strlen(text));
}

void strbuf_append_char(struct strbuf *buffer, char c)
{
    strbuf_append_bytes(buffer, &c, 1);
}

void strbuf_format(struct strbuf *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int needed = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (needed < 0 || !strbuf_reserve(buffer, (size_t)needed))
        return;
    va_start(args, format);
    vsnprintf(buffer->data + buffer->length, (size_t)needed + 1, format, args);
    va_end(args);
    buffer->length += (size_t)needed;
}

void strbuf_clear(struct strbuf *buffer)
{
    buffer->length = 0;
    buffer->status = STATUS_OK;
    if (buffer->data)
        buffer->data[0] = '\0';
}

const char *strbuf_text(const struct strbuf *buffer)
{
    return buffer->data ? buffer->data : "";
}

enum status strbuf_status(const struct strbuf *buffer)
{
    return buffer->status;
}

char *strbuf_take(struct strbuf *buffer)
{
    if (!strbuf_reserve(buffer, 0))
        return NULL;
    char *data = buffer->data;
    strbuf_init(buffer, buffer->limit);
    return data;
}
