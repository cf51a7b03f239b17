#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "latency_history.h"
#include "ledger.h"

/* 2026-11-21 12:00 UTC. */
enum { NOON = 1795262400 };

static const struct ledger_price cheap = {.input = 600000, .cached = 300000, .output = 2400000};
static const struct ledger_caps no_caps = {LEDGER_NO_CAP, LEDGER_NO_CAP, LEDGER_NO_CAP};

static struct ledger *open_ledger(const char *path, const char *zone)
{
    struct ledger *ledger;
    struct error error;
    if (ledger_create(path, zone, &ledger, &error) != STATUS_OK)
        test_fail(__FILE__, __LINE__, "%s", error.text);
    return ledger;
}

static struct ledger_order order_of(const char *provider, int64_t output_tokens)
{
    return (struct ledger_order){.now = NOON,
                                 .turn = 1,
                                 .session = "s",
                                 .provider = provider,
                                 .price = cheap,
                                 .caps = no_caps,
                                 .most = {.output_tokens = output_tokens}};
}

/* ---- money ---- */

TEST(money_is_rounded_up)
{
    struct provider_usage usage = {.input_tokens = 1000, .cached_tokens = 400, .output_tokens = 50};
    CHECK_EQ(ledger_cost(&cheap, &usage), 600 * 600000 / 1000000 + 400 * 300000 / 1000000 + 120);
    usage = (struct provider_usage){.input_tokens = 1};
    CHECK_EQ(ledger_cost(&cheap, &usage), 1);
    usage = (struct provider_usage){.input_seconds = 30};
    const struct ledger_price sound = {.audio_input = 60000};
    CHECK_EQ(ledger_cost(&sound, &usage), 30000);
    usage = (struct provider_usage){0};
    CHECK_EQ(ledger_cost(&cheap, &usage), 0);
}

TEST(hostile_usage_costs_no_less_than_nothing)
{
    struct provider_usage usage = {.input_tokens = -5, .output_tokens = -1, .input_seconds = -3};
    CHECK_EQ(ledger_cost(&cheap, &usage), 0);
    usage = (struct provider_usage){.input_tokens = INT64_MAX, .cached_tokens = INT64_MAX};
    CHECK_EQ(ledger_cost(&cheap, &usage), INT64_MAX);
    usage = (struct provider_usage){.input_tokens = 10, .cached_tokens = 1000};
    CHECK_EQ(ledger_cost(&cheap, &usage), 3);
    const struct ledger_price sound = {.audio_output = 60000000};
    usage = (struct provider_usage){.output_seconds = 1e300};
    CHECK_EQ(ledger_cost(&sound, &usage), INT64_MAX);
}

static void check_money(int64_t micro, const char *text)
{
    char got[32];
    int64_t back;
    ledger_money_text(micro, got, sizeof(got));
    CHECK_STR(got, text);
    if (micro >= 0) {
        CHECK_OK(ledger_money_parse(got, &back, NULL));
        CHECK_EQ(back, micro);
    }
}

