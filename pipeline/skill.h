/* Skills: what the device can do by itself. A tool call chosen by the language model goes in, a
 * spoken reply and an effect on the assistant come out. Arguments are spans of the user's own
 * words; each skill reads them itself.
 *
 * Thread: mind, for all functions. */
#ifndef LINNET_PIPELINE_SKILL_H
#define LINNET_PIPELINE_SKILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"
#include "store.h"

enum { TOOL_NAME_BYTES = 32, TOOL_VALUE_BYTES = 128, TOOL_ARGS_MAX = 4, SKILL_TEXT_BYTES = 512 };

struct tool_arg {
    char name[TOOL_NAME_BYTES];
    char value[TOOL_VALUE_BYTES];
};

struct tool_call {
    char name[TOOL_NAME_BYTES];
    int arg_count;
    struct tool_arg args[TOOL_ARGS_MAX];
};

/* What a skill may look at. Time comes from outside so that a replay repeats itself. */
struct skill_context {
    struct store *store; /* outlives the call */
    const char *zone;    /* home time zone, "" = the machine's */
    int64_t now;         /* unix seconds */
    int volume;          /* percent, 0..100 */
};

enum skill_effect {
    SKILL_SAY,    /* only the reply */
    SKILL_VOLUME, /* set the volume to reply.volume */
    SKILL_STOP,   /* silence: stop speaking, ringing; the reply may be empty */
    SKILL_REPEAT, /* say the last reply again */
};

struct skill_reply {
    enum skill_effect effect;
    int volume;
    char text[SKILL_TEXT_BYTES];
};

/* Run a tool. What the user got wrong ("a timer for how long?") is a reply, not an error.
 * STATUS_NOT_FOUND for a tool that does not exist; errors of the store are forwarded. */
enum status skill_run(const struct skill_context *context, const struct tool_call *call,
                      struct skill_reply *ret_reply, struct error *ret_error);

/* What a model elsewhere is told about a tool. */
struct skill_parameter {
    const char *name; /* NULL: no further one */
    const char *description;
    bool required;
};

struct skill_info {
    const char *name;
    const char *description;
    struct skill_parameter parameters[TOOL_ARGS_MAX + 1];
};

/* Tool number `index`, NULL behind the last. */
const struct skill_info *skill_at(size_t index);

/* Value of an argument, "" when it is absent. */
const char *tool_call_arg(const struct tool_call *call, const char *name);

/* What is said when a timer or an alarm goes off. */
void skill_reminder_text(const struct reminder *reminder, const char *zone, char *text,
                         size_t size);

#endif
