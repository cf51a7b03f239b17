#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"
#include "harness.h"
#include "scripted_provider.h"

/* Two scripted providers, a clock, and a host that writes down what it is told. */
struct desk {
    struct clock clock;
    struct mailbox *events;
    struct scripted scripted[2];
    struct cloud *cloud;
    char said[1024]; /* words, and [filler], [device], [excuse N] */
    int64_t first_said_ms, ended_ms;
    int ends, settled[2], asked[2];
    struct cloud_bill bill[2];
    bool refuse[2]; /* the host may not ask it */
    int tools;
};

static int64_t now_ms(const struct desk *d)
{
    return clock_now_ns(&d->clock) / CLOCK_NS_PER_MS;
}

static void append(struct desk *d, const char *text)
{
    size_t used = strlen(d->said);
    if (!used)
        d->first_said_ms = now_ms(d);
    snprintf(d->said + used, sizeof(d->said) - used, "%s", text);
}

static enum status host_ask(void *context, int place, uint32_t id, const char *spoken,
                            struct error *ret_error)
{
    struct desk *d = context;
    const struct provider_message messages[] = {{PROVIDER_ASSISTANT, spoken, NULL, NULL},
                                                {PROVIDER_USER, "request", NULL, NULL}};
    const struct provider_turn turn = {.turn = id, .messages = messages, .message_count = 2};
    if (d->refuse[place])
        return error_set(ret_error, STATUS_LIMIT, "no money");
    d->asked[place]++;
    return provider_start(&d->scripted[place].provider, &turn, ret_error);
}

static enum status host_reply(void *context, int place, const struct cloud_tool *calls,
                              const struct provider_tool_result *results, size_t count,
                              struct error *ret_error)
{
    struct desk *d = context;
    (void)calls;
    return provider_reply(&d->scripted[place].provider, results, count, ret_error);
}

static void host_cancel(void *context, int place, int64_t heard_ms)
{
    struct desk *d = context;
    provider_cancel(&d->scripted[place].provider, heard_ms);
}

static void host_settle(void *context, int place, const struct cloud_bill *bill)
{
    struct desk *d = context;
    d->settled[place]++;
    d->bill[place] = *bill;
}

static void host_say(void *context, const char *text)
{
    append(context, text);
}

static void host_sound(void *context, const void *pcm, size_t bytes)
{
    (void)pcm;
    append(context, bytes ? "[sound]" : "");
}

static void host_heard(void *context, const char *text)
{
    append(context, text);
}

static char *host_tool(void *context, const struct cloud_tool *call)
{
    struct desk *d = context;
    char *result = malloc(256);
    d->tools++;
    snprintf(result, 256, "%s(%.100s)%s", call->name, call->arguments, call->cut ? " cut" : "");
    return result;
}

static void host_fill(void *context)
{
    append(context, "[filler]");
}

static void host_device(void *context)
{
    append(context, "[device]");
}

static void host_excuse(void *context, enum cloud_excuse why)
{
    static const char *const texts[] = {"[unreachable]", "[broke off]", "[tools]"};
    append(context, texts[why]);
}

static void host_trouble(void *context, int place, const char *text)
{
    (void)context;
    test_note("trouble with %d: %s", place, text);
}

static int host_round_trip(void *context, int place)
{
    const struct desk *d = context;
    return provider_round_trip_ms(&d->scripted[place].provider);
}

static void host_end(void *context)
{
    struct desk *d = context;
    d->ends++;
    d->ended_ms = now_ms(d);
}

static void desk_open(struct desk *d)
{
    memset(d, 0, sizeof(*d));
    clock_init_virtual(&d->clock, 0);
    CHECK_OK(mailbox_create(64, sizeof(struct provider_event), &d->events, NULL));
    for (int i = 0; i < 2; i++)
        scripted_init(&d->scripted[i], i, d->events, &d->clock);
    const struct cloud_host host = {
        d,           host_ask,    host_reply,   host_cancel, host_settle,
        host_say,    host_sound,  host_heard,   host_tool,   host_fill,
        host_device, host_excuse, host_trouble, host_end,    host_round_trip};
    CHECK_OK(cloud_create(&d->clock, d->events, &host, &d->cloud, NULL));
}

static void desk_close(struct desk *d)
{
    cloud_destroy(d->cloud);
    mailbox_destroy(d->events);
}

static const struct cloud_plan usual = {.place_count = 2,
                                        .place = {0, 1},
                                        .deadline_ms = {2000, 2000},
                                        .filler_ms = 1500,
                                        .total_wait_ms = 10000,
                                        .stall_ms = 3000,
                                        .tool_rounds = 2};

