/* A secret, such as a provider's key: from the environment or from a file that only its owner can
 * read. It is never logged or shown, errors name the place only, and it is wiped when it is
 * finished.
 *
 *     const struct secret_source source = {.variable = "OPENAI_API_KEY"};
 *     TRY(secret_load(&source, &key, ret_error));
 *     use(secret_text(&key));
 *     secret_finish(&key);
 *
 * Thread: control, for all functions. */
#ifndef LINNET_PIPELINE_SECRET_H
#define LINNET_PIPELINE_SECRET_H

#include <stddef.h>

#include "status.h"

enum { SECRET_BYTES_MAX = 4096 };

struct secret_source {
    const char *variable; /* of the environment (key_env), or NULL */
    const char *file;     /* used when the variable is NULL or not set (key_file), or NULL */
};

struct secret {
    char *text;
    size_t length;
};

/* Neither variable nor file named: an empty secret. NOT_FOUND: not there, says what to set;
 * INVALID_ARGUMENT: the file is open to others (says how to close it), no regular file, empty, or
 * holds more than one line of printable ASCII; LIMIT: longer than SECRET_BYTES_MAX. */
enum status secret_load(const struct secret_source *source, struct secret *ret_secret,
                        struct error *ret_error);

/* "" for an empty or zeroed secret. */
const char *secret_text(const struct secret *secret);

/* Wipe; accepts a zeroed one. */
void secret_finish(struct secret *secret);

#endif
