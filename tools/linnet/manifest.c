#include "manifest.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

enum { COLUMNS = 4, BYTES_MAX = 64 << 20 };

/* Cut `line` at its tabs; false when there are too few columns. */
static bool split(char *line, char *columns[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        columns[i] = line;
        char *tab = strchr(line, '\t');
        if (!tab)
            return i == COLUMNS - 1;
        *tab = '\0';
        line = tab + 1;
    }
    return true;
}

static enum status parse_row(char *line, struct manifest_row *row, struct error *ret_error)
{
    char *columns[COLUMNS], *end;
    if (!split(line, columns))
        return error_set(ret_error, STATUS_FORMAT,
                         "expected file, seconds, speaker and text, with tabs between");
    *row = (struct manifest_row){columns[0], columns[2], columns[3], strtod(columns[1], &end)};
    if (end == columns[1] || *end)
        return error_set(ret_error, STATUS_FORMAT, "\"%s\" is not a number of seconds", columns[1]);
    return STATUS_OK;
}

static enum status parse(struct manifest *m, const char *path, struct error *ret_error)
{
    size_t number = 0;
    char *rest = m->strings;
    for (char *line; (line = strsep(&rest, "\n"));) {
        number++;
        if (!*line)
            continue;
        enum status status = parse_row(line, &m->rows[m->count++], ret_error);
        if (status != STATUS_OK)
            return error_prefix(ret_error, status, "%s:%zu", path, number);
    }
    return STATUS_OK;
}

static size_t lines_of(const char *text)
{
    size_t count = 1;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

enum status manifest_init(struct manifest *manifest, const char *dir, struct error *ret_error)
{
    char path[512];
    void *data;
    size_t size;
    snprintf(path, sizeof(path), "%s/manifest.tsv", dir);
    TRY(file_read(path, BYTES_MAX, &data, &size, ret_error));
    struct manifest m = {.dir = dir, .strings = data};
    m.rows = calloc(lines_of(data), sizeof(m.rows[0]));
    enum status status = m.rows ? parse(&m, path, ret_error)
                                : error_set(ret_error, STATUS_NO_MEMORY, "%s: out of memory", path);
    if (status == STATUS_OK)
        *manifest = m;
    else
        manifest_finish(&m);
    return status;
}

void manifest_finish(struct manifest *manifest)
{
    free(manifest->rows);
    free(manifest->strings);
    *manifest = (struct manifest){0};
}

enum status manifest_path(const struct manifest *manifest, size_t index, char *ret_path,
                          size_t size, struct error *ret_error)
{
    const char *file = manifest->rows[index].file;
    int length = snprintf(ret_path, size, "%s/%s", manifest->dir, file);
    if (length < 0 || (size_t)length >= size)
        return error_set(ret_error, STATUS_LIMIT, "%s/%s: the path is too long", manifest->dir,
                         file);
    return STATUS_OK;
}