/* 10 ms of the world. */
static void hop(struct desk *d)
{
    for (int i = 0; i < 2; i++)
        scripted_run(&d->scripted[i]);
    while (cloud_step(d->cloud))
        ;
    clock_advance(&d->clock, 10 * CLOCK_NS_PER_MS);
}

static void run(struct desk *d, const struct cloud_plan *plan, const char *spoken)
{
    cloud_begin(d->cloud, plan, spoken);
    for (int i = 0; i < 10000 && cloud_is_busy(d->cloud); i++)
        hop(d);
    CHECK(!cloud_is_busy(d->cloud));
    CHECK_EQ(d->ends, 1);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(d->asked[i], d->settled[i]);
}

#define TEXT(ms, words)                                                                            \
    {                                                                                              \
        .after_ms = ms, .kind = PROVIDER_EVENT_TEXT, .text = words                                 \
    }
#define USAGE(ms, n)                                                                               \
    {                                                                                              \
        .after_ms = ms, .kind = PROVIDER_EVENT_USAGE, .output_tokens = n                           \
    }
#define DONE(ms)                                                                                   \
    {                                                                                              \
        .after_ms = ms, .kind = PROVIDER_EVENT_DONE                                                \
    }
#define FAIL(ms, why)                                                                              \
    {                                                                                              \
        .after_ms = ms, .kind = PROVIDER_EVENT_FAILED, .text = "test", .failure = why              \
    }
#define TOOL(ms, n, args)                                                                          \
    {                                                                                              \
        .after_ms = ms, .kind = PROVIDER_EVENT_TOOL, .tool = n, .text = args                       \
    }
#define WAIT(ms)                                                                                   \
    {                                                                                              \
        .after_ms = ms, .kind = PROVIDER_EVENT_DONE, .wait = true                                  \
    }
#define LAST                                                                                       \
    {                                                                                              \
        .last = true                                                                               \
    }

static const struct scripted_step good[] = {TEXT(300, "Paris is "), TEXT(330, "the capital."),
                                            USAGE(340, 9), DONE(340), LAST};
static const struct scripted_step second[] = {TEXT(200, "From the second."), DONE(300), LAST};
static const struct scripted_step silent[] = {LAST};
static const struct scripted_step refused[] = {FAIL(10, PROVIDER_REFUSED), LAST};
static const struct scripted_step unreachable[] = {FAIL(10, PROVIDER_UNREACHABLE), LAST};

TEST(words_and_usage_come_through)
{
    struct desk d;
    desk_open(&d);
    d.scripted[0].script = good;
    d.scripted[0].provider.round_trip_ms = 42;
    run(&d, &usual, "");
    CHECK_EQ(history_percentile(&cloud_history(d.cloud, 0)->round_trip, 50), 42);
    CHECK_STR(d.said, "Paris is the capital.");
    CHECK_STR(cloud_spoken(d.cloud), "Paris is the capital.");
    CHECK_EQ(d.bill[0].outcome, CLOUD_ANSWERED);
    CHECK_EQ(d.bill[0].usage.output_tokens, 9);
    CHECK_EQ(d.bill[0].first_token_ms, 300);
    CHECK_EQ(history_percentile(&cloud_history(d.cloud, 0)->first_token, 50), 300);
    CHECK_EQ(d.asked[1], 0);
    desk_close(&d);
}

/* The clock of a replay stands at 0 until it has been fed. */
TEST(an_answer_at_the_beginning_of_time_is_one)
{
    static const struct scripted_step at_once[] = {TEXT(0, "Paris."), USAGE(0, 2), DONE(0), LAST};
    struct desk d;
    desk_open(&d);
    d.scripted[0].script = at_once;
    run(&d, &usual, "");
    CHECK_STR(d.said, "Paris.");
    CHECK_EQ(d.bill[0].outcome, CLOUD_ANSWERED);
    CHECK_EQ(d.bill[0].first_token_ms, 0);
    CHECK_EQ(cloud_breaker(d.cloud, 0)->failures, 0);
    desk_close(&d);
}

