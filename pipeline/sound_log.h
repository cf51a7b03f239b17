/* The last minute of the microphone, so that the sound of a request can be sent to a provider that
 * may have it, after its words were judged. Samples are counted from the first that was heard, as
 * the front counts them: frame t begins at sample 160 t. One writes, others copy what they need;
 * nobody waits.
 *
 * Thread: write: front (no lock, no allocation); read and written: any; create, destroy: control.
 */
#ifndef LINNET_PIPELINE_SOUND_LOG_H
#define LINNET_PIPELINE_SOUND_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum { SOUND_LOG_RATE = 16000, SOUND_LOG_SAMPLES = 1 << 20 }; /* 65 s */

struct sound_log;

enum status sound_log_create(struct sound_log **ret_log, struct error *ret_error);

/* Accepts NULL. The sound is wiped. */
void sound_log_destroy(struct sound_log *log);

/* Accepts NULL: nothing is kept then. */
void sound_log_write(struct sound_log *log, const float *samples, size_t count);

uint64_t sound_log_written(const struct sound_log *log);

/* Samples [from, from + count) as -1..1, in 16 bits of resolution. END: some of it is overwritten
 * already; INVALID_ARGUMENT: some of it is not there yet. */
enum status sound_log_read(const struct sound_log *log, uint64_t from, size_t count,
                           float *ret_samples);

#endif
