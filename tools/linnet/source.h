/* A recording as the ears want it: any WAV, read in order, as 16 kHz mono.
 *
 *     struct source *source;
 *     TRY(source_create("in.wav", &source, &error));
 *     while (source_read(source, samples, n, &count, &error) == STATUS_OK)
 *         ...
 *
 * Thread: control, for all functions. */
#ifndef LINNET_TOOLS_SOURCE_H
#define LINNET_TOOLS_SOURCE_H

#include <stddef.h>

#include "status.h"

struct source;

enum status source_create(const char *path, struct source **ret_source, struct error *ret_error);
void source_destroy(struct source *source);

/* Up to `max` samples; OK with *ret_count >= 1, END after the last one, otherwise the file's error.
 */
enum status source_read(struct source *source, float *ret_samples, size_t max, size_t *ret_count,
                        struct error *ret_error);

/* Part of the file that was read, 0..1; 0 when the length is unknown. */
double source_progress(const struct source *source);

#endif
