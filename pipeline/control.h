/* Control: the one place that holds the turn. Frames and reports come in, turn_fsm decides, the
 * stages are told.
 *
 * Thread: control, for all functions. */
#ifndef LINNET_PIPELINE_CONTROL_H
#define LINNET_PIPELINE_CONTROL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "ears.h"
#include "event_post.h"
#include "far_ears.h"
#include "front.h"
#include "mind.h"
#include "turn_fsm.h"
#include "voice.h"

struct control_config {
    const struct front *front; /* for the words' names */
    struct ears *ears;
    struct far_ears *far; /* ears of others, or NULL */
    struct voice *voice;
    bool warm; /* the mind wants to know when a turn begins to listen */
    struct event_post events;
    struct mailbox *requests; /* to the mind */
    struct mailbox *reports;  /* from the mind */
    atomic_uint *turn;        /* raised here only */
};

struct control {
    struct control_config config;
    enum turn_state state;
    bool mind_finished;
    bool spoke;
    bool reminder_waits;
    bool asking; /* the request is over, and somebody else's ears may still make words of it */
    enum mind_request_kind request; /* what .text is to the mind */
    char text[LINNET_TEXT_BYTES];   /* the request of the open turn */
    float confidence;
    const char *close_reason;
    uint64_t listens_from; /* frame */
    uint64_t last_frame;
    struct sound_range sound; /* of the request of the open turn; empty for a typed one */
    uint32_t partials;        /* given to the mind so far; it judges them by this number */
};

void control_init(struct control *control, const struct control_config *config);

/* One 10 ms frame, in order. */
void control_frame(struct control *control, const struct front_frame *frame);

/* A typed request; a button. */
void control_text(struct control *control, const char *text);
void control_talk(struct control *control, uint64_t frame);

/* Reports of the mind, and the end of playback. Call after each frame and whenever the mind has
 * worked. */
void control_poll(struct control *control);

#endif
