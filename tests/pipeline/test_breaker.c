#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "breaker.h"
#include "clock.h"
#include "complexity.h"
#include "harness.h"
#include "latency_history.h"
#include "machine_state.h"

#define MS CLOCK_NS_PER_MS

TEST(three_failures_in_a_row_open_the_breaker)
{
    struct breaker b;
    breaker_init(&b);
    breaker_fail(&b, 0, false);
    breaker_fail(&b, 0, false);
    breaker_succeed(&b);
    breaker_fail(&b, 0, false);
    breaker_fail(&b, 1 * MS, false);
    CHECK_EQ(breaker_state(&b, 1 * MS), BREAKER_CLOSED);
    breaker_fail(&b, 2 * MS, false);
    CHECK_EQ(breaker_state(&b, 2 * MS), BREAKER_OPEN);
    CHECK_EQ(breaker_state(&b, (BREAKER_PAUSE_MS + 1) * MS), BREAKER_OPEN);
    CHECK_EQ(breaker_state(&b, (BREAKER_PAUSE_MS + 2) * MS), BREAKER_HALF_OPEN);
}

TEST(one_request_probes_a_half_open_breaker)
{
    struct breaker b;
    breaker_init(&b);
    breaker_fail(&b, 0, true);
    CHECK_EQ(breaker_state(&b, 0), BREAKER_OPEN);
    int64_t now = BREAKER_PAUSE_MS * MS;
    CHECK_EQ(breaker_state(&b, now), BREAKER_HALF_OPEN);
    breaker_begin(&b, now);
    CHECK_EQ(breaker_state(&b, now), BREAKER_OPEN);
    breaker_abandon(&b);
    CHECK_EQ(breaker_state(&b, now), BREAKER_HALF_OPEN);
    breaker_begin(&b, now);
    breaker_fail(&b, now, false);
    CHECK_EQ(breaker_state(&b, now + (2 * BREAKER_PAUSE_MS - 1) * MS), BREAKER_OPEN);
    now += 2 * BREAKER_PAUSE_MS * MS;
    CHECK_EQ(breaker_state(&b, now), BREAKER_HALF_OPEN);
    breaker_begin(&b, now);
    breaker_succeed(&b);
    CHECK_EQ(breaker_state(&b, now), BREAKER_CLOSED);
    breaker_fail(&b, now, false);
    CHECK_EQ(breaker_state(&b, now), BREAKER_CLOSED);
}

TEST(the_pause_doubles_up_to_its_limit)
{
    struct breaker b;
    breaker_init(&b);
    int64_t now = 0;
    for (int i = 0; i < 40; i++) {
        breaker_fail(&b, now, true);
        now += BREAKER_PAUSE_MAX_MS * MS;
        CHECK_EQ(breaker_state(&b, now), BREAKER_HALF_OPEN);
    }
    breaker_fail(&b, now, true);
    CHECK_EQ(breaker_state(&b, now + (BREAKER_PAUSE_MAX_MS - 1) * MS), BREAKER_OPEN);
}

TEST(percentiles_are_of_the_last_samples)
{
    struct provider_history h;
    history_init(&h);
    CHECK_EQ(history_percentile(&h.first_token, 50), HISTORY_UNKNOWN);
    history_add_first_token(&h, 700);
    CHECK_EQ(history_percentile(&h.first_token, 50), 700);
    CHECK_EQ(history_percentile(&h.first_token, 95), 700);
    for (int i = 1; i <= 20; i++)
        history_add_first_token(&h, 21 - i);
    CHECK_EQ(history_percentile(&h.first_token, 50), 11);
    CHECK_EQ(history_percentile(&h.first_token, 95), 20);
    for (int i = 0; i < HISTORY_SAMPLES; i++)
        history_add_first_token(&h, 5);
    CHECK_EQ(history_percentile(&h.first_token, 95), 5);
    history_add_round_trip(&h, -3);
    CHECK_EQ(history_percentile(&h.round_trip, 50), 0);
}

TEST(hard_requests_look_harder_than_simple_ones)
{
    static const char *const simple[] = {
        "what time is it",
        "set a timer for five minutes",
        "what is twelve times 8",
        "wake me up at six thirty tomorrow morning",
        "turn the volume down",
        "how much time is left on my pasta timer",
        "stop",
        "cancel the alarm for seven",
    };
    static const char *const hard[] = {
        "why is the sky blue and why are sunsets red",
        "Explain the difference between nuclear fission and fusion",
        "write me a poem about the sea",
        "should I repair my old bicycle or buy a better one instead",
        "what would you recommend I cook with leeks, cream and two eggs for a friend without meat",
        "summarize the history of the roman empire",
    };
    for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++) {
        test_note("%d %s", complexity_of(simple[i]), simple[i]);
        CHECK(complexity_of(simple[i]) < COMPLEXITY_MAX * 3 / 10);
    }
    for (size_t i = 0; i < sizeof(hard) / sizeof(hard[0]); i++) {
        test_note("%d %s", complexity_of(hard[i]), hard[i]);
        CHECK(complexity_of(hard[i]) > COMPLEXITY_MAX / 2);
        CHECK(complexity_of(hard[i]) <= COMPLEXITY_MAX);
    }
    CHECK_EQ(complexity_of(""), 0);
    CHECK_EQ(complexity_words("  two  words "), 2);
}

static void put(const char *folder, const char *file, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", test_folder(), folder);
    for (char *slash = path + strlen(test_folder()) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    mkdir(path, 0700);
    size_t used = strlen(path);
    snprintf(path + used, sizeof(path) - used, "/%s", file);
    FILE *out = fopen(path, "w");
    CHECK(out != NULL);
    fputs(text, out);
    fclose(out);
}

TEST(battery_and_temperature_are_read)
{
    struct machine_state state;
    machine_state_read(test_folder(), &state);
    CHECK_EQ(state.battery_percent, MACHINE_UNKNOWN);
    CHECK_EQ(state.temperature_c, MACHINE_UNKNOWN);
    CHECK(!state.on_battery);
    put("power_supply/BAT0", "type", "Battery\n");
    put("power_supply/BAT0", "capacity", "17\n");
    put("power_supply/BAT0", "status", "Discharging\n");
    put("power_supply/AC", "type", "Mains\n");
    put("power_supply/AC", "online", "0\n");
    put("thermal/thermal_zone0", "temp", "41000\n");
    put("thermal/thermal_zone1", "temp", "73500\n");
    put("thermal/cooling_device0", "type", "Fan\n");
    machine_state_read(test_folder(), &state);
    CHECK_EQ(state.battery_percent, 17);
    CHECK(state.on_battery);
    CHECK_EQ(state.temperature_c, 73);
    put("power_supply/AC", "online", "1\n");
    machine_state_read(test_folder(), &state);
    CHECK(!state.on_battery);
}
