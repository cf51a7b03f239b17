#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "option.h"

enum { YAML_DEPTH_MAX = 4, YAML_KEY_BYTES = 128, YAML_FILE_BYTES_MAX = 1 << 20 };

/* Walks the events of one document: nested mappings become dotted keys. */
struct reader {
    yaml_parser_t parser;
    const char *origin;
    struct config *config;
    char prefix[YAML_KEY_BYTES]; /* "endpoint." inside endpoint: */
    size_t prefix_length[YAML_DEPTH_MAX];
    int depth;
    bool has_key;
    char key[YAML_KEY_BYTES];
    struct error *ret_error;
};

static enum status fail_at(struct reader *r, const yaml_mark_t *mark, const char *what)
{
    return error_set(r->ret_error, STATUS_FORMAT, "%s:%zu:%zu: %s", r->origin, mark->line + 1,
                     mark->column + 1, what);
}

static enum status on_mapping_start(struct reader *r, const yaml_event_t *event)
{
    if (r->depth == YAML_DEPTH_MAX)
        return fail_at(r, &event->start_mark, "nested too deeply");
    if (r->depth > 0 && !r->has_key)
        return fail_at(r, &event->start_mark, "expected a key, found a mapping");
    size_t used = strlen(r->prefix);
    r->prefix_length[r->depth++] = used;
    if (r->has_key)
        snprintf(r->prefix + used, sizeof(r->prefix) - used, "%.60s.", r->key);
    r->has_key = false;
    return STATUS_OK;
}

static enum status on_mapping_end(struct reader *r)
{
    r->prefix[r->prefix_length[--r->depth]] = '\0';
    r->has_key = false;
    return STATUS_OK;
}

static enum status on_scalar(struct reader *r, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    char full[2 * YAML_KEY_BYTES];
    if (r->depth == 0)
        return fail_at(r, &event->start_mark, "expected \"option: value\" lines");
    if (strlen(text) != event->data.scalar.length)
        return fail_at(r, &event->start_mark, "a NUL byte in a value");
    if (!r->has_key) {
        if (strlen(text) >= sizeof(r->key))
            return fail_at(r, &event->start_mark, "key too long");
        snprintf(r->key, sizeof(r->key), "%s", text);
        r->has_key = true;
        return STATUS_OK;
    }
    snprintf(full, sizeof(full), "%s%s", r->prefix, r->key);
    r->has_key = false;
    enum status status = config_set(r->config, full, text, r->ret_error);
    if (status != STATUS_OK)
        return error_prefix(r->ret_error, status, "%s:%zu:%zu", r->origin,
                            event->start_mark.line + 1, event->start_mark.column + 1);
    return STATUS_OK;
}

static enum status on_event(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_MAPPING_START_EVENT:
        return on_mapping_start(r, event);
    case YAML_MAPPING_END_EVENT:
        return on_mapping_end(r);
    case YAML_SCALAR_EVENT:
        return on_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT:
        return fail_at(r, &event->start_mark, "a list stands where a single value is expected");
    case YAML_ALIAS_EVENT:
        return fail_at(r, &event->start_mark, "aliases are not allowed here");
    default:
        return STATUS_OK;
    }
}

static enum status read_events(struct reader *r)
{
    for (bool done = false; !done;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&r->parser, &event))
            return fail_at(r, &r->parser.problem_mark,
                           r->parser.problem ? r->parser.problem : "malformed YAML");
        done = event.type == YAML_STREAM_END_EVENT;
        enum status status = on_event(r, &event);
        yaml_event_delete(&event);
        TRY(status);
    }
    return STATUS_OK;
}

enum status config_parse(struct config *config, const char *text, size_t size, const char *origin,
                         struct error *ret_error)
{
    struct config copy = *config;
    struct reader reader = {.origin = origin, .config = &copy, .ret_error = ret_error};
    if (!yaml_parser_initialize(&reader.parser))
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: out of memory", origin);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size);
    enum status status = read_events(&reader);
    yaml_parser_delete(&reader.parser);
    if (status == STATUS_OK)
        *config = copy;
    return status;
}

enum status config_load(struct config *config, const char *path, struct error *ret_error)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return error_set(ret_error, STATUS_NOT_FOUND, "%s: %s", path, strerror(errno));
    char *text = malloc(YAML_FILE_BYTES_MAX);
    size_t size = text ? fread(text, 1, YAML_FILE_BYTES_MAX, file) : 0;
    bool failed = ferror(file) != 0;
    fclose(file);
    enum status status;
    if (!text)
        status = error_set(ret_error, STATUS_NO_MEMORY, "%s: out of memory", path);
    else if (failed)
        status = error_set(ret_error, STATUS_IO, "%s: cannot be read: %s", path, strerror(errno));
    else if (size == YAML_FILE_BYTES_MAX)
        status = error_set(ret_error, STATUS_LIMIT, "%s: larger than %d bytes", path,
                           YAML_FILE_BYTES_MAX);
    else
        status = config_parse(config, text, size, path, ret_error);
    free(text);
    return status;
}
