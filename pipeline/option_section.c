#include "option_section.h"

#include <string.h>

#include "cloud_config.h"
#include "privacy_section.h"

static const struct option_section *const sections[] = {
    &cloud_config_stages,
    &cloud_config_providers,
    &privacy_section,
};

enum { SECTION_COUNT = sizeof(sections) / sizeof(sections[0]) };
_Static_assert(sizeof(sections) / sizeof(sections[0]) <= OPTION_SECTIONS_MAX,
               "more room for these");

void option_section_names(const char *ret_names[OPTION_SECTIONS_MAX + 1])
{
    for (int i = 0; i < SECTION_COUNT; i++)
        ret_names[i] = sections[i]->name;
    ret_names[SECTION_COUNT] = NULL;
}

/* Keys of one group ("endpoint.") stand together in the table, so a group's line is written when
 * the group changes. The first line of a list's entry carries its dash. */
void option_rows_write_sample(FILE *out, const struct option_row *rows, size_t count,
                              const char *indent)
{
    char group[32] = "", left[32];
    snprintf(left, sizeof(left), "%s", indent);
    for (size_t i = 0; i < count; i++) {
        const char *dot = strchr(rows[i].key, '.');
        size_t length = dot ? (size_t)(dot - rows[i].key) : 0;
        fprintf(out, "\n# %s (", rows[i].help);
        option_row_write_domain(out, &rows[i]);
        fprintf(out, ")\n");
        if (dot && (strncmp(group, rows[i].key, length) != 0 || group[length]))
            fprintf(out, "#%s%.*s:\n", left, (int)length, rows[i].key);
        snprintf(group, sizeof(group), "%.*s", (int)length, rows[i].key);
        fprintf(out, "#%s%s%s: %s\n", left, dot ? "  " : "", dot ? dot + 1 : rows[i].key,
                *rows[i].initial ? rows[i].initial : "\"\"");
        char *dash = strchr(left, '-');
        if (dash)
            *dash = ' ';
    }
}

void option_rows_write_help(FILE *out, const struct option_row *rows, size_t count,
                            const char *prefix)
{
    for (size_t i = 0; i < count; i++) {
        char key[96];
        snprintf(key, sizeof(key), "%s%s", prefix, rows[i].key);
        fprintf(out, "  %-26s %s\n  %-26s (", key, rows[i].help, "");
        option_row_write_domain(out, &rows[i]);
        fprintf(out, "; default %s)\n", *rows[i].initial ? rows[i].initial : "empty");
    }
}

void option_rows_write_man(FILE *out, const struct option_row *rows, size_t count,
                           const char *prefix)
{
    for (size_t i = 0; i < count; i++) {
        fprintf(out, ".TP\n.B %s%s\n%s\nOne of: ", prefix, rows[i].key, rows[i].help);
        option_row_write_domain(out, &rows[i]);
        fprintf(out, ". Default: %s.\n", *rows[i].initial ? rows[i].initial : "empty");
    }
}

/* "budget.", "providers.NAME.", "stages[]." */
static void prefix_of(const struct option_section *section, char *prefix, size_t size)
{
    static const char *const after[] = {".", ".NAME.", "[]."};
    snprintf(prefix, size, "%s%s", section->name, after[section->shape]);
}

void option_sections_write_sample(FILE *out)
{
    static const char *const indents[] = {"  ", "    ", "  - "};
    for (int i = 0; i < SECTION_COUNT; i++) {
        const struct option_section *s = sections[i];
        fprintf(out, "\n# %s\n#%s:\n", s->help, s->name);
        if (s->shape == OPTION_SHAPE_NAMED)
            fprintf(out, "#  %s:\n", s->example);
        option_rows_write_sample(out, s->rows, s->count, indents[s->shape]);
    }
}

void option_sections_write_help(FILE *out)
{
    for (int i = 0; i < SECTION_COUNT; i++) {
        char prefix[64];
        prefix_of(sections[i], prefix, sizeof(prefix));
        fprintf(out, "\n%s: %s\n\n", sections[i]->name, sections[i]->help);
        option_rows_write_help(out, sections[i]->rows, sections[i]->count, prefix);
    }
}

void option_sections_write_man(FILE *out)
{
    for (int i = 0; i < SECTION_COUNT; i++) {
        char prefix[64];
        prefix_of(sections[i], prefix, sizeof(prefix));
        fprintf(out, ".SS %s\n%s\n", sections[i]->name, sections[i]->help);
        option_rows_write_man(out, sections[i]->rows, sections[i]->count, prefix);
    }
}
