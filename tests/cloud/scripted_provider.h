/* A provider that follows a script on a virtual clock: a stand-in for the network in tests of
 * everything above it.
 *
 *     static const struct scripted_step script[] = {{200, PROVIDER_EVENT_TEXT, "Hello "}, ...};
 *     scripted_init(&scripted, index, events, &clock);
 *     scripted.script = script;
 *     ... each time the clock has moved: scripted_run(&scripted);
 *
 * Thread: one, for all functions. */
#ifndef LINNET_TESTS_SCRIPTED_PROVIDER_H
#define LINNET_TESTS_SCRIPTED_PROVIDER_H

#include <stdbool.h>

#include "clock.h"
#include "mailbox.h"
#include "provider.h"

struct scripted_step {
    int after_ms; /* since the turn was started, or since its tools were answered */
    enum provider_event_kind kind;
    const char *text; /* TEXT: words; TOOL: arguments; FAILED: why */
    enum provider_failure failure;
    const char *tool;
    int output_tokens; /* USAGE */
    bool wait;         /* the steps after this one wait for provider_reply */
    bool last;
};

struct scripted {
    struct provider provider; /* first */
    int index;
    struct mailbox *events;
    const struct clock *clock;
    const struct scripted_step *script; /* ends with .last */
    bool open, waiting;
    uint32_t turn;
    int64_t begun_ns;
    int next;
    int starts, cancels, replies;
    int64_t heard_ms;                  /* of the last cancel */
    char request[512];                 /* of the last start: its last message */
    char before[512];                  /* the message before it, if any */
    int max_output_tokens;             /* of the last start */
    int64_t context, written, used_in; /* tokens of this turn */
    int64_t billed_in, billed_out;     /* tokens, in all: what it would put on its bill */
    char result[512];                  /* of the last reply, the first result */
};

void scripted_init(struct scripted *scripted, int index, struct mailbox *events,
                   const struct clock *clock);

/* Post what is due. */
void scripted_run(struct scripted *scripted);

#endif
