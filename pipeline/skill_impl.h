/* For writers of skills: each is one function of this shape, listed in skill.c.
 * Thread: mind. */
#ifndef LINNET_PIPELINE_SKILL_IMPL_H
#define LINNET_PIPELINE_SKILL_IMPL_H

#include "skill.h"

typedef enum status skill_function(const struct skill_context *context,
                                   const struct tool_call *call, struct skill_reply *reply,
                                   struct error *ret_error);

skill_function skill_get_time, skill_get_date;
skill_function skill_timer_set, skill_timer_cancel, skill_timer_query;
skill_function skill_alarm_set, skill_alarm_cancel, skill_alarm_query;
skill_function skill_calculate, skill_convert;
skill_function skill_volume_set, skill_volume_up, skill_volume_down;
skill_function skill_stop, skill_cancel, skill_repeat;

/* Set the reply's text; always STATUS_OK, so a skill can end with it. */
enum status skill_say(struct skill_reply *reply, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
