/* A device without hardware, moved by a clock: on a real clock by a thread of its own that sleeps
 * from period to period, on a virtual one by whoever pumps. The shared half of the null and the
 * file device.
 *
 * Thread: control for init, start and stop; paced_catch_up is the mover's. */
#ifndef LINNET_AUDIO_PACED_H
#define LINNET_AUDIO_PACED_H

#include "device_impl.h"

struct paced {
    struct audio_device *device;
    /* Move one period of the device's config. Called by the mover. */
    enum status (*move)(struct audio_device *device, struct error *ret_error);
    struct thread thread;
    int64_t start_ns;
    uint64_t moved;
};

/* Remember who moves what. */
void paced_init(struct paced *paced, struct audio_device *device,
                enum status (*move)(struct audio_device *device, struct error *ret_error));

/* Begin counting time; on a real clock also start the thread "audio-paced". LIMIT. */
enum status paced_start(struct paced *paced, struct error *ret_error);

/* Wait for the thread; the device's stopping flag is set already. */
void paced_stop(struct paced *paced);

/* Move all whole periods that are due. The first failure of `move` ends it. */
enum status paced_catch_up(struct paced *paced, struct error *ret_error);

#endif
