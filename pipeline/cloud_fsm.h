/* One request to the world outside, as a pure function: what the providers send and the time go in,
 * what to do comes out. Who is asked when, who wins, what is said when nobody answers: all of it
 * stands here, testable without a network.
 *
 *     WAITING    one or two were asked, none has answered; the first good token wins
 *     ANSWERING  the winner's words are spoken, its tools are run
 *     ENDED
 *
 * Each place is given its deadline for the first token; when it fails or the deadline passes, the
 * next one is asked at once. A hedge asks the next one earlier and keeps both. When the winner
 * breaks off in the middle, the next one goes on from what was spoken. ROUTE_DEVICE among the
 * places is the device's own answer, which is always there.
 *
 * Thread: one at a time, for all functions; no allocation. */
#ifndef LINNET_PIPELINE_CLOUD_FSM_H
#define LINNET_PIPELINE_CLOUD_FSM_H

#include <stdbool.h>
#include <stdint.h>

#include "route.h"

enum { CLOUD_PLACES_MAX = ROUTE_PROVIDERS_MAX + 1, CLOUD_LIVE_MAX = 2, CLOUD_ACTIONS_MAX = 16 };

struct cloud_plan {
    int place_count; /* whom to ask, first to last */
    int place[CLOUD_PLACES_MAX];
    int deadline_ms[CLOUD_PLACES_MAX]; /* for the first token of each */
    bool hedge;
    int hedge_after_ms;
    int filler_ms;     /* wait after which a filler is said; negative: never */
    int total_wait_ms; /* for a first token from anybody */
    int stall_ms;      /* longest silence inside an answer */
    int tool_rounds;   /* how often the winner may have tools run */
};

enum cloud_phase { CLOUD_WAITING, CLOUD_ANSWERING, CLOUD_ENDED };

enum cloud_input {
    CLOUD_IN_TEXT, /* words, or sound, to be spoken */
    CLOUD_IN_TOOL, /* a tool is asked for */
    CLOUD_IN_DONE, /* nothing more comes, but for what tools cause */
    CLOUD_IN_FAILED,
    CLOUD_IN_ENOUGH, /* the answer is as long as it may be */
};

enum cloud_act {
    CLOUD_START,      /* ask .place; .resume: from what was spoken */
    CLOUD_CANCEL,     /* tell .place to stop; .blame: because it is too slow */
    CLOUD_WIN,        /* .place answers: its text is spoken from now on */
    CLOUD_FILL,       /* say that it takes a moment */
    CLOUD_RUN_TOOLS,  /* run what the winner asked for and send the results */
    CLOUD_USE_DEVICE, /* say the device's own answer */
    CLOUD_EXCUSE,     /* say .excuse */
    CLOUD_END,        /* nothing more comes */
};

enum cloud_excuse {
    EXCUSE_UNREACHABLE, /* nobody answered */
    EXCUSE_BROKE_OFF,   /* the answer stopped in the middle and nobody could go on */
    EXCUSE_TOOLS,       /* it wanted tools again and again */
    EXCUSE_COUNT
};

struct cloud_action {
    enum cloud_act act;
    int place;
    bool resume, blame;
    enum cloud_excuse excuse;
};

struct cloud_actions {
    int count;
    struct cloud_action action[CLOUD_ACTIONS_MAX];
};

struct cloud_fsm {
    struct cloud_plan plan;
    enum cloud_phase phase;
    int next; /* index of the place that is asked next */
    int live_count;
    struct cloud_live {
        int place;
        int64_t deadline_ns;
    } live[CLOUD_LIVE_MAX];
    int64_t begun_ns;  /* this wait */
    int64_t lately_ns; /* the winner's last sign of life */
    int rounds;
    bool hedged, filled;
    bool spoke;       /* words were spoken, here or before this request */
    bool wants_tools; /* since its last results */
    bool acted;       /* tools were run: starting over might do them twice */
};

/* `spoken`: the device has begun the answer itself and gave up; whoever is asked goes on from
 * there. Each call adds what to do to `actions`, in order; the caller empties it before. */
void cloud_fsm_begin(struct cloud_fsm *fsm, const struct cloud_plan *plan, bool spoken,
                     int64_t now_ns, struct cloud_actions *actions);

/* What a place sent. That of a place which is not asked (any more) is passed over. */
void cloud_fsm_input(struct cloud_fsm *fsm, enum cloud_input input, int place, int64_t now_ns,
                     struct cloud_actions *actions);

/* Time has passed: call often (each 10 ms). */
void cloud_fsm_tick(struct cloud_fsm *fsm, int64_t now_ns, struct cloud_actions *actions);

/* The user does not want it any more (barge-in). */
void cloud_fsm_stop(struct cloud_fsm *fsm, struct cloud_actions *actions);

#endif
