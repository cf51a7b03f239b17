#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "json_decision.h"
#include "route.h"

static const struct route_policy policies[POLICY_COUNT] = {
    {POLICY_PREFER_DEVICE, 5000, 3000, 5000, 2500, true, 1000},
    {POLICY_LATENCY_AWARE, 5000, 3000, 5000, 2500, true, 1000},
    {POLICY_COMPLEXITY, 5000, 3000, 5000, 2500, true, 1000},
    {POLICY_OFFLINE_FIRST, 5000, 3000, 5000, 2500, true, 1000},
};

/* A device, and two providers behind it: 0 "cloud" (slower, dearer) and 1 "hub". */
static struct route_features usual(enum route model, int confidence)
{
    struct route_features f = {.model_route = model,
                               .model_confidence = confidence,
                               .words_confidence = ROUTE_ONE,
                               .words = 5,
                               .complexity = 2000,
                               .battery_percent = ROUTE_UNKNOWN,
                               .temperature_c = ROUTE_UNKNOWN,
                               .provider_count = 2,
                               .order_count = 3,
                               .order = {ROUTE_DEVICE, 0, 1}};
    f.provider[0] = (struct route_provider){"cloud", BREAKER_CLOSED, ROUTE_OPEN, 20,   800, 1300,
                                            40,      4000,           2000,       50000};
    f.provider[1] = (struct route_provider){"hub", BREAKER_CLOSED, ROUTE_OPEN, 20,       300, 450,
                                            2,     4000,           0,          INT64_MAX};
    return f;
}

static struct route_features alone(enum route model, int confidence)
{
    struct route_features f = usual(model, confidence);
    f.provider_count = 0;
    f.order_count = 1;
    return f;
}

static struct route_decision decide(const struct route_features *f, enum route_policy_kind kind)
{
    struct route_decision d;
    route_decide(f, &policies[kind], &d);
    return d;
}

TEST(without_providers_the_device_decides_as_ever)
{
    static const struct {
        enum route model;
        int confidence, words;
        enum route prefer, offline;
    } cases[] = {
        {ROUTE_TOOL, 9000, 9000, ROUTE_TOOL, ROUTE_TOOL},
        {ROUTE_REPLY, 9000, 9000, ROUTE_REPLY, ROUTE_REPLY},
        {ROUTE_CLOUD, 9000, 9000, ROUTE_CLOUD, ROUTE_CLOUD},
        {ROUTE_TOOL, 4000, 9000, ROUTE_CLOUD, ROUTE_TOOL},
        {ROUTE_TOOL, 9000, 1000, ROUTE_UNHEARD, ROUTE_UNHEARD},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_features f = alone(cases[i].model, cases[i].confidence);
        f.words_confidence = cases[i].words;
        struct route_decision prefer = decide(&f, POLICY_PREFER_DEVICE);
        CHECK_EQ(prefer.route, cases[i].prefer);
        CHECK_EQ(prefer.place_count, 0);
        CHECK_EQ(decide(&f, POLICY_OFFLINE_FIRST).route, cases[i].offline);
    }
}

