/* Rows of options: key, type, place in a struct, default, range, unit and help. Readers of text,
 * help and samples are made from tables of them; the tables stand with the modules that own the
 * structs.
 *
 * Thread: any, for all functions. */
#ifndef LINNET_PIPELINE_OPTION_ROW_H
#define LINNET_PIPELINE_OPTION_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "status.h"

enum {
    CONFIG_TEXT_BYTES = 256,
    OPTION_NAMES_MAX = 8,
    OPTION_NAME_BYTES = 64,
    OPTION_PHRASES_BYTES = 16384
};

enum option_type {
    OPTION_TEXT,    /* char[CONFIG_TEXT_BYTES] */
    OPTION_INTEGER, /* long */
    OPTION_REAL,    /* double */
    OPTION_CHOICE,  /* char[CONFIG_TEXT_BYTES], one of .choices */
    OPTION_FLAG,    /* bool: true|false, yes|no, on|off */
    OPTION_NAMES,   /* struct option_names; in text separated by commas, in YAML a list */
    OPTION_PHRASES, /* char[OPTION_PHRASES_BYTES], each closed by '\n'; written as names are */
};

struct option_names {
    int count;
    char name[OPTION_NAMES_MAX][OPTION_NAME_BYTES];
};

struct option_row {
    const char *key; /* dotted, as in the YAML: "endpoint.short_pause_ms" */
    enum option_type type;
    size_t offset; /* in the struct that the table describes */
    const char *initial;
    double min, max;     /* numbers */
    const char *choices; /* "a|b|c" */
    const char *unit;
    const char *help;
};

/* The value of one row from text. Errors name the key, the value and what was expected. */
enum status option_row_set(const struct option_row *row, void *base, const char *value,
                           struct error *ret_error);

/* One more to a row of names or phrases. */
enum status option_row_add(const struct option_row *row, void *base, const char *name,
                           struct error *ret_error);

/* The row with this key, or NULL. */
const struct option_row *option_rows_find(const struct option_row *rows, size_t count,
                                          const char *key);

/* All rows to their defaults; the rest of the struct stays as it is. */
void option_rows_defaults(const struct option_row *rows, size_t count, void *base);

/* Of what is offered one by one, the name nearest to `wanted`: for "did you mean". */
struct option_nearest {
    const char *wanted, *name;
    int distance;
};

void option_nearest_init(struct option_nearest *nearest, const char *wanted);
void option_nearest_offer(struct option_nearest *nearest, const char *name);
void option_nearest_offer_rows(struct option_nearest *nearest, const struct option_row *rows,
                               size_t count);

/* Is there a row whose key begins with `prefix` and a dot? */
bool option_rows_have_group(const struct option_row *rows, size_t count, const char *prefix);

/* "100..5000 ms", "any|jarvis|computer", "text". */
void option_row_write_domain(FILE *out, const struct option_row *row);

#endif
