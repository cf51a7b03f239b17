#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "skill_impl.h"
#include "when_words.h"
#include "zone.h"

static const char *const weekday_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday"};
static const char *const month_names[] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};

/* "the" and "in" may stand before a place's name. */
static const char *skip_article(const char *place)
{
    static const char *const articles[] = {"in ", "at ", "for "};
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(articles[i]);
        if (strncasecmp(place, articles[i], n) == 0)
            return place + n;
    }
    return place;
}

enum status skill_get_time(const struct skill_context *context, const struct tool_call *call,
                           struct skill_reply *reply, struct error *ret_error)
{
    (void)ret_error;
    const char *place = skip_article(tool_call_arg(call, "place"));
    const char *zone = *place ? zone_of_place(place) : context->zone;
    if (!zone)
        return skill_say(reply, "Sorry, I don't know the time zone of %s.", place);
    struct tm local;
    char clock[16];
    struct error ignored;
    if (zone_local_time(zone, context->now, &local, &ignored) != STATUS_OK && *place)
        return skill_say(reply, "Sorry, I can't read the clock of %s.", place);
    clock_time_format(local.tm_hour, local.tm_min, clock, sizeof(clock));
    return *place ? skill_say(reply, "It's %s in %s.", clock, place)
                  : skill_say(reply, "It's %s.", clock);
}

static const char *ordinal_suffix(int n)
{
    if (n % 100 >= 11 && n % 100 <= 13)
        return "th";
    return n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";
}

/* The next time a feast comes round, today included. */
static enum status say_feast(const struct skill_context *context, const char *name,
                             const int month_day[2], struct skill_reply *reply)
{
    struct tm today;
    zone_local_time(context->zone, context->now, &today, NULL);
    struct tm then = {
        .tm_year = today.tm_year, .tm_mon = month_day[0] - 1, .tm_mday = month_day[1]};
    bool over =
        then.tm_mon < today.tm_mon || (then.tm_mon == today.tm_mon && then.tm_mday < today.tm_mday);
    then.tm_year += over;
    timegm(&then); /* fills in the weekday */
    return skill_say(reply, "%s is on %s, %s %d%s, %d.", name, weekday_names[then.tm_wday],
                     month_names[then.tm_mon], then.tm_mday, ordinal_suffix(then.tm_mday),
                     then.tm_year + 1900);
}

enum status skill_get_date(const struct skill_context *context, const struct tool_call *call,
                           struct skill_reply *reply, struct error *ret_error)
{
    (void)ret_error;
    const char *text = tool_call_arg(call, "day");
    struct day day = {.kind = DAY_OFFSET, .value = 0};
    int feast[2];
    if (feast_parse(text, &feast[0], &feast[1]))
        return say_feast(context, text, feast, reply);
    if (*text && !day_parse(text, &day))
        return skill_say(reply, "Sorry, I don't know which day %s is.", text);
    struct tm local;
    struct error ignored;
    zone_local_time(context->zone, context->now, &local, &ignored);
    int ahead = day_resolve(&day, local.tm_wday);
    zone_local_time(context->zone, context->now + (int64_t)ahead * 86400, &local, &ignored);
    const char *lead = ahead == 0    ? "Today is"
                       : ahead == 1  ? "Tomorrow is"
                       : ahead == -1 ? "Yesterday was"
                                     : "That is";
    return skill_say(reply, "%s %s, %s %d%s, %d.", lead, weekday_names[local.tm_wday],
                     month_names[local.tm_mon], local.tm_mday, ordinal_suffix(local.tm_mday),
                     local.tm_year + 1900);
}

/* "6:30 AM today", "7:00 AM tomorrow", "7:00 AM on Friday", from the caller's point of view. */
static void alarm_when_text(int64_t due, int64_t now, const char *zone, char *text, size_t size)
{
    struct tm then, today;
    struct error ignored;
    char clock[16];
    zone_local_time(zone, due, &then, &ignored);
    zone_local_time(zone, now, &today, &ignored);
    clock_time_format(then.tm_hour, then.tm_min, clock, sizeof(clock));
    int days = then.tm_yday - today.tm_yday;
    if (then.tm_year != today.tm_year)
        days = (int)((due - now + 86399) / 86400);
    if (days == 0)
        snprintf(text, size, "%s today", clock);
    else if (days == 1)
        snprintf(text, size, "%s tomorrow", clock);
    else
        snprintf(text, size, "%s on %s", clock, weekday_names[then.tm_wday]);
}

