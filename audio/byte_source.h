/* Bytes read in order from a file, a pipe or memory, with the offset known for error texts.
 *
 * Thread: worker | control, one thread at a time per object, for all functions. Reading may block.
 */
#ifndef LINNET_AUDIO_BYTE_SOURCE_H
#define LINNET_AUDIO_BYTE_SOURCE_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BYTE_SOURCE_UNKNOWN UINT64_MAX

struct byte_source {
    char name[256];
    int fd; /* -1: memory */
    bool owns_fd;
    const uint8_t *memory;
    uint64_t size; /* BYTE_SOURCE_UNKNOWN for a pipe */
    uint64_t offset;
};

/* Open `path`, "-" being standard input. Errors: NOT_FOUND, IO; a folder is IO. */
enum status byte_source_init_path(struct byte_source *source, const char *path,
                                  struct error *ret_error);

/* Read from `bytes`, which must outlive the source. */
void byte_source_init_memory(struct byte_source *source, const char *name, const void *bytes,
                             size_t size);

/* Close; accepts a source that failed to open. */
void byte_source_finish(struct byte_source *source);

/* Fill up to `size` bytes; *ret_got is less only at the end of input. Error: IO. */
enum status byte_source_read(struct byte_source *source, void *ret_bytes, size_t size,
                             size_t *ret_got, struct error *ret_error);

/* Go forward `count` bytes, by reading where seeking is not possible. FORMAT when the input ends
 * before. */
enum status byte_source_skip(struct byte_source *source, uint64_t count, struct error *ret_error);

#endif
