#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "commands.h"
#include "ledger.h"
#include "option.h"
#include "state_path.h"
#include "zone.h"

enum { PATH_BYTES = 512, MONEY_BYTES = 32 };

struct options {
    const char *config, *state, *day;
    bool json;
};

static const struct cli_option rows[] = {
    {"json", 'j', CLI_FLAG, offsetof(struct options, json), NULL, "One JSON object."},
    {"config", 'c', CLI_TEXT, offsetof(struct options, config), "FILE", "Configuration (YAML)."},
    {"state", 0, CLI_TEXT, offsetof(struct options, state), "FILE", "The state file to look into."},
    {"day", 0, CLI_TEXT, offsetof(struct options, day), "YYYY-MM-DD",
     "As of this day instead of today."},
    {0},
};

/* What the report is about: the state file, the zone of its days, the moment. */
struct subject {
    struct config config;
    char path[PATH_BYTES];
    int64_t now;
};

static enum status noon_of(const char *day, const char *zone, int64_t *ret_now,
                           struct error *ret_error)
{
    struct tm local = {.tm_hour = 12};
    const char *end = strptime(day, "%Y-%m-%d", &local);
    if (!end || *end)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "--day: \"%s\" is not YYYY-MM-DD",
                         day);
    return zone_unix_time(zone, &local, ret_now, ret_error);
}

static enum status find_subject(const struct options *options, struct subject *subject,
                                struct error *ret_error)
{
    config_defaults(&subject->config);
    if (options->config)
        TRY(config_load(&subject->config, options->config, ret_error));
    if (options->state)
        TRY(config_set(&subject->config, "state", options->state, ret_error));
    TRY(state_path(subject->config.state, subject->path, sizeof(subject->path), ret_error));
    subject->now = time(NULL);
    if (!options->day)
        return STATUS_OK;
    return noon_of(options->day, subject->config.zone, &subject->now, ret_error);
}

static enum status make_report(const struct subject *subject, struct ledger_report *ret_report,
                               struct error *ret_error)
{
    struct ledger *ledger;
    TRY(ledger_create(subject->path, subject->config.zone, &ledger, ret_error));
    enum status status = ledger_report(ledger, subject->now, ret_report, ret_error);
    ledger_destroy(ledger);
    return status;
}

/* ---- for people ---- */

static const char *money(int64_t micro, char text[MONEY_BYTES])
{
    ledger_money_text(micro, text, MONEY_BYTES);
    return text;
}

static void write_sum(const char *when, const struct ledger_line *line, int64_t here)
{
    char spent[MONEY_BYTES], open[MONEY_BYTES], estimated[MONEY_BYTES];
    printf("%-12s %6lld sent out, %6lld answered here, %s spent", when, (long long)line->turns,
           (long long)here, money(line->spent, spent));
    if (line->open)
        printf(" (of it %s held for turns whose bill is unknown)", money(line->open, open));
    if (line->estimated)
        printf(" (of it %s estimated, for turns that were cancelled)",
               money(line->estimated, estimated));
    putchar('\n');
}

static void write_provider(const struct ledger_line *line)
{
    char spent[MONEY_BYTES], latency[32] = "-";
    if (line->latency_ms >= 0)
        snprintf(latency, sizeof(latency), "%lld ms", (long long)line->latency_ms);
    printf("%-16s %7lld %10s %10lld %10lld %10lld %9.1f %9.1f %10s\n", line->provider,
           (long long)line->turns, money(line->spent, spent), (long long)line->input_tokens,
           (long long)line->cached_tokens, (long long)line->output_tokens, line->input_seconds,
           line->output_seconds, latency);
    if (line->overruns)
        printf("%-16s billed %lld turns above what was reserved\n", "", (long long)line->overruns);
}

static void write_break_even(const struct ledger_report *report, int64_t device)
{
    struct ledger_break_even even = ledger_break_even(report, device);
    char a[MONEY_BYTES], b[MONEY_BYTES], c[MONEY_BYTES];
    printf("\nEverything sent out would have cost about %s this month; %s was spent, %s saved.\n",
           money(even.everything, a), money(report->month.spent, b), money(even.saved, c));
    if (device <= 0)
        return;
    printf("This device costs %s a month: ", money(device, a));
    if (even.turns_a_month >= 0)
        printf("it pays from %lld turns a month answered here; there were %lld.\n",
               (long long)even.turns_a_month, (long long)report->local_month);
    else
        printf("no turn answered here has a price to compare with yet.\n");
}

