#include "commands.h"
#include "option.h"

struct options {
    bool man;
};

static const struct cli_option rows[] = {
    {"man", 0, CLI_FLAG, offsetof(struct options, man), NULL, "Print the man page instead."},
    {0},
};

static int run(int argc, char **argv)
{
    struct options options = {0};
    int count, status;
    if (!cli_parse(&command_config, &options, argc, argv, &count, &status))
        return status;
    if (options.man)
        cli_write_man(stdout);
    else
        option_write_sample(stdout);
    return EXIT_DONE;
}

const struct cli_command command_config = {
    .name = "config",
    .arguments = "",
    .summary = "Print a commented configuration file with every option.",
    .options = rows,
    .run = run,
};
