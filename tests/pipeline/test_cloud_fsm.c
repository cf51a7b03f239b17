#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "cloud_fsm.h"
#include "continuation.h"
#include "harness.h"

/* Plays a script against the table and writes what is to be done as a line of words. */
struct scene {
    struct cloud_fsm fsm;
    char log[1024];
};

static const char *const excuses[] = {"unreachable", "broke-off", "tools"};

static void note(struct scene *s, const struct cloud_actions *actions)
{
    static const char *const names[] = {"start", "cancel", "win",    "fill",
                                        "tools", "device", "excuse", "end"};
    for (int i = 0; i < actions->count; i++) {
        const struct cloud_action *a = &actions->action[i];
        size_t used = strlen(s->log);
        char *at = s->log + used;
        size_t size = sizeof(s->log) - used;
        if (a->act == CLOUD_EXCUSE)
            snprintf(at, size, "excuse(%s) ", excuses[a->excuse]);
        else if (a->act == CLOUD_START)
            snprintf(at, size, "start%d%s ", a->place, a->resume ? "+" : "");
        else if (a->act == CLOUD_CANCEL)
            snprintf(at, size, "cancel%d%s ", a->place, a->blame ? "!" : "");
        else if (a->act == CLOUD_WIN || a->act == CLOUD_RUN_TOOLS)
            snprintf(at, size, "%s%d ", names[a->act], a->place);
        else
            snprintf(at, size, "%s ", names[a->act]);
    }
}

static struct cloud_plan plan_of(int count, const int *places)
{
    struct cloud_plan plan = {.place_count = count,
                              .hedge = true,
                              .hedge_after_ms = 500,
                              .filler_ms = 1500,
                              .total_wait_ms = 10000,
                              .stall_ms = 3000,
                              .tool_rounds = 2};
    for (int i = 0; i < count; i++) {
        plan.place[i] = places[i];
        plan.deadline_ms[i] = 2000;
    }
    return plan;
}

static void begin(struct scene *s, const struct cloud_plan *plan, bool spoken)
{
    struct cloud_actions actions = {0};
    s->log[0] = '\0';
    cloud_fsm_begin(&s->fsm, plan, spoken, 0, &actions);
    note(s, &actions);
}

static void tick(struct scene *s, int64_t ms)
{
    struct cloud_actions actions = {0};
    cloud_fsm_tick(&s->fsm, ms * CLOCK_NS_PER_MS, &actions);
    note(s, &actions);
}

static void input(struct scene *s, enum cloud_input kind, int place, int64_t ms)
{
    struct cloud_actions actions = {0};
    cloud_fsm_input(&s->fsm, kind, place, ms * CLOCK_NS_PER_MS, &actions);
    note(s, &actions);
}

static const int two[] = {0, 1}, one[] = {0}, backed[] = {0, ROUTE_DEVICE},
                 three[] = {0, 1, ROUTE_DEVICE};

#define PLAN(places) plan_of((int)(sizeof(places) / sizeof(places[0])), places)

TEST(an_answer_is_spoken_and_ends)
{
    struct scene s;
    struct cloud_plan plan = PLAN(two);
    begin(&s, &plan, false);
    tick(&s, 10);
    input(&s, CLOUD_IN_TEXT, 0, 300);
    tick(&s, 900);
    input(&s, CLOUD_IN_TEXT, 0, 1000);
    input(&s, CLOUD_IN_DONE, 0, 1200);
    CHECK_STR(s.log, "start0 win0 end ");
}

TEST(a_refused_provider_gives_way_at_once)
{
    struct scene s;
    struct cloud_plan plan = PLAN(two);
    begin(&s, &plan, false);
    input(&s, CLOUD_IN_FAILED, 0, 20);
    input(&s, CLOUD_IN_TEXT, 1, 200);
    input(&s, CLOUD_IN_DONE, 1, 300);
    CHECK_STR(s.log, "start0 start1 win1 end ");
}