TEST(money_is_written_and_read)
{
    int64_t micro;
    check_money(52300, "0.0523");
    check_money(0, "0.00");
    check_money(1000000, "1.00");
    check_money(1230001, "1.230001");
    check_money(-500000, "-0.50");
    CHECK_OK(ledger_money_parse("2", &micro, NULL));
    CHECK_EQ(micro, 2000000);
    CHECK_OK(ledger_money_parse("0.0000001", &micro, NULL));
    CHECK_EQ(micro, 1);
    static const char *const bad[] = {"", "-1", "1e-6", "1.", ".5", "1,5", "x", "1 "};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_STATUS(ledger_money_parse(bad[i], &micro, NULL), STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(ledger_money_parse("99999999999999999999", &micro, NULL), STATUS_LIMIT);
    CHECK_EQ(ledger_micro(0.07), 70000);
    CHECK_EQ(ledger_micro(0.5), 500000);
    CHECK_EQ(ledger_micro(1e-7), 1);
    CHECK_EQ(ledger_micro(-1), LEDGER_NO_CAP);
}

/* ---- caps ---- */

TEST(a_cap_refuses_in_words)
{
    struct ledger *ledger = open_ledger(":memory:", "UTC");
    struct ledger_order order = order_of("cloud", 100000); /* 0.24 */
    struct error error;
    int64_t id;
    order.caps.per_turn = 200000;
    CHECK_STATUS(ledger_reserve(ledger, &order, &id, &error), STATUS_LIMIT);
    CHECK_STR(error.text, "that could cost more than the budget of 0.20 a turn");
    order.caps = (struct ledger_caps){LEDGER_NO_CAP, 500000, LEDGER_NO_CAP};
    CHECK_OK(ledger_reserve(ledger, &order, &id, &error));
    CHECK_OK(ledger_reserve(ledger, &order, &id, &error));
    CHECK_STATUS(ledger_reserve(ledger, &order, &id, &error), STATUS_LIMIT);
    CHECK_STR(error.text, "that could cost more than the budget of 0.50 a day");
    order.caps = (struct ledger_caps){LEDGER_NO_CAP, LEDGER_NO_CAP, 480000};
    CHECK_STATUS(ledger_reserve(ledger, &order, &id, &error), STATUS_LIMIT);
    CHECK(strstr(error.text, "a day for cloud") != NULL);
    order.provider = "hub";
    CHECK_OK(ledger_reserve(ledger, &order, &id, &error));
    order.price = (struct ledger_price){0};
    order.caps = (struct ledger_caps){0, 0, 0};
    CHECK_OK(ledger_reserve(ledger, &order, &id, &error)); /* what is free is never too dear */
    ledger_destroy(ledger);
}

TEST(a_settled_turn_frees_what_it_did_not_use)
{
    struct ledger *ledger = open_ledger(":memory:", "UTC");
    struct ledger_order order = order_of("cloud", 100000);
    const struct provider_usage usage = {.output_tokens = 10000};
    int64_t id;
    order.caps.per_day = 300000;
    CHECK_OK(ledger_reserve(ledger, &order, &id, NULL));
    CHECK_EQ(ledger_left(ledger, NOON, "cloud", &order.caps), 60000);
    CHECK_OK(ledger_settle(ledger, id, &usage, 120, NULL));
    CHECK_EQ(ledger_left(ledger, NOON, "cloud", &order.caps), 276000);
    CHECK_STATUS(ledger_settle(ledger, id, &usage, 120, NULL), STATUS_NOT_FOUND);
    CHECK_OK(ledger_reserve(ledger, &order, &id, NULL));
    CHECK_OK(ledger_release(ledger, id, NULL));
    CHECK_EQ(ledger_left(ledger, NOON, NULL, &order.caps), 276000);
    CHECK_STATUS(ledger_release(ledger, id, NULL), STATUS_NOT_FOUND);
    ledger_destroy(ledger);
}

TEST(a_day_begins_at_midnight_of_the_user)
{
    struct ledger *ledger = open_ledger(":memory:", "Asia/Tokyo");
    struct ledger_order order = order_of("cloud", 100000);
    int64_t id;
    order.caps.per_day = 250000;
    order.now = NOON + 3 * 3600 - 1; /* 23:59:59 in Tokyo */
    CHECK_OK(ledger_reserve(ledger, &order, &id, NULL));
    CHECK_STATUS(ledger_reserve(ledger, &order, &id, NULL), STATUS_LIMIT);
    order.now++;
    CHECK_OK(ledger_reserve(ledger, &order, &id, NULL));
    ledger_destroy(ledger);
}

TEST(a_bill_above_its_reservation_is_marked)
{
    struct ledger *ledger = open_ledger(":memory:", "UTC");
    struct ledger_order order = order_of("cloud", 1000);
    const struct provider_usage usage = {.output_tokens = 2000};
    struct ledger_report report;
    int64_t id;
    CHECK_OK(ledger_reserve(ledger, &order, &id, NULL));
    CHECK_OK(ledger_settle(ledger, id, &usage, -1, NULL));
    CHECK_OK(ledger_report(ledger, NOON, &report, NULL));
    CHECK_EQ(report.today.spent, 4800);
    CHECK_EQ(report.today.overruns, 1);
    CHECK_EQ(report.today.latency_ms, -1);
    ledger_destroy(ledger);
}

TEST(a_kill_between_reservation_and_bill_keeps_the_reservation)
{
    const char *path = test_path("ledger.db");
    struct ledger_order order = order_of("cloud", 100000);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        int64_t id;
        struct ledger *ledger = open_ledger(path, "UTC");
        CHECK_OK(ledger_reserve(ledger, &order, &id, NULL));
        kill(getpid(), SIGKILL);
    }
    waitpid(child, NULL, 0);
    struct ledger *ledger = open_ledger(path, "UTC");
    order.caps.per_day = 250000;
    CHECK_EQ(ledger_left(ledger, NOON, "cloud", &order.caps), 10000);
    ledger_destroy(ledger);
}

