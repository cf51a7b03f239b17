/* Status codes and errors with context.
 *
 * Every function that can fail returns `enum status`; 0 is success. Where a cause is worth telling,
 * a trailing `struct error *ret_error` (NULL when the caller does not care) receives the text: what
 * failed, where (file and offset), and what was expected. Library code returns errors, it never
 * prints them.
 *
 *     enum status s = wav_reader_create(path, &reader, &error);
 *     if (s != STATUS_OK)
 *         fprintf(stderr, "linnet: %s\n", error.text);
 *
 * Thread: any, for all functions. */
#ifndef LINNET_BASE_STATUS_H
#define LINNET_BASE_STATUS_H

#include <stdarg.h>
#include <stddef.h>

/* One list gives codes, names and texts. */
#define STATUS_MAP(X)                                                                              \
    X(OK, "done")                                                                                  \
    X(INVALID_ARGUMENT, "invalid argument")                                                        \
    X(NO_MEMORY, "out of memory")                                                                  \
    X(NOT_FOUND, "not found")                                                                      \
    X(IO, "input/output error")                                                                    \
    X(FORMAT, "malformed data")                                                                    \
    X(UNSUPPORTED, "unsupported")                                                                  \
    X(LIMIT, "limit exceeded")                                                                     \
    X(END, "end of stream")                                                                        \
    X(AGAIN, "would block")                                                                        \
    X(DEVICE_LOST, "device lost")                                                                  \
    X(CANCELLED, "cancelled")                                                                      \
    X(TIMEOUT, "timed out")                                                                        \
    X(BUSY, "busy")                                                                                \
    X(INTERNAL, "internal error")

enum status {
#define STATUS_ENUM(name, text) STATUS_##name,
    STATUS_MAP(STATUS_ENUM)
#undef STATUS_ENUM
};

/* Text of an error with its context; filled by the function that failed, read by the caller. */
struct error {
    enum status status;
    char text[480];
};

/* "NO_MEMORY" for STATUS_NO_MEMORY; "UNKNOWN" outside the list. */
const char *status_name(enum status status);

/* "out of memory" for STATUS_NO_MEMORY. */
const char *status_text(enum status status);

/* Fill *ret_error (if not NULL) with a formatted text and return `status`, so that failing is one
 * line: return error_set(ret_error, STATUS_FORMAT, "%s: byte %zu: expected \"RIFF\"", path,
 * offset); */
enum status error_set(struct error *ret_error, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "what: " in front of an existing text; returns ret_error->status, or `status` without an
 * error. */
enum status error_prefix(struct error *ret_error, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Forward a failure to the caller. */
#define TRY(expression)                                                                            \
    do {                                                                                           \
        enum status try_status_ = (expression);                                                    \
        if (try_status_ != STATUS_OK)                                                              \
            return try_status_;                                                                    \
    } while (0)

#endif