TEST(a_stalled_one_is_dropped_at_its_deadline)
{
    struct scene s;
    struct cloud_plan plan = PLAN(two);
    plan.hedge = false;
    begin(&s, &plan, false);
    tick(&s, 1499);
    CHECK_STR(s.log, "start0 ");
    tick(&s, 1500);
    tick(&s, 1990);
    CHECK_STR(s.log, "start0 fill ");
    tick(&s, 2000);
    CHECK_STR(s.log, "start0 fill cancel0! start1 ");
    tick(&s, 3990);
    tick(&s, 4000);
    CHECK_STR(s.log, "start0 fill cancel0! start1 cancel1! excuse(unreachable) end ");
}

TEST(the_device_answers_when_all_others_fail)
{
    struct scene s;
    struct cloud_plan plan = PLAN(three);
    begin(&s, &plan, false);
    input(&s, CLOUD_IN_FAILED, 0, 1);
    input(&s, CLOUD_IN_FAILED, 1, 2);
    CHECK_STR(s.log, "start0 start1 device end ");
}

TEST(a_hedge_starts_the_second_and_the_first_token_wins)
{
    for (int winner = 0; winner < 2; winner++) {
        struct scene s;
        struct cloud_plan plan = PLAN(two);
        begin(&s, &plan, false);
        tick(&s, 490);
        CHECK_STR(s.log, "start0 ");
        tick(&s, 500);
        tick(&s, 600);
        CHECK_STR(s.log, "start0 start1 ");
        input(&s, CLOUD_IN_TEXT, winner, 700);
        input(&s, CLOUD_IN_TEXT, 1 - winner, 710);
        input(&s, CLOUD_IN_DONE, 1 - winner, 720);
        input(&s, CLOUD_IN_DONE, winner, 800);
        CHECK_STR(s.log,
                  winner ? "start0 start1 cancel0 win1 end " : "start0 start1 cancel1 win0 end ");
    }
}

TEST(one_side_of_a_hedge_may_fail)
{
    struct scene s;
    struct cloud_plan plan = PLAN(three);
    begin(&s, &plan, false);
    tick(&s, 500);
    input(&s, CLOUD_IN_FAILED, 1, 600);
    CHECK_STR(s.log, "start0 start1 ");
    tick(&s, 2000);
    CHECK_STR(s.log, "start0 start1 cancel0! device end ");
}

TEST(a_hedge_with_the_device_ends_the_wait)
{
    struct scene s;
    struct cloud_plan plan = PLAN(backed);
    begin(&s, &plan, false);
    tick(&s, 500);
    CHECK_STR(s.log, "start0 cancel0 device end ");
    tick(&s, 5000);
    input(&s, CLOUD_IN_TEXT, 0, 5001);
    CHECK_STR(s.log, "start0 cancel0 device end ");
}

TEST(a_winner_that_breaks_off_is_followed_by_one_that_goes_on)
{
    struct scene s;
    struct cloud_plan plan = PLAN(three);
    begin(&s, &plan, false);
    input(&s, CLOUD_IN_TEXT, 0, 100);
    input(&s, CLOUD_IN_FAILED, 0, 200);
    CHECK_STR(s.log, "start0 win0 start1+ ");
    input(&s, CLOUD_IN_TEXT, 1, 400);
    tick(&s, 3390);
    CHECK_STR(s.log, "start0 win0 start1+ win1 ");
    tick(&s, 3400);
    CHECK_STR(s.log, "start0 win0 start1+ win1 cancel1! excuse(broke-off) end ");
}

TEST(an_answer_the_device_began_is_gone_on_with)
{
    struct scene s;
    struct cloud_plan plan = PLAN(backed);
    plan.hedge = false;
    begin(&s, &plan, true);
    CHECK_STR(s.log, "start0+ ");
    tick(&s, 1600);
    CHECK_STR(s.log, "start0+ ");
    input(&s, CLOUD_IN_FAILED, 0, 1700);
    CHECK_STR(s.log, "start0+ excuse(broke-off) end ");
}

