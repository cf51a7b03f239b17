/* String buffer: grows up to a hard limit, remembers a failure, always holds a terminated text.
 *
 *     struct strbuf text;
 *     strbuf_init(&text, 4096);
 *     strbuf_format(&text, "%d minutes", minutes);
 *     strbuf_append(&text, " left");
 *     TRY(strbuf_status(&text));       (one check for all the appends before it)
 *
 * Thread: one thread at a time; not for audio-rt (it allocates). */
#ifndef LINNET_BASE_STRBUF_H
#define LINNET_BASE_STRBUF_H

#include "status.h"

#include <stddef.h>

struct strbuf {
    char *data;
    size_t length;
    size_t capacity;
    size_t limit;
    enum status status;
};

/* Empty; never longer than `limit` characters. Allocates nothing yet. */
void strbuf_init(struct strbuf *buffer, size_t limit);

/* Free the text; accepts a zeroed buffer. */
void strbuf_finish(struct strbuf *buffer);

/* Append. After a failure (LIMIT, NO_MEMORY) this and all later appends change nothing. */
void strbuf_append(struct strbuf *buffer, const char *text);
void strbuf_append_bytes(struct strbuf *buffer, const char *bytes, size_t count);
void strbuf_append_char(struct strbuf *buffer, char c);
void strbuf_format(struct strbuf *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Empty it, keep the memory, forget the failure. */
void strbuf_clear(struct strbuf *buffer);

/* The text, "" when empty; valid until the next change. */
const char *strbuf_text(const struct strbuf *buffer);

/* OK, or the first failure. */
enum status strbuf_status(const struct strbuf *buffer);

/* Hand the text over to the caller (free()); the buffer is empty again. NULL after a failure. */
char *strbuf_take(struct strbuf *buffer);

#endif
