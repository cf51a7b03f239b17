/* Every option of the assistant stands once, in one table: key, type, place in struct config,
 * default, range, unit and help. The YAML reader, `--help`, the man page and the commented sample
 * file are made from it.
 *
 * Thread: any, for all functions. */
#ifndef LINNET_PIPELINE_OPTION_H
#define LINNET_PIPELINE_OPTION_H

#include <stdio.h>

#include "option_row.h"
#include "status.h"
#include "yaml_tree.h"

/* Filled with defaults by config_defaults(); the comment of each field is its row in option.c. */
struct config {
    char name[CONFIG_TEXT_BYTES];
    char routing[CONFIG_TEXT_BYTES];
    char zone[CONFIG_TEXT_BYTES];
    char state[CONFIG_TEXT_BYTES];
    char models_dir[CONFIG_TEXT_BYTES];
    char wake_word[CONFIG_TEXT_BYTES];
    double wake_threshold;
    char wake_typed[CONFIG_TEXT_BYTES];
    char wake_own[CONFIG_TEXT_BYTES];
    bool wake_force;
    char own_words[OPTION_PHRASES_BYTES];
    long short_pause_ms;
    long long_pause_ms;
    long no_speech_ms;
    long max_turn_ms;
    double min_words_confidence;
    double min_model_confidence;
    long answer_tokens;
    double max_complexity;
    long patience_ms;
    bool hedge;
    long hedge_ms;
    long filler_ms;
    long total_wait_ms;
    bool warm;
    long tool_rounds;
    char ca_file[CONFIG_TEXT_BYTES];
    bool is_private;
    double budget_per_turn, budget_per_day;
    double device_per_month;
    long conversation_tokens;
    long forget_s;
    char telemetry_endpoint[CONFIG_TEXT_BYTES];
    char input_device[CONFIG_TEXT_BYTES];
    char output_device[CONFIG_TEXT_BYTES];
    long volume;
    char log_level[CONFIG_TEXT_BYTES];
};

/* All rows; *ret_count is their number. */
const struct option_row *option_table(size_t *ret_count);

void config_defaults(struct config *config);

/* Set one option from text. Errors name the key, the value and what was expected; for an unknown
 * key the nearest one. */
enum status config_set(struct config *config, const char *key, const char *value,
                       struct error *ret_error);

/* Read the scalar options of a YAML document over what `config` holds; nothing changes on failure.
 * Sections that other modules own (option_section.h) are passed over. Errors carry file, line and
 * column. `config_load` and `config_parse` make the tree from a file or from memory. */
enum status config_read(struct config *config, const struct yaml_tree *tree,
                        struct error *ret_error);
enum status config_load(struct config *config, const char *path, struct error *ret_error);
enum status config_parse(struct config *config, const char *text, size_t size, const char *origin,
                         struct error *ret_error);

/* The commented sample file, the option list of --help, and the OPTIONS part of the man page. */
void option_write_sample(FILE *out);
void option_write_help(FILE *out);
void option_write_man(FILE *out);

#endif
