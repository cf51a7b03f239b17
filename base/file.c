#include "file.h"

#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status file_fail(const char *path, const char *what, struct error *ret_error)
{
    int cause = errno;
    enum status status = cause == ENOENT   ? STATUS_NOT_FOUND
                         : cause == ESPIPE ? STATUS_UNSUPPORTED
                         : cause == ENOMEM ? STATUS_NO_MEMORY
                                           : STATUS_IO;
    return error_set(ret_error, status, "%s: cannot %s: %s", path, what, strerror(cause));
}

/* A symbolic link stays a link: what it points to is replaced. */
static enum status writer_resolve(struct file_writer *writer, const char *path,
                                  struct error *ret_error)
{
    char *target = realpath(path, NULL);
    int n = snprintf(writer->path, sizeof(writer->path), "%s", target ? target : path);
    free(target);
    int m = snprintf(writer->temporary, sizeof(writer->temporary), "%s.new-%ld", writer->path,
                     (long)getpid());
    if (n < 0 || m < 0 || (size_t)m >= sizeof(writer->temporary))
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: the path is too long", path);
    return STATUS_OK;
}

enum status file_writer_open(struct file_writer *writer, const char *path, struct error *ret_error)
{
    struct stat st;
    *writer = (struct file_writer){.fd = -1};
    TRY(writer_resolve(writer, path, ret_error));
    bool exists = stat(writer->path, &st) == 0;
    writer->replaces = !exists || S_ISREG(st.st_mode);
    if (writer->replaces) {
        unlink(writer->temporary);
        writer->fd = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } else {
        writer->fd = open(writer->path, O_WRONLY | O_CLOEXEC);
    }
    if (writer->fd < 0)
        return file_fail(path, "open for writing", ret_error);
    if (exists && writer->replaces && fchmod(writer->fd, st.st_mode & 07777) != 0) {
        enum status status = file_fail(path, "keep its permissions", ret_error);
        close(writer->fd);
        unlink(writer->temporary);
        return status;
    }
    writer->open = true;
    return STATUS_OK;
}

void file_writer_discard(struct file_writer *writer)
{
    if (!writer || !writer->open)
        return;
    close(writer->fd);
    if (writer->replaces)
        unlink(writer->temporary);
    writer->open = false;
}

static enum status writer_fail(struct file_writer *writer, const char *what,
                               struct error *ret_error)
{
    enum status status = file_fail(writer->path, what, ret_error);
    file_writer_discard(writer);
    return status;
}

static ssize_t disk_write(int fd, const void *data, size_t size, int64_t offset)
{
    if (fault_hit(FAULT_WRITE)) {
        errno = ENOSPC;
        return -1;
    }
    return offset < 0 ? write(fd, data, size) : pwrite(fd, data, size, offset);
}

/* Write all of it, at the end when `offset` is negative. */
static enum status writer_put(struct file_writer *writer, const void *data, size_t size,
                              int64_t offset, struct error *ret_error)
{
    if (!writer->open)
        return error_set(ret_error, STATUS_CANCELLED, "%s: the file was given up", writer->path);
    size_t done = 0;
    while (done < size) {
        ssize_t n = disk_write(writer->fd, (const char *)data + done, size - done,
                               offset < 0 ? -1 : offset + (int64_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return writer_fail(writer, "write", ret_error);
        done += (size_t)n;
    }
    return STATUS_OK;
}

enum status file_writer_write(struct file_writer *writer, const void *data, size_t size,
                              struct error *ret_error)
{
    return writer_put(writer, data, size, -1, ret_error);
}

enum status file_writer_write_at(struct file_writer *writer, uint64_t offset, const void *data,
                                 size_t size, struct error *ret_error)
{
    return writer_put(writer, data, size, (int64_t)offset, ret_error);
}

/* The rename itself must survive a power cut too. A folder that cannot be synced has still been
 * renamed in. */
static void folder_sync(const char *path)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof(folder), "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static bool disk_sync(int fd)
{
    if (fault_hit(FAULT_SYNC)) {
        errno = EIO;
        return false;
    }
    return fsync(fd) == 0;
}

static bool disk_rename(const char *from, const char *to)
{
    if (fault_hit(FAULT_RENAME)) {
        errno = EACCES;
        return false;
    }
    return rename(from, to) == 0;
}

enum status file_writer_commit(struct file_writer *writer, struct error *ret_error)
{
    if (!writer->open)
        return error_set(ret_error, STATUS_CANCELLED, "%s: the file was given up", writer->path);
    if (writer->replaces && !disk_sync(writer->fd))
        return writer_fail(writer, "sync", ret_error);
    if (writer->replaces && !disk_rename(writer->temporary, writer->path))
        return writer_fail(writer, "put in place", ret_error);
    writer->open = false;
    if (close(writer->fd) != 0)
        return file_fail(writer->path, "close", ret_error);
    if (writer->replaces)
        folder_sync(writer->path);
    return STATUS_OK;
}

enum status file_write_atomic(const char *path, const void *data, size_t size,
                              struct error *ret_error)
{
    struct file_writer writer;
    TRY(file_writer_open(&writer, path, ret_error));
    TRY(file_writer_write(&writer, data, size, ret_error));
    return file_writer_commit(&writer, ret_error);
}

/* Read up to `size` bytes until the end; -1 on failure. */
static ssize_t read_fully(int fd, char *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = read(fd, data + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

static enum status read_open(int fd, const char *path, size_t limit, void **ret_data,
                             size_t *ret_size, struct error *ret_error)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return file_fail(path, "look at it", ret_error);
    if (!S_ISREG(st.st_mode))
        return error_set(ret_error, STATUS_IO, "%s: not a regular file", path);
    if ((uint64_t)st.st_size > limit)
        return error_set(ret_error, STATUS_LIMIT, "%s: %lld bytes: expected at most %zu", path,
                         (long long)st.st_size, limit);
    char *data = mem_calloc((size_t)st.st_size + 1, 1);
    if (!data)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: out of memory for %lld bytes", path,
                         (long long)st.st_size);
    ssize_t size = read_fully(fd, data, (size_t)st.st_size);
    if (size < 0) {
        enum status status = file_fail(path, "read", ret_error);
        free(data);
        return status;
    }
    *ret_data = data;
    *ret_size = (size_t)size;
    return STATUS_OK;
}

enum status file_read(const char *path, size_t limit, void **ret_data, size_t *ret_size,
                      struct error *ret_error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return file_fail(path, "open", ret_error);
    enum status status = read_open(fd, path, limit, ret_data, ret_size, ret_error);
    close(fd);
    return status;
}
