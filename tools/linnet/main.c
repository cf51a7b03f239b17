#include <string.h>

#include "cli.h"
#include "commands.h"

const struct cli_command *const cli_commands[] = {
    &command_run,        &command_replay,
    &command_transcribe, &command_wake,
    &command_ask,        &command_say,
    &command_bench,      &command_doctor,
    &command_config,     &command_ledger,
    &command_telemetry,  &command_why,
    &command_serve,      NULL,
};

int main(int argc, char **argv)
{
    if (argc < 2) {
        cli_write_overview(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        cli_write_overview(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("linnet %s\n", LINNET_VERSION);
        return EXIT_DONE;
    }
    for (int i = 0; cli_commands[i]; i++) {
        if (strcmp(argv[1], cli_commands[i]->name) == 0)
            return cli_commands[i]->run(argc - 1, argv + 1);
    }
    fprintf(stderr, "linnet: unknown command \"%s\"\ntry: linnet --help\n", argv[1]);
    return EXIT_USAGE;
}
