/* The turn as a pure function: (state, event) -> (state, actions). All of turn-taking stands in one
 * table, testable without sound.
 *
 *              WAKE                ENDPOINT            REPLY_STARTED        REPLY_ENDED
 *     IDLE ----------> LISTENING ----------> THINKING -------------> SPEAKING -----------> IDLE
 *       ^                  | NOTHING_SAID        | REPLY_ENDED           | WAKE (barge-in):
 * LISTENING
 *       +------------------+---------------------+
 *
 * Thread: any, for all functions. */
#ifndef LINNET_PIPELINE_TURN_FSM_H
#define LINNET_PIPELINE_TURN_FSM_H

enum turn_state {
    TURN_IDLE,      /* waiting for the wake word */
    TURN_LISTENING, /* the recogniser runs */
    TURN_THINKING,  /* routing, the language model, a tool */
    TURN_SPEAKING,  /* the voice is heard */
    TURN_STATE_COUNT
};

enum turn_event {
    TURN_EVENT_WAKE,          /* the wake word, or a press of the talk button */
    TURN_EVENT_ENDPOINT,      /* the user has finished; there are words */
    TURN_EVENT_NOTHING_SAID,  /* no speech, or no words in it */
    TURN_EVENT_TEXT,          /* a typed request */
    TURN_EVENT_REPLY_STARTED, /* the first sample of the reply is on its way */
    TURN_EVENT_REPLY_ENDED,   /* the last sample was played, or there was nothing to say */
    TURN_EVENT_REMINDER,      /* a timer or an alarm is due */
    TURN_EVENT_COUNT
};

enum turn_action {
    TURN_OPEN = 1 << 0,     /* raise the turn id: older work drops itself */
    TURN_LISTEN = 1 << 1,   /* start the recogniser from the pre-roll */
    TURN_DEAFEN = 1 << 2,   /* stop the recogniser */
    TURN_THINK = 1 << 3,    /* hand the final text to the mind */
    TURN_SILENCE = 1 << 4,  /* cut what is being played */
    TURN_ANNOUNCE = 1 << 5, /* speak the reminder */
    TURN_CLOSE = 1 << 6,    /* the turn is over: report it */
    TURN_DEFER = 1 << 7,    /* not now: offer the event again when idle */
};

struct turn_step {
    enum turn_state state;
    unsigned actions; /* set of enum turn_action */
};

struct turn_step turn_fsm(enum turn_state state, enum turn_event event);

const char *turn_state_name(enum turn_state state);
const char *turn_event_name(enum turn_event event);

#endif