/* Rather too much than too little, but not the worst case. */
TEST(a_cancelled_turn_costs_what_was_sent_and_likely_written)
{
    static const char text[] = "three hundred bytes are a hundred tokens at the most, in any text "
                               "that people say to an assistant";
    const struct provider_message message = {PROVIDER_USER, text, NULL, NULL};
    const struct provider_turn turn = {
        .messages = &message, .message_count = 1, .max_output_tokens = 400};
    const struct provider_usage sent = ledger_sent(&turn, 0), most = ledger_worst_case(&turn, 0);
    struct provider_usage used = ledger_cancelled(&sent, &most, 500, 0);
    CHECK_EQ(sent.input_tokens, (int64_t)strlen(text) / 3 + 24);
    CHECK_EQ(used.input_tokens, sent.input_tokens);
    CHECK_EQ(used.output_tokens, 51);
    used = ledger_cancelled(&sent, &most, 500, 600);
    CHECK_EQ(used.output_tokens, 201);
    used = ledger_cancelled(&sent, &most, 60000, 0);
    CHECK_EQ(used.output_tokens, 400);
    CHECK(used.input_tokens < most.input_tokens);
    used = ledger_cancelled(&sent, &most, -1, 0);
    CHECK_EQ(used.output_tokens, 1);
}

TEST(an_estimate_is_told_apart_from_a_bill)
{
    struct ledger *ledger = open_ledger(":memory:", "UTC");
    struct ledger_order order = order_of("cloud", 1000);
    const struct provider_usage usage = {.output_tokens = 50};
    struct ledger_report report;
    int64_t id;
    CHECK_OK(ledger_reserve(ledger, &order, &id, NULL));
    CHECK_OK(ledger_settle_estimated(ledger, id, &usage, -1, NULL));
    CHECK_STATUS(ledger_settle(ledger, id, &usage, -1, NULL), STATUS_NOT_FOUND);
    CHECK_OK(ledger_report(ledger, NOON, &report, NULL));
    CHECK_EQ(report.today.spent, 120);
    CHECK_EQ(report.today.estimated, 120);
    CHECK_EQ(report.today.open, 0);
    ledger_destroy(ledger);
}

/* ---- latencies ---- */

static int rows(const char *path)
{
    char command[512], line[32] = "";
    snprintf(command, sizeof(command),
             "python3 -c \"import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("
             "'SELECT count(*) FROM ledger_latency').fetchone()[0])\" %s",
             path);
    FILE *pipe = popen(command, "r");
    CHECK(pipe && fgets(line, sizeof(line), pipe));
    pclose(pipe);
    return (int)strtol(line, NULL, 10);
}

TEST(latencies_outlive_a_run_and_stay_bounded)
{
    const char *path = test_path("latency.db");
    struct provider_history history, read;
    struct ledger *ledger = open_ledger(path, "UTC");
    history_init(&history);
    for (int i = 0; i < 3 * HISTORY_SAMPLES; i++) {
        history_add_first_token(&history, 100 + i);
        CHECK_OK(ledger_keep_history(ledger, "hub", "chat a", &history, 1, 0, NULL));
    }
    history_add_round_trip(&history, 7);
    CHECK_OK(ledger_keep_history(ledger, "hub", "chat a", &history, 0, 1, NULL));
    ledger_destroy(ledger);
    CHECK_EQ(rows(path), HISTORY_SAMPLES + 1);
    ledger = open_ledger(path, "UTC");
    history_init(&read);
    CHECK_OK(ledger_load_history(ledger, "hub", "chat a", &read, NULL));
    CHECK_EQ(read.first_token.count, HISTORY_SAMPLES);
    for (int percent = 5; percent <= 100; percent += 5)
        CHECK_EQ(history_percentile(&read.first_token, percent),
                 history_percentile(&history.first_token, percent));
    CHECK_EQ(history_percentile(&read.round_trip, 50), 7);
    ledger_destroy(ledger);
}

