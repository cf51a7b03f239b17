#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "option_section.h"
#include "privacy.h"
#include "privacy_section.h"
#include "yaml_tree.h"

enum { WORDS_MAX = 20000, NAMES_FILE_BYTES_MAX = 8 << 20, NAMES_PATH_BYTES = 1024 };

/* A rule as it is written. */
struct entry {
    char match[CONFIG_TEXT_BYTES];
    char action[CONFIG_TEXT_BYTES];
    char file[CONFIG_TEXT_BYTES];
    struct option_names allow, shown; /* `shown` stands for `words` in the help */
    char *file_text;
    const char **words;
    size_t word_count, word_room;
    const char *target[OPTION_NAMES_MAX];
    size_t target_count;
};

#define ENTRY(member) offsetof(struct entry, member)

static const struct option_row rows[] = {
    {"match", OPTION_TEXT, ENTRY(match), "numbers", 0, 0, NULL, NULL,
     "What to look for: names, words, numbers (card, account, phone), health, location, or a "
     "regular "
     "expression."},
    {"action", OPTION_CHOICE, ENTRY(action), "deny", 0, 0, "deny|redact|allow", NULL,
     "deny: the text stays here; redact: the match is replaced, the rest may go; allow: later "
     "rules "
     "do not see the match."},
    {"allow", OPTION_NAMES, ENTRY(allow), "", 0, 0, NULL, NULL,
     "Who may have it all the same: providers' names; device is nobody else."},
    {"words", OPTION_NAMES, ENTRY(shown), "", 0, 0, NULL, NULL,
     "More words, or for names the people; a star ends the beginning of a word."},
    {"file", OPTION_TEXT, ENTRY(file), "", 0, 0, NULL, NULL,
     "The same from a file: one a line, or a vCard file of contacts."},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

const struct option_section privacy_section = {
    .name = "privacy",
    .shape = OPTION_SHAPE_LIST,
    .help = "What must not leave this device, checked before a byte is sent.",
    .rows = rows,
    .count = ROWS,
};

struct reading {
    const struct yaml_tree *tree;
    const char *folder;
    struct entry *entry;
    struct privacy_rule *rule;
    size_t count;
    struct error *ret_error;
};

static enum status add_word(struct reading *r, const struct yaml_item *item, struct entry *entry,
                            const char *word)
{
    if (entry->word_count == WORDS_MAX)
        return yaml_item_fail(r->tree, item, r->ret_error, "more than %d words", WORDS_MAX);
    if (entry->word_count == entry->word_room) {
        size_t room = entry->word_room ? 2 * entry->word_room : 32;
        const char **words = realloc(entry->words, room * sizeof(words[0]));
        if (!words)
            return error_set(r->ret_error, STATUS_NO_MEMORY, "privacy: out of memory");
        entry->words = words;
        entry->word_room = room;
    }
    entry->words[entry->word_count++] = word;
    return STATUS_OK;
}

static enum status read_words(struct reading *r, const struct yaml_item *item, struct entry *entry)
{
    const struct yaml_item *words = yaml_item_find(item, "words");
    if (!words)
        return STATUS_OK;
    TRY(yaml_item_expect(r->tree, words, YAML_KIND_LIST, "a list of words", r->ret_error));
    for (const struct yaml_item *word = words->first; word; word = word->next) {
        TRY(yaml_item_expect(r->tree, word, YAML_KIND_SCALAR, "a word", r->ret_error));
        TRY(add_word(r, item, entry, word->text));
    }
    return STATUS_OK;
}

/* The name of a line: all of it, or what stands behind "FN:" in a vCard (RFC 6350, 6.2.1). */
static const char *name_of_line(const char *line, bool is_card)
{
    if (!is_card)
        return *line == '#' ? "" : line;
    if (strncasecmp(line, "FN", 2) != 0 || (line[2] != ':' && line[2] != ';'))
        return "";
    return strchr(line, ':') ? strchr(line, ':') + 1 : "";
}

static enum status read_file(struct reading *r, const struct yaml_item *item, struct entry *entry)
{
    char path[NAMES_PATH_BYTES];
    void *text;
    size_t size;
    struct error problem = {0};
    if (!*entry->file)
        return STATUS_OK;
    bool is_relative = *entry->file != '/' && *r->folder;
    snprintf(path, sizeof(path), "%s%s%s", is_relative ? r->folder : "", is_relative ? "/" : "",
             entry->file);
    if (file_read(path, NAMES_FILE_BYTES_MAX, &text, &size, &problem) != STATUS_OK)
        return yaml_item_fail(r->tree, item, r->ret_error, "file: %s", problem.text);
    entry->file_text = text;
    bool is_card = strncasecmp(text, "BEGIN:VCARD", 11) == 0;
    char *rest = entry->file_text, *line;
    while ((line = strsep(&rest, "\r\n")) != NULL) {
        const char *name = name_of_line(line, is_card);
        if (*name)
            TRY(add_word(r, item, entry, name));
    }
    return STATUS_OK;
}

static void read_targets(struct entry *entry)
{
    for (int i = 0; i < entry->allow.count; i++) {
        if (strcmp(entry->allow.name[i], "device") != 0)
            entry->target[entry->target_count++] = entry->allow.name[i];
    }
}

static enum privacy_action action_of(const char *name)
{
    return strcmp(name, "redact") == 0  ? PRIVACY_REDACT
           : strcmp(name, "allow") == 0 ? PRIVACY_ALLOW
                                        : PRIVACY_DENY;
}

/* By itself first, so that what is wrong with it is told with its place. */
static enum status check_rule(struct reading *r, const struct yaml_item *item,
                              const struct privacy_rule *rule)
{
    struct privacy *alone = NULL;
    struct error problem = {0};
    enum status status = privacy_create(rule, 1, &alone, &problem);
    privacy_destroy(alone);
    if (status == STATUS_OK)
        return STATUS_OK;
    return yaml_item_fail(r->tree, item, r->ret_error, "%s", problem.text);
}

static enum status read_rule(struct reading *r, const struct yaml_item *item)
{
    static const char *const except[] = {"words", NULL};
    struct entry *entry = &r->entry[r->count];
    struct privacy_rule *rule = &r->rule[r->count++];
    option_rows_defaults(rows, ROWS, entry);
    TRY(yaml_item_expect(r->tree, item, YAML_KIND_MAP, "\"{match: ..., action: ...}\"",
                         r->ret_error));
    TRY(yaml_item_read(r->tree, item, rows, ROWS, except, entry, r->ret_error));
    const struct yaml_item *match = yaml_item_find(item, "match");
    if (!match || !*match->text)
        return yaml_item_fail(r->tree, item, r->ret_error, "expected \"match: ...\"");
    TRY(read_words(r, item, entry));
    TRY(read_file(r, item, entry));
    read_targets(entry);
    *rule = (struct privacy_rule){
        .match = entry->match,
        .action = action_of(entry->action),
        .targets = entry->target,
        .target_count = entry->target_count,
        .words = entry->words,
        .word_count = entry->word_count,
        .line = item->line,
    };
    return check_rule(r, item, rule);
}

static enum status read_rules(struct reading *r, const struct yaml_item *section)
{
    if (!section)
        return STATUS_OK;
    TRY(yaml_item_expect(r->tree, section, YAML_KIND_LIST, "a list of rules", r->ret_error));
    for (const struct yaml_item *item = section->first; item; item = item->next) {
        if (r->count == PRIVACY_RULES_MAX)
            return yaml_item_fail(r->tree, item, r->ret_error, "more than %d rules",
                                  PRIVACY_RULES_MAX);
        TRY(read_rule(r, item));
    }
    return STATUS_OK;
}

enum status privacy_read(const struct yaml_tree *tree, const struct yaml_item *section,
                         const char *folder, struct privacy **ret_privacy, struct error *ret_error)
{
    struct reading r = {.tree = tree, .folder = folder, .ret_error = ret_error};
    r.entry = calloc(PRIVACY_RULES_MAX, sizeof(r.entry[0]));
    r.rule = calloc(PRIVACY_RULES_MAX, sizeof(r.rule[0]));
    enum status status = STATUS_OK;
    if (!r.entry || !r.rule)
        status = error_set(ret_error, STATUS_NO_MEMORY, "privacy: out of memory");
    if (status == STATUS_OK)
        status = read_rules(&r, section);
    if (status == STATUS_OK)
        status = privacy_create(r.rule, r.count, ret_privacy, ret_error);
    for (size_t i = 0; i < r.count; i++) {
        free(r.entry[i].words);
        free(r.entry[i].file_text);
    }
    free(r.entry);
    free(r.rule);
    return status;
}
