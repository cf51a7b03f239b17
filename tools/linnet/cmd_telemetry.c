#include <stdio.h>

#include "commands.h"
#include "option.h"
#include "state_path.h"
#include "telemetry.h"

enum { PATH_BYTES = 512 };

struct options {
    const char *config, *state;
    bool show, enable, disable;
};

static const struct cli_option rows[] = {
    {"show", 0, CLI_FLAG, offsetof(struct options, show), NULL,
     "Print exactly what would be sent, and nothing else."},
    {"enable", 0, CLI_FLAG, offsetof(struct options, enable), NULL,
     "Send it once a day, if telemetry.endpoint is set."},
    {"disable", 0, CLI_FLAG, offsetof(struct options, disable), NULL, "Send nothing."},
    {"config", 'c', CLI_TEXT, offsetof(struct options, config), "FILE", "Configuration (YAML)."},
    {"state", 0, CLI_TEXT, offsetof(struct options, state), "FILE", "The state file."},
    {0},
};

static enum status open_telemetry(const struct options *options, struct config *config,
                                  struct telemetry **ret_telemetry, struct error *ret_error)
{
    char path[PATH_BYTES];
    config_defaults(config);
    if (options->config)
        TRY(config_load(config, options->config, ret_error));
    if (options->state)
        TRY(config_set(config, "state", options->state, ret_error));
    TRY(state_path(config->state, path, sizeof(path), ret_error));
    return telemetry_create(path, ret_telemetry, ret_error);
}

static void write_explanation(struct telemetry *telemetry, const char *endpoint,
                              const char *payload, const int64_t counts[TELEMETRY_COUNT])
{
    printf("Telemetry is %s. ", telemetry_is_enabled(telemetry) ? "enabled" : "off");
    if (*endpoint)
        printf("Once a day this would go to %s:\n\n", endpoint);
    else
        printf("No endpoint is configured (telemetry.endpoint), so nothing is ever sent. This "
               "would be:\n\n");
    printf("%s\n\n", payload);
    for (int i = 0; i < TELEMETRY_COUNT; i++)
        printf("%8lld  %s\n", (long long)counts[i], telemetry_counter_help(i));
}

static enum status work(const struct options *options, struct telemetry *telemetry,
                        const struct config *config, struct error *ret_error)
{
    int64_t counts[TELEMETRY_COUNT];
    char payload[TELEMETRY_PAYLOAD_BYTES];
    if (options->enable || options->disable)
        TRY(telemetry_enable(telemetry, options->enable, ret_error));
    TRY(telemetry_get(telemetry, counts, ret_error));
    telemetry_payload(LINNET_VERSION, counts, payload);
    if (options->show)
        printf("%s\n", payload);
    else
        write_explanation(telemetry, config->telemetry_endpoint, payload, counts);
    return STATUS_OK;
}

static int run(int argc, char **argv)
{
    struct options options = {0};
    struct config config;
    struct telemetry *telemetry;
    struct error error;
    int count, exit_status;
    if (!cli_parse(&command_telemetry, &options, argc, argv, &count, &exit_status))
        return exit_status;
    if (options.enable && options.disable) {
        fprintf(stderr, "linnet telemetry: expected one of --enable and --disable\n");
        return EXIT_USAGE;
    }
    if (open_telemetry(&options, &config, &telemetry, &error) != STATUS_OK)
        return cli_fail("%s", error.text);
    enum status status = work(&options, telemetry, &config, &error);
    telemetry_destroy(telemetry);
    return status == STATUS_OK ? EXIT_DONE : cli_fail("%s", error.text);
}

const struct cli_command command_telemetry = {
    .name = "telemetry",
    .arguments = "",
    .summary = "Show, enable or disable the counters that may be sent; off by default.",
    .options = rows,
    .run = run,
};
