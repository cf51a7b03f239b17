#include "json_decision.h"

#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum field_type { FIELD_INT, FIELD_INT64, FIELD_BOOL, FIELD_ENUM, FIELD_TEXT };

/* One member of a struct: written and read by the same row. */
struct field {
    const char *key;
    enum field_type type;
    size_t offset;
    size_t limit;                   /* bytes of a text, names of an enum */
    const char *(*name)(int value); /* of an enum */
};

static const char *name_of_route(int value)
{
    return route_name((enum route)value);
}

static const char *name_of_policy(int value)
{
    return route_policy_name((enum route_policy_kind)value);
}

static const char *name_of_obstacle(int value)
{
    return route_obstacle_name((enum route_obstacle)value);
}

static const char *name_of_breaker(int value)
{
    return breaker_state_name((enum breaker_state)value);
}

static const char *name_of_privacy(int value)
{
    static const char *const names[] = {"open", "redacted", "denied"};
    return names[value];
}

#define PROVIDER(member) offsetof(struct route_provider, member)
static const struct field provider_fields[] = {
    {"name", FIELD_TEXT, PROVIDER(name), ROUTE_NAME_BYTES, NULL},
    {"breaker", FIELD_ENUM, PROVIDER(breaker), BREAKER_STATE_COUNT, name_of_breaker},
    {"privacy", FIELD_ENUM, PROVIDER(privacy), 3, name_of_privacy},
    {"samples", FIELD_INT, PROVIDER(samples), 0, NULL},
    {"first_token_p50_ms", FIELD_INT, PROVIDER(first_token_p50_ms), 0, NULL},
    {"first_token_p95_ms", FIELD_INT, PROVIDER(p95_ms), 0, NULL},
    {"round_trip_ms", FIELD_INT, PROVIDER(round_trip_ms), 0, NULL},
    {"deadline_ms", FIELD_INT, PROVIDER(deadline_ms), 0, NULL},
    {"cost", FIELD_INT64, PROVIDER(cost), 0, NULL},
    {"left", FIELD_INT64, PROVIDER(left), 0, NULL},
    {0},
};

#define FEATURE(member) offsetof(struct route_features, member)
static const struct field feature_fields[] = {
    {"model_route", FIELD_ENUM, FEATURE(model_route), ROUTE_COUNT, name_of_route},
    {"model_confidence", FIELD_INT, FEATURE(model_confidence), 0, NULL},
    {"words_confidence", FIELD_INT, FEATURE(words_confidence), 0, NULL},
    {"words", FIELD_INT, FEATURE(words), 0, NULL},
    {"complexity", FIELD_INT, FEATURE(complexity), 0, NULL},
    {"battery_percent", FIELD_INT, FEATURE(battery_percent), 0, NULL},
    {"on_battery", FIELD_BOOL, FEATURE(on_battery), 0, NULL},
    {"temperature_c", FIELD_INT, FEATURE(temperature_c), 0, NULL},
    {"fixed", FIELD_BOOL, FEATURE(fixed), 0, NULL},
    {0},
};

#define POLICY(member) offsetof(struct route_policy, member)
static const struct field policy_fields[] = {
    {"kind", FIELD_ENUM, POLICY(kind), POLICY_COUNT, name_of_policy},
    {"min_model_confidence", FIELD_INT, POLICY(min_model_confidence), 0, NULL},
    {"min_words_confidence", FIELD_INT, POLICY(min_words_confidence), 0, NULL},
    {"max_complexity", FIELD_INT, POLICY(max_complexity), 0, NULL},
    {"patience_ms", FIELD_INT, POLICY(patience_ms), 0, NULL},
    {"hedge", FIELD_BOOL, POLICY(hedge), 0, NULL},
    {"hedge_ms", FIELD_INT, POLICY(hedge_ms), 0, NULL},
    {0},
};

