/* Where the state file (timers, alarms, the ledger) is.
 *
 * Thread: control. */
#ifndef LINNET_PIPELINE_STATE_PATH_H
#define LINNET_PIPELINE_STATE_PATH_H

#include <stddef.h>

#include "status.h"

/* `option`: what the configuration says. When that is empty: $XDG_STATE_HOME/linnet/state.db, or
 * ~/.local/state/linnet/state.db, and its folders are made, for the owner's eyes only. */
enum status state_path(const char *option, char *path, size_t size, struct error *ret_error);

#endif
