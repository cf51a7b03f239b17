/* A YAML document as a tree of maps, lists and scalars, each with its place in the file, for the
 * modules that own a section of the configuration.
 *
 *     TRY(yaml_tree_load("pipeline.yaml", &tree, ret_error));
 *     const struct yaml_item *providers = yaml_item_find(yaml_tree_root(tree), "providers");
 *     for (const struct yaml_item *p = yaml_item_first(providers); p; p = p->next)
 *         TRY(yaml_item_read(tree, p, rows, count, NULL, &provider[n++], ret_error));
 *     yaml_tree_destroy(tree);
 *
 * The tree is bounded: one document, YAML_DEPTH_MAX levels, YAML_ITEMS_MAX items, YAML_BYTES_MAX
 * bytes. Aliases and a key that stands twice in one map are refused. Errors begin with
 * file:line:column.
 *
 * Thread: any for all functions; a tree never changes. */
#ifndef LINNET_PIPELINE_YAML_TREE_H
#define LINNET_PIPELINE_YAML_TREE_H

#include <stddef.h>

#include "option_row.h"
#include "status.h"

enum { YAML_DEPTH_MAX = 4, YAML_ITEMS_MAX = 4096, YAML_BYTES_MAX = 1 << 20, YAML_KEY_BYTES = 128 };

enum yaml_kind { YAML_KIND_SCALAR, YAML_KIND_MAP, YAML_KIND_LIST };

struct yaml_item {
    enum yaml_kind kind;
    int line, column;              /* from 1 */
    const char *key;               /* of an entry of a map; "" elsewhere */
    const char *text;              /* of a scalar; "" elsewhere */
    const struct yaml_item *first; /* of a map or a list, in the file's order; NULL when empty */
    const struct yaml_item *next;  /* in the same map or list */
};

struct yaml_tree;

/* Read a file, or memory with `origin` standing in for the file's name. */
enum status yaml_tree_load(const char *path, struct yaml_tree **ret_tree, struct error *ret_error);
enum status yaml_tree_parse(const char *text, size_t size, const char *origin,
                            struct yaml_tree **ret_tree, struct error *ret_error);
void yaml_tree_destroy(struct yaml_tree *tree);

/* The outermost map; NULL for an empty document. Lives as long as the tree, as all items do. */
const struct yaml_item *yaml_tree_root(const struct yaml_tree *tree);

/* Entry of a map by key; NULL when there is none, or `map` is NULL or no map. */
const struct yaml_item *yaml_item_find(const struct yaml_item *map, const char *key);

/* First of a map or a list; NULL for NULL. */
const struct yaml_item *yaml_item_first(const struct yaml_item *item);

/* Fail with the item's place before the text. */
enum status yaml_item_fail(const struct yaml_tree *tree, const struct yaml_item *item,
                           struct error *ret_error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* OK when the item is of this kind; a map or list that is written without any content ("key:") is
 * taken as empty. `what` names it in the error: "expected WHAT, found a list". */
enum status yaml_item_expect(const struct yaml_tree *tree, const struct yaml_item *item,
                             enum yaml_kind kind, const char *what, struct error *ret_error);

/* Read a map into `base` as the rows say: maps inside it make dotted keys ("price.in"), lists fill
 * rows of names; what does not stand there is left as it is. An unknown key is an error that names
 * the nearest one. Keys in `except` (NULL, or ended by NULL) are passed over: the caller reads them
 * itself. */
enum status yaml_item_read(const struct yaml_tree *tree, const struct yaml_item *map,
                           const struct option_row *rows, size_t count, const char *const *except,
                           void *base, struct error *ret_error);

#endif
