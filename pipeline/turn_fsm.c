#include "turn_fsm.h"

/* Every cell is written out; one that only keeps the state shrugs off a late event of an older
 * turn. */

static const struct turn_step steps[TURN_STATE_COUNT][TURN_EVENT_COUNT] =
    {
        [TURN_IDLE] =
            {
                [TURN_EVENT_WAKE] = {TURN_LISTENING, TURN_OPEN | TURN_LISTEN},
                [TURN_EVENT_ENDPOINT] = {TURN_IDLE, 0},
                [TURN_EVENT_NOTHING_SAID] = {TURN_IDLE, 0},
                [TURN_EVENT_TEXT] = {TURN_THINKING, TURN_OPEN | TURN_THINK},
                [TURN_EVENT_REPLY_STARTED] = {TURN_IDLE, 0},
                [TURN_EVENT_REPLY_ENDED] = {TURN_IDLE, 0},
                [TURN_EVENT_REMINDER] = {TURN_SPEAKING, TURN_OPEN | TURN_ANNOUNCE},
            },
        [TURN_LISTENING] =
            {
                /* The word again: start over from it. */
                [TURN_EVENT_WAKE] = {TURN_LISTENING, TURN_DEAFEN | TURN_OPEN | TURN_LISTEN},
                [TURN_EVENT_ENDPOINT] = {TURN_THINKING, TURN_DEAFEN | TURN_THINK},
                [TURN_EVENT_NOTHING_SAID] = {TURN_IDLE, TURN_DEAFEN | TURN_CLOSE},
                [TURN_EVENT_TEXT] = {TURN_THINKING, TURN_DEAFEN | TURN_OPEN | TURN_THINK},
                [TURN_EVENT_REPLY_STARTED] = {TURN_LISTENING, 0},
                [TURN_EVENT_REPLY_ENDED] = {TURN_LISTENING, 0},
                [TURN_EVENT_REMINDER] = {TURN_LISTENING, TURN_DEFER},
            },
        [TURN_THINKING] =
            {
                [TURN_EVENT_WAKE] = {TURN_LISTENING, TURN_SILENCE | TURN_OPEN | TURN_LISTEN},
                [TURN_EVENT_ENDPOINT] = {TURN_THINKING, 0},
                [TURN_EVENT_NOTHING_SAID] = {TURN_THINKING, 0},
                [TURN_EVENT_TEXT] = {TURN_THINKING, TURN_SILENCE | TURN_OPEN | TURN_THINK},
                [TURN_EVENT_REPLY_STARTED] = {TURN_SPEAKING, 0},
                [TURN_EVENT_REPLY_ENDED] = {TURN_IDLE, TURN_CLOSE},
                [TURN_EVENT_REMINDER] = {TURN_THINKING, TURN_DEFER},
            },
        [TURN_SPEAKING] =
            {
                [TURN_EVENT_WAKE] = {TURN_LISTENING, TURN_SILENCE | TURN_OPEN | TURN_LISTEN},
                [TURN_EVENT_ENDPOINT] = {TURN_SPEAKING, 0},
                [TURN_EVENT_NOTHING_SAID] = {TURN_SPEAKING, 0},
                [TURN_EVENT_TEXT] = {TURN_THINKING, TURN_SILENCE | TURN_OPEN | TURN_THINK},
                [TURN_EVENT_REPLY_STARTED] = {TURN_SPEAKING, 0},
                [TURN_EVENT_REPLY_ENDED] = {TURN_IDLE, TURN_CLOSE},
                [TURN_EVENT_REMINDER] = {TURN_SPEAKING, TURN_DEFER},
            },
};

struct turn_step turn_fsm(enum turn_state state, enum turn_event event)
{
    return steps[state][event];
}

const char *turn_state_name(enum turn_state state)
{
    static const char *const names[] = {"idle", "listening", "thinking", "speaking"};
    return (unsigned)state < TURN_STATE_COUNT ? names[state] : "unknown";
}

const char *turn_event_name(enum turn_event event)
{
    static const char *const names[] = {"wake",          "endpoint",    "nothing-said", "text",
                                        "reply-started", "reply-ended", "reminder"};
    return (unsigned)event < TURN_EVENT_COUNT ? names[event] : "unknown";
}
