/* A user's own wake word, or a better built-in one, from a few recordings.
 *
 * Thread: control, for all functions. */
#ifndef LINNET_TOOLS_ENROLL_H
#define LINNET_TOOLS_ENROLL_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

/* What it gave, each recording judged by the others. */
struct enroll_report {
    size_t recordings;
    size_t before; /* heard by the built-in word of that name; 0 without one */
    size_t after;  /* heard by that or by the new row */
    double alarms; /* an hour of speech, to expect of the new row */
};

/* Enroll `name` from 3 to 10 recordings with the wake model `model_path`; the word goes to `path`
 * (json_own_word.h). Errors: those of the files; INVALID_ARGUMENT (number of recordings, or one
 * without speech). */
enum status enroll_word(const char *model_path, const char *name, const char *const *clips,
                        size_t count, const char *path, struct enroll_report *ret_report,
                        struct error *ret_error);

#endif
