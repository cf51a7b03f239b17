#include "event_post.h"

#include <stdio.h>
#include <string.h>

struct linnet_event event_make(const struct event_post *post, enum linnet_event_kind kind,
                               uint32_t turn)
{
    struct linnet_event event;
    memset(&event, 0, sizeof(event));
    event.kind = kind;
    event.turn = turn;
    event.seconds = (double)clock_now_ns(post->clock) / 1e9;
    return event;
}

void event_send(const struct event_post *post, const struct linnet_event *event)
{
    mailbox_post(post->events, event);
}

void event_send_text(const struct event_post *post, enum linnet_event_kind kind, uint32_t turn,
                     const char *text)
{
    struct linnet_event event = event_make(post, kind, turn);
    snprintf(event.text, sizeof(event.text), "%s", text);
    event_send(post, &event);
}
