#include "wav_codec.h"
#include "wav_header.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CODED_BYTES = 32768 };

/* Either `temporary` is renamed to `target` in the end, or bytes go straight to a pipe or device
 * (`streaming`). */
struct wav_writer {
    char name[256]; /* for error texts */
    char target[PATH_MAX];
    char temporary[PATH_MAX + 16];
    int fd;
    bool streaming, owns_fd, failed;
    struct wav_format format;
    size_t header_bytes;
    uint64_t data_bytes;
    uint8_t coded[CODED_BYTES];
};

static enum status fail_system(struct wav_writer *w, const char *what, struct error *ret_error)
{
    int code = errno;
    w->failed = true;
    return error_set(ret_error, STATUS_IO, "%s: byte %" PRIu64 ": cannot %s: %s", w->name,
                     w->header_bytes + w->data_bytes, what, strerror(code));
}

static enum status check_format(const char *path, const struct wav_format *f,
                                struct error *ret_error)
{
    if (f->channels >= 1 && f->channels <= WAV_MAX_CHANNELS && f->rate >= WAV_MIN_RATE &&
        f->rate <= WAV_MAX_RATE && f->encoding <= WAV_F64)
        return STATUS_OK;
    return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                     "%s: %" PRIu32 " channels at %" PRIu32
                     " Hz, expected 1 to %d channels at %d to %d Hz",
                     path, f->channels, f->rate, WAV_MAX_CHANNELS, WAV_MIN_RATE, WAV_MAX_RATE);
}

static enum status write_all(struct wav_writer *w, const uint8_t *bytes, size_t size,
                             struct error *ret_error)
{
    while (size > 0) {
        ssize_t n = write(w->fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_system(w, "write", ret_error);
        bytes += n;
        size -= (size_t)n;
    }
    return STATUS_OK;
}

/* Write through a symbolic link, not over it; a target that does not exist yet keeps its own name.
 */
static enum status resolve_target(struct wav_writer *w, const char *path, struct error *ret_error)
{
    if (realpath(path, w->target))
        return STATUS_OK;
    if (errno != ENOENT)
        return fail_system(w, "open", ret_error);
    if (strlen(path) < sizeof(w->target)) {
        memcpy(w->target, path, strlen(path) + 1);
        return STATUS_OK;
    }
    errno = ENAMETOOLONG;
    return fail_system(w, "open", ret_error);
}

/* mkostemp makes files for the owner alone; give what open() would have given. The umask is not
 * read from the process, which would need it changed for a moment, but from the folder of facts
 * about ourselves. */
static mode_t current_umask(void)
{
    unsigned mask = 022;
    char line[128];
    FILE *f = fopen("/proc/self/status", "re");
    if (!f)
        return mask;
    while (fgets(line, sizeof(line), f))
        if (sscanf(line, "Umask: %o", &mask) == 1)
            break;
    fclose(f);
    return mask;
}

static enum status open_temporary(struct wav_writer *w, const char *path, struct error *ret_error)
{
    struct stat st;
    mode_t mode = stat(path, &st) == 0 ? st.st_mode & 0777 : 0666 & ~current_umask();
    TRY(resolve_target(w, path, ret_error));
    snprintf(w->temporary, sizeof(w->temporary), "%s.XXXXXX", w->target);
    w->fd = mkostemp(w->temporary, O_CLOEXEC);
    if (w->fd < 0) {
        w->temporary[0] = 0;
        return fail_system(w, "create", ret_error);
    }
    w->owns_fd = true;
    if (fchmod(w->fd, mode) != 0)
        return fail_system(w, "set the mode", ret_error);
    return STATUS_OK;
}

static enum status open_stream(struct wav_writer *w, const char *path, struct error *ret_error)
{
    w->streaming = true;
    w->owns_fd = true;
    w->fd = open(path, O_WRONLY | O_CLOEXEC);
    return w->fd < 0 ? fail_system(w, "open", ret_error) : STATUS_OK;
}

static enum status open_target(struct wav_writer *w, const char *path, struct error *ret_error)
{
    struct stat st;
    if (strcmp(path, "-") == 0) {
        w->streaming = true;
        w->fd = STDOUT_FILENO;
        return STATUS_OK;
    }
    if (stat(path, &st) != 0 || S_ISREG(st.st_mode))
        return open_temporary(w, path, ret_error);
    return open_stream(w, path, ret_error);
}

static enum status write_header(struct wav_writer *w, struct error *ret_error)
{
    uint8_t bytes[WAV_HEADER_MAX];
    uint64_t size = w->streaming ? BYTE_SOURCE_UNKNOWN : w->data_bytes;
    w->header_bytes = wav_header_layout(&w->format, size, bytes);
    return write_all(w, bytes, w->header_bytes, ret_error);
}

enum status wav_writer_create(const char *path, const struct wav_format *format,
                              struct wav_writer **ret_writer, struct error *ret_error)
{
    TRY(check_format(path, format, ret_error));
    struct wav_writer *w = calloc(1, sizeof(*w));
    if (!w)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: no memory to write it", path);
    w->fd = -1;
    w->format = *format;
    snprintf(w->name, sizeof(w->name), "%s", strcmp(path, "-") == 0 ? "standard output" : path);
    enum status status = open_target(w, path, ret_error);
    if (status == STATUS_OK)
        status = write_header(w, ret_error);
    if (status == STATUS_OK)
        *ret_writer = w;
    else
        wav_writer_destroy(w);
    return status;
}

static enum status write_part(struct wav_writer *w, const float *samples, size_t count,
                              struct error *ret_error)
{
    size_t bytes = count * wav_encoding_bytes(w->format.encoding);
    if (!w->streaming && w->data_bytes + bytes > WAV_DATA_MAX) {
        w->failed = true;
        return error_set(ret_error, STATUS_LIMIT,
                         "%s: byte %" PRIu64 ": a WAV file holds at most 4 GiB", w->name,
                         w->header_bytes + w->data_bytes);
    }
    wav_encode(w->format.encoding, samples, count, w->coded);
    TRY(write_all(w, w->coded, bytes, ret_error));
    w->data_bytes += bytes;
    return STATUS_OK;
}

static enum status refuse_failed(const struct wav_writer *w, struct error *ret_error)
{
    return error_set(ret_error, STATUS_IO, "%s: an earlier write failed", w->name);
}

enum status wav_writer_write(struct wav_writer *w, const float *samples, size_t frames,
                             struct error *ret_error)
{
    size_t left = frames * w->format.channels;
    size_t most = CODED_BYTES / wav_encoding_bytes(w->format.encoding);
    if (w->failed)
        return refuse_failed(w, ret_error);
    while (left > 0) {
        size_t n = left < most ? left : most;
        TRY(write_part(w, samples, n, ret_error));
        samples += n;
        left -= n;
    }
    return STATUS_OK;
}

/* So that the rename itself survives a power cut. A folder that cannot be synced (some network file
 * systems) is no reason to call the file unwritten. */
static void sync_folder(const char *target)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof(folder), "%s", target);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = 0;
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

