/* Any bytes as a configuration: refused with a text and nothing changed, or every option is inside
 * its range. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cloud_config.h"
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
        else if (rows[i].type == OPTION_TEXT || rows[i].type == OPTION_CHOICE)
            require(memchr(field, '\0', CONFIG_TEXT_BYTES) != NULL);
        require(value >= rows[i].min && value <= rows[i].max);
    }
}

/* Sections are read or refused too; orders point only at providers that exist. */
static void check_sections(const uint8_t *data, size_t size)
{
    struct yaml_tree *tree;
    struct cloud_config cloud;
    struct error error = {0};
    if (yaml_tree_parse((const char *)data, size, "fuzz.yaml", &tree, NULL) != STATUS_OK)
        return;
    if (cloud_config_read(&cloud, tree, &error) != STATUS_OK) {
        require(strncmp(error.text, "fuzz.yaml:", 10) == 0);
    } else {
        for (int s = 0; s < STAGE_COUNT; s++) {
            require(cloud.order[s].count >= 1);
            for (int i = 0; i < cloud.order[s].count; i++)
                require(cloud.order[s].place[i] < cloud.provider_count);
        }
    }
    yaml_tree_destroy(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config, before, again;
    struct error error = {0};
    check_sections(data, size);
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
