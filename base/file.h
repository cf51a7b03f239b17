/* Files that are written whole or not at all, and files read whole within a limit.
 *
 * A new content goes to a temporary file beside the target, is synced, and takes the target's name
 * by rename(2). A full disk, a crash or a lost power line leaves the old file as it was. A target
 * that exists and is no regular file (a device, a pipe) cannot be replaced that way and is written
 * directly.
 *
 *     struct file_writer writer;
 *     TRY(file_writer_open(&writer, path, ret_error));
 *     TRY(file_writer_write(&writer, header, sizeof(header), ret_error));    (a failure has already
 * cleaned up) TRY(file_writer_commit(&writer, ret_error));
 *
 * Thread: any but audio-rt; one thread at a time for one writer. Errors name the path and the
 * cause. */
#ifndef LINNET_BASE_FILE_H
#define LINNET_BASE_FILE_H

#include "status.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_writer {
    int fd;
    bool open;
    /* The content goes to `temporary` first; not so for devices and pipes. */
    bool replaces;
    char path[PATH_MAX];
    char temporary[PATH_MAX];
};

enum status file_writer_open(struct file_writer *writer, const char *path, struct error *ret_error);

/* Append. After a failure the writer is discarded and the target is as it was. */
enum status file_writer_write(struct file_writer *writer, const void *data, size_t size,
                              struct error *ret_error);

/* Overwrite bytes written before (a header whose sizes are known at the end). UNSUPPORTED on a
 * pipe. */
enum status file_writer_write_at(struct file_writer *writer, uint64_t offset, const void *data,
                                 size_t size, struct error *ret_error);

/* Sync and put in place. */
enum status file_writer_commit(struct file_writer *writer, struct error *ret_error);

/* Forget everything written; accepts a zeroed, committed or failed writer. */
void file_writer_discard(struct file_writer *writer);

/* The whole of it in one call. */
enum status file_write_atomic(const char *path, const void *data, size_t size,
                              struct error *ret_error);

/* Read a whole file of at most `limit` bytes; *ret_data gets a terminating 0 beyond its *ret_size
 * bytes and is freed with free(). NOT_FOUND, LIMIT, IO, NO_MEMORY. */
enum status file_read(const char *path, size_t limit, void **ret_data, size_t *ret_size,
                      struct error *ret_error);

#endif
