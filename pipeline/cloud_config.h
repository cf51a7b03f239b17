/* What the configuration says of the world outside: which providers there are, and for each stage
 * of a turn who does it and who steps in. Without providers, nothing outside is ever asked.
 *
 * Thread: any, for all functions. */
#ifndef LINNET_PIPELINE_CLOUD_CONFIG_H
#define LINNET_PIPELINE_CLOUD_CONFIG_H

#include <stdbool.h>

#include "option_section.h"
#include "status.h"
#include "yaml_tree.h"

enum { CLOUD_PROVIDERS_MAX = 8, CLOUD_DEVICE = -1 };

enum cloud_stage { STAGE_WAKE, STAGE_TRANSCRIBE, STAGE_GENERATE, STAGE_SYNTHESIZE, STAGE_COUNT };

/* Money, in the user's currency: per million tokens, and per minute of sound. */
struct cloud_price {
    double in, cached, out;
    double audio_in, audio_out;
};

/* Texts are as written; what they mean is the affair of who makes the provider. */
struct cloud_provider {
    char name[OPTION_NAME_BYTES];
    char kind[CONFIG_TEXT_BYTES];
    char url[CONFIG_TEXT_BYTES];
    char model[CONFIG_TEXT_BYTES];
    char key_env[CONFIG_TEXT_BYTES];
    char key_file[CONFIG_TEXT_BYTES];
    char voice[CONFIG_TEXT_BYTES];
    bool send_audio;  /* recordings of the user may go there */
    bool allow_plain; /* without TLS to another machine */
    long deadline_ms; /* first token must be there */
    long max_tokens;  /* of one answer */
    struct cloud_price price;
    double budget; /* the most it may cost a day; negative: no limit of its own */
};

/* Who does a stage, first to last: CLOUD_DEVICE or an index into providers. */
struct cloud_order {
    int count;
    int place[1 + OPTION_NAMES_MAX];
    bool fixed; /* "target": nobody steps in and no policy moves it */
};

struct cloud_config {
    int provider_count;
    struct cloud_provider providers[CLOUD_PROVIDERS_MAX];
    struct cloud_order order[STAGE_COUNT];
    char wake_word[OPTION_NAME_BYTES]; /* of the stage wake; "" when it names none */
};

/* Everything on the device, no provider. */
void cloud_config_defaults(struct cloud_config *config);

/* Read the sections `stages` and `providers`; nothing changes on failure. Errors name file, line
 * and column, what was expected, and the nearest name for one that is unknown. When the stage
 * "generate" is not mentioned, all providers stand behind the device, in the order in which they
 * are written. */
enum status cloud_config_read(struct cloud_config *config, const struct yaml_tree *tree,
                              struct error *ret_error);

/* May another Linnet (`kind: linnet`) be asked for this stage there? Ears and voices are lent by
 * those alone. */
bool cloud_provider_lends(const struct cloud_provider *provider);

/* Index of a provider by name; -1 when there is none. */
int cloud_config_find(const struct cloud_config *config, const char *name);

const char *cloud_stage_name(enum cloud_stage stage);

extern const struct option_section cloud_config_stages, cloud_config_providers;

#endif
