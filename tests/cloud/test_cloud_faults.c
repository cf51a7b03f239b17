#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"
#include "cloud_plan.h"
#include "cloud_send.h"
#include "harness.h"
#include "json_tools.h"
#include "scripted_provider.h"

enum { STEPS_MAX = 16, TURNS = 1000, DEADLINE_MS = 1000 };

/* The whole way of a request out of this house, but for sockets: route, gate, ledger, cloud. */
struct house {
    struct clock clock;
    struct mailbox *events;
    struct cloud_config config;
    struct config options;
    struct scripted scripted[2];
    struct provider *providers[2];
    struct scripted_step scripts[2][STEPS_MAX];
    struct privacy *privacy;
    struct ledger *ledger;
    struct conversation *conversation;
    struct cloud_send *send;
    struct cloud *cloud;
    char *tools;
    int64_t begun_ns, first_ns, lately_ns;
    bool spoke, filled, ended;
    int device_answers, excuses, cloud_answers;
};

static void heard_something(struct house *h)
{
    if (!h->spoke)
        h->first_ns = clock_now_ns(&h->clock);
    h->lately_ns = clock_now_ns(&h->clock);
    h->spoke = true;
}

static enum status host_ask(void *context, int place, uint32_t id, const char *spoken,
                            struct error *ret_error)
{
    struct house *h = context;
    return cloud_send_ask(h->send, place, id, spoken, ret_error);
}

static enum status host_reply(void *context, int place, const struct cloud_tool *calls,
                              const struct provider_tool_result *results, size_t count,
                              struct error *ret_error)
{
    struct house *h = context;
    return cloud_send_reply(h->send, place, calls, results, count, ret_error);
}

static void host_cancel(void *context, int place, int64_t heard_ms)
{
    struct house *h = context;
    cloud_send_cancel(h->send, place, heard_ms);
}

static void host_settle(void *context, int place, const struct cloud_bill *bill)
{
    struct house *h = context;
    cloud_send_settle(h->send, place, bill);
}

static void host_say(void *context, const char *text)
{
    struct house *h = context;
    (void)text;
    heard_something(h);
}

static void host_sound(void *context, const void *pcm, size_t bytes)
{
    (void)pcm, (void)bytes;
    heard_something(context);
}

static void host_heard(void *context, const char *text)
{
    (void)context, (void)text;
}

static char *host_tool(void *context, const struct cloud_tool *call)
{
    (void)context, (void)call;
    return strdup("{\"ok\":true}");
}

static void host_fill(void *context)
{
    struct house *h = context;
    h->filled = true;
}

static void host_device(void *context)
{
    struct house *h = context;
    heard_something(h);
    h->device_answers++;
}

static void host_excuse(void *context, enum cloud_excuse why)
{
    struct house *h = context;
    (void)why;
    heard_something(h);
    h->excuses++;
}

static void host_trouble(void *context, int place, const char *text)
{
    (void)context, (void)place, (void)text;
}

static void host_end(void *context)
{
    struct house *h = context;
    h->ended = true;
}

static void describe_providers(struct house *h)
{
    static const char *const names[] = {"cloud", "hub"};
    h->config.provider_count = 2;
    h->config.order[STAGE_GENERATE] =
        (struct cloud_order){.count = 3, .place = {CLOUD_DEVICE, 0, 1}};
    for (int i = 0; i < 2; i++) {
        struct cloud_provider *provider = &h->config.providers[i];
        snprintf(provider->name, sizeof(provider->name), "%s", names[i]);
        provider->deadline_ms = DEADLINE_MS;
        provider->max_tokens = 100;
        provider->price = (struct cloud_price){.in = 4, .cached = 4, .out = 16};
        scripted_init(&h->scripted[i], i, h->events, &h->clock);
        h->scripted[i].script = h->scripts[i];
        h->providers[i] = &h->scripted[i].provider;
    }
}

