#include "engine_options.h"

struct linnet_config engine_options_config(const struct engine_options *options, int64_t start_unix)
{
    struct linnet_config config;
    linnet_config_defaults(&config);
    config.file = options->config;
    config.models_dir = options->models;
    config.state = options->state;
    config.set = options->set.item;
    config.start_unix = start_unix;
    return config;
}