TEST(an_answer_without_a_word_is_none)
{
    struct scene s;
    struct cloud_plan plan = PLAN(one);
    begin(&s, &plan, false);
    input(&s, CLOUD_IN_DONE, 0, 100);
    CHECK_STR(s.log, "start0 excuse(unreachable) end ");
}

TEST(tools_are_run_a_limited_number_of_times)
{
    struct scene s;
    struct cloud_plan plan = PLAN(two);
    begin(&s, &plan, false);
    for (int round = 0; round < 3; round++) {
        input(&s, CLOUD_IN_TOOL, 0, 100);
        input(&s, CLOUD_IN_TOOL, 0, 101);
        input(&s, CLOUD_IN_DONE, 0, 102);
    }
    CHECK_STR(s.log, "start0 win0 tools0 tools0 cancel0 excuse(tools) end ");
}

TEST(an_answer_may_follow_tools)
{
    struct scene s;
    struct cloud_plan plan = PLAN(two);
    begin(&s, &plan, false);
    input(&s, CLOUD_IN_TOOL, 0, 100);
    input(&s, CLOUD_IN_DONE, 0, 102);
    tick(&s, 2500);
    input(&s, CLOUD_IN_TEXT, 0, 2600);
    input(&s, CLOUD_IN_DONE, 0, 2700);
    CHECK_STR(s.log, "start0 win0 tools0 end ");
}

TEST(what_was_done_is_not_done_twice)
{
    struct scene s;
    struct cloud_plan plan = PLAN(three);
    begin(&s, &plan, false);
    input(&s, CLOUD_IN_TOOL, 0, 100);
    input(&s, CLOUD_IN_DONE, 0, 102);
    input(&s, CLOUD_IN_FAILED, 0, 200);
    CHECK_STR(s.log, "start0 win0 tools0 excuse(broke-off) end ");
}

TEST(an_answer_that_is_too_long_is_ended)
{
    struct scene s;
    struct cloud_plan plan = PLAN(two);
    begin(&s, &plan, false);
    input(&s, CLOUD_IN_TEXT, 0, 100);
    input(&s, CLOUD_IN_ENOUGH, 0, 200);
    CHECK_STR(s.log, "start0 win0 cancel0 end ");
}

TEST(barge_in_cancels_everything)
{
    struct scene s;
    struct cloud_plan plan = PLAN(two);
    struct cloud_actions actions = {0};
    begin(&s, &plan, false);
    tick(&s, 500);
    cloud_fsm_stop(&s.fsm, &actions);
    cloud_fsm_stop(&s.fsm, &actions);
    note(&s, &actions);
    CHECK_STR(s.log, "start0 start1 cancel1 cancel0 end ");
}

TEST(the_whole_wait_is_bounded)
{
    struct scene s;
    struct cloud_plan plan = PLAN(two);
    plan.hedge = false;
    plan.total_wait_ms = 3000;
    begin(&s, &plan, false);
    tick(&s, 2000);
    tick(&s, 2990);
    CHECK_STR(s.log, "start0 cancel0! start1 fill ");
    tick(&s, 3000);
    CHECK_STR(s.log, "start0 cancel0! start1 fill cancel1! excuse(unreachable) end ");
}

/* A random script, and what it came to. */
struct chaos {
    struct cloud_fsm fsm;
    bool running[3];
    int excused, ends;
    bool spoke;
};

static void follow(struct chaos *c, const struct cloud_actions *actions)
{
    for (int i = 0; i < actions->count; i++) {
        const struct cloud_action *a = &actions->action[i];
        CHECK_EQ(c->ends, 0);
        if (a->act == CLOUD_START) {
            CHECK(!c->running[a->place]);
            c->running[a->place] = true;
        }
        if (a->act == CLOUD_CANCEL)
            c->running[a->place] = false;
        c->excused += a->act == CLOUD_EXCUSE || a->act == CLOUD_USE_DEVICE;
        c->ends += a->act == CLOUD_END;
    }
    CHECK(c->running[0] + c->running[1] + c->running[2] <= CLOUD_LIVE_MAX);
}

