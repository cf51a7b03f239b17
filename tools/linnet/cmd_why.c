#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "json_decision.h"
#include "ledger.h"
#include "option.h"
#include "state_path.h"
#include "store.h"
#include "zone.h"

enum { PATH_BYTES = 512 };

struct options {
    const char *config, *state;
    bool json, check;
};

static const struct cli_option rows[] = {
    {"json", 'j', CLI_FLAG, offsetof(struct options, json), NULL,
     "The decision as it was written down, one JSON object."},
    {"check", 0, CLI_FLAG, offsetof(struct options, check), NULL,
     "Decide every recorded turn again and compare."},
    {"config", 'c', CLI_TEXT, offsetof(struct options, config), "FILE", "Configuration (YAML)."},
    {"state", 0, CLI_TEXT, offsetof(struct options, state), "FILE", "The state file to look into."},
    {0},
};

static enum status open_store(const struct options *options, struct config *config,
                              struct store **ret_store, struct error *ret_error)
{
    char path[PATH_BYTES];
    config_defaults(config);
    if (options->config)
        TRY(config_load(config, options->config, ret_error));
    if (options->state)
        TRY(config_set(config, "state", options->state, ret_error));
    TRY(state_path(config->state, path, sizeof(path), ret_error));
    if (access(path, F_OK) != 0)
        return error_set(ret_error, STATUS_NOT_FOUND, "%s: no state file is there yet", path);
    return store_create(path, ret_store, ret_error);
}

static void show_when(const struct decision_record *record, const char *zone)
{
    struct tm local;
    char when[64];
    zone_local_time(zone, record->time, &local, NULL);
    strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &local);
    printf("%s, turn %u: %s\n\n", when, record->turn,
           *record->request ? record->request : "(kept private)");
}

static const char *place_name(const struct route_features *features, int place)
{
    return place == ROUTE_DEVICE ? "the device's own answer" : features->provider[place].name;
}

static void show_decision(const struct decision_record *record)
{
    const struct route_decision *d = &record->decision;
    printf("route      %s, rule %d of %s\n", route_name(d->route), d->rule,
           route_policy_name(record->policy.kind));
    printf("reason     %s\n", d->reason);
    if (d->obstacle != OBSTACLE_NONE)
        printf("obstacle   %s\n", route_obstacle_name(d->obstacle));
    for (int i = 0; i < d->place_count; i++)
        printf("%s %s\n", i == 0 ? "asked     " : "then      ",
               place_name(&record->features, d->place[i]));
    if (d->hedge)
        printf("hedge      the second after %d ms\n", d->hedge_after_ms);
}

static void show_part(const char *name, int value, int limit)
{
    printf("%-10s %.4f (limit %.4f)\n", name, (double)value / ROUTE_ONE, (double)limit / ROUTE_ONE);
}

static void show_number(const char *name, int value, const char *unit, const char *after)
{
    if (value == ROUTE_UNKNOWN)
        printf("%s not measured%s", name, after);
    else
        printf("%s %d %s%s", name, value, unit, after);
}

static void show_provider(const struct route_provider *provider)
{
    static const char *const privacy[] = {"may leave", "may leave redacted", "may not leave"};
    char cost[32], left[32] = "no cap";
    ledger_money_text(provider->cost, cost, sizeof(cost));
    if (provider->left != INT64_MAX)
        ledger_money_text(provider->left, left, sizeof(left));
    printf("%-10s breaker %s; %s; ", provider->name, breaker_state_name(provider->breaker),
           privacy[provider->privacy]);
    show_number("first word usually", provider->first_token_p50_ms, "ms", "; ");
    show_number("at worst", provider->p95_ms, "ms", " ");
    printf("(of %d turns, also of earlier runs); ", provider->samples);
    show_number("round trip", provider->round_trip_ms, "ms", "; ");
    printf("deadline %d ms; costs at most %s, left %s\n", provider->deadline_ms, cost, left);
}

static void show_features(const struct decision_record *record)
{
    const struct route_features *f = &record->features;
    printf("\nmodel      says %s\n", route_name(f->model_route));
    show_part("sure", f->model_confidence, record->policy.min_model_confidence);
    show_part("heard", f->words_confidence, record->policy.min_words_confidence);
    show_part("complexity", f->complexity, record->policy.max_complexity);
    printf("request    %d words\nmachine    ", f->words);
    show_number("battery", f->battery_percent, f->on_battery ? "%, in use" : "%", "; ");
    show_number("temperature", f->temperature_c, "C", "\n");
    for (int i = 0; i < f->provider_count; i++)
        show_provider(&f->provider[i]);
}

static enum status explain(const char *json, const struct config *config, struct error *ret_error)
{
    struct decision_record record;
    bool same;
    TRY(decision_repeat(json, &record, &same, ret_error));
    show_when(&record, config->zone);
    show_decision(&record);
    show_features(&record);
    printf("\ndecided again: %s\n", same ? "the same, bit for bit" : "DIFFERENT");
    return STATUS_OK;
}

static enum status show_one(const struct options *options, const struct config *config,
                            struct store *store, int back, struct error *ret_error)
{
    char *json;
    enum status status = STATUS_OK;
    TRY(store_decision(store, back, &json, ret_error));
    if (options->json)
        printf("%s\n", json);
    else
        status = explain(json, config, ret_error);
    free(json);
    return status;
}

/* Every recorded turn is routed again. */
static enum status check_all(struct store *store, struct error *ret_error)
{
    struct decision_record record;
    char *json;
    int count = 0, different = 0;
    while (store_decision(store, count + 1, &json, NULL) == STATUS_OK) {
        bool same = false;
        enum status status = decision_repeat(json, &record, &same, ret_error);
        free(json);
        TRY(status);
        count++;
        different += !same;
    }
    printf("%d decisions, %d different\n", count, different);
    return different == 0
               ? STATUS_OK
               : error_set(ret_error, STATUS_INTERNAL, "%d decisions are not the same", different);
}

static int run(int argc, char **argv)
{
    struct options options = {0};
    struct config config;
    struct store *store = NULL;
    struct error error;
    int count, exit_status;
    if (!cli_parse(&command_why, &options, argc, argv, &count, &exit_status))
        return exit_status;
    char *end = NULL;
    long back = count ? strtol(argv[0], &end, 10) : 1;
    if (back < 1 || back > STORE_DECISIONS_MAX || (end && *end)) {
        cli_fail("why: \"%s\" is not how many turns ago, 1 to %d", argv[0], STORE_DECISIONS_MAX);
        return EXIT_USAGE;
    }
    enum status status = open_store(&options, &config, &store, &error);
    if (status == STATUS_OK)
        status = options.check ? check_all(store, &error)
                               : show_one(&options, &config, store, (int)back, &error);
    store_destroy(store);
    return status == STATUS_OK ? EXIT_DONE : cli_fail("%s", error.text);
}

const struct cli_command command_why = {
    .name = "why",
    .arguments = "[N]",
    .summary =
        "Explain why a request was answered where it was: the last one, or that N turns ago.",
    .options = rows,
    .max_arguments = 1,
    .run = run,
};
