/* Any bytes as a recorded decision: refused with a text, or what was read can be decided again,
 * written, and read back as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json_decision.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_places(const struct decision_record *record)
{
    require(record->decision.place_count <= ROUTE_PROVIDERS_MAX + 1);
    for (int i = 0; i < record->decision.place_count; i++)
        require(record->decision.place[i] < record->features.provider_count);
}

static void check(const char *text)
{
    struct decision_record record;
    struct error error = {0};
    char *line;
    bool same;
    if (decision_repeat(text, &record, &same, &error) != STATUS_OK) {
        require(*error.text != '\0');
        return;
    }
    check_places(&record);
    route_decide(&record.features, &record.policy, &record.decision);
    check_places(&record);
    require(decision_to_json(&record, &line, NULL) == STATUS_OK);
    require(decision_repeat(line, &record, &same, NULL) == STATUS_OK && same);
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = calloc(1, size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    check(text);
    free(text);
    return 0;
}