TEST(a_dead_provider_costs_its_deadline_and_no_more)
{
    struct desk d;
    desk_open(&d);
    d.scripted[0].script = silent;
    struct cloud_plan plan = usual;
    plan.place_count = 1;
    run(&d, &plan, "");
    CHECK_STR(d.said, "[filler][unreachable]");
    CHECK(d.ended_ms >= 2000 && d.ended_ms <= 2050);
    CHECK_EQ(d.scripted[0].cancels, 1);
    CHECK_EQ(d.bill[0].outcome, CLOUD_DROPPED);
    CHECK_EQ(history_percentile(&cloud_history(d.cloud, 0)->first_token, 50), 2000);
    desk_close(&d);
}

TEST(a_refused_one_opens_its_breaker_and_the_next_answers)
{
    struct desk d;
    desk_open(&d);
    d.scripted[0].script = refused;
    d.scripted[1].script = second;
    run(&d, &usual, "");
    CHECK_STR(d.said, "From the second.");
    CHECK_EQ(breaker_state(cloud_breaker(d.cloud, 0), clock_now_ns(&d.clock)), BREAKER_OPEN);
    CHECK_EQ(breaker_state(cloud_breaker(d.cloud, 1), clock_now_ns(&d.clock)), BREAKER_CLOSED);
    CHECK(d.bill[0].unbilled && d.bill[0].outcome == CLOUD_FAILED);
    desk_close(&d);
}

TEST(one_that_may_not_be_asked_is_passed_over_without_blame)
{
    struct desk d;
    desk_open(&d);
    d.refuse[0] = true;
    d.scripted[1].script = second;
    for (int i = 0; i < 5; i++) {
        d.said[0] = '\0';
        d.ends = 0;
        run(&d, &usual, "");
        CHECK_STR(d.said, "From the second.");
    }
    CHECK_EQ(breaker_state(cloud_breaker(d.cloud, 0), clock_now_ns(&d.clock)), BREAKER_CLOSED);
    desk_close(&d);
}

TEST(three_unreachable_turns_open_the_breaker_and_a_probe_closes_it)
{
    struct desk d;
    desk_open(&d);
    struct cloud_plan plan = usual;
    plan.place_count = 1;
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(breaker_state(cloud_breaker(d.cloud, 0), clock_now_ns(&d.clock)), BREAKER_CLOSED);
        d.scripted[0].script = unreachable;
        d.ends = 0;
        run(&d, &plan, "");
        CHECK(d.bill[0].unbilled);
    }
    CHECK_EQ(breaker_state(cloud_breaker(d.cloud, 0), clock_now_ns(&d.clock)), BREAKER_OPEN);
    clock_advance(&d.clock, BREAKER_PAUSE_MS * CLOCK_NS_PER_MS);
    CHECK_EQ(breaker_state(cloud_breaker(d.cloud, 0), clock_now_ns(&d.clock)), BREAKER_HALF_OPEN);
    d.scripted[0].script = good;
    d.ends = 0;
    run(&d, &plan, "");
    CHECK_EQ(breaker_state(cloud_breaker(d.cloud, 0), clock_now_ns(&d.clock)), BREAKER_CLOSED);
    desk_close(&d);
}

TEST(a_hedge_is_won_by_the_first_word)
{
    static const struct scripted_step slow[] = {TEXT(1800, "Too late."), DONE(1900), LAST};
    static const struct scripted_step blank[] = {TEXT(100, " \n"), TEXT(1800, "x"), LAST};
    const struct scripted_step *firsts[] = {slow, blank};
    for (int i = 0; i < 2; i++) {
        struct desk d;
        desk_open(&d);
        struct cloud_plan plan = usual;
        plan.hedge = true;
        plan.hedge_after_ms = 600;
        d.scripted[0].script = firsts[i];
        d.scripted[1].script = second;
        run(&d, &plan, "");
        CHECK_STR(d.said, "From the second.");
        CHECK(d.first_said_ms >= 800 && d.first_said_ms <= 820);
        CHECK_EQ(d.scripted[0].cancels, 1);
        CHECK_EQ(d.bill[0].outcome, CLOUD_DROPPED);
        CHECK(d.bill[0].cancelled && !d.bill[0].has_usage && !d.bill[1].cancelled);
        CHECK(d.bill[0].ran_ms >= 800 && d.bill[0].ran_ms <= 820);
        CHECK_EQ(breaker_state(cloud_breaker(d.cloud, 0), clock_now_ns(&d.clock)), BREAKER_CLOSED);
        desk_close(&d);
    }
}

