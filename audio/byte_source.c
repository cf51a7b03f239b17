#include "byte_source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status fail_system(const struct byte_source *source, const char *what,
                               struct error *ret_error)
{
    int code = errno;
    enum status status = code == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    return error_set(ret_error, status, "%s: byte %" PRIu64 ": cannot %s: %s", source->name,
                     source->offset, what, strerror(code));
}

static void set_name(struct byte_source *source, const char *name)
{
    snprintf(source->name, sizeof(source->name), "%s", name);
}

static enum status measure(struct byte_source *source, struct error *ret_error)
{
    struct stat st;
    if (fstat(source->fd, &st) != 0)
        return fail_system(source, "examine", ret_error);
    if (S_ISDIR(st.st_mode))
        return error_set(ret_error, STATUS_IO, "%s: is a folder, expected a file", source->name);
    if (S_ISREG(st.st_mode))
        source->size = (uint64_t)st.st_size;
    off_t at = lseek(source->fd, 0, SEEK_CUR);
    if (at > 0)
        source->offset = (uint64_t)at;
    return STATUS_OK;
}

enum status byte_source_init_path(struct byte_source *source, const char *path,
                                  struct error *ret_error)
{
    *source = (struct byte_source){.fd = -1, .size = BYTE_SOURCE_UNKNOWN};
    bool standard = strcmp(path, "-") == 0;
    set_name(source, standard ? "standard input" : path);
    source->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    source->owns_fd = !standard;
    if (source->fd < 0)
        return fail_system(source, "open", ret_error);
    enum status status = measure(source, ret_error);
    if (status != STATUS_OK)
        byte_source_finish(source);
    return status;
}

void byte_source_init_memory(struct byte_source *source, const char *name, const void *bytes,
                             size_t size)
{
    *source = (struct byte_source){.fd = -1, .memory = bytes, .size = size};
    set_name(source, name);
}

void byte_source_finish(struct byte_source *source)
{
    if (source->owns_fd && source->fd >= 0)
        close(source->fd);
    source->fd = -1;
    source->owns_fd = false;
}

static size_t read_memory(struct byte_source *source, void *ret_bytes, size_t size)
{
    uint64_t left = source->size - source->offset;
    size_t n = size < left ? size : (size_t)left;
    if (n > 0)
        memcpy(ret_bytes, source->memory + source->offset, n);
    source->offset += n;
    return n;
}

enum status byte_source_read(struct byte_source *source, void *ret_bytes, size_t size,
                             size_t *ret_got, struct error *ret_error)
{
    if (source->fd < 0) {
        *ret_got = read_memory(source, ret_bytes, size);
        return STATUS_OK;
    }
    size_t got = 0;
    while (got < size) {
        ssize_t n = read(source->fd, (uint8_t *)ret_bytes + got, size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_system(source, "read", ret_error);
        if (n == 0)
            break;
        got += (size_t)n;
        source->offset += (uint64_t)n;
    }
    *ret_got = got;
    return STATUS_OK;
}

static enum status skip_by_reading(struct byte_source *source, uint64_t count,
                                   struct error *ret_error)
{
    uint8_t scratch[4096];
    while (count > 0) {
        size_t want = count < sizeof(scratch) ? (size_t)count : sizeof(scratch);
        size_t got;
        TRY(byte_source_read(source, scratch, want, &got, ret_error));
        if (got < want)
            return error_set(ret_error, STATUS_FORMAT,
                             "%s: byte %" PRIu64 ": input ends, expected %" PRIu64 " more bytes",
                             source->name, source->offset, count - got);
        count -= got;
    }
    return STATUS_OK;
}

enum status byte_source_skip(struct byte_source *source, uint64_t count, struct error *ret_error)
{
    if (source->size == BYTE_SOURCE_UNKNOWN)
        return skip_by_reading(source, count, ret_error);
    uint64_t left = source->size > source->offset ? source->size - source->offset : 0;
    if (count > left)
        return error_set(ret_error, STATUS_FORMAT,
                         "%s: byte %" PRIu64 ": file ends at byte %" PRIu64 ", expected %" PRIu64
                         " more bytes",
                         source->name, source->offset, source->size, count);
    if (source->fd >= 0 && lseek(source->fd, (off_t)count, SEEK_CUR) < 0)
        return fail_system(source, "seek", ret_error);
    source->offset += count;
    return STATUS_OK;
}
