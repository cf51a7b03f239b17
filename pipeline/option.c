#include "option.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(member) offsetof(struct config, member)

static const struct option_row rows[] = {
    {"name", OPTION_TEXT, FIELD(name), "assistant", 0, 0, NULL, NULL,
     "Name of this assistant, shown in reports."},
    {"routing", OPTION_CHOICE, FIELD(routing), "prefer-device", 0, 0, "prefer-device|offline-first",
     NULL,
     "Who answers: prefer-device sends what the device is unsure of to the cloud; offline-first "
     "keeps it here."},
    {"zone", OPTION_TEXT, FIELD(zone), "", 0, 0, NULL, NULL,
     "Time zone, such as Europe/London; empty takes the machine's own."},
    {"state", OPTION_TEXT, FIELD(state), "", 0, 0, NULL, NULL,
     "File for timers and alarms; empty means $XDG_STATE_HOME/linnet/state.db."},
    {"models", OPTION_TEXT, FIELD(models_dir), "", 0, 0, NULL, NULL,
     "Folder of the model files; empty means the ones Linnet came with."},
    {"wake.word", OPTION_CHOICE, FIELD(wake_word), "any", 0, 0, "any|jarvis|computer", NULL,
     "Built-in wake word to listen for."},
    {"wake.threshold", OPTION_REAL, FIELD(wake_threshold), "0", 0, 1, NULL, NULL,
     "Score a wake word must reach; 0 takes the model's own threshold."},
    {"endpoint.short_pause_ms", OPTION_INTEGER, FIELD(short_pause_ms), "250", 100, 5000, NULL, "ms",
     "Pause that ends a turn after a complete sentence."},
    {"endpoint.long_pause_ms", OPTION_INTEGER, FIELD(long_pause_ms), "900", 200, 10000, NULL, "ms",
     "Pause that ends a turn after an unfinished sentence."},
    {"endpoint.no_speech_ms", OPTION_INTEGER, FIELD(no_speech_ms), "5000", 500, 60000, NULL, "ms",
     "How long to wait for a request after the wake word."},
    {"endpoint.max_turn_ms", OPTION_INTEGER, FIELD(max_turn_ms), "15000", 1000, 120000, NULL, "ms",
     "Longest request; then it is taken as it is."},
    {"confidence.words", OPTION_REAL, FIELD(min_words_confidence), "0.3", 0, 1, NULL, NULL,
     "Recogniser confidence below which Linnet asks again."},
    {"confidence.model", OPTION_REAL, FIELD(min_model_confidence), "0.5", 0, 1, NULL, NULL,
     "Confidence of the language model below which a request is sent on."},
    {"input", OPTION_TEXT, FIELD(input_device), "auto", 0, 0, NULL, NULL,
     "Microphone: auto, pulse[:SOURCE], alsa[:DEVICE], null, or a WAV file."},
    {"output", OPTION_TEXT, FIELD(output_device), "auto", 0, 0, NULL, NULL,
     "Speaker: auto, pulse[:SINK], alsa[:DEVICE], null, or a WAV file to write."},
    {"volume", OPTION_INTEGER, FIELD(volume), "80", 0, 100, NULL, "%",
     "Volume of the voice at start."},
    {"log", OPTION_CHOICE, FIELD(log_level), "info", 0, 0, "error|warning|info|debug", NULL,
     "What is written to the log."},
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

const struct option_row *option_table(size_t *ret_count)
{
    *ret_count = ROW_COUNT;
    return rows;
}

static void *field_of(struct config *config, const struct option_row *row)
{
    return (char *)config + row->offset;
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

static enum status set_text(struct config *config, const struct option_row *row, const char *value,
                            struct error *ret_error)
{
    if (row->type == OPTION_CHOICE && !is_choice(row->choices, value))
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: \"%s\" is not one of %s",
                         row->key, value, row->choices);
    if (strlen(value) >= CONFIG_TEXT_BYTES)
        return error_set(ret_error, STATUS_LIMIT, "%s: longer than %d bytes", row->key,
                         CONFIG_TEXT_BYTES - 1);
    memcpy(field_of(config, row), value, strlen(value) + 1);
    return STATUS_OK;
}

static enum status set_number(struct config *config, const struct option_row *row,
                              const char *value, struct error *ret_error)
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
        *(long *)field_of(config, row) = (long)number;
    else
        *(double *)field_of(config, row) = number;
    return STATUS_OK;
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

static enum status unknown_key(const char *key, struct error *ret_error)
{
    const char *nearest = rows[0].key;
    int best = 1000;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        int distance = edit_distance(key, rows[i].key);
        if (distance < best) {
            best = distance;
            nearest = rows[i].key;
        }
    }
    return error_set(ret_error, STATUS_NOT_FOUND,
                     "unknown option \"%s\"; the nearest one is \"%s\"", key, nearest);
}

enum status config_set(struct config *config, const char *key, const char *value,
                       struct error *ret_error)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].key, key) != 0)
            continue;
        bool is_number = rows[i].type == OPTION_INTEGER || rows[i].type == OPTION_REAL;
        return is_number ? set_number(config, &rows[i], value, ret_error)
                         : set_text(config, &rows[i], value, ret_error);
    }
    return unknown_key(key, ret_error);
}

void config_defaults(struct config *config)
{
    memset(config, 0, sizeof(*config));
    for (size_t i = 0; i < ROW_COUNT; i++)
        config_set(config, rows[i].key, rows[i].initial, NULL);
}

/* "100..5000 ms", "any|jarvis|computer", "text". */
static void write_domain(FILE *out, const struct option_row *row)
{
    if (row->type == OPTION_CHOICE)
        fprintf(out, "%s", row->choices);
    else if (row->type == OPTION_TEXT)
        fprintf(out, "text");
    else
        fprintf(out, "%g..%g%s%s", row->min, row->max, row->unit ? " " : "",
                row->unit ? row->unit : "");
}

/* Keys of one group ("endpoint.") stand together in the table, so a group's line is written when
 * the group changes. */
void option_write_sample(FILE *out)
{
    char group[32] = "";
    fprintf(out, "# Linnet's options with their defaults. Remove the # of a line to change it.\n");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const char *dot = strchr(rows[i].key, '.');
        size_t length = dot ? (size_t)(dot - rows[i].key) : 0;
        fprintf(out, "\n# %s (", rows[i].help);
        write_domain(out, &rows[i]);
        fprintf(out, ")\n");
        if (dot && (strncmp(group, rows[i].key, length) != 0 || group[length]))
            fprintf(out, "#%.*s:\n", (int)length, rows[i].key);
        snprintf(group, sizeof(group), "%.*s", (int)length, rows[i].key);
        fprintf(out, "#%s%s: %s\n", dot ? "  " : "", dot ? dot + 1 : rows[i].key,
                *rows[i].initial ? rows[i].initial : "\"\"");
    }
}

void option_write_help(FILE *out)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        fprintf(out, "  %-26s %s\n  %-26s (", rows[i].key, rows[i].help, "");
        write_domain(out, &rows[i]);
        fprintf(out, "; default %s)\n", *rows[i].initial ? rows[i].initial : "empty");
    }
}

void option_write_man(FILE *out)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        fprintf(out, ".TP\n.B %s\n%s\nOne of: ", rows[i].key, rows[i].help);
        write_domain(out, &rows[i]);
        fprintf(out, ". Default: %s.\n", *rows[i].initial ? rows[i].initial : "empty");
    }
}
