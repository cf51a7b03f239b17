#include "yaml_tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "file.h"

/* An item with its texts behind it, in one block; all of a tree are chained to be freed. */
struct block {
    struct block *previous;
    struct yaml_item item;
    char texts[];
};

struct yaml_tree {
    struct yaml_item *root;
    struct block *blocks;
    int count;
    char origin[];
};

/* Turns the events of one document into items. `open` are the maps and lists around the place. */
struct builder {
    yaml_parser_t parser;
    struct yaml_tree *tree;
    struct yaml_item *open[YAML_DEPTH_MAX];
    const struct yaml_item **tail[YAML_DEPTH_MAX];
    int depth;
    bool has_key;
    char key[YAML_KEY_BYTES];
    int documents;
    struct error *ret_error;
};

static enum status fail_at(struct builder *b, const yaml_mark_t *mark, const char *what)
{
    return error_set(b->ret_error, STATUS_FORMAT, "%s:%zu:%zu: %s", b->tree->origin, mark->line + 1,
                     mark->column + 1, what);
}

static struct yaml_item *new_item(struct yaml_tree *tree, const char *key, const char *text)
{
    size_t key_bytes = strlen(key) + 1, text_bytes = strlen(text) + 1;
    struct block *block = calloc(1, sizeof(*block) + key_bytes + text_bytes);
    if (!block)
        return NULL;
    memcpy(block->texts, key, key_bytes);
    memcpy(block->texts + key_bytes, text, text_bytes);
    block->item.key = block->texts;
    block->item.text = block->texts + key_bytes;
    block->previous = tree->blocks;
    tree->blocks = block;
    tree->count++;
    return &block->item;
}

/* Hang an item where the document stands, under the key that was read before it. */
static enum status add(struct builder *b, const yaml_mark_t *mark, enum yaml_kind kind,
                       const char *text, struct yaml_item **ret_item)
{
    if (b->depth == 0 && kind != YAML_KIND_MAP)
        return fail_at(b, mark, "expected \"option: value\" lines");
    if (b->tree->count == YAML_ITEMS_MAX)
        return fail_at(b, mark, "too many entries in one file");
    struct yaml_item *item = new_item(b->tree, b->has_key ? b->key : "", text);
    if (!item)
        return error_set(b->ret_error, STATUS_NO_MEMORY, "%s: out of memory", b->tree->origin);
    item->kind = kind;
    item->line = (int)mark->line + 1;
    item->column = (int)mark->column + 1;
    b->has_key = false;
    if (b->depth == 0) {
        b->tree->root = item;
    } else {
        *b->tail[b->depth - 1] = item;
        b->tail[b->depth - 1] = &item->next;
    }
    *ret_item = item;
    return STATUS_OK;
}

static bool expects_key(const struct builder *b)
{
    return b->depth > 0 && b->open[b->depth - 1]->kind == YAML_KIND_MAP && !b->has_key;
}

static enum status on_start(struct builder *b, const yaml_mark_t *mark, enum yaml_kind kind)
{
    struct yaml_item *item;
    if (expects_key(b))
        return fail_at(b, mark,
                       kind == YAML_KIND_MAP ? "expected a key, found a mapping"
                                             : "expected a key, found a list");
    if (b->depth == YAML_DEPTH_MAX)
        return fail_at(b, mark, "nested too deeply");
    TRY(add(b, mark, kind, "", &item));
    b->open[b->depth] = item;
    b->tail[b->depth] = &item->first;
    b->depth++;
    return STATUS_OK;
}

static enum status on_key(struct builder *b, const yaml_mark_t *mark, const char *text)
{
    if (strlen(text) >= sizeof(b->key))
        return fail_at(b, mark, "key too long");
    const struct yaml_item *before = yaml_item_find(b->open[b->depth - 1], text);
    if (before)
        return error_set(b->ret_error, STATUS_FORMAT,
                         "%s:%zu:%zu: \"%s\" stands twice, before in line %d", b->tree->origin,
                         mark->line + 1, mark->column + 1, text, before->line);
    snprintf(b->key, sizeof(b->key), "%s", text);
    b->has_key = true;
    return STATUS_OK;
}

