#include <stdio.h>
#include <string.h>

#include "skill_impl.h"
#include "when_words.h"
#include "zone.h"

/* "pasta" and "the pasta timer" are the same name. */
static void clean_name(const char *text, char *name, size_t size)
{
    if (strncmp(text, "the ", 4) == 0)
        text += 4;
    snprintf(name, size, "%.60s", text);
    char *tail = strstr(name, " timer");
    if (tail)
        *tail = '\0';
    if (strncmp(name, "all", 3) == 0)
        name[0] = '\0'; /* no name matches every timer */
}

static const char *space_if(const char *name)
{
    return *name ? " " : "";
}

enum status skill_timer_set(const struct skill_context *context, const struct tool_call *call,
                            struct skill_reply *reply, struct error *ret_error)
{
    struct reminder timer = {.kind = REMINDER_TIMER};
    if (!duration_parse(tool_call_arg(call, "duration"), &timer.duration))
        return skill_say(reply, "Sorry, for how long should the timer run?");
    if (timer.duration > 30.0 * 86400)
        return skill_say(reply, "Sorry, a timer can run for thirty days at most.");
    timer.due = context->now + (int64_t)timer.duration;
    clean_name(tool_call_arg(call, "name"), timer.name, sizeof(timer.name));
    TRY(store_add(context->store, &timer, ret_error));
    char duration[96];
    duration_format(timer.duration, duration, sizeof(duration));
    return skill_say(reply, "Your%s%s timer is set for %s.", space_if(timer.name), timer.name,
                     duration);
}

/* Timers with the spoken name; a name nobody has means all of them, when there is just one. */
static int find_timers(const struct skill_context *context, const struct tool_call *call,
                       struct reminder *timers)
{
    char name[REMINDER_NAME_BYTES];
    clean_name(tool_call_arg(call, "name"), name, sizeof(name));
    int count = store_list(context->store, REMINDER_TIMER, name, timers, REMINDERS_MAX);
    if (count == 0 && *name) {
        count = store_list(context->store, REMINDER_TIMER, "", timers, REMINDERS_MAX);
        if (count > 1)
            count = 0;
    }
    return count;
}

enum status skill_timer_cancel(const struct skill_context *context, const struct tool_call *call,
                               struct skill_reply *reply, struct error *ret_error)
{
    struct reminder timers[REMINDERS_MAX];
    int count = find_timers(context, call, timers);
    if (count == 0)
        return skill_say(reply, "There is no such timer running.");
    for (int i = 0; i < count; i++)
        TRY(store_remove(context->store, timers[i].id, ret_error));
    if (count > 1)
        return skill_say(reply, "%d timers cancelled.", count);
    return skill_say(reply, "Your%s%s timer is cancelled.", space_if(timers[0].name),
                     timers[0].name);
}

enum status skill_timer_query(const struct skill_context *context, const struct tool_call *call,
                              struct skill_reply *reply, struct error *ret_error)
{
    (void)ret_error;
    struct reminder timers[REMINDERS_MAX];
    int count = find_timers(context, call, timers);
    if (count == 0)
        return skill_say(reply, "There is no timer running.");
    char list[400] = "", left[96];
    for (int i = 0; i < count && i < 4; i++) {
        int64_t rest = timers[i].due - context->now;
        duration_format(rest > 0 ? (double)rest : 0, left, sizeof(left));
        size_t used = strlen(list);
        snprintf(list + used, sizeof(list) - used, "%s%s left on your%s%s timer", i ? ", and " : "",
                 left, space_if(timers[i].name), timers[i].name);
    }
    return skill_say(reply, "There %s %s.",
                     strncmp(list, "1 ", 2) == 0 && !strchr(list, ',') ? "is" : "are", list);
}

void skill_reminder_text(const struct reminder *reminder, const char *zone, char *text, size_t size)
{
    if (reminder->kind == REMINDER_TIMER) {
        snprintf(text, size, "Your%s%s timer is done.", space_if(reminder->name), reminder->name);
        return;
    }
    struct tm local;
    char clock[16];
    zone_local_time(zone, reminder->due, &local, NULL);
    clock_time_format(local.tm_hour, local.tm_min, clock, sizeof(clock));
    snprintf(text, size, "It's %s. This is your alarm.", clock);
}