/* The next moment the clock shows this time; when am/pm was not said, the sooner of the two. */
static enum status alarm_due(const struct skill_context *context, const struct clock_time *time,
                             const struct day *day, int64_t *ret_due, struct error *ret_error)
{
    struct tm today;
    zone_local_time(context->zone, context->now, &today, NULL);
    int first = day ? day_resolve(day, today.tm_wday) : 0;
    /* An alarm for another day means its morning when nothing else is said. */
    bool try_both = !time->half_known && first == 0;
    for (int ahead = first; ahead <= first + 8; ahead++) {
        for (int half = 0; half < (try_both ? 2 : 1); half++) {
            struct tm local = {
                .tm_year = today.tm_year, .tm_mon = today.tm_mon, .tm_mday = today.tm_mday + ahead};
            local.tm_hour = (time->half_known ? time->hour : time->hour % 12) + half * 12;
            local.tm_min = time->minute;
            TRY(zone_unix_time(context->zone, &local, ret_due, ret_error));
            if (*ret_due > context->now)
                return STATUS_OK;
        }
    }
    return error_set(ret_error, STATUS_INTERNAL, "no future moment for an alarm at %d:%02d",
                     time->hour, time->minute);
}

enum status skill_alarm_set(const struct skill_context *context, const struct tool_call *call,
                            struct skill_reply *reply, struct error *ret_error)
{
    const char *text = tool_call_arg(call, "time");
    const char *day_text = tool_call_arg(call, "day");
    struct clock_time time;
    struct day day;
    double seconds;
    struct reminder reminder = {.kind = REMINDER_ALARM};
    bool has_day = day_parse(*day_text ? day_text : text, &day);
    if (clock_time_parse(text, &time))
        TRY(alarm_due(context, &time, has_day ? &day : NULL, &reminder.due, ret_error));
    else if (duration_parse(text, &seconds))
        reminder.due = context->now + (int64_t)seconds;
    else
        return skill_say(reply, "Sorry, I didn't catch the time for the alarm.");
    snprintf(reminder.name, sizeof(reminder.name), "%.60s", tool_call_arg(call, "name"));
    TRY(store_add(context->store, &reminder, ret_error));
    char when[64];
    alarm_when_text(reminder.due, context->now, context->zone, when, sizeof(when));
    return skill_say(reply, "Alarm set for %s.", when);
}

/* Does this alarm match the time and day that were said? */
static bool alarm_matches(const struct skill_context *context, const struct reminder *alarm,
                          const char *time_text, const char *day_text)
{
    struct tm then, today;
    struct clock_time time;
    struct day day;
    zone_local_time(context->zone, alarm->due, &then, NULL);
    zone_local_time(context->zone, context->now, &today, NULL);
    if (*time_text && clock_time_parse(time_text, &time)) {
        bool hour =
            time.half_known ? time.hour == then.tm_hour : time.hour % 12 == then.tm_hour % 12;
        if (!hour || time.minute != then.tm_min)
            return false;
    }
    if (*day_text && day_parse(day_text, &day))
        return (today.tm_wday + day_resolve(&day, today.tm_wday)) % 7 == then.tm_wday;
    return true;
}

enum status skill_alarm_cancel(const struct skill_context *context, const struct tool_call *call,
                               struct skill_reply *reply, struct error *ret_error)
{
    struct reminder alarms[REMINDERS_MAX];
    int count = store_list(context->store, REMINDER_ALARM, "", alarms, REMINDERS_MAX);
    int removed = 0;
    if (count == 0)
        return skill_say(reply, "You have no alarms.");
    for (int i = 0; i < count; i++) {
        if (!alarm_matches(context, &alarms[i], tool_call_arg(call, "time"),
                           tool_call_arg(call, "day")))
            continue;
        TRY(store_remove(context->store, alarms[i].id, ret_error));
        removed++;
    }
    if (removed == 0)
        return skill_say(reply, "I found no such alarm.");
    if (removed == 1)
        return skill_say(reply, "Alarm cancelled.");
    return skill_say(reply, "%d alarms cancelled.", removed);
}

enum status skill_alarm_query(const struct skill_context *context, const struct tool_call *call,
                              struct skill_reply *reply, struct error *ret_error)
{
    (void)ret_error;
    struct reminder alarms[REMINDERS_MAX];
    int count = store_list(context->store, REMINDER_ALARM, "", alarms, REMINDERS_MAX);
    char list[320] = "", when[64];
    int shown = 0;
    for (int i = 0; i < count && shown < 4; i++) {
        if (!alarm_matches(context, &alarms[i], "", tool_call_arg(call, "day")))
            continue;
        alarm_when_text(alarms[i].due, context->now, context->zone, when, sizeof(when));
        size_t used = strlen(list);
        snprintf(list + used, sizeof(list) - used, "%s%s", shown ? ", and " : "", when);
        shown++;
    }
    if (shown == 0)
        return skill_say(reply, "You have no alarms.");
    return skill_say(reply, "You have %s: %s.", shown == 1 ? "an alarm" : "alarms", list);
}
