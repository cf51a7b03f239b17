/* How events are shown: one JSON object a line, or a timeline for people.
 * Thread: control, for all functions. */
#ifndef LINNET_TOOLS_SHOW_H
#define LINNET_TOOLS_SHOW_H

#include <stdio.h>

#include "linnet.h"

/* {"event":"partial","turn":1,"seconds":2.31,...}; the fields after "seconds" depend on the event.
 */
void show_event_json(FILE *out, const struct linnet_event *event);

/* "   2.310 s  partial   set a timer". */
void show_event_text(FILE *out, const struct linnet_event *event);

#endif
