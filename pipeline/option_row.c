#include "option_row.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *field_of(void *base, const struct option_row *row)
{
    return (char *)base + row->offset;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);
    while (*choices) {
        size_t item = strcspn(choices, "|");
        if (item == length && memcmp(choices, value, length) == 0)
            return true;
        choices += item;
        choices += *choices == '|';
    }
    return false;
}

static enum status set_text(void *base, const struct option_row *row, const char *value,
                            struct error *ret_error)
{
    if (row->type == OPTION_CHOICE && !is_choice(row->choices, value))
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: \"%s\" is not one of %s",
                         row->key, value, row->choices);
    if (strlen(value) >= CONFIG_TEXT_BYTES)
        return error_set(ret_error, STATUS_LIMIT, "%s: longer than %d bytes", row->key,
                         CONFIG_TEXT_BYTES - 1);
    memcpy(field_of(base, row), value, strlen(value) + 1);
    return STATUS_OK;
}

static enum status set_number(void *base, const struct option_row *row, const char *value,
                              struct error *ret_error)
{
    char *end;
    errno = 0;
    double number = strtod(value, &end);
    const char *kind = row->type == OPTION_INTEGER ? "a whole number" : "a number";
    if (end == value || *end || errno || !isfinite(number) ||
        (row->type == OPTION_INTEGER && number != floor(number)))
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: \"%s\" is not %s", row->key,
                         value, kind);
    if (number < row->min || number > row->max)
        return error_set(ret_error, STATUS_LIMIT, "%s: %s is outside %g..%g%s%s", row->key, value,
                         row->min, row->max, row->unit ? " " : "", row->unit ? row->unit : "");
    if (row->type == OPTION_INTEGER)
        *(long *)field_of(base, row) = (long)number;
    else
        *(double *)field_of(base, row) = number;
    return STATUS_OK;
}

static enum status set_flag(void *base, const struct option_row *row, const char *value,
                            struct error *ret_error)
{
    bool on = is_choice("true|yes|on", value);
    if (!on && !is_choice("false|no|off", value))
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: \"%s\" is not true or false",
                         row->key, value);
    *(bool *)field_of(base, row) = on;
    return STATUS_OK;
}

static enum status add_name(const struct option_row *row, void *base, const char *name,
                            struct error *ret_error)
{
    struct option_names *names = field_of(base, row);
    if (!*name || strlen(name) >= OPTION_NAME_BYTES)
        return error_set(ret_error, STATUS_LIMIT, "%s: expected names of 1 to %d bytes", row->key,
                         OPTION_NAME_BYTES - 1);
    if (names->count == OPTION_NAMES_MAX)
        return error_set(ret_error, STATUS_LIMIT, "%s: more than %d names", row->key,
                         OPTION_NAMES_MAX);
    memcpy(names->name[names->count++], name, strlen(name) + 1);
    return STATUS_OK;
}

static enum status add_phrase(const struct option_row *row, void *base, const char *phrase,
                              struct error *ret_error)
{
    char *text = field_of(base, row);
    size_t used = strlen(text), length = strlen(phrase);
    if (strchr(phrase, '\n'))
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: expected one line a phrase",
                         row->key);
    if (used + length + 2 > OPTION_PHRASES_BYTES)
        return error_set(ret_error, STATUS_LIMIT, "%s: longer than %d bytes together", row->key,
                         OPTION_PHRASES_BYTES - 1);
    snprintf(text + used, OPTION_PHRASES_BYTES - used, "%s\n", phrase);
    return STATUS_OK;
}

static enum status set_phrases(void *base, const struct option_row *row, const char *value,
                               struct error *ret_error)
{
    *(char *)field_of(base, row) = '\0';
    while (*value) {
        char phrase[CONFIG_TEXT_BYTES];
        value += strspn(value, ", ");
        size_t length = strcspn(value, ",");
        if (length >= sizeof(phrase))
            return error_set(ret_error, STATUS_LIMIT, "%s: a phrase longer than %d bytes", row->key,
                             CONFIG_TEXT_BYTES - 1);
        snprintf(phrase, sizeof(phrase), "%.*s", (int)length, value);
        if (length)
            TRY(add_phrase(row, base, phrase, ret_error));
        value += length;
    }
    return STATUS_OK;
}

