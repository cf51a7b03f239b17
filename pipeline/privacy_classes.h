/* The classes that a privacy rule can name: their words and expressions, as tables.
 *
 * Thread: any; pure. */
#ifndef LINNET_PIPELINE_PRIVACY_CLASSES_H
#define LINNET_PIPELINE_PRIVACY_CLASSES_H

#include <stdbool.h>
#include <stddef.h>

struct class_pattern {
    const char *expression; /* NULL ends a list */
    /* More than an expression can say (a check sum); NULL takes every match. */
    bool (*accept)(const char *match, size_t length);
};

enum { CLASS_PARTS_MAX = 3 };

struct privacy_class {
    const char *name;         /* NULL ends the table */
    const char *replacement;  /* "[number]" */
    bool are_names;           /* words of a rule are people */
    const char *const *words; /* for phrases_add, ended by NULL; or NULL */
    const struct class_pattern *patterns[CLASS_PARTS_MAX + 1]; /* ended by NULL */
};

/* NULL for a name that is no class. */
const struct privacy_class *privacy_class_find(const char *name);

/* Luhn's check (ISO/IEC 7812-1) of a text of digits. */
bool is_card_number(const char *digits, size_t length);

#endif