TEST(what_was_measured_of_another_service_is_forgotten)
{
    struct ledger *ledger = open_ledger(":memory:", "UTC");
    struct provider_history history, read;
    history_init(&history);
    history_add_first_token(&history, 300);
    CHECK_OK(ledger_keep_history(ledger, "hub", "chat a", &history, 1, 0, NULL));
    CHECK_OK(ledger_keep_history(ledger, "other", "chat a", &history, 1, 0, NULL));
    history_init(&read);
    CHECK_OK(ledger_load_history(ledger, "hub", "chat b", &read, NULL));
    CHECK_EQ(read.first_token.count, 0);
    CHECK_OK(ledger_keep_history(ledger, "hub", "chat b", &history, 1, 0, NULL));
    CHECK_OK(ledger_load_history(ledger, "hub", "chat a", &read, NULL));
    CHECK_EQ(read.first_token.count, 0);
    CHECK_OK(ledger_load_history(ledger, "other", "chat a", &read, NULL));
    CHECK_EQ(read.first_token.count, 1);
    ledger_destroy(ledger);
}

/* ---- the report ---- */

TEST(the_report_adds_up)
{
    struct ledger *ledger = open_ledger(":memory:", "UTC");
    struct ledger_order order = order_of("cloud", 1000);
    const struct provider_usage usage = {
        .input_tokens = 100, .cached_tokens = 40, .output_tokens = 500, .input_seconds = 1.5};
    struct ledger_report report;
    int64_t id;
    for (uint32_t turn = 1; turn <= 3; turn++) {
        order.turn = turn;
        order.provider = turn == 3 ? "hub" : "cloud";
        order.now = turn == 1 ? NOON - 86400 : NOON;
        CHECK_OK(ledger_reserve(ledger, &order, &id, NULL));
        CHECK_OK(ledger_settle(ledger, id, &usage, 100 * turn, NULL));
    }
    CHECK_OK(ledger_reserve(ledger, &order, &id, NULL)); /* stays open, the same turn */
    CHECK_OK(ledger_note_local(ledger, NOON, 70, NULL));
    CHECK_OK(ledger_note_local(ledger, NOON - 86400, 50, NULL));
    CHECK_OK(ledger_report(ledger, NOON, &report, NULL));
    int64_t bill = ledger_cost(&cheap, &usage);
    CHECK_EQ(report.day, 20261121);
    CHECK_EQ(report.today.turns, 2);
    CHECK_EQ(report.today.spent, 2 * bill + 2400);
    CHECK_EQ(report.today.open, 2400);
    CHECK_EQ(report.month.turns, 3);
    CHECK_EQ(report.month.spent, 3 * bill + 2400);
    CHECK_EQ(report.month.output_tokens, 1500);
    CHECK_EQ(report.month.cached_tokens, 120);
    CHECK_NEAR(report.month.input_seconds, 4.5, 1e-9);
    CHECK_EQ(report.month.latency_ms, 200);
    CHECK_EQ(report.provider_count, 2);
    CHECK_STR(report.providers[0].provider, "hub");
    CHECK_EQ(report.providers[1].turns, 2);
    CHECK_EQ(report.local_today, 1);
    CHECK_EQ(report.saved_today, 70);
    CHECK_EQ(report.local_month, 2);
    CHECK_EQ(report.saved_month, 120);
    ledger_destroy(ledger);
}