static void house_open(struct house *h, int64_t per_day)
{
    static const int64_t no_caps[2] = {LEDGER_NO_CAP, LEDGER_NO_CAP};
    const struct conversation_config talk = {.budget_tokens = 500, .forget_after_s = 300};
    memset(h, 0, sizeof(*h));
    clock_init_virtual(&h->clock, 1767600000 * CLOCK_NS_PER_S);
    CHECK_OK(mailbox_create(64, sizeof(struct provider_event), &h->events, NULL));
    cloud_config_defaults(&h->config);
    config_defaults(&h->options);
    describe_providers(h);
    CHECK_OK(privacy_create(NULL, 0, &h->privacy, NULL));
    CHECK_OK(ledger_create(":memory:", "UTC", &h->ledger, NULL));
    CHECK_OK(conversation_create(&talk, &h->conversation, NULL));
    CHECK_OK(json_tools_describe(&h->tools, NULL));
    const struct cloud_send_config send = {
        .cloud = &h->config,
        .providers = h->providers,
        .privacy = h->privacy,
        .ledger = h->ledger,
        .conversation = h->conversation,
        .per_turn = LEDGER_NO_CAP,
        .per_day = per_day,
        .provider_per_day = no_caps,
        .clock = &h->clock,
        .zone = "UTC",
        .session = "test",
        .tools = h->tools,
    };
    CHECK_OK(cloud_send_create(&send, &h->send, NULL));
    const struct cloud_host host = {
        h,          host_ask,  host_reply, host_cancel, host_settle, host_say,     host_sound,
        host_heard, host_tool, host_fill,  host_device, host_excuse, host_trouble, host_end};
    CHECK_OK(cloud_create(&h->clock, h->events, &host, &h->cloud, NULL));
}

static void house_close(struct house *h)
{
    cloud_destroy(h->cloud);
    cloud_send_destroy(h->send);
    conversation_destroy(h->conversation);
    ledger_destroy(h->ledger);
    privacy_destroy(h->privacy);
    mailbox_destroy(h->events);
    free(h->tools);
}

/* ---- faults ---- */

static int add_words(struct test_random *random, struct scripted_step *steps, int n, int *at)
{
    static const char *const words[] = {"The answer is ", "forty two, ", "as far as I know. ",
                                        "Or so they say. "};
    int count = (int)test_random_range(random, 1, 4);
    for (int i = 0; i < count; i++) {
        *at += (int)test_random_range(random, 0, 300);
        steps[n++] =
            (struct scripted_step){.after_ms = *at, .kind = PROVIDER_EVENT_TEXT, .text = words[i]};
    }
    return n;
}

static int add_end(struct scripted_step *steps, int n, int at, bool usage)
{
    if (usage)
        steps[n++] = (struct scripted_step){.after_ms = at, .kind = PROVIDER_EVENT_USAGE};
    steps[n++] = (struct scripted_step){.after_ms = at, .kind = PROVIDER_EVENT_DONE};
    return n;
}

static int add_failure(struct test_random *random, struct scripted_step *steps, int n, int at)
{
    steps[n++] =
        (struct scripted_step){.after_ms = at,
                               .kind = PROVIDER_EVENT_FAILED,
                               .failure = (enum provider_failure)test_random_range(random, 0, 4),
                               .text = "injected"};
    return n;
}

static int add_tool(struct scripted_step *steps, int n, int at)
{
    steps[n++] = (struct scripted_step){
        .after_ms = at, .kind = PROVIDER_EVENT_TOOL, .tool = "set_timer", .text = "{}"};
    steps[n++] = (struct scripted_step){.after_ms = at, .kind = PROVIDER_EVENT_DONE, .wait = true};
    return n;
}

