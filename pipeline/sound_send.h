/* The sound of a request on its way to a provider: from the log of the microphone (16 kHz), as
 * 16-bit samples at 24 kHz, or as Opus packets of 20 ms for another Linnet. Only for a turn that
 * the gate let pass with send_audio.
 *
 * Thread: mind. */
#ifndef LINNET_PIPELINE_SOUND_SEND_H
#define LINNET_PIPELINE_SOUND_SEND_H

#include <stdbool.h>
#include <stdint.h>

#include "provider.h"
#include "sound_log.h"

enum { SOUND_SEND_SECONDS_MAX = 60 };

enum sound_form { SOUND_PCM24, SOUND_OPUS16 };

/* Samples of the log; empty when from >= to. */
struct sound_range {
    uint64_t from, to;
};

/* Seconds of it; 0 for an empty one. */
double sound_range_seconds(struct sound_range range);

/* All of it is still in the log, and it is no longer than SOUND_SEND_SECONDS_MAX. */
bool sound_can_send(const struct sound_log *log, struct sound_range range);

/* Feed it to the open turn, and end the feed. END: overwritten meanwhile; LIMIT: more than the
 * connection takes; what the provider says otherwise. After a failure the turn is to be cancelled.
 */
enum status sound_send(struct provider *provider, const struct sound_log *log,
                       struct sound_range range, enum sound_form form, struct error *ret_error);

#endif
