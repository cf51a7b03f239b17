/* Options that every command with a whole engine has: configuration, overrides, models, state.
 *
 *     struct options { struct engine_options engine; ... };
 *     static const struct cli_option rows[] = {
 *         ENGINE_OPTION_ROWS(struct options, engine, "Where timers and alarms are kept."),
 *
 * Thread: control, for all functions. */
#ifndef LINNET_TOOLS_ENGINE_OPTIONS_H
#define LINNET_TOOLS_ENGINE_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "cli.h"
#include "linnet.h"

struct engine_options {
    const char *config, *models, *state;
    struct cli_list set;
};

#define ENGINE_OPTION_ROWS(type, member, state_help)                                               \
    {"config", 'c', CLI_TEXT, offsetof(type, member.config), "FILE", "Configuration (YAML)."},     \
        {"set",       's',                                                                         \
         CLI_LIST,    offsetof(type, member.set),                                                  \
         "KEY=VALUE", "Set one option; may be repeated."},                                         \
        {"models", 'm',                                                                            \
         CLI_TEXT, offsetof(type, member.models),                                                  \
         "DIR",    "Folder of the model files."},                                                  \
    {                                                                                              \
        "state", 0, CLI_TEXT, offsetof(type, member.state), "FILE", state_help                     \
    }

/* The engine's configuration; it points into `options`, which must outlive its use. */
struct linnet_config engine_options_config(const struct engine_options *options,
                                           int64_t start_unix);

#endif
