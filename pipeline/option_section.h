/* Sections of the configuration that are more than single values (providers, stages, ...): who owns
 * them registers the table of their rows here, and help, man page and sample are made from it.
 *
 * Thread: any, for all functions. */
#ifndef LINNET_PIPELINE_OPTION_SECTION_H
#define LINNET_PIPELINE_OPTION_SECTION_H

#include <stdio.h>

#include "option_row.h"

enum { OPTION_SECTIONS_MAX = 8 };

enum option_shape {
    OPTION_SHAPE_MAP,   /* section: {key: value} */
    OPTION_SHAPE_NAMED, /* section: {NAME: {key: value}} */
    OPTION_SHAPE_LIST,  /* section: [{key: value}] */
};

struct option_section {
    const char *name;
    enum option_shape shape;
    const char *help;
    const char *example; /* NAME in the sample, for OPTION_SHAPE_NAMED */
    const struct option_row *rows;
    size_t count;
};

/* Names of all sections, ended by NULL. */
void option_section_names(const char *ret_names[OPTION_SECTIONS_MAX + 1]);

void option_sections_write_sample(FILE *out);
void option_sections_write_help(FILE *out);
void option_sections_write_man(FILE *out);

/* The rows of one table; `prefix` stands before the keys ("providers.NAME."). */
void option_rows_write_sample(FILE *out, const struct option_row *rows, size_t count,
                              const char *indent);
void option_rows_write_help(FILE *out, const struct option_row *rows, size_t count,
                            const char *prefix);
void option_rows_write_man(FILE *out, const struct option_row *rows, size_t count,
                           const char *prefix);

#endif