TEST(the_break_even_is_reckoned)
{
    struct ledger_report report = {
        .month = {.spent = 500000}, .local_month = 100, .saved_month = 200000};
    struct ledger_break_even even = ledger_break_even(&report, 1000001);
    CHECK_EQ(even.everything, 700000);
    CHECK_EQ(even.saved, 200000);
    CHECK_EQ(even.gain, -800001);
    CHECK_EQ(even.turns_a_month, 501);
    report.local_month = report.saved_month = 0;
    CHECK_EQ(ledger_break_even(&report, 1000000).turns_a_month, -1);
}

TEST(a_file_that_is_no_ledger_is_refused)
{
    struct ledger *ledger = NULL;
    struct error error;
    const char *path = test_path("not.db");
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 200; i++)
        fputs("no database ", file);
    fclose(file);
    CHECK_STATUS(ledger_create(path, "UTC", &ledger, &error), STATUS_FORMAT);
    CHECK(strstr(error.text, path) != NULL);
    CHECK(!ledger);
}

/* ---- property: no cap is ever passed ---- */

struct world {
    struct test_random random;
    struct ledger *ledger;
    struct ledger_caps caps;
    int64_t now;
    uint32_t turn;
    int64_t day_spent, provider_spent[3], turn_spent; /* as a provider would bill it */
    int day;
    int refused, sent;
};

static const char *const names[] = {"cloud", "hub", "far"};

/* What the provider really did: never more than was reserved, and often nobody hears of it. */
static struct provider_usage use(struct world *w, const struct provider_usage *most)
{
    return (struct provider_usage){
        .input_tokens = test_random_range(&w->random, 0, most->input_tokens),
        .output_tokens = test_random_range(&w->random, 0, most->output_tokens)};
}

static void spend(struct world *w, int provider, int64_t cost)
{
    w->day_spent += cost;
    w->provider_spent[provider] += cost;
    w->turn_spent += cost;
    CHECK(w->day_spent <= w->caps.per_day);
    CHECK(w->provider_spent[provider] <= w->caps.provider_per_day);
    CHECK(w->turn_spent <= w->caps.per_turn);
}

/* One request to one provider, with whatever goes wrong. */
static void send_one(struct world *w)
{
    int provider = (int)test_random_range(&w->random, 0, 2);
    const struct ledger_order order = {
        .now = w->now,
        .turn = w->turn,
        .session = "s",
        .provider = names[provider],
        .price = {test_random_range(&w->random, 0, 5000000), 0,
                  test_random_range(&w->random, 0, 20000000), 0, 0},
        .caps = w->caps,
        .most = {.input_tokens = test_random_range(&w->random, 0, 4000),
                 .output_tokens = test_random_range(&w->random, 0, 1000)}};
    int64_t id;
    if (ledger_reserve(w->ledger, &order, &id, NULL) != STATUS_OK) {
        w->refused++;
        return;
    }
    w->sent++;
    if (test_random_range(&w->random, 0, 9) == 0) { /* never connected */
        CHECK_OK(ledger_release(w->ledger, id, NULL));
        return;
    }
    struct provider_usage usage = use(w, &order.most);
    spend(w, provider, ledger_cost(&order.price, &usage));
    if (test_random_range(&w->random, 0, 3) != 0) /* else: broken off, the bill unknown */
        CHECK_OK(ledger_settle(w->ledger, id, &usage, 50, NULL));
}

static void next_turn(struct world *w)
{
    w->turn++;
    w->turn_spent = 0;
    w->now += test_random_range(&w->random, 0, 600);
    if (w->now / 86400 == w->day)
        return;
    w->day = (int)(w->now / 86400);
    w->day_spent = 0;
    memset(w->provider_spent, 0, sizeof(w->provider_spent));
}

TEST_TIMEOUT(ten_thousand_turns_with_faults_never_pass_a_cap, 240)
{
    struct world w = {.random = test_random_init(),
                      .ledger = open_ledger(":memory:", "UTC"),
                      .caps = {60000, 500000, 300000},
                      .now = NOON};
    for (int i = 0; i < 10000; i++) {
        next_turn(&w);
        for (int64_t n = test_random_range(&w.random, 1, 3); n > 0; n--)
            send_one(&w);
    }
    test_note("%d sent, %d refused", w.sent, w.refused);
    CHECK(w.sent > 2000 && w.refused > 2000);
    ledger_destroy(w.ledger);
}
