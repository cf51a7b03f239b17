/* Live: an engine on real devices, with threads of its own.
 *
 *     capture (device, real-time) -> ring -> front -> frame ring -> control (ears, turn) -> mind
 * (model, skills, voice) speaker (device, real-time) <- playout <----+
 *
 * While it runs, only linnet_wait and linnet_poll may be called on the engine.
 *
 * Thread: control (the program's own), for all functions. */
#ifndef LINNET_PIPELINE_LIVE_H
#define LINNET_PIPELINE_LIVE_H

#include "device.h"
#include "linnet.h"

struct live;

struct live_counters {
    uint64_t frames;         /* heard */
    uint64_t frames_dropped; /* the control thread was too slow */
    struct audio_counters input, output;
};

/* Open the devices named in the engine's options and start. Errors name the device and what to do.
 */
enum status live_create(struct linnet *linnet, struct live **ret_live, struct error *ret_error);

/* Stop, join and close; accepts NULL. The engine can be destroyed afterwards. */
void live_destroy(struct live *live);

void live_counters(const struct live *live, struct live_counters *ret_counters);

/* What the devices are, for people. */
const char *live_describe_input(const struct live *live);
const char *live_describe_output(const struct live *live);

#endif
