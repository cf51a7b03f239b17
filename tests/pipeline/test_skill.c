#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "skill.h"
#include "zone.h"

/* Monday 5 January 2026, 10:05 UTC. */
static const int64_t monday = 1767607500;

struct bench {
    struct store *store;
    struct skill_context context;
};

static void bench_init(struct bench *b)
{
    CHECK_STATUS(store_create(":memory:", &b->store, NULL), STATUS_OK);
    b->context =
        (struct skill_context){.store = b->store, .zone = "UTC", .now = monday, .volume = 50};
}

/* run(&b, "timer_set", "duration=five minutes", "name=pasta", NULL) */
static struct skill_reply run(struct bench *b, const char *name, const char *arg1, const char *arg2)
{
    const char *args[] = {arg1, arg2};
    struct tool_call call = {0};
    struct skill_reply reply = {0};
    snprintf(call.name, sizeof(call.name), "%s", name);
    for (int i = 0; i < 2; i++) {
        if (!args[i])
            continue;
        struct tool_arg *arg = &call.args[call.arg_count++];
        const char *equals = strchr(args[i], '=');
        snprintf(arg->name, sizeof(arg->name), "%.*s", (int)(equals - args[i]), args[i]);
        snprintf(arg->value, sizeof(arg->value), "%s", equals + 1);
    }
    CHECK_STATUS(skill_run(&b->context, &call, &reply, NULL), STATUS_OK);
    return reply;
}

TEST(clock_skills_answer)
{
    struct bench b;
    bench_init(&b);
    CHECK_STR(run(&b, "get_time", NULL, NULL).text, "It's 10:05 AM.");
    CHECK_STR(run(&b, "get_time", "place=tokyo", NULL).text, "It's 7:05 PM in tokyo.");
    CHECK_STR(run(&b, "get_time", "place=new york", NULL).text, "It's 5:05 AM in new york.");
    CHECK_STR(run(&b, "get_time", "place=atlantis", NULL).text,
              "Sorry, I don't know the time zone of atlantis.");
    CHECK_STR(run(&b, "get_date", NULL, NULL).text, "Today is Monday, January 5th, 2026.");
    CHECK_STR(run(&b, "get_date", "day=tomorrow", NULL).text,
              "Tomorrow is Tuesday, January 6th, 2026.");
    CHECK_STR(run(&b, "get_date", "day=friday", NULL).text, "That is Friday, January 9th, 2026.");
    CHECK_STR(run(&b, "get_date", "day=christmas", NULL).text,
              "christmas is on Friday, December 25th, 2026.");
    CHECK_STR(run(&b, "get_date", "day=new year's day", NULL).text,
              "new year's day is on Friday, January 1st, 2027.");
    store_destroy(b.store);
}