/* One request in every policy: its route, rule, and whom it asks first. */
TEST(policies_are_tables_of_rules)
{
    struct {
        int route, rule, first;
    } want[][POLICY_COUNT] = {
        {{ROUTE_TOOL, 3, 9}, {ROUTE_TOOL, 3, 9}, {ROUTE_TOOL, 3, 9}, {ROUTE_TOOL, 12, 9}},
        {{ROUTE_REPLY, 5, 9}, {ROUTE_REPLY, 5, 9}, {ROUTE_REPLY, 5, 9}, {ROUTE_REPLY, 12, 9}},
        {{ROUTE_CLOUD, 6, 0}, {ROUTE_CLOUD, 11, 1}, {ROUTE_CLOUD, 6, 0}, {ROUTE_CLOUD, 6, 9}},
        {{ROUTE_CLOUD, 7, 0}, {ROUTE_CLOUD, 11, 1}, {ROUTE_CLOUD, 7, 0}, {ROUTE_REPLY, 12, 9}},
        {{ROUTE_TOOL, 3, 9}, {ROUTE_TOOL, 3, 9}, {ROUTE_CLOUD, 8, 0}, {ROUTE_TOOL, 12, 9}},
        {{ROUTE_CLOUD, 7, 0}, {ROUTE_CLOUD, 11, 1}, {ROUTE_REPLY, 9, 9}, {ROUTE_REPLY, 12, 9}},
    };
    struct route_features f[] = {usual(ROUTE_TOOL, 9000),  usual(ROUTE_REPLY, 9000),
                                 usual(ROUTE_CLOUD, 9000), usual(ROUTE_REPLY, 4000),
                                 usual(ROUTE_TOOL, 9000),  usual(ROUTE_REPLY, 4000)};
    f[4].complexity = 8000;
    f[5].complexity = 0;
    for (size_t i = 0; i < sizeof(f) / sizeof(f[0]); i++) {
        for (int kind = 0; kind < POLICY_COUNT; kind++) {
            struct route_decision d = decide(&f[i], (enum route_policy_kind)kind);
            test_note("%zu %s: %s %d, %s", i, route_policy_name((enum route_policy_kind)kind),
                      route_name(d.route), d.rule, d.reason);
            CHECK_EQ(d.route, want[i][kind].route);
            CHECK_EQ(d.rule, want[i][kind].rule);
            CHECK_EQ(d.place_count ? d.place[0] : 9, want[i][kind].first);
        }
    }
}

TEST(an_order_that_prefers_a_provider_leaves_only_tools_here)
{
    struct route_features f = usual(ROUTE_REPLY, 9000);
    f.order[0] = 1;
    f.order[1] = ROUTE_DEVICE;
    f.order_count = 2;
    struct route_decision d = decide(&f, POLICY_PREFER_DEVICE);
    CHECK_EQ(d.route, ROUTE_CLOUD);
    CHECK_EQ(d.rule, 4);
    CHECK_EQ(d.place_count, 2);
    CHECK_EQ(d.place[0], 1);
    CHECK_EQ(d.place[1], ROUTE_DEVICE);
    f.model_route = ROUTE_TOOL;
    CHECK_EQ(decide(&f, POLICY_PREFER_DEVICE).route, ROUTE_TOOL);
    f.fixed = true;
    f.order_count = 1;
    CHECK_EQ(decide(&f, POLICY_PREFER_DEVICE).rule, 2);
    CHECK_EQ(decide(&f, POLICY_OFFLINE_FIRST).route, ROUTE_TOOL);
}

TEST(obstacles_leave_out_providers_and_then_refuse)
{
    struct route_features f = usual(ROUTE_CLOUD, 9000);
    f.provider[0].privacy = ROUTE_DENIED;
    struct route_decision d = decide(&f, POLICY_PREFER_DEVICE);
    CHECK_EQ(d.place_count, 1);
    CHECK_EQ(d.place[0], 1);
    f.provider[1].breaker = BREAKER_OPEN;
    d = decide(&f, POLICY_PREFER_DEVICE);
    CHECK_EQ(d.route, ROUTE_REFUSED);
    CHECK_EQ(d.obstacle, OBSTACLE_UNREACHABLE);
    CHECK(strstr(d.reason, "no provider can be reached") != NULL);
    f.provider[1].privacy = ROUTE_DENIED;
    CHECK_EQ(decide(&f, POLICY_PREFER_DEVICE).obstacle, OBSTACLE_PRIVATE);
    f.provider[0].privacy = ROUTE_REDACTED;
    f.provider[0].left = f.provider[0].cost - 1;
    CHECK_EQ(decide(&f, POLICY_COMPLEXITY).obstacle, OBSTACLE_BUDGET);
    f.provider[0].left++;
    CHECK_EQ(decide(&f, POLICY_COMPLEXITY).route, ROUTE_CLOUD);
}

TEST(at_an_obstacle_an_unsure_answer_stays_but_an_unsure_deed_does_not)
{
    static const struct {
        enum route model;
        int confidence;
        enum route want;
    } cases[] = {{ROUTE_REPLY, 100, ROUTE_REPLY},
                 {ROUTE_TOOL, 2500, ROUTE_TOOL},
                 {ROUTE_TOOL, 2400, ROUTE_REFUSED},
                 {ROUTE_CLOUD, 9000, ROUTE_REFUSED}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_features f = usual(cases[i].model, cases[i].confidence);
        f.provider[0].left = 0;
        f.provider[1].breaker = BREAKER_OPEN;
        CHECK_EQ(decide(&f, POLICY_PREFER_DEVICE).route, cases[i].want);
    }
}

