#include "skill.h"

#include <stdio.h>
#include <string.h>

#include "skill_impl.h"

/* The words of the arguments are read as people say them: "ten minutes", "half past six". */
#define WHEN_DAY "day, as said: tomorrow, friday, december 24"

#define NOTHING                                                                                    \
    {                                                                                              \
        {                                                                                          \
            NULL, NULL, false                                                                      \
        }                                                                                          \
    }

static const struct {
    struct skill_info info;
    skill_function *run;
} skills[] = {
    {{"get_time", "The time now.", {{"place", "city or country; absent: here", false}}},
     skill_get_time},
    {{"get_date", "The date of a day.", {{"day", WHEN_DAY "; absent: today", false}}},
     skill_get_date},
    {{"timer_set",
      "Start a timer.",
      {{"duration", "how long, in words: ten minutes, an hour and a half", true},
       {"name", "what it is for, one or two words", false}}},
     skill_timer_set},
    {{"timer_cancel", "Stop timers.", {{"name", "of which; absent: all", false}}},
     skill_timer_cancel},
    {{"timer_query", "How long timers still run.", {{"name", "of which; absent: all", false}}},
     skill_timer_query},
    {{"alarm_set",
      "Set an alarm.",
      {{"time", "as said: half past six, 7 30 am", true},
       {"day", WHEN_DAY, false},
       {"name", "what it is for", false}}},
     skill_alarm_set},
    {{"alarm_cancel", "Remove alarms.", {{"time", "of which", false}, {"day", WHEN_DAY, false}}},
     skill_alarm_cancel},
    {{"alarm_query", "Which alarms are set.", {{"day", WHEN_DAY, false}}}, skill_alarm_query},
    {{"calculate", "Work out a sum.", {{"expression", "in words or signs: 12 * 8", true}}},
     skill_calculate},
    {{"convert",
      "Convert between units.",
      {{"amount", "a number; absent: one", false}, {"from", "unit", true}, {"to", "unit", true}}},
     skill_convert},
    {{"volume_set", "Set the volume.", {{"level", "percent, or: maximum, half, mute", true}}},
     skill_volume_set},
    {{"volume_up", "Make the voice louder.", NOTHING}, skill_volume_up},
    {{"volume_down", "Make the voice quieter.", NOTHING}, skill_volume_down},
    {{"stop", "Stop speaking or ringing.", NOTHING}, skill_stop},
    {{"cancel", "Drop the request.", NOTHING}, skill_cancel},
    {{"repeat", "Say the last answer again.", NOTHING}, skill_repeat},
};

enum { SKILL_COUNT = sizeof(skills) / sizeof(skills[0]) };

const struct skill_info *skill_at(size_t index)
{
    return index < SKILL_COUNT ? &skills[index].info : NULL;
}

enum status skill_say(struct skill_reply *reply, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(reply->text, sizeof(reply->text), format, args);
    va_end(args);
    return STATUS_OK;
}

const char *tool_call_arg(const struct tool_call *call, const char *name)
{
    for (int i = 0; i < call->arg_count; i++) {
        if (strcmp(call->args[i].name, name) == 0)
            return call->args[i].value;
    }
    return "";
}

enum status skill_run(const struct skill_context *context, const struct tool_call *call,
                      struct skill_reply *ret_reply, struct error *ret_error)
{
    for (size_t i = 0; i < SKILL_COUNT; i++) {
        if (strcmp(skills[i].info.name, call->name) != 0)
            continue;
        struct skill_reply reply = {.effect = SKILL_SAY, .volume = context->volume};
        TRY(skills[i].run(context, call, &reply, ret_error));
        *ret_reply = reply;
        return STATUS_OK;
    }
    return error_set(ret_error, STATUS_NOT_FOUND, "no tool is called \"%s\"", call->name);
}
