/* Battery and temperature of this machine, as Linux tells them under /sys/class.
 *
 * Thread: any; reads small files, so not for audio-rt. */
#ifndef LINNET_PIPELINE_MACHINE_STATE_H
#define LINNET_PIPELINE_MACHINE_STATE_H

#include <stdbool.h>

enum { MACHINE_UNKNOWN = -1 };

struct machine_state {
    int battery_percent; /* of the fullest battery; MACHINE_UNKNOWN without one */
    bool on_battery;     /* there is one, it discharges, and no mains supply is online */
    int temperature_c;   /* of the hottest zone; MACHINE_UNKNOWN without one */
};

/* `root` stands for "/sys/class"; tests give a folder of their own. */
void machine_state_read(const char *root, struct machine_state *ret_state);

#endif