static void write_text(const struct ledger_report *report, int64_t device)
{
    char today[MONEY_BYTES];
    snprintf(today, sizeof(today), "%04d-%02d-%02d", report->day / 10000, report->day / 100 % 100,
             report->day % 100);
    write_sum(today, &report->today, report->local_today);
    write_sum("this month", &report->month, report->local_month);
    if (report->provider_count)
        printf("\n%-16s %7s %10s %10s %10s %10s %9s %9s %10s\n", "this month", "turns", "spent",
               "tokens in", "cached", "out", "s in", "s out", "1st word");
    for (int i = 0; i < report->provider_count; i++)
        write_provider(&report->providers[i]);
    if (report->warmed_month)
        printf("\n%lld connections were opened at the wake word this month, before it was known "
               "whether anybody would be asked.\n",
               (long long)report->warmed_month);
    write_break_even(report, device);
}

/* ---- for programs ---- */

static json_t *line_json(const struct ledger_line *line)
{
    json_t *latency = line->latency_ms >= 0 ? json_integer(line->latency_ms) : json_null();
    return json_pack("{s:I, s:f, s:f, s:f, s:I, s:I, s:I, s:f, s:f, s:o, s:I}", "turns",
                     line->turns, "spent", (double)line->spent / 1e6, "open",
                     (double)line->open / 1e6, "estimated", (double)line->estimated / 1e6,
                     "input_tokens", line->input_tokens, "cached_tokens", line->cached_tokens,
                     "output_tokens", line->output_tokens, "input_seconds", line->input_seconds,
                     "output_seconds", line->output_seconds, "latency_ms", latency, "overruns",
                     line->overruns);
}

static json_t *period_json(const struct ledger_line *line, int64_t here, int64_t saved,
                           int64_t warmed)
{
    json_t *period = line_json(line);
    json_object_set_new(period, "answered_here", json_integer(here));
    json_object_set_new(period, "saved", json_real((double)saved / 1e6));
    json_object_set_new(period, "opened_ahead", json_integer(warmed));
    return period;
}

static void write_json(const struct ledger_report *report, int64_t device)
{
    struct ledger_break_even even = ledger_break_even(report, device);
    json_t *providers = json_object();
    for (int i = 0; i < report->provider_count; i++)
        json_object_set_new(providers, report->providers[i].provider,
                            line_json(&report->providers[i]));
    json_t *turns = even.turns_a_month >= 0 ? json_integer(even.turns_a_month) : json_null();
    json_t *break_even = json_pack("{s:f, s:f, s:f, s:o}", "everything",
                                   (double)even.everything / 1e6, "saved", (double)even.saved / 1e6,
                                   "gain", (double)even.gain / 1e6, "turns_a_month", turns);
    json_t *object = json_pack(
        "{s:i, s:o, s:o, s:o, s:o}", "day", report->day, "today",
        period_json(&report->today, report->local_today, report->saved_today, report->warmed_today),
        "month",
        period_json(&report->month, report->local_month, report->saved_month, report->warmed_month),
        "providers", providers, "break_even", break_even);
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(10));
    putchar('\n');
    json_decref(object);
}

static int run(int argc, char **argv)
{
    struct options options = {0};
    struct subject subject;
    struct ledger_report report;
    struct error error;
    int count, exit_status;
    if (!cli_parse(&command_ledger, &options, argc, argv, &count, &exit_status))
        return exit_status;
    if (find_subject(&options, &subject, &error) != STATUS_OK ||
        make_report(&subject, &report, &error) != STATUS_OK)
        return cli_fail("%s", error.text);
    int64_t device = ledger_micro(subject.config.device_per_month);
    if (options.json)
        write_json(&report, device);
    else
        write_text(&report, device);
    return EXIT_DONE;
}

const struct cli_command command_ledger = {
    .name = "ledger",
    .arguments = "",
    .summary = "Say what providers cost: today, this month, each of them, and what was saved.",
    .options = rows,
    .run = run,
};