#define DECISION(member) offsetof(struct route_decision, member)
static const struct field decision_fields[] = {
    {"route", FIELD_ENUM, DECISION(route), ROUTE_COUNT, name_of_route},
    {"rule", FIELD_INT, DECISION(rule), 0, NULL},
    {"obstacle", FIELD_ENUM, DECISION(obstacle), OBSTACLE_COUNT, name_of_obstacle},
    {"hedge", FIELD_BOOL, DECISION(hedge), 0, NULL},
    {"hedge_after_ms", FIELD_INT, DECISION(hedge_after_ms), 0, NULL},
    {"reason", FIELD_TEXT, DECISION(reason), ROUTE_REASON_BYTES, NULL},
    {0},
};

/* ---- writing ---- */

static json_t *value_of(const struct field *field, const void *base)
{
    const void *member = (const char *)base + field->offset;
    switch (field->type) {
    case FIELD_INT:
        return json_integer(*(const int *)member);
    case FIELD_INT64:
        return json_integer(*(const int64_t *)member);
    case FIELD_BOOL:
        return json_boolean(*(const bool *)member);
    case FIELD_ENUM:
        return json_string(field->name(*(const int *)member));
    default:
        return json_string(member);
    }
}

static json_t *write_fields(const struct field *fields, const void *base)
{
    json_t *object = json_object();
    for (; fields->key; fields++)
        json_object_set_new(object, fields->key, value_of(fields, base));
    return object;
}

static json_t *write_places(const int *places, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(array, json_integer(places[i]));
    return array;
}

static json_t *write_features(const struct route_features *features)
{
    json_t *object = write_fields(feature_fields, features);
    json_t *providers = json_array();
    for (int i = 0; i < features->provider_count; i++)
        json_array_append_new(providers, write_fields(provider_fields, &features->provider[i]));
    json_object_set_new(object, "order", write_places(features->order, features->order_count));
    json_object_set_new(object, "providers", providers);
    return object;
}

static json_t *write_decision(const struct route_decision *decision)
{
    json_t *object = write_fields(decision_fields, decision);
    json_object_set_new(object, "places", write_places(decision->place, decision->place_count));
    return object;
}

enum status decision_to_json(const struct decision_record *record, char **ret_text,
                             struct error *ret_error)
{
    json_t *object = json_object();
    json_object_set_new(object, "time", json_integer(record->time));
    json_object_set_new(object, "turn", json_integer(record->turn));
    json_object_set_new(object, "request", json_string(record->request));
    json_object_set_new(object, "features", write_features(&record->features));
    json_object_set_new(object, "policy", write_fields(policy_fields, &record->policy));
    json_object_set_new(object, "decision", write_decision(&record->decision));
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (!text)
        return error_set(ret_error, STATUS_NO_MEMORY, "decision: cannot be written as JSON");
    *ret_text = text;
    return STATUS_OK;
}

/* ---- reading ---- */

static bool read_enum(const struct field *field, const json_t *value, int *member)
{
    const char *text = json_string_value(value);
    for (int i = 0; text && i < (int)field->limit; i++) {
        if (strcmp(field->name(i), text) != 0)
            continue;
        *member = i;
        return true;
    }
    return false;
}

static bool read_text(const struct field *field, const json_t *value, char *member)
{
    const char *text = json_string_value(value);
    if (!text || strlen(text) >= field->limit)
        return false;
    memcpy(member, text, strlen(text) + 1);
    return true;
}

static bool read_int(const json_t *value, int *member)
{
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < INT32_MIN || number > INT32_MAX)
        return false;
    *member = (int)number;
    return true;
}

static bool read_field(const struct field *field, const json_t *value, void *base)
{
    void *member = (char *)base + field->offset;
    switch (field->type) {
    case FIELD_INT:
        return read_int(value, member);
    case FIELD_INT64:
        *(int64_t *)member = json_integer_value(value);
        return json_is_integer(value);
    case FIELD_BOOL:
        *(bool *)member = json_is_true(value);
        return json_is_boolean(value);
    case FIELD_ENUM:
        return read_enum(field, value, member);
    default:
        return read_text(field, value, member);
    }
}