enum status option_row_add(const struct option_row *row, void *base, const char *item,
                           struct error *ret_error)
{
    return row->type == OPTION_PHRASES ? add_phrase(row, base, item, ret_error)
                                       : add_name(row, base, item, ret_error);
}

static enum status set_names(void *base, const struct option_row *row, const char *value,
                             struct error *ret_error)
{
    struct option_names *names = field_of(base, row);
    names->count = 0;
    while (*value) {
        char name[OPTION_NAME_BYTES + 1];
        value += strspn(value, ", ");
        size_t length = strcspn(value, ", ");
        snprintf(name, sizeof(name), "%.*s", (int)length, value);
        if (length)
            TRY(add_name(row, base, name, ret_error));
        value += length;
    }
    return STATUS_OK;
}

enum status option_row_set(const struct option_row *row, void *base, const char *value,
                           struct error *ret_error)
{
    if (row->type == OPTION_FLAG)
        return set_flag(base, row, value, ret_error);
    if (row->type == OPTION_NAMES)
        return set_names(base, row, value, ret_error);
    if (row->type == OPTION_PHRASES)
        return set_phrases(base, row, value, ret_error);
    bool is_number = row->type == OPTION_INTEGER || row->type == OPTION_REAL;
    return is_number ? set_number(base, row, value, ret_error)
                     : set_text(base, row, value, ret_error);
}

const struct option_row *option_rows_find(const struct option_row *rows, size_t count,
                                          const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].key, key) == 0)
            return &rows[i];
    }
    return NULL;
}

bool option_rows_have_group(const struct option_row *rows, size_t count, const char *prefix)
{
    size_t length = strlen(prefix);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(rows[i].key, prefix, length) == 0 && rows[i].key[length] == '.')
            return true;
    }
    return false;
}

void option_rows_defaults(const struct option_row *rows, size_t count, void *base)
{
    for (size_t i = 0; i < count; i++)
        option_row_set(&rows[i], base, rows[i].initial, NULL);
}

/* Edit distance (Levenshtein), for "did you mean". Keys are short. */
static int edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    int row[LONGEST + 1];
    int n = (int)strlen(b);
    if (n > LONGEST)
        return LONGEST;
    for (int j = 0; j <= n; j++)
        row[j] = j;
    for (int i = 1; *a; a++, i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            int change = diagonal + (*a != b[j - 1]);
            diagonal = row[j];
            int insert = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < insert ? change : insert;
        }
    }
    return row[n];
}

void option_nearest_init(struct option_nearest *nearest, const char *wanted)
{
    *nearest = (struct option_nearest){.wanted = wanted, .name = "", .distance = INT_MAX};
}

void option_nearest_offer(struct option_nearest *nearest, const char *name)
{
    int distance = edit_distance(nearest->wanted, name);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->name = name;
    }
}

void option_nearest_offer_rows(struct option_nearest *nearest, const struct option_row *rows,
                               size_t count)
{
    for (size_t i = 0; i < count; i++)
        option_nearest_offer(nearest, rows[i].key);
}

void option_row_write_domain(FILE *out, const struct option_row *row)
{
    if (row->type == OPTION_CHOICE)
        fprintf(out, "%s", row->choices);
    else if (row->type == OPTION_FLAG)
        fprintf(out, "true|false");
    else if (row->type == OPTION_NAMES)
        fprintf(out, "list of names");
    else if (row->type == OPTION_PHRASES)
        fprintf(out, "list of words");
    else if (row->type == OPTION_TEXT)
        fprintf(out, "text");
    else
        fprintf(out, "%g..%g%s%s", row->min, row->max, row->unit ? " " : "",
                row->unit ? row->unit : "");
}