static enum status on_scalar(struct builder *b, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    struct yaml_item *item;
    if (strlen(text) != event->data.scalar.length)
        return fail_at(b, &event->start_mark, "a NUL byte in a value");
    if (expects_key(b))
        return on_key(b, &event->start_mark, text);
    return add(b, &event->start_mark, YAML_KIND_SCALAR, text, &item);
}

static enum status on_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return b->documents++ ? fail_at(b, &event->start_mark, "a second document") : STATUS_OK;
    case YAML_MAPPING_START_EVENT:
        return on_start(b, &event->start_mark, YAML_KIND_MAP);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(b, &event->start_mark, YAML_KIND_LIST);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        b->depth--;
        return STATUS_OK;
    case YAML_SCALAR_EVENT:
        return on_scalar(b, event);
    case YAML_ALIAS_EVENT:
        return fail_at(b, &event->start_mark, "aliases are not allowed here");
    default:
        return STATUS_OK;
    }
}

static enum status read_events(struct builder *b)
{
    for (bool done = false; !done;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&b->parser, &event))
            return fail_at(b, &b->parser.problem_mark,
                           b->parser.problem ? b->parser.problem : "malformed YAML");
        done = event.type == YAML_STREAM_END_EVENT;
        enum status status = on_event(b, &event);
        yaml_event_delete(&event);
        TRY(status);
    }
    return STATUS_OK;
}

static enum status build(struct yaml_tree *tree, const char *text, size_t size,
                         struct error *ret_error)
{
    struct builder builder = {.tree = tree, .ret_error = ret_error};
    if (!yaml_parser_initialize(&builder.parser))
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: out of memory", tree->origin);
    yaml_parser_set_input_string(&builder.parser, (const unsigned char *)text, size);
    enum status status = read_events(&builder);
    yaml_parser_delete(&builder.parser);
    return status;
}

enum status yaml_tree_parse(const char *text, size_t size, const char *origin,
                            struct yaml_tree **ret_tree, struct error *ret_error)
{
    size_t bytes = strlen(origin) + 1;
    struct yaml_tree *tree = calloc(1, sizeof(*tree) + bytes);
    if (!tree)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: out of memory", origin);
    memcpy(tree->origin, origin, bytes);
    enum status status = build(tree, text, size, ret_error);
    if (status != STATUS_OK) {
        yaml_tree_destroy(tree);
        return status;
    }
    *ret_tree = tree;
    return STATUS_OK;
}

enum status yaml_tree_load(const char *path, struct yaml_tree **ret_tree, struct error *ret_error)
{
    void *text;
    size_t size;
    TRY(file_read(path, YAML_BYTES_MAX, &text, &size, ret_error));
    enum status status = yaml_tree_parse(text, size, path, ret_tree, ret_error);
    free(text);
    return status;
}

void yaml_tree_destroy(struct yaml_tree *tree)
{
    if (!tree)
        return;
    while (tree->blocks) {
        struct block *block = tree->blocks;
        tree->blocks = block->previous;
        free(block);
    }
    free(tree);
}

const struct yaml_item *yaml_tree_root(const struct yaml_tree *tree)
{
    return tree->root;
}

const struct yaml_item *yaml_item_first(const struct yaml_item *item)
{
    return item ? item->first : NULL;
}

const struct yaml_item *yaml_item_find(const struct yaml_item *map, const char *key)
{
    if (!map || map->kind != YAML_KIND_MAP)
        return NULL;
    const struct yaml_item *entry = map->first;
    while (entry && strcmp(entry->key, key) != 0)
        entry = entry->next;
    return entry;
}

enum status yaml_item_fail(const struct yaml_tree *tree, const struct yaml_item *item,
                           struct error *ret_error, const char *format, ...)
{
    char text[sizeof(ret_error->text)];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return error_set(ret_error, STATUS_FORMAT, "%s:%d:%d: %s", tree->origin, item->line,
                     item->column, text);
}

