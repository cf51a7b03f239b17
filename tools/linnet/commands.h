/* The sub-commands, each in a file cmd_NAME.c of its own.
 * Thread: control. */
#ifndef LINNET_TOOLS_COMMANDS_H
#define LINNET_TOOLS_COMMANDS_H

#include "cli.h"

extern const struct cli_command command_run, command_replay, command_transcribe, command_wake,
    command_ask, command_say, command_bench, command_doctor, command_config, command_ledger,
    command_telemetry, command_why, command_serve;

#endif
