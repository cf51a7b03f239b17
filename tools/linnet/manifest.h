/* A folder of recordings with what is said in them: `manifest.tsv`, one row a recording, no header,
 * tab-separated: file (in the folder), seconds, speaker, text. Further columns are ignored.
 *
 * Thread: control, for all functions. */
#ifndef LINNET_TOOLS_MANIFEST_H
#define LINNET_TOOLS_MANIFEST_H

#include <stddef.h>

#include "status.h"

struct manifest_row {
    const char *file;
    const char *speaker; /* "" when unknown */
    const char *text;
    double seconds;
};

struct manifest {
    const char *dir; /* the caller's */
    size_t count;
    struct manifest_row *rows;
    char *strings; /* what the rows point into */
};

/* Read DIR/manifest.tsv. Errors: NOT_FOUND, FORMAT (with the line), LIMIT, NO_MEMORY. */
enum status manifest_init(struct manifest *manifest, const char *dir, struct error *ret_error);
void manifest_finish(struct manifest *manifest);

/* "DIR/FILE" of row `index`. LIMIT when it is too long. */
enum status manifest_path(const struct manifest *manifest, size_t index, char *ret_path,
                          size_t size, struct error *ret_error);

#endif