enum status yaml_item_expect(const struct yaml_tree *tree, const struct yaml_item *item,
                             enum yaml_kind kind, const char *what, struct error *ret_error)
{
    static const char *const names[] = {"a single value", "a mapping", "a list"};
    if (item->kind == kind || (item->kind == YAML_KIND_SCALAR && !*item->text))
        return STATUS_OK;
    return yaml_item_fail(tree, item, ret_error, "expected %s, found %s", what, names[item->kind]);
}

/* What the levels of one map that is read share. */
struct filler {
    const struct yaml_tree *tree;
    const struct option_row *rows;
    size_t count;
    const char *const *except;
    void *base;
    struct error *ret_error;
};

static bool is_listed(const char *const *names, const char *name)
{
    for (; names && *names; names++) {
        if (strcmp(*names, name) == 0)
            return true;
    }
    return false;
}

static enum status fail_unknown(const struct filler *f, const struct yaml_item *entry,
                                const char *key)
{
    struct option_nearest nearest;
    option_nearest_init(&nearest, key);
    option_nearest_offer_rows(&nearest, f->rows, f->count);
    for (const char *const *name = f->except; name && *name; name++)
        option_nearest_offer(&nearest, *name);
    return yaml_item_fail(f->tree, entry, f->ret_error,
                          "unknown option \"%s\"; the nearest one is \"%s\"", key, nearest.name);
}

static enum status set_row(const struct filler *f, const struct yaml_item *item,
                           const struct option_row *row, bool add)
{
    enum status status = add ? option_row_add(row, f->base, item->text, f->ret_error)
                             : option_row_set(row, f->base, item->text, f->ret_error);
    return status == STATUS_OK ? status
                               : error_prefix(f->ret_error, status, "%s:%d:%d", f->tree->origin,
                                              item->line, item->column);
}

static enum status read_value(const struct filler *f, const struct yaml_item *entry,
                              const struct option_row *row)
{
    bool is_list = row->type == OPTION_NAMES || row->type == OPTION_PHRASES;
    if (!is_list || entry->kind != YAML_KIND_LIST) {
        TRY(yaml_item_expect(f->tree, entry, YAML_KIND_SCALAR, "a single value", f->ret_error));
        return set_row(f, entry, row, false);
    }
    TRY(option_row_set(row, f->base, "", f->ret_error));
    for (const struct yaml_item *item = entry->first; item; item = item->next) {
        TRY(yaml_item_expect(f->tree, item, YAML_KIND_SCALAR, "a name or phrase", f->ret_error));
        TRY(set_row(f, item, row, true));
    }
    return STATUS_OK;
}

static enum status read_map(const struct filler *f, const struct yaml_item *map,
                            const char *prefix);

static enum status read_entry(const struct filler *f, const struct yaml_item *entry,
                              const char *prefix)
{
    char key[YAML_DEPTH_MAX * YAML_KEY_BYTES];
    snprintf(key, sizeof(key), "%s%s%s", prefix, *prefix ? "." : "", entry->key);
    if (is_listed(f->except, key))
        return STATUS_OK;
    const struct option_row *row = option_rows_find(f->rows, f->count, key);
    if (row)
        return read_value(f, entry, row);
    if (!option_rows_have_group(f->rows, f->count, key))
        return fail_unknown(f, entry, key);
    return read_map(f, entry, key);
}

static enum status read_map(const struct filler *f, const struct yaml_item *map, const char *prefix)
{
    TRY(yaml_item_expect(f->tree, map, YAML_KIND_MAP, "\"key: value\" lines", f->ret_error));
    for (const struct yaml_item *entry = map->first; entry; entry = entry->next)
        TRY(read_entry(f, entry, prefix));
    return STATUS_OK;
}

enum status yaml_item_read(const struct yaml_tree *tree, const struct yaml_item *map,
                           const struct option_row *rows, size_t count, const char *const *except,
                           void *base, struct error *ret_error)
{
    const struct filler filler = {tree, rows, count, except, base, ret_error};
    return read_map(&filler, map, "");
}
