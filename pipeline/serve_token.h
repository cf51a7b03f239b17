/* The token by which clients of `linnet serve` are known: from LINNET_SERVE_TOKEN, or from a file
 * that only its owner can read, made with 128 random bits when it is not there yet.
 *
 * Thread: control. */
#ifndef LINNET_PIPELINE_SERVE_TOKEN_H
#define LINNET_PIPELINE_SERVE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "secret.h"

struct serve_token {
    struct secret secret;
    char path[600]; /* of the file; "" when it came from the environment */
    bool made;      /* just now */
};

/* `file`: NULL means $XDG_STATE_HOME/linnet/serve-token. Errors: as secret_load; IO when the file
 * cannot be made. */
enum status serve_token_load(const char *file, struct serve_token *ret_token,
                             struct error *ret_error);

#endif