/* Good, slow, silent, failing at once, in the middle or behind tools, empty, without usage. */
static void write_script(struct test_random *random, struct scripted_step *steps)
{
    int at = (int)test_random_range(random, 20, 2 * DEADLINE_MS), n = 0;
    switch (test_random_range(random, 0, 9)) {
    case 0: /* silence */
        break;
    case 1:
        n = add_failure(random, steps, n, at / 10);
        break;
    case 2:
        n = add_words(random, steps, n, &at);
        n = add_failure(random, steps, n, at + 10);
        break;
    case 3: /* stalls in the middle */
        n = add_words(random, steps, n, &at);
        break;
    case 4:
        n = add_end(steps, n, at, true);
        break;
    case 5:
        n = add_tool(steps, n, at / 4);
        n = add_failure(random, steps, n, 100);
        break;
    case 6:
        n = add_tool(steps, n, at / 4);
        at = 200;
        n = add_words(random, steps, n, &at);
        n = add_end(steps, n, at, true);
        break;
    default:
        at /= (int)test_random_range(random, 1, 4);
        n = add_words(random, steps, n, &at);
        n = add_end(steps, n, at, test_random_range(random, 0, 4) != 0);
    }
    steps[n] = (struct scripted_step){.last = true};
}

/* ---- turns ---- */

static struct route_policy policy_of(const struct config *options)
{
    return (struct route_policy){.kind = POLICY_PREFER_DEVICE,
                                 .min_model_confidence = 5000,
                                 .min_words_confidence = 3000,
                                 .hedge = options->hedge,
                                 .hedge_ms = 400};
}

static void decide(struct house *h, uint32_t turn, int model_confidence, struct cloud_plan *plan,
                   struct route_decision *decision)
{
    struct route_features features = {.model_route = model_confidence ? ROUTE_REPLY : ROUTE_CLOUD,
                                      .model_confidence =
                                          model_confidence ? model_confidence : ROUTE_ONE,
                                      .words_confidence = ROUTE_ONE,
                                      .battery_percent = ROUTE_UNKNOWN,
                                      .temperature_c = ROUTE_UNKNOWN};
    const struct route_policy policy = policy_of(&h->options);
    cloud_send_open(h->send, turn, false);
    cloud_plan_measure(&h->config, h->cloud, h->send, clock_now_ns(&h->clock), &features);
    route_decide(&features, &policy, decision);
    *plan = cloud_plan_of(decision, &features, &h->options);
}

static void hop(struct house *h)
{
    for (int i = 0; i < 2; i++)
        scripted_run(&h->scripted[i]);
    while (cloud_step(h->cloud))
        ;
    clock_advance(&h->clock, 10 * CLOCK_NS_PER_MS);
}

/* Each turn is answered aloud: its first words within the deadlines of those it asked, and it ends
 * within the longest silence of each of the two after the last ones (what the second repeats of the
 * first is not said). */
static void take_turn(struct house *h, uint32_t turn, int model_confidence)
{
    struct cloud_plan plan;
    struct route_decision decision;
    const int64_t ms = CLOCK_NS_PER_MS;
    h->spoke = h->filled = h->ended = false;
    CHECK_OK(conversation_ask(h->conversation, clock_wall_ns(&h->clock) / CLOCK_NS_PER_S,
                              "why is that so", false, NULL));
    decide(h, turn, model_confidence, &plan, &decision);
    if (decision.route != ROUTE_CLOUD) { /* said in words, here */
        CHECK(decision.route == ROUTE_REFUSED || decision.route == ROUTE_REPLY);
        h->device_answers++;
        return;
    }
    h->begun_ns = h->lately_ns = clock_now_ns(&h->clock);
    cloud_begin(h->cloud, &plan, "");
    while (!h->ended) {
        hop(h);
        CHECK(h->spoke || clock_now_ns(&h->clock) - h->begun_ns <= (2 * DEADLINE_MS + 6000) * ms);
        CHECK(clock_now_ns(&h->clock) - h->lately_ns <= (2 * CLOUD_STALL_MS + 4000) * ms);
    }
    CHECK(h->spoke);
    CHECK_OK(conversation_answer(h->conversation, cloud_spoken(h->cloud), NULL));
    h->cloud_answers += *cloud_spoken(h->cloud) != '\0';
}

/* What the providers would bill, in millionths. */
static int64_t billed(const struct house *h)
{
    int64_t sum = 0;
    for (int i = 0; i < 2; i++)
        sum += h->scripted[i].billed_in * 4 + h->scripted[i].billed_out * 16;
    return sum;
}