static enum status close_checked(struct wav_writer *w, struct error *ret_error)
{
    int fd = w->fd;
    w->fd = -1;
    if (w->owns_fd && close(fd) != 0)
        return fail_system(w, "close", ret_error);
    return STATUS_OK;
}

static enum status commit_file(struct wav_writer *w, struct error *ret_error)
{
    static const uint8_t pad = 0;
    if (w->data_bytes & 1)
        TRY(write_all(w, &pad, 1, ret_error));
    if (lseek(w->fd, 0, SEEK_SET) != 0)
        return fail_system(w, "seek", ret_error);
    TRY(write_header(w, ret_error));
    if (fsync(w->fd) != 0)
        return fail_system(w, "flush", ret_error);
    TRY(close_checked(w, ret_error));
    if (rename(w->temporary, w->target) != 0)
        return fail_system(w, "rename into place", ret_error);
    w->temporary[0] = 0;
    sync_folder(w->target);
    return STATUS_OK;
}

enum status wav_writer_commit(struct wav_writer *w, struct error *ret_error)
{
    if (w->failed)
        return refuse_failed(w, ret_error);
    return w->streaming ? close_checked(w, ret_error) : commit_file(w, ret_error);
}

void wav_writer_destroy(struct wav_writer *w)
{
    if (!w)
        return;
    if (w->owns_fd && w->fd >= 0)
        close(w->fd);
    if (w->temporary[0])
        unlink(w->temporary);
    free(w);
}

enum status wav_save(const char *path, const float *samples, size_t count, uint32_t rate,
                     struct error *ret_error)
{
    struct wav_format format = {.encoding = WAV_S16, .rate = rate, .channels = 1};
    struct wav_writer *w = NULL;
    TRY(wav_writer_create(path, &format, &w, ret_error));
    enum status status = wav_writer_write(w, samples, count, ret_error);
    if (status == STATUS_OK)
        status = wav_writer_commit(w, ret_error);
    wav_writer_destroy(w);
    return status;
}