TEST(slow_providers_are_passed_over_where_the_device_has_an_answer)
{
    struct route_features f = usual(ROUTE_REPLY, 4000);
    f.provider[1].first_token_p50_ms = 2600;
    struct route_decision d = decide(&f, POLICY_LATENCY_AWARE);
    CHECK_EQ(d.route, ROUTE_CLOUD);
    CHECK_EQ(d.place[0], 0);
    CHECK_EQ(d.place[1], ROUTE_DEVICE);
    f.provider[0].first_token_p50_ms = 9000;
    d = decide(&f, POLICY_LATENCY_AWARE);
    CHECK_EQ(d.route, ROUTE_REPLY);
    CHECK_EQ(d.rule, 10);
    CHECK(strstr(d.reason, "cloud 9000 ms") && strstr(d.reason, "hub 2600 ms"));
    f.model_route = ROUTE_CLOUD;
    d = decide(&f, POLICY_LATENCY_AWARE);
    CHECK_EQ(d.route, ROUTE_CLOUD);
    CHECK_EQ(d.place[0], 1);
}

TEST(a_provider_that_is_being_tried_again_comes_last)
{
    struct route_features f = usual(ROUTE_CLOUD, 9000);
    f.provider[0].breaker = BREAKER_HALF_OPEN;
    struct route_decision d = decide(&f, POLICY_PREFER_DEVICE);
    CHECK_EQ(d.place[0], 1);
    CHECK_EQ(d.place[1], 0);
}

TEST(hedges_wait_for_the_usual_time_and_for_money)
{
    struct route_features f = usual(ROUTE_CLOUD, 9000);
    struct route_decision d = decide(&f, POLICY_PREFER_DEVICE);
    CHECK(d.hedge);
    CHECK_EQ(d.hedge_after_ms, 1300);
    CHECK(strstr(d.reason, "hedged after 1300 ms") != NULL);
    f.provider[0].samples = 4;
    CHECK_EQ(decide(&f, POLICY_PREFER_DEVICE).hedge_after_ms, 1000);
    f.provider[0].samples = 20;
    f.provider[0].p95_ms = 3;
    CHECK_EQ(decide(&f, POLICY_PREFER_DEVICE).hedge_after_ms, 100);
    f.provider[0].p95_ms = 9000;
    CHECK_EQ(decide(&f, POLICY_PREFER_DEVICE).hedge_after_ms, 4000);
    f.provider[1].cost = 48001;
    CHECK(!decide(&f, POLICY_PREFER_DEVICE).hedge);
    f.provider[1].cost = 48000;
    CHECK(decide(&f, POLICY_PREFER_DEVICE).hedge);
    f.battery_percent = 19;
    CHECK(decide(&f, POLICY_PREFER_DEVICE).hedge);
    f.on_battery = true;
    CHECK(!decide(&f, POLICY_PREFER_DEVICE).hedge);
    f.battery_percent = 20;
    CHECK(decide(&f, POLICY_PREFER_DEVICE).hedge);
    f.temperature_c = 90;
    CHECK(!decide(&f, POLICY_PREFER_DEVICE).hedge);
    f.temperature_c = 89;
    f.order_count = 2;
    CHECK(!decide(&f, POLICY_PREFER_DEVICE).hedge);
    f.model_route = ROUTE_REPLY;
    f.model_confidence = 100;
    d = decide(&f, POLICY_PREFER_DEVICE);
    CHECK(d.hedge);
    CHECK_EQ(d.place[1], ROUTE_DEVICE);
}