static enum status read_fields(const struct field *fields, const json_t *object, void *base,
                               struct error *ret_error)
{
    for (; fields->key; fields++) {
        if (!read_field(fields, json_object_get(object, fields->key), base))
            return error_set(ret_error, STATUS_FORMAT, "decision: \"%s\" is missing or wrong",
                             fields->key);
    }
    return STATUS_OK;
}

/* Places: ROUTE_DEVICE or one of `providers`. */
static enum status read_places(const json_t *array, int providers, int *places, int *count,
                               struct error *ret_error)
{
    size_t n = json_array_size(array);
    if (n > ROUTE_PROVIDERS_MAX + 1)
        return error_set(ret_error, STATUS_FORMAT, "decision: too many places");
    for (size_t i = 0; i < n; i++) {
        if (!read_int(json_array_get(array, i), &places[i]) || places[i] < ROUTE_DEVICE ||
            places[i] >= providers)
            return error_set(ret_error, STATUS_FORMAT, "decision: place %zu is wrong", i);
    }
    *count = (int)n;
    return STATUS_OK;
}

static enum status read_features(const json_t *object, struct route_features *features,
                                 struct error *ret_error)
{
    const json_t *providers = json_object_get(object, "providers");
    size_t n = json_array_size(providers);
    if (n > ROUTE_PROVIDERS_MAX)
        return error_set(ret_error, STATUS_FORMAT, "decision: too many providers");
    features->provider_count = (int)n;
    for (size_t i = 0; i < n; i++) {
        struct route_provider *provider = &features->provider[i];
        TRY(read_fields(provider_fields, json_array_get(providers, i), provider, ret_error));
        if (provider->cost < 0 || provider->left < 0)
            return error_set(ret_error, STATUS_FORMAT, "decision: money below zero");
    }
    TRY(read_places(json_object_get(object, "order"), (int)n, features->order,
                    &features->order_count, ret_error));
    return read_fields(feature_fields, object, features, ret_error);
}

static enum status read_record(const json_t *object, struct decision_record *record,
                               struct error *ret_error)
{
    const json_t *decision = json_object_get(object, "decision");
    const struct field request = {"request", FIELD_TEXT, 0, DECISION_TEXT_BYTES, NULL};
    record->time = json_integer_value(json_object_get(object, "time"));
    record->turn = (uint32_t)json_integer_value(json_object_get(object, "turn"));
    if (!read_field(&request, json_object_get(object, "request"), record->request))
        return error_set(ret_error, STATUS_FORMAT, "decision: \"request\" is missing or wrong");
    TRY(read_features(json_object_get(object, "features"), &record->features, ret_error));
    TRY(read_fields(policy_fields, json_object_get(object, "policy"), &record->policy, ret_error));
    TRY(read_places(json_object_get(decision, "places"), record->features.provider_count,
                    record->decision.place, &record->decision.place_count, ret_error));
    return read_fields(decision_fields, decision, &record->decision, ret_error);
}

enum status decision_from_json(const char *text, struct decision_record *ret_record,
                               struct error *ret_error)
{
    json_error_t problem;
    struct decision_record record;
    memset(&record, 0, sizeof(record));
    if (strlen(text) > DECISION_JSON_BYTES_MAX)
        return error_set(ret_error, STATUS_LIMIT, "decision: longer than %d bytes",
                         DECISION_JSON_BYTES_MAX);
    json_t *object = json_loads(text, 0, &problem);
    if (!object)
        return error_set(ret_error, STATUS_FORMAT, "decision: byte %d: %s", problem.position,
                         problem.text);
    enum status status = read_record(object, &record, ret_error);
    json_decref(object);
    if (status == STATUS_OK)
        *ret_record = record;
    return status;
}

enum status decision_repeat(const char *text, struct decision_record *ret_record, bool *ret_same,
                            struct error *ret_error)
{
    struct decision_record record, again;
    char *line;
    TRY(decision_from_json(text, &record, ret_error));
    again = record;
    route_decide(&again.features, &again.policy, &again.decision);
    TRY(decision_to_json(&again, &line, ret_error));
    *ret_same = strcmp(line, text) == 0;
    *ret_record = record;
    free(line);
    return STATUS_OK;
}