TEST(daylight_saving_follows_the_zone_file)
{
    int offset = -1;
    CHECK_STATUS(zone_offset("Europe/London", monday, &offset, NULL), STATUS_OK);
    CHECK_EQ(offset, 0);
    CHECK_STATUS(zone_offset("Europe/London", monday + 180 * 86400, &offset, NULL), STATUS_OK);
    CHECK_EQ(offset, 3600);
    CHECK_STATUS(zone_offset("../../etc/passwd", monday, &offset, NULL), STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(zone_offset("No/Such", monday, &offset, NULL), STATUS_NOT_FOUND);
}

TEST(timers_are_set_asked_and_cancelled)
{
    struct bench b;
    bench_init(&b);
    CHECK_STR(run(&b, "timer_set", "duration=five minutes", "name=pasta").text,
              "Your pasta timer is set for 5 minutes.");
    CHECK_STR(run(&b, "timer_set", "duration=an hour and a half", NULL).text,
              "Your timer is set for 1 hour and 30 minutes.");
    b.context.now += 60;
    CHECK_STR(run(&b, "timer_query", "name=pasta", NULL).text,
              "There are 4 minutes left on your pasta timer.");
    CHECK_STR(run(&b, "timer_cancel", "name=the pasta timer", NULL).text,
              "Your pasta timer is cancelled.");
    CHECK_STR(run(&b, "timer_cancel", NULL, NULL).text, "Your timer is cancelled.");
    CHECK_STR(run(&b, "timer_cancel", NULL, NULL).text, "There is no such timer running.");
    run(&b, "timer_set", "duration=one hour", "name=tea");
    run(&b, "timer_set", "duration=two hours", "name=egg");
    CHECK_STR(run(&b, "timer_cancel", "name=rice", NULL).text, "There is no such timer running.");
    CHECK_STR(run(&b, "timer_cancel", "name=all", NULL).text, "2 timers cancelled.");
    CHECK_STR(run(&b, "timer_set", "duration=blue", NULL).text,
              "Sorry, for how long should the timer run?");
    store_destroy(b.store);
}

TEST(alarms_take_the_next_moment)
{
    struct bench b;
    bench_init(&b);
    CHECK_STR(run(&b, "alarm_set", "time=half past six", NULL).text,
              "Alarm set for 6:30 PM today.");
    CHECK_STR(run(&b, "alarm_set", "time=seven am", NULL).text, "Alarm set for 7:00 AM tomorrow.");
    CHECK_STR(run(&b, "alarm_set", "time=eight", "day=friday").text,
              "Alarm set for 8:00 AM on Friday.");
    CHECK_STR(run(&b, "alarm_query", NULL, NULL).text,
              "You have alarms: 6:30 PM today, and 7:00 AM tomorrow, and 8:00 AM on Friday.");
    CHECK_STR(run(&b, "alarm_cancel", "time=seven", NULL).text, "Alarm cancelled.");
    CHECK_STR(run(&b, "alarm_cancel", NULL, NULL).text, "2 alarms cancelled.");
    CHECK_STR(run(&b, "alarm_query", NULL, NULL).text, "You have no alarms.");
    store_destroy(b.store);
}

TEST(reckoning_skills_answer)
{
    struct bench b;
    bench_init(&b);
    CHECK_STR(run(&b, "calculate", "expression=twelve times eight", NULL).text, "That's 96.");
    CHECK_STR(run(&b, "calculate", "expression=five divided by zero", NULL).text,
              "That has no answer I can say.");
    struct tool_call call = {.name = "convert", .arg_count = 3};
    snprintf(call.args[0].name, sizeof(call.args[0].name), "amount");
    snprintf(call.args[0].value, sizeof(call.args[0].value), "five");
    snprintf(call.args[1].name, sizeof(call.args[1].name), "from");
    snprintf(call.args[1].value, sizeof(call.args[1].value), "miles");
    snprintf(call.args[2].name, sizeof(call.args[2].name), "to");
    snprintf(call.args[2].value, sizeof(call.args[2].value), "kilometers");
    struct skill_reply reply;
    CHECK_STATUS(skill_run(&b.context, &call, &reply, NULL), STATUS_OK);
    CHECK_STR(reply.text, "5 miles is 8.05 kilometers.");
    store_destroy(b.store);
}

TEST(control_skills_have_effects)
{
    struct bench b;
    bench_init(&b);
    CHECK_EQ(run(&b, "volume_set", "level=seventy percent", NULL).volume, 70);
    CHECK_EQ(run(&b, "volume_set", "level=seven", NULL).volume, 70);
    CHECK_EQ(run(&b, "volume_set", "level=maximum", NULL).volume, 100);
    CHECK_EQ(run(&b, "volume_set", "level=half", NULL).volume, 50);
    CHECK_EQ(run(&b, "volume_set", "level=unmute", NULL).volume, 50);
    CHECK_EQ(run(&b, "volume_set", "level=mute", NULL).volume, 0);
    CHECK_EQ(run(&b, "volume_up", NULL, NULL).volume, 60);
    CHECK_EQ(run(&b, "volume_down", NULL, NULL).volume, 40);
    CHECK_EQ(run(&b, "volume_set", "level=cheese", NULL).effect, SKILL_SAY);
    CHECK_EQ(run(&b, "stop", NULL, NULL).effect, SKILL_STOP);
    CHECK_EQ(run(&b, "repeat", NULL, NULL).effect, SKILL_REPEAT);
    struct tool_call call = {.name = "launch_rocket"};
    struct skill_reply reply;
    struct error error;
    CHECK_STATUS(skill_run(&b.context, &call, &reply, &error), STATUS_NOT_FOUND);
    CHECK(strstr(error.text, "launch_rocket") != NULL);
    store_destroy(b.store);
}