static struct route_features any_features(struct test_random *random)
{
    struct route_features f = usual((enum route)test_random_range(random, 0, 2),
                                    (int)test_random_range(random, 0, ROUTE_ONE));
    f.words_confidence = (int)test_random_range(random, 0, ROUTE_ONE);
    f.complexity = (int)test_random_range(random, 0, ROUTE_ONE);
    f.battery_percent = (int)test_random_range(random, -1, 100);
    f.on_battery = test_random_range(random, 0, 1) != 0;
    f.order_count = (int)test_random_range(random, 1, 3);
    for (int i = 0; i < 2; i++) {
        struct route_provider *p = &f.provider[i];
        p->breaker = (enum breaker_state)test_random_range(random, 0, 2);
        p->privacy = (enum route_privacy)test_random_range(random, 0, 2);
        p->samples = (int)test_random_range(random, 0, 32);
        p->first_token_p50_ms = p->samples ? (int)test_random_range(random, 1, 5000) : -1;
        p->p95_ms = p->samples ? p->first_token_p50_ms * 2 : -1;
        p->cost = test_random_range(random, 0, 100000);
        p->left =
            test_random_range(random, 0, 3) ? test_random_range(random, 0, 100000) : INT64_MAX;
    }
    return f;
}

static bool asks(const struct route_decision *d, int place)
{
    for (int i = 0; i < d->place_count; i++) {
        if (d->place[i] == place)
            return true;
    }
    return false;
}

/* Whatever is measured: nobody is asked who may not be, and a decision that was written down is
 * taken again to the last bit. */
TEST(every_decision_keeps_the_laws_and_can_be_replayed)
{
    struct test_random random = test_random_init();
    for (int n = 0; n < 20000; n++) {
        struct decision_record record = {.time = n, .turn = (uint32_t)n, .request = "why \"so\"?"};
        record.features = any_features(&random);
        record.policy = policies[test_random_range(&random, 0, POLICY_COUNT - 1)];
        route_decide(&record.features, &record.policy, &record.decision);
        const struct route_decision *d = &record.decision;
        for (int i = 0; i < 2; i++) {
            const struct route_provider *p = &record.features.provider[i];
            if (asks(d, i))
                CHECK(p->privacy != ROUTE_DENIED && p->breaker != BREAKER_OPEN &&
                      p->cost <= p->left && record.policy.kind != POLICY_OFFLINE_FIRST);
        }
        CHECK(d->place_count == 0 || d->route == ROUTE_CLOUD);
        CHECK(strlen(d->reason) > 10 && strlen(d->reason) < ROUTE_REASON_BYTES - 1);
        char *text, *again;
        CHECK_OK(decision_to_json(&record, &text, NULL));
        struct decision_record back;
        bool same = false;
        CHECK_OK(decision_repeat(text, &back, &same, NULL));
        CHECK(same);
        route_decide(&back.features, &back.policy, &back.decision);
        CHECK_OK(decision_to_json(&back, &again, NULL));
        CHECK_STR(again, text);
        free(text);
        free(again);
    }
}

/* A decision that other rules would not take is noticed. */
TEST(a_changed_record_is_not_the_same)
{
    struct decision_record record = {.features = usual(ROUTE_CLOUD, 9000), .policy = policies[0]};
    char *text;
    bool same = true;
    route_decide(&record.features, &record.policy, &record.decision);
    record.decision.hedge_after_ms++;
    CHECK_OK(decision_to_json(&record, &text, NULL));
    CHECK_OK(decision_repeat(text, &record, &same, NULL));
    CHECK(!same);
    free(text);
}

TEST(broken_records_are_refused)
{
    struct decision_record record = {.features = usual(ROUTE_CLOUD, 9000), .policy = policies[0]};
    char *text;
    route_decide(&record.features, &record.policy, &record.decision);
    CHECK_OK(decision_to_json(&record, &text, NULL));
    size_t length = strlen(text);
    for (size_t cut = 0; cut < length; cut++) {
        char kept = text[cut];
        struct error error = {0};
        text[cut] = '\0';
        CHECK_STATUS(decision_from_json(text, &record, &error), STATUS_FORMAT);
        CHECK(strlen(error.text) > 0);
        text[cut] = kept;
    }
    char *place = strstr(text, "\"order\":[-1,0,1]");
    CHECK(place != NULL);
    place[strlen("\"order\":[-1,0,")] = '7';
    CHECK_STATUS(decision_from_json(text, &record, NULL), STATUS_FORMAT);
    free(text);
}

TEST(names_and_kinds_agree)
{
    for (int i = 0; i < POLICY_COUNT; i++) {
        enum route_policy_kind kind;
        CHECK(route_policy_kind_of(route_policy_name((enum route_policy_kind)i), &kind));
        CHECK_EQ(kind, i);
    }
    enum route_policy_kind kind;
    CHECK(!route_policy_kind_of("cheapest", &kind));
}
