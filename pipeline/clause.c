#include "clause.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void clause_init(struct clause_splitter *splitter)
{
    splitter->used = 0;
    splitter->text[0] = '\0';
}

bool clause_feed(struct clause_splitter *splitter, const char *text)
{
    size_t length = strlen(text);
    size_t room = sizeof(splitter->text) - 1 - splitter->used;
    size_t taken = length < room ? length : room;
    memcpy(splitter->text + splitter->used, text, taken);
    splitter->used += taken;
    splitter->text[splitter->used] = '\0';
    return taken == length;
}

static bool is_abbreviation(const char *text, size_t dot)
{
    static const char *const known[] = {"mr", "mrs",  "ms",  "dr",  "st", "vs",
                                        "no", "prof", "e.g", "i.e", "etc"};
    size_t start = dot;
    while (start > 0 && !isspace((unsigned char)text[start - 1]))
        start--;
    size_t length = dot - start;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strlen(known[i]) == length && strncasecmp(text + start, known[i], length) == 0)
            return true;
    }
    return length == 1 && isupper((unsigned char)text[start]);
}

/* Length of the first clause in the buffer, 0 while none is complete. */
static size_t clause_length(const struct clause_splitter *splitter)
{
    const char *text = splitter->text;
    for (size_t i = 0; i + 1 < splitter->used; i++) {
        if (!isspace((unsigned char)text[i + 1]))
            continue;
        bool strong = strchr(".!?", text[i]) != NULL;
        bool weak = strchr(",;:", text[i]) != NULL;
        if (strong && !(text[i] == '.' && is_abbreviation(text, i)))
            return i + 1;
        if (weak && i + 1 >= CLAUSE_MIN_BYTES)
            return i + 1;
    }
    return 0;
}

static void skip_spaces(struct clause_splitter *splitter)
{
    size_t lead = strspn(splitter->text, " \t\r\n");
    memmove(splitter->text, splitter->text + lead, splitter->used - lead + 1);
    splitter->used -= lead;
}

static void take(struct clause_splitter *splitter, size_t length, char *clause, size_t size)
{
    if (length >= size)
        length = size - 1;
    memcpy(clause, splitter->text, length);
    clause[length] = '\0';
    memmove(splitter->text, splitter->text + length, splitter->used - length + 1);
    splitter->used -= length;
}

bool clause_next(struct clause_splitter *splitter, bool at_end, char *ret_clause, size_t size)
{
    skip_spaces(splitter);
    size_t length = clause_length(splitter);
    if (length == 0 && (at_end || splitter->used + 1 == sizeof(splitter->text)))
        length = splitter->used;
    if (length == 0)
        return false;
    take(splitter, length, ret_clause, size);
    return true;
}

bool clause_words(struct clause_splitter *splitter, size_t enough, char *ret_clause, size_t size)
{
    skip_spaces(splitter);
    size_t length = splitter->used;
    while (length > 0 && !isspace((unsigned char)splitter->text[length]))
        length--;
    if (length == 0 || length < enough)
        return false;
    take(splitter, length, ret_clause, size);
    return true;
}
