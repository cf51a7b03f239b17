#include "word_errors.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "normalise.h"

enum { WORDS = 1000, TEXT = 16384 };

/* A text cut into words. */
struct list {
    char text[TEXT];
    const char *word[WORDS];
    unsigned count;
};

/* Cheapest alignment of the first words of both sides. */
struct cell {
    uint16_t cost, substituted, deleted, inserted;
};

static enum status cut(const char *text, struct list *list, struct error *ret_error)
{
    char *rest = NULL;
    list->count = 0;
    TRY(normalise_text(text, list->text, sizeof(list->text), ret_error));
    for (char *w = strtok_r(list->text, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
        size_t length = strlen(w);
        if (!isalpha((unsigned char)w[0]))
            continue;
        if (w[length - 1] == '.') /* a letter by its name */
            w[length - 1] = '\0';
        if (list->count == WORDS)
            return error_set(ret_error, STATUS_LIMIT, "more than %d words", WORDS);
        list->word[list->count++] = w;
    }
    return STATUS_OK;
}

static struct cell cheapest(struct cell diagonal, struct cell above, struct cell left, bool same)
{
    diagonal.cost += !same;
    diagonal.substituted += !same;
    above.cost++;
    above.deleted++;
    left.cost++;
    left.inserted++;
    struct cell best = above.cost < diagonal.cost ? above : diagonal;
    return left.cost < best.cost ? left : best;
}

static struct cell align(const struct list *said, const struct list *heard, struct cell *row)
{
    for (unsigned h = 0; h <= heard->count; h++)
        row[h] = (struct cell){(uint16_t)h, 0, 0, (uint16_t)h};
    for (unsigned s = 1; s <= said->count; s++) {
        struct cell diagonal = row[0];
        row[0] = (struct cell){(uint16_t)s, 0, (uint16_t)s, 0};
        for (unsigned h = 1; h <= heard->count; h++) {
            struct cell above = row[h];
            bool same = strcmp(said->word[s - 1], heard->word[h - 1]) == 0;
            row[h] = cheapest(diagonal, above, row[h - 1], same);
            diagonal = above;
        }
    }
    return row[heard->count];
}

/* Memory of one comparison. */
struct comparison {
    struct list said, heard;
    struct cell row[WORDS + 1];
};

static enum status compare(struct comparison *b, struct word_errors *errors,
                           const char *const text[2], struct error *ret_error)
{
    TRY(cut(text[0], &b->said, ret_error));
    TRY(cut(text[1], &b->heard, ret_error));
    struct cell found = align(&b->said, &b->heard, b->row);
    errors->said += b->said.count;
    errors->substituted += found.substituted;
    errors->deleted += found.deleted;
    errors->inserted += found.inserted;
    errors->sentences++;
    errors->right += found.cost == 0;
    return STATUS_OK;
}

enum status word_errors_add(struct word_errors *errors, const char *said, const char *heard,
                            struct error *ret_error)
{
    struct comparison *b = malloc(sizeof(*b));
    if (!b)
        return error_set(ret_error, STATUS_NO_MEMORY, "word errors");
    enum status status = compare(b, errors, (const char *const[2]){said, heard}, ret_error);
    free(b);
    return status;
}

double word_errors_percent(const struct word_errors *errors)
{
    double wrong = errors->substituted + errors->deleted + errors->inserted;
    return errors->said ? 100 * wrong / errors->said : 0;
}