TEST(the_next_one_goes_on_where_the_first_broke_off)
{
    static const struct scripted_step breaks[] = {
        TEXT(100, "The sky is blue "), TEXT(150, "because"), FAIL(200, PROVIDER_CLOSED), LAST};
    static const struct scripted_step goes_on[] = {TEXT(100, "The sky is"),
                                                   TEXT(110, " blue because light"),
                                                   TEXT(120, " scatters."), DONE(130), LAST};
    struct desk d;
    desk_open(&d);
    d.scripted[0].script = breaks;
    d.scripted[1].script = goes_on;
    run(&d, &usual, "");
    CHECK_STR(d.said, "The sky is blue because light scatters.");
    CHECK_STR(d.scripted[1].before, "The sky is blue because");
    desk_close(&d);
}

TEST(an_answer_the_device_gave_up_is_not_repeated)
{
    static const struct scripted_step goes_on[] = {TEXT(100, "and London too."), DONE(130), LAST};
    struct desk d;
    desk_open(&d);
    d.scripted[0].script = goes_on;
    run(&d, &usual, "I know Paris ");
    CHECK_STR(d.said, "and London too.");
    CHECK_STR(cloud_spoken(d.cloud), "I know Paris and London too.");
    CHECK_STR(d.scripted[0].before, "I know Paris ");
    desk_close(&d);
}

TEST(tools_are_run_and_their_results_sent)
{
    static const struct scripted_step script[] = {
        TOOL(100, "set_timer", "{\"duration\":\"5 minutes\"}"), WAIT(110),
        TEXT(100, "Done, five minutes."), DONE(110), LAST};
    struct desk d;
    desk_open(&d);
    d.scripted[0].script = script;
    run(&d, &usual, "");
    CHECK_STR(d.said, "Done, five minutes.");
    CHECK_EQ(d.tools, 1);
    CHECK_STR(d.scripted[0].result, "set_timer({\"duration\":\"5 minutes\"})");
    desk_close(&d);
}

TEST(tools_end_after_their_rounds)
{
    static const struct scripted_step script[] = {TOOL(1, "a", "{}"),
                                                  TOOL(1, "b", "{}"),
                                                  WAIT(1),
                                                  TOOL(1, "c", "{}"),
                                                  WAIT(1),
                                                  TOOL(1, "d", "{}"),
                                                  WAIT(1),
                                                  LAST};
    struct desk d;
    desk_open(&d);
    d.scripted[0].script = script;
    run(&d, &usual, "");
    CHECK_STR(d.said, "[tools]");
    CHECK_EQ(d.tools, 3);
    CHECK_EQ(d.scripted[0].replies, 2);
    CHECK_EQ(d.scripted[0].cancels, 1);
    desk_close(&d);
}

TEST(barge_in_tells_what_was_heard_and_says_nothing)
{
    struct desk d;
    desk_open(&d);
    d.scripted[0].script = good;
    cloud_begin(d.cloud, &usual, "");
    for (int i = 0; i < 32; i++)
        hop(&d);
    CHECK_STR(d.said, "Paris is ");
    cloud_stop(d.cloud, 420);
    for (int i = 0; i < 300; i++)
        hop(&d);
    CHECK_STR(d.said, "Paris is ");
    CHECK_EQ(d.scripted[0].heard_ms, 420);
    CHECK_EQ(d.settled[0], 1);
    CHECK_EQ(d.ends, 0);
    desk_close(&d);
}

TEST(a_new_request_pays_no_heed_to_the_old_answer)
{
    struct desk d;
    desk_open(&d);
    d.scripted[0].script = good;
    cloud_begin(d.cloud, &usual, "");
    for (int i = 0; i < 31; i++)
        hop(&d);
    scripted_run(&d.scripted[0]);
    CHECK_EQ(d.asked[0], 1);
    d.said[0] = '\0';
    run(&d, &usual, "");
    CHECK_STR(d.said, "Paris is the capital.");
    CHECK_EQ(d.asked[0], 2);
    desk_close(&d);
}

TEST(an_endless_answer_is_ended)
{
    static char flood[512];
    static struct scripted_step script[64];
    memset(flood, 'a', sizeof(flood) - 1);
    for (int i = 0; i < 63; i++)
        script[i] = (struct scripted_step)TEXT(10 + i, flood);
    script[63].last = true;
    struct desk d;
    desk_open(&d);
    d.scripted[0].script = script;
    run(&d, &usual, "");
    CHECK(strlen(cloud_spoken(d.cloud)) < CLOUD_SPOKEN_BYTES);
    CHECK(strlen(cloud_spoken(d.cloud)) > CLOUD_SPOKEN_BYTES / 2);
    CHECK_EQ(d.scripted[0].cancels, 1);
    desk_close(&d);
}
