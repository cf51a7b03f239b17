#include "secret.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One line of printable ASCII, as a header or a protocol can carry it; blanks around it go. */
static enum status keep(const char *text, size_t length, const char *origin,
                        struct secret *ret_secret, struct error *ret_error)
{
    while (length && isspace((unsigned char)text[0]))
        text++, length--;
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    if (length == 0)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: the key is empty", origin);
    for (size_t i = 0; i < length; i++) {
        if (text[i] < 0x20 || text[i] > 0x7e)
            return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                             "%s: byte %zu of the key is no printable ASCII", origin, i + 1);
    }
    char *copy = malloc(length + 1);
    if (!copy)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: out of memory", origin);
    memcpy(copy, text, length);
    copy[length] = '\0';
    *ret_secret = (struct secret){copy, length};
    return STATUS_OK;
}

static enum status check_file(int fd, const char *path, struct error *ret_error)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_set(ret_error, STATUS_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: expected a regular file", path);
    if (info.st_mode & 077)
        return error_set(
            ret_error, STATUS_INVALID_ARGUMENT,
            "%s: the key is open to others (mode %03o, expected 600); run: chmod 600 %s", path,
            (unsigned)info.st_mode & 0777, path);
    return STATUS_OK;
}

static enum status read_open(int fd, const char *path, struct secret *ret_secret,
                             struct error *ret_error)
{
    char text[SECRET_BYTES_MAX + 1];
    size_t length = 0;
    ssize_t n;
    TRY(check_file(fd, path, ret_error));
    while ((n = read(fd, text + length, sizeof(text) - length)) > 0)
        length += (size_t)n;
    enum status status;
    if (n < 0)
        status = error_set(ret_error, STATUS_IO, "%s: %s", path, strerror(errno));
    else if (length > SECRET_BYTES_MAX)
        status = error_set(ret_error, STATUS_LIMIT, "%s: a key has %d bytes at most", path,
                           SECRET_BYTES_MAX);
    else
        status = keep(text, length, path, ret_secret, ret_error);
    explicit_bzero(text, sizeof(text));
    return status;
}

static enum status read_file(const char *path, struct secret *ret_secret, struct error *ret_error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set(ret_error, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO,
                         "%s: the key cannot be read: %s", path, strerror(errno));
    enum status status = read_open(fd, path, ret_secret, ret_error);
    close(fd);
    return status;
}

enum status secret_load(const struct secret_source *source, struct secret *ret_secret,
                        struct error *ret_error)
{
    const char *value = source->variable ? getenv(source->variable) : NULL;
    if (value && *value) {
        if (strlen(value) > SECRET_BYTES_MAX)
            return error_set(ret_error, STATUS_LIMIT, "$%s: a key has %d bytes at most",
                             source->variable, SECRET_BYTES_MAX);
        return keep(value, strlen(value), source->variable, ret_secret, ret_error);
    }
    if (source->file)
        return read_file(source->file, ret_secret, ret_error);
    if (source->variable)
        return error_set(ret_error, STATUS_NOT_FOUND,
                         "no key: set the environment variable %s, or name a file by key_file",
                         source->variable);
    *ret_secret = (struct secret){0};
    return STATUS_OK;
}

const char *secret_text(const struct secret *secret)
{
    return secret->text ? secret->text : "";
}

void secret_finish(struct secret *secret)
{
    if (secret->text)
        explicit_bzero(secret->text, secret->length);
    free(secret->text);
    *secret = (struct secret){0};
}