TEST(a_thousand_turns_under_faults_lose_none_and_keep_to_the_cap)
{
    static const int64_t caps[] = {LEDGER_NO_CAP, 10 * LEDGER_UNIT, 300000, 20000, 0};
    struct test_random random = test_random_init();
    for (size_t c = 0; c < sizeof(caps) / sizeof(caps[0]); c++) {
        struct house h;
        house_open(&h, caps[c]);
        for (uint32_t turn = 1; turn <= TURNS; turn++) {
            for (int i = 0; i < 2; i++)
                write_script(&random, h.scripts[i]);
            take_turn(&h, turn, test_random_range(&random, 0, 3) ? 0 : 3000);
            clock_advance(&h.clock, test_random_range(&random, 0, 20) * CLOCK_NS_PER_S);
            CHECK(caps[c] == LEDGER_NO_CAP || billed(&h) <= caps[c]);
        }
        test_note("cap %lld: %d from the cloud, %d from the device, %d excuses, billed %lld",
                  (long long)caps[c], h.cloud_answers, h.device_answers, h.excuses,
                  (long long)billed(&h));
        CHECK(h.cloud_answers > (caps[c] < 0 ? TURNS / 4 : -1));
        CHECK(caps[c] != 0 || h.cloud_answers == 0);
        CHECK(h.excuses > 0 || caps[c] >= 0);
        house_close(&h);
    }
}

/* What was held for the loser is free again, but for what it has likely used, and that covers what
 * it really bills. */
TEST(a_cancelled_hedge_is_not_held_for_ever)
{
    static const struct scripted_step loses[] = {{.after_ms = 5000, .last = true}};
    static const struct scripted_step wins[] = {
        {.after_ms = 100, .kind = PROVIDER_EVENT_TEXT, .text = "Because."},
        {.after_ms = 110, .kind = PROVIDER_EVENT_USAGE},
        {.after_ms = 110, .kind = PROVIDER_EVENT_DONE},
        {.last = true}};
    struct house h;
    struct ledger_report report;
    house_open(&h, LEDGER_NO_CAP);
    for (uint32_t turn = 1; turn <= 5; turn++) {
        memcpy(h.scripts[0], loses, sizeof(loses));
        memcpy(h.scripts[1], wins, sizeof(wins));
        take_turn(&h, turn, 0);
    }
    CHECK_EQ(h.scripted[0].cancels, 5);
    cloud_send_close(h.send);
    CHECK_OK(ledger_report(h.ledger, clock_wall_ns(&h.clock) / CLOCK_NS_PER_S, &report, NULL));
    CHECK_EQ(report.today.open, 0);
    CHECK(report.today.estimated > 0 && report.today.estimated < report.today.spent);
    CHECK(report.today.spent >= billed(&h));
    /* 100 tokens of answer would have been held for each. */
    CHECK(report.providers[0].output_tokens < 5 * 100 * 3 / 4);
    house_close(&h);
}

/* A request that a rule keeps here is never started anywhere. */
TEST(private_turns_start_nothing)
{
    struct house h;
    struct cloud_plan plan;
    struct route_decision decision;
    house_open(&h, LEDGER_NO_CAP);
    CHECK_OK(conversation_ask(h.conversation, 1767600000, "keep it", false, NULL));
    cloud_send_open(h.send, 1, true);
    struct route_features features = {
        .model_route = ROUTE_CLOUD, .model_confidence = ROUTE_ONE, .words_confidence = ROUTE_ONE};
    const struct route_policy policy = policy_of(&h.options);
    cloud_plan_measure(&h.config, h.cloud, h.send, 0, &features);
    route_decide(&features, &policy, &decision);
    CHECK_EQ(decision.route, ROUTE_REFUSED);
    CHECK_EQ(decision.obstacle, OBSTACLE_PRIVATE);
    plan = (struct cloud_plan){.place_count = 2, .place = {0, 1}, .total_wait_ms = 1000};
    cloud_begin(h.cloud, &plan, "");
    CHECK(h.ended && h.spoke);
    CHECK_EQ(h.scripted[0].starts + h.scripted[1].starts, 0);
    house_close(&h);
}
