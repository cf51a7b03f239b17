/* The mind: a request in words goes in; it is routed, a tool is run or a short answer made, and the
 * answer goes to the voice clause by clause. One step is one bounded piece of work, so that a newer
 * turn can overtake an older one.
 *
 *     mailbox_post(requests, &request);         control
 *     while (mind_step(mind) == MIND_WORKED)    mind thread, or the replay
 *         ;
 *
 * Thread: mind, for all functions but create and destroy (control). */
#ifndef LINNET_PIPELINE_MIND_H
#define LINNET_PIPELINE_MIND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "event_post.h"
#include "linnet.h"
#include "option.h"
#include "outside.h"
#include "sound_send.h"
#include "status.h"
#include "voice.h"

enum mind_request_kind {
    MIND_ANSWER,   /* .text was said or typed */
    MIND_ANNOUNCE, /* speak what is due */
    MIND_TELL,     /* .text is what to say */
    MIND_WARM,     /* a request will come: open the connection that it may need */
    MIND_PREPARE,  /* .text was heard so far: compute ahead, judge whether it may end there */
};

struct mind_request {
    enum mind_request_kind kind;
    uint32_t turn;
    float confidence;         /* of the words */
    uint32_t serial;          /* of MIND_PREPARE, echoed in the report */
    struct sound_range sound; /* in the log of the microphone; empty: typed */
    char text[LINNET_TEXT_BYTES];
};

/* What control learns from the mind. */
enum mind_report_kind {
    MIND_SPEAKS,   /* the first clause of the reply went to the voice */
    MIND_FINISHED, /* nothing more will be said in this turn */
    MIND_REMINDER, /* something is due */
    MIND_JUDGED,   /* .end_score of the text of request .serial */
};

struct mind_report {
    enum mind_report_kind kind;
    uint32_t turn;
    uint32_t serial;
    float end_score; /* log-odds that the request ends there */
};

/* What computing ahead cost and saved: tokens of the language model. */
struct mind_ahead {
    uint64_t computed;  /* before the request was over */
    uint64_t discarded; /* of those, not part of the request in the end */
};

struct mind_config {
    const char *model_path; /* the language model's GGUF */
    const char *state_path; /* the store */
    const struct config *options;
    struct voice *voice;
    struct event_post events;
    struct mailbox *requests;             /* of struct mind_request */
    struct mailbox *reports;              /* of struct mind_report */
    const atomic_uint *turn;              /* the open turn: work of older ones is dropped */
    atomic_int *volume;                   /* percent */
    const struct outside_config *outside; /* providers, or NULL; outlives the mind */
    const char *compare; /* a policy to try beside the configured one, or NULL; events tell of it */
    atomic_bool *is_private;  /* private mode, as others may see it; or NULL */
    const char *machine_root; /* of machine_state.h; NULL: this machine's */
};

struct mind;

/* Everything in config outlives the mind. */
enum status mind_create(const struct mind_config *config, struct mind **ret_mind,
                        struct error *ret_error);
void mind_destroy(struct mind *mind);

/* One piece of work: false when there was nothing to do. */
bool mind_step(struct mind *mind);

/* While an answer from outside, or speech from elsewhere, is under way: a descriptor for poll(2)
 * that is readable when something of it has come; then, and each 10 ms, step. -1 when none is under
 * way. */
int mind_waits_on(const struct mind *mind);

/* Since the mind was created. Thread: as mind_step. */
struct mind_ahead mind_ahead(const struct mind *mind);

/* Look for due reminders; reports each once. Cheap; call about once a second. */
void mind_check_reminders(struct mind *mind);

#endif