/* One that runs may send anything; else time passes. */
static bool disturb(struct chaos *c, struct test_random *random, int64_t now,
                    struct cloud_actions *actions)
{
    int place = (int)test_random_range(random, 0, 2);
    enum cloud_input kind = (enum cloud_input)test_random_range(random, 0, 9);
    if (kind > CLOUD_IN_FAILED || !c->running[place])
        return false;
    if (kind == CLOUD_IN_FAILED || (kind == CLOUD_IN_DONE && !c->fsm.wants_tools))
        c->running[place] = false;
    cloud_fsm_input(&c->fsm, kind, place, now, actions);
    c->spoke = c->spoke || kind == CLOUD_IN_TEXT;
    return true;
}

static void play(struct chaos *c, const struct cloud_plan *plan, struct test_random *random)
{
    struct cloud_actions actions = {0};
    int64_t now = 0, lately = 0;
    cloud_fsm_begin(&c->fsm, plan, false, 0, &actions);
    for (follow(c, &actions); c->ends == 0; follow(c, &actions)) {
        actions.count = 0;
        now += test_random_range(random, 1, 400) * CLOCK_NS_PER_MS;
        if (disturb(c, random, now, &actions))
            lately = now;
        else
            cloud_fsm_tick(&c->fsm, now, &actions);
        CHECK(now - lately < 2 * plan->total_wait_ms * CLOCK_NS_PER_MS);
    }
}

/* Whatever comes whenever: it ends within its bounds, exactly once, and nobody is left running. */
TEST(every_script_ends_in_words)
{
    static const int places[] = {0, 1, 2, ROUTE_DEVICE};
    struct test_random random = test_random_init();
    for (int n = 0; n < 20000; n++) {
        struct cloud_plan plan = plan_of((int)test_random_range(&random, 1, 4), places);
        struct chaos c = {.ends = 0};
        plan.hedge = test_random_range(&random, 0, 1) != 0;
        play(&c, &plan, &random);
        CHECK_EQ(c.ends, 1);
        CHECK(c.excused <= 1);
        CHECK(c.spoke || c.excused || c.fsm.acted);
        CHECK(!c.running[0] && !c.running[1] && !c.running[2]);
    }
}

static void go_on(const char *spoken, const char *const *parts, const char *want)
{
    struct continuation c;
    char all[512] = "", out[CONTINUATION_BYTES + 256];
    continuation_init(&c, spoken);
    for (; *parts; parts++) {
        continuation_feed(&c, *parts, out, sizeof(out));
        size_t used = strlen(all);
        snprintf(all + used, sizeof(all) - used, "%.500s", out);
    }
    CHECK_STR(all, want);
}

TEST(repeated_words_are_left_out)
{
    static const char *const whole[] = {"The sky ", "is blue, because", " light scatters.", NULL};
    static const char *const tail[] = {"Blue because light", " scatters.", NULL};
    static const char *const fresh[] = {" light scatters.", NULL};
    static const char *const other[] = {"The sky is bl", "ack at night.", NULL};
    static const char *const word[] = {"because light scatters.", NULL};
    const char *spoken = "The sky is blue because";
    go_on(spoken, whole, " light scatters.");
    go_on(spoken, tail, " light scatters.");
    go_on(spoken, fresh, " light scatters.");
    go_on(spoken, other, "The sky is black at night.");
    go_on(spoken, word, "because light scatters.");
    go_on("", word, "because light scatters.");
    go_on("Because", word, " light scatters.");
    go_on("It's John's dog", (const char *const[]){"johns dog barks", NULL}, " barks");
}
