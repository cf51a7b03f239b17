#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "bench.h"
#include "commands.h"
#include "cpu.h"

struct options {
    const char *models, *plots, *language, *typed;
    bool json;
};

static const struct cli_option rows[] = {
    {"json", 'j', CLI_FLAG, offsetof(struct options, json), NULL, "One JSON object a row."},
    {"language", 'l', CLI_TEXT, offsetof(struct options, language), "NAME",
     "Language model of bench asr: general (default) or assistant."},
    {"models", 'm', CLI_TEXT, offsetof(struct options, models), "DIR",
     "Folder of the model files."},
    {"plots", 'p', CLI_TEXT, offsetof(struct options, plots), "DIR",
     "Also draw what was measured, as PNG files in this folder."},
    {"typed", 't', CLI_TEXT, offsetof(struct options, typed), "PHRASE",
     "Typed wake word of bench wake, beside the built-in ones."},
    {0},
};

/* Parts that measure recordings with a manifest.tsv beside them: file, seconds, speaker, text. */
static const struct {
    const char *name;
    enum status (*run)(struct bench_report *, const struct bench_request *, struct error *);
} parts[] = {
    {"asr", bench_asr},
    {"endpoint", bench_endpoint},
    {"wake", bench_wake},
};

static enum status measure_part(struct bench_report *report, const struct options *options,
                                char **argv, struct error *error)
{
    const struct bench_request request = {.models = options->models,
                                          .dir = argv[1],
                                          .plots = options->plots,
                                          .language = options->language,
                                          .typed = options->typed};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strcmp(argv[0], parts[i].name) == 0)
            return parts[i].run(report, &request, error);
    }
    return error_set(error, STATUS_NOT_FOUND, "bench: there is no part \"%s\"", argv[0]);
}

/* Order matters: memory is read while only one engine was ever loaded. */
static enum status measure(struct bench_report *report, const char *dir, struct error *error)
{
    struct bench_sound sound = {0};
    TRY(bench_start(report, error));
    enum status status = bench_voice(report, &sound, error);
    if (status == STATUS_OK)
        status = bench_ears(report, &sound, error);
    free(sound.samples);
    TRY(status);
    TRY(bench_mind(report, error));
    bench_peer(report);
    return dir ? bench_latency(report, dir, error) : STATUS_OK;
}

static void show(const struct bench_report *report, bool json)
{
    for (int i = 0; i < report->count; i++) {
        const struct bench_row *row = &report->rows[i];
        if (!json) {
            printf("| %-52s | %10.4g %-12s |\n", row->name, row->value, row->unit);
            continue;
        }
        json_t *object =
            json_pack("{s:s, s:f, s:s}", "name", row->name, "value", row->value, "unit", row->unit);
        json_dumpf(object, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(object);
    }
}

static int run(int argc, char **argv)
{
    struct options options = {.language = "general"};
    int count, exit_status;
    if (!cli_parse(&command_bench, &options, argc, argv, &count, &exit_status))
        return exit_status;
    struct bench_report report = {.models = options.models};
    struct error error;
    if (!options.json)
        printf("one core of %ld, %s kernels; medians of %d runs\n", sysconf(_SC_NPROCESSORS_ONLN),
               cpu_isa_name(cpu_isa()), BENCH_RUNS);
    enum status status = count == 2 ? measure_part(&report, &options, argv, &error)
                                    : measure(&report, count ? argv[0] : NULL, &error);
    show(&report, options.json);
    return status == STATUS_OK ? EXIT_DONE : cli_fail("%s", error.text);
}

const struct cli_command command_bench = {
    .name = "bench",
    .arguments = "[asr|endpoint|wake] [DIR]",
    .summary =
        "Measure this machine; with a folder of recorded requests also the time to answer, or "
        "only one part on a folder with a manifest.tsv.",
    .options = rows,
    .max_arguments = 2,
    .run = run,
};
