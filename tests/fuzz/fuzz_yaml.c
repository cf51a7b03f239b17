/* Any bytes as a configuration: refused with a text and nothing changed, or every option is inside
 * its range. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_ranges(const struct config *config)
{
    size_t count;
    const struct option_row *rows = option_table(&count);
    for (size_t i = 0; i < count; i++) {
        const char *field = (const char *)config + rows[i].offset;
        double value = rows[i].min;
        if (rows[i].type == OPTION_INTEGER)
            value = (double)*(const long *)(const void *)field;
        else if (rows[i].type == OPTION_REAL)
            value = *(const double *)(const void *)field;
        else
            require(memchr(field, '\0', CONFIG_TEXT_BYTES) != NULL);
        require(value >= rows[i].min && value <= rows[i].max);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config, before, again;
    struct error error = {0};
    config_defaults(&config);
    before = config;
    enum status status = config_parse(&config, (const char *)data, size, "fuzz.yaml", &error);
    if (status != STATUS_OK) {
        require(error.status == status && strncmp(error.text, "fuzz.yaml", 9) == 0);
        require(memcmp(&config, &before, sizeof(config)) == 0);
        return 0;
    }
    check_ranges(&config);
    config_defaults(&again);
    require(config_parse(&again, (const char *)data, size, "fuzz.yaml", NULL) == STATUS_OK);
    require(memcmp(&config, &again, sizeof(config)) == 0);
    return 0;
}
