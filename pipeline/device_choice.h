/* Which sound device an option means: "auto", "null", "pulse:SOURCE", "alsa:DEVICE", else the name
 * of a file. "pulse" and "alsa" alone are their defaults.
 *
 * Thread: control. */
#ifndef LINNET_PIPELINE_DEVICE_CHOICE_H
#define LINNET_PIPELINE_DEVICE_CHOICE_H

#include "device.h"

/* Sets backend and target of `config`; target points into `option`, which outlives the config. */
void device_choice(const char *option, struct audio_device_config *config);

#endif
