#include "serve_token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define VARIABLE "LINNET_SERVE_TOKEN"

enum { RANDOM_BYTES = 16 };

static enum status random_token(char ret_text[2 * RANDOM_BYTES + 2], struct error *ret_error)
{
    unsigned char bytes[RANDOM_BYTES];
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return error_set(ret_error, STATUS_IO, "token: no random bits: %s", strerror(errno));
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
    ret_text[2 * RANDOM_BYTES] = '\n';
    ret_text[2 * RANDOM_BYTES + 1] = '\0';
    return STATUS_OK;
}

static void make_folders(const char *path)
{
    char folder[600];
    snprintf(folder, sizeof(folder), "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(folder, 0700);
        *slash = '/';
    }
}

/* O_EXCL: of two that start at once one makes the file, and the other reads it. */
static enum status make_file(const char *path, struct error *ret_error)
{
    char text[2 * RANDOM_BYTES + 2];
    TRY(random_token(text, ret_error));
    make_folders(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(ret_error, STATUS_IO, "%s: cannot be made: %s", path, strerror(errno));
    bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fsync(fd) == 0;
    close(fd);
    if (written)
        return STATUS_OK;
    unlink(path);
    return error_set(ret_error, STATUS_IO, "%s: cannot be written: %s", path, strerror(errno));
}

static enum status find_path(const char *file, char *ret_path, size_t size, struct error *ret_error)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (file)
        snprintf(ret_path, size, "%s", file);
    else if (state && *state)
        snprintf(ret_path, size, "%s/linnet/serve-token", state);
    else if (home && *home)
        snprintf(ret_path, size, "%s/.local/state/linnet/serve-token", home);
    else
        return error_set(ret_error, STATUS_NOT_FOUND,
                         "token: no home folder: set " VARIABLE " or name a file");
    return STATUS_OK;
}

enum status serve_token_load(const char *file, struct serve_token *ret_token,
                             struct error *ret_error)
{
    struct serve_token token = {.path = ""};
    const char *given = getenv(VARIABLE);
    if (!given || !*given) {
        TRY(find_path(file, token.path, sizeof(token.path), ret_error));
        if (access(token.path, F_OK) != 0) {
            TRY(make_file(token.path, ret_error));
            token.made = true;
        }
    }
    const struct secret_source source = {.variable = *token.path ? NULL : VARIABLE,
                                         .file = *token.path ? token.path : NULL};
    TRY(secret_load(&source, &token.secret, ret_error));
    *ret_token = token;
    return STATUS_OK;
}
