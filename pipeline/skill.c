#include "skill.h"

#include <stdio.h>
#include <string.h>

#include "skill_impl.h"

static const struct {
    const char *name;
    skill_function *run;
} skills[] = {
    {"get_time", skill_get_time},
    {"get_date", skill_get_date},
    {"timer_set", skill_timer_set},
    {"timer_cancel", skill_timer_cancel},
    {"timer_query", skill_timer_query},
    {"alarm_set", skill_alarm_set},
    {"alarm_cancel", skill_alarm_cancel},
    {"alarm_query", skill_alarm_query},
    {"calculate", skill_calculate},
    {"convert", skill_convert},
    {"volume_set", skill_volume_set},
    {"volume_up", skill_volume_up},
    {"volume_down", skill_volume_down},
    {"stop", skill_stop},
    {"cancel", skill_cancel},
    {"repeat", skill_repeat},
};

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
    for (size_t i = 0; i < sizeof(skills) / sizeof(skills[0]); i++) {
        if (strcmp(skills[i].name, call->name) != 0)
            continue;
        struct skill_reply reply = {.effect = SKILL_SAY, .volume = context->volume};
        TRY(skills[i].run(context, call, &reply, ret_error));
        *ret_reply = reply;
        return STATUS_OK;
    }
    return error_set(ret_error, STATUS_NOT_FOUND, "no tool is called \"%s\"", call->name);
}
