#include "device_choice.h"

#include <string.h>

void device_choice(const char *option, struct audio_device_config *config)
{
    static const char *const known[] = {"auto", "pulse", "alsa", "null"};
    config->backend = "file";
    config->target = option;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        size_t n = strlen(known[i]);
        if (strncmp(option, known[i], n) != 0 || (option[n] && option[n] != ':'))
            continue;
        config->backend = known[i];
        config->target = option[n] == ':' ? option + n + 1 : NULL;
        return;
    }
}
