/* Where events of the engine are posted from: any stage holds one of these.
 * Thread: any but audio-rt, for all functions. */
#ifndef LINNET_PIPELINE_EVENT_POST_H
#define LINNET_PIPELINE_EVENT_POST_H

#include "clock.h"
#include "linnet.h"
#include "mailbox.h"

struct event_post {
    struct mailbox
        *events; /* of struct linnet_event; full: the event is dropped and counted by the mailbox */
    const struct clock *clock;
};

/* A zeroed event of this kind, stamped with the clock. */
struct linnet_event event_make(const struct event_post *post, enum linnet_event_kind kind,
                               uint32_t turn);

void event_send(const struct event_post *post, const struct linnet_event *event);

/* An event that carries only a text. */
void event_send_text(const struct event_post *post, enum linnet_event_kind kind, uint32_t turn,
                     const char *text);

#endif
