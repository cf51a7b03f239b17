#include "option.h"

#include <string.h>

#include "option_section.h"

#define FIELD(member) offsetof(struct config, member)

static const struct option_row rows[] = {
    {"name", OPTION_TEXT, FIELD(name), "assistant", 0, 0, NULL, NULL,
     "Name of this assistant, shown in reports."},
    {"routing", OPTION_CHOICE, FIELD(routing), "prefer-device", 0, 0,
     "prefer-device|latency-aware|complexity|offline-first", NULL,
     "Who answers: prefer-device sends out what the device is unsure of; latency-aware too, but to "
     "the fastest provider, and to none that is too slow; complexity sends out whatever looks "
     "hard; offline-first keeps everything here."},
    {"zone", OPTION_TEXT, FIELD(zone), "", 0, 0, NULL, NULL,
     "Time zone, such as Europe/London; empty takes the machine's own."},
    {"state", OPTION_TEXT, FIELD(state), "", 0, 0, NULL, NULL,
     "File for timers and alarms; empty means $XDG_STATE_HOME/linnet/state.db."},
    {"models", OPTION_TEXT, FIELD(models_dir), "", 0, 0, NULL, NULL,
     "Folder of the model files; empty means the ones Linnet came with."},
    {"wake.word", OPTION_CHOICE, FIELD(wake_word), "any", 0, 0, "any|jarvis|computer|none", NULL,
     "Built-in wake word to listen for; none leaves only what is typed."},
    {"wake.threshold", OPTION_REAL, FIELD(wake_threshold), "0", 0, 1, NULL, NULL,
     "Score a wake word must reach; 0 takes the model's own threshold."},
    {"wake.typed", OPTION_TEXT, FIELD(wake_typed), "", 0, 0, NULL, NULL,
     "A wake word of your own as text, such as hey linnet; linnet wake --typed says how it will "
     "do."},
    {"wake.own", OPTION_TEXT, FIELD(wake_own), "", 0, 0, NULL, NULL,
     "A wake word that was enrolled from recordings: linnet wake --enroll NAME CLIPS."},
    {"wake.force", OPTION_FLAG, FIELD(wake_force), "false", 0, 0, NULL, NULL,
     "Take the typed wake word even when it is too short or too common."},
    {"ears.words", OPTION_PHRASES, FIELD(own_words), "", 0, 0, NULL, NULL,
     "Words of your own to listen for, such as names of people, rooms and playlists: "
     "[Jellyfin, Siobhan = shi vawn]."},
    {"endpoint.short_pause_ms", OPTION_INTEGER, FIELD(short_pause_ms), "200", 100, 5000, NULL, "ms",
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
    {"answer.tokens", OPTION_INTEGER, FIELD(answer_tokens), "64", 4, 64, NULL, NULL,
     "Longest answer of the device's own language model; one that is cut there is gone on with by "
     "a provider, if one may be asked."},
    {"cloud.complexity", OPTION_REAL, FIELD(max_complexity), "0.5", 0, 1, NULL, NULL,
     "Routing by complexity: requests harder than this are sent out."},
    {"cloud.patience_ms", OPTION_INTEGER, FIELD(patience_ms), "2500", 100, 60000, NULL, "ms",
     "Latency-aware routing: a provider whose first word usually comes later is passed over."},
    {"cloud.hedge", OPTION_FLAG, FIELD(hedge), "true", 0, 0, NULL, NULL,
     "Ask a second one when the first is late and the budget allows both; the first answer wins."},
    {"cloud.hedge_ms", OPTION_INTEGER, FIELD(hedge_ms), "1000", 100, 60000, NULL, "ms",
     "How late, until the provider's usual time is known."},
    {"cloud.filler_ms", OPTION_INTEGER, FIELD(filler_ms), "1500", 200, 60000, NULL, "ms",
     "Wait after which Linnet says that it is looking something up."},
    {"cloud.total_wait_ms", OPTION_INTEGER, FIELD(total_wait_ms), "10000", 500, 120000, NULL, "ms",
     "Longest wait for a first word from all providers together."},
    {"cloud.warm", OPTION_FLAG, FIELD(warm), "true", 0, 0, NULL, NULL,
     "Open the connection to the provider that comes first when the wake word is heard; nothing is "
     "said over it until it is asked. Never in private mode, when routing is offline-first, or "
     "when "
     "a privacy rule binds that provider."},
    {"cloud.tool_rounds", OPTION_INTEGER, FIELD(tool_rounds), "3", 0, 10, NULL, NULL,
     "How many times in one turn a model elsewhere may use the device's skills."},
    {"cloud.ca_file", OPTION_TEXT, FIELD(ca_file), "", 0, 0, NULL, NULL,
     "Certificate authorities (PEM) to trust beside the system's, for servers of your own."},
    {"private", OPTION_FLAG, FIELD(is_private), "false", 0, 0, NULL, NULL,
     "Begin in private mode: nothing leaves until \"stop being private\" is said."},
    {"budget.per_turn", OPTION_REAL, FIELD(budget_per_turn), "-1", -1, 1000000, NULL, NULL,
     "The most that one turn may cost, in the currency of the prices; -1: no limit."},
    {"budget.per_day", OPTION_REAL, FIELD(budget_per_day), "-1", -1, 1000000, NULL, NULL,
     "The most that all providers together may cost a day; -1: no limit."},
    {"budget.device_per_month", OPTION_REAL, FIELD(device_per_month), "0", 0, 1000000, NULL, NULL,
     "What this device costs a month (power, its price), for the break-even of linnet ledger."},
    {"conversation.tokens", OPTION_INTEGER, FIELD(conversation_tokens), "1500", 100, 100000, NULL,
     NULL, "How much of the conversation a model elsewhere is told, in tokens."},
    {"conversation.forget_s", OPTION_INTEGER, FIELD(forget_s), "300", 0, 86400, NULL, "s",
     "Pause after which a new conversation begins; 0: never."},
    {"telemetry.endpoint", OPTION_TEXT, FIELD(telemetry_endpoint), "", 0, 0, NULL, NULL,
     "Where counters go (https://...), if linnet telemetry --enable was said too; empty: nowhere."},
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

enum status config_set(struct config *config, const char *key, const char *value,
                       struct error *ret_error)
{
    const struct option_row *row = option_rows_find(rows, ROW_COUNT, key);
    if (row)
        return option_row_set(row, config, value, ret_error);
    struct option_nearest nearest;
    option_nearest_init(&nearest, key);
    option_nearest_offer_rows(&nearest, rows, ROW_COUNT);
    return error_set(ret_error, STATUS_NOT_FOUND,
                     "unknown option \"%s\"; the nearest one is \"%s\"", key, nearest.name);
}

void config_defaults(struct config *config)
{
    memset(config, 0, sizeof(*config));
    option_rows_defaults(rows, ROW_COUNT, config);
}

enum status config_read(struct config *config, const struct yaml_tree *tree,
                        struct error *ret_error)
{
    const char *sections[OPTION_SECTIONS_MAX + 1];
    struct config copy = *config;
    if (!yaml_tree_root(tree))
        return STATUS_OK;
    option_section_names(sections);
    TRY(yaml_item_read(tree, yaml_tree_root(tree), rows, ROW_COUNT, sections, &copy, ret_error));
    *config = copy;
    return STATUS_OK;
}

/* Reads and drops a tree; `status` is how making it went. */
static enum status read_tree(struct config *config, enum status status, struct yaml_tree *tree,
                             struct error *ret_error)
{
    TRY(status);
    status = config_read(config, tree, ret_error);
    yaml_tree_destroy(tree);
    return status;
}

enum status config_parse(struct config *config, const char *text, size_t size, const char *origin,
                         struct error *ret_error)
{
    struct yaml_tree *tree = NULL;
    enum status status = yaml_tree_parse(text, size, origin, &tree, ret_error);
    return read_tree(config, status, tree, ret_error);
}

enum status config_load(struct config *config, const char *path, struct error *ret_error)
{
    struct yaml_tree *tree = NULL;
    enum status status = yaml_tree_load(path, &tree, ret_error);
    return read_tree(config, status, tree, ret_error);
}

void option_write_sample(FILE *out)
{
    fprintf(out, "# Linnet's options with their defaults. Remove the # of a line to change it.\n");
    option_rows_write_sample(out, rows, ROW_COUNT, "");
    option_sections_write_sample(out);
}

void option_write_help(FILE *out)
{
    option_rows_write_help(out, rows, ROW_COUNT, "");
    option_sections_write_help(out);
}

void option_write_man(FILE *out)
{
    option_rows_write_man(out, rows, ROW_COUNT, "");
    option_sections_write_man(out);
}
