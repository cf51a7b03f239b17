#include "cloud_config.h"

#include <string.h>

#include "provider_create.h"

#define PROVIDER(member) offsetof(struct cloud_provider, member)

static const struct option_row provider_rows[] = {
    {"kind", OPTION_CHOICE, PROVIDER(kind), "openai-chat", 0, 0,
     "openai-realtime|openai-responses|openai-chat|gemini-live|linnet", NULL,
     "How it is spoken to; linnet is another Linnet."},
    {"url", OPTION_TEXT, PROVIDER(url), "http://127.0.0.1:11434/v1", 0, 0, NULL, NULL,
     "Where it is: https:// or http:// for openai-chat, wss:// or ws:// for the others; OpenAI's "
     "and Gemini's own addresses are known."},
    {"model", OPTION_TEXT, PROVIDER(model), "", 0, 0, NULL, NULL,
     "Name of the model there. Of another Linnet: mind, which is meant when it is empty; its ears "
     "and its voice are used by the stages transcribe and synthesize that name it."},
    {"key_env", OPTION_TEXT, PROVIDER(key_env), "", 0, 0, NULL, NULL,
     "Environment variable that holds the key."},
    {"key_file", OPTION_TEXT, PROVIDER(key_file), "", 0, 0, NULL, NULL,
     "File that holds the key; nobody else may read it (mode 0600)."},
    {"voice", OPTION_TEXT, PROVIDER(voice), "", 0, 0, NULL, NULL,
     "Voice of the provider's own speech, where it has one."},
    {"send_audio", OPTION_FLAG, PROVIDER(send_audio), "false", 0, 0, NULL, NULL,
     "Whether the sound of a request may go there; else only its words."},
    {"allow_plain", OPTION_FLAG, PROVIDER(allow_plain), "false", 0, 0, NULL, NULL,
     "Whether ws:// and http:// may go to another machine; to this one they always may."},
    {"deadline_ms", OPTION_INTEGER, PROVIDER(deadline_ms), "4000", 100, 60000, NULL, "ms",
     "How long to wait for the first word of an answer."},
    {"max_tokens", OPTION_INTEGER, PROVIDER(max_tokens), "400", 16, 4096, NULL, NULL,
     "Longest answer, in tokens."},
    {"price.in", OPTION_REAL, PROVIDER(price.in), "0", 0, 10000, NULL, NULL,
     "Price of a million tokens sent."},
    {"price.cached", OPTION_REAL, PROVIDER(price.cached), "0", 0, 10000, NULL, NULL,
     "Price of a million tokens sent that were sent before; price.in when it is not given."},
    {"price.out", OPTION_REAL, PROVIDER(price.out), "0", 0, 10000, NULL, NULL,
     "Price of a million tokens answered."},
    {"price.audio_in", OPTION_REAL, PROVIDER(price.audio_in), "0", 0, 1000, NULL, NULL,
     "Price of a minute of sound sent."},
    {"price.audio_out", OPTION_REAL, PROVIDER(price.audio_out), "0", 0, 1000, NULL, NULL,
     "Price of a minute of sound answered."},
    {"budget", OPTION_REAL, PROVIDER(budget), "-1", -1, 1000000, NULL, NULL,
     "The most it may cost a day; -1: no limit of its own."},
};

enum { PROVIDER_ROWS = sizeof(provider_rows) / sizeof(provider_rows[0]) };

/* A stage as it is written, before its names are looked up. */
struct stage_entry {
    char stage[CONFIG_TEXT_BYTES];
    char model[CONFIG_TEXT_BYTES];
    char target[CONFIG_TEXT_BYTES];
    char prefer[CONFIG_TEXT_BYTES];
    struct option_names fallback;
};

#define STAGE(member) offsetof(struct stage_entry, member)

static const struct option_row stage_rows[] = {
    {"stage", OPTION_CHOICE, STAGE(stage), "generate", 0, 0, "wake|transcribe|generate|synthesize",
     NULL, "Which part of a turn this is about."},
    {"model", OPTION_TEXT, STAGE(model), "linnet-lm", 0, 0, NULL, NULL,
     "The device's own model: a wake word, linnet-asr, linnet-lm or linnet-tts."},
    {"target", OPTION_TEXT, STAGE(target), "", 0, 0, NULL, NULL,
     "Who does it, always: device or a provider's name."},
    {"prefer", OPTION_TEXT, STAGE(prefer), "device", 0, 0, NULL, NULL,
     "Who does it when it can: device or a provider's name; transcribe and synthesize: one of kind "
     "linnet."},
    {"fallback", OPTION_NAMES, STAGE(fallback), "", 0, 0, NULL, NULL,
     "Who steps in, first to last, when that one fails, does not answer within its deadline_ms, or "
     "has failed too often; transcribe: also when it understood nothing."},
};

enum { STAGE_ROWS = sizeof(stage_rows) / sizeof(stage_rows[0]) };

const struct option_section cloud_config_stages = {
    .name = "stages",
    .shape = OPTION_SHAPE_LIST,
    .help = "Who does each stage of a turn, and who steps in when it cannot.",
    .rows = stage_rows,
    .count = STAGE_ROWS,
};

const struct option_section cloud_config_providers = {
    .name = "providers",
    .shape = OPTION_SHAPE_NAMED,
    .help = "Models elsewhere that may be asked. Nothing connects unless one is named here.",
    .example = "hub",
    .rows = provider_rows,
    .count = PROVIDER_ROWS,
};

static const char *const stage_names[] = {"wake", "transcribe", "generate", "synthesize"};

/* The device's own models of each stage. */
static const char *const stage_models[] = {"any|jarvis|computer", "linnet-asr", "linnet-lm",
                                           "linnet-tts"};

const char *cloud_stage_name(enum cloud_stage stage)
{
    return (unsigned)stage < STAGE_COUNT ? stage_names[stage] : "unknown";
}

void cloud_config_defaults(struct cloud_config *config)
{
    memset(config, 0, sizeof(*config));
    for (int i = 0; i < STAGE_COUNT; i++)
        config->order[i] = (struct cloud_order){.count = 1, .place = {CLOUD_DEVICE}};
}

int cloud_config_find(const struct cloud_config *config, const char *name)
{
    for (int i = 0; i < config->provider_count; i++) {
        if (strcmp(config->providers[i].name, name) == 0)
            return i;
    }
    return -1;
}

bool cloud_provider_lends(const struct cloud_provider *provider)
{
    return strcmp(provider->kind, "linnet") == 0;
}

/* What the parts of one reading share. */
struct reading {
    struct cloud_config *config;
    const struct yaml_tree *tree;
    bool seen[STAGE_COUNT];
    struct error *ret_error;
};

/* ---- providers ---- */

/* A service that has one place in the world needs no URL. */
static enum status check_provider(struct reading *r, const struct yaml_item *item,
                                  struct cloud_provider *provider)
{
    static const char *const needed[] = {"kind", "url"};
    enum provider_kind kind;
    const struct yaml_item *name = yaml_item_find(item, "kind");
    bool has_url = name && provider_kind_of(name->text, &kind) && provider_kind_url(kind);
    for (int i = 0; i < (has_url ? 1 : 2); i++) {
        const struct yaml_item *entry = yaml_item_find(item, needed[i]);
        if (!entry || !*entry->text)
            return yaml_item_fail(r->tree, item, r->ret_error, "%s: expected \"%s: ...\"",
                                  item->key, needed[i]);
    }
    if (!yaml_item_find(item, "url"))
        provider->url[0] = '\0';
    return STATUS_OK;
}

static enum status read_provider(struct reading *r, const struct yaml_item *item)
{
    struct cloud_config *config = r->config;
    if (config->provider_count == CLOUD_PROVIDERS_MAX)
        return yaml_item_fail(r->tree, item, r->ret_error, "more than %d providers",
                              CLOUD_PROVIDERS_MAX);
    if (strcmp(item->key, "device") == 0 || !*item->key || strlen(item->key) >= OPTION_NAME_BYTES)
        return yaml_item_fail(r->tree, item, r->ret_error,
                              "\"%s\": expected a provider's name of 1 to %d bytes, not \"device\"",
                              item->key, OPTION_NAME_BYTES - 1);
    struct cloud_provider *provider = &config->providers[config->provider_count];
    option_rows_defaults(provider_rows, PROVIDER_ROWS, provider);
    TRY(yaml_item_read(r->tree, item, provider_rows, PROVIDER_ROWS, NULL, provider, r->ret_error));
    TRY(check_provider(r, item, provider));
    if (!yaml_item_find(yaml_item_find(item, "price"), "cached"))
        provider->price.cached = provider->price.in;
    snprintf(provider->name, sizeof(provider->name), "%s", item->key);
    config->provider_count++;
    return STATUS_OK;
}

static enum status read_providers(struct reading *r, const struct yaml_item *section)
{
    if (!section)
        return STATUS_OK;
    TRY(yaml_item_expect(r->tree, section, YAML_KIND_MAP, "\"NAME: {kind: ..., url: ...}\" lines",
                         r->ret_error));
    for (const struct yaml_item *item = section->first; item; item = item->next)
        TRY(read_provider(r, item));
    return STATUS_OK;
}

/* ---- stages ---- */

/* Puts a place at the end of an order. */
static enum status append_place(struct reading *r, const struct yaml_item *item, const char *name,
                                struct cloud_order *order)
{
    int place = strcmp(name, "device") == 0 ? CLOUD_DEVICE : cloud_config_find(r->config, name);
    if (place < 0 && strcmp(name, "device") != 0) {
        struct option_nearest nearest;
        option_nearest_init(&nearest, name);
        option_nearest_offer(&nearest, "device");
        for (int i = 0; i < r->config->provider_count; i++)
            option_nearest_offer(&nearest, r->config->providers[i].name);
        return yaml_item_fail(r->tree, item, r->ret_error,
                              "\"%s\" is no provider; the nearest name is \"%s\"", name,
                              nearest.name);
    }
    for (int i = 0; i < order->count; i++) {
        if (order->place[i] == place)
            return yaml_item_fail(r->tree, item, r->ret_error, "\"%s\" stands twice in one stage",
                                  name);
    }
    order->place[order->count++] = place;
    return STATUS_OK;
}

static enum status check_model(struct reading *r, const struct yaml_item *item,
                               enum cloud_stage stage, const char *model)
{
    const struct option_row row = {
        .key = "model", .type = OPTION_CHOICE, .choices = stage_models[stage]};
    char known[CONFIG_TEXT_BYTES];
    if (option_row_set(&row, known, model, NULL) != STATUS_OK)
        return yaml_item_fail(r->tree, item, r->ret_error, "model: \"%s\" is not one of %s", model,
                              row.choices);
    if (stage == STAGE_WAKE)
        snprintf(r->config->wake_word, sizeof(r->config->wake_word), "%.63s", known);
    return STATUS_OK;
}

static enum status fill_order(struct reading *r, const struct yaml_item *item,
                              const struct stage_entry *entry, struct cloud_order *order)
{
    *order = (struct cloud_order){.fixed = *entry->target != '\0'};
    if (*entry->target && (*entry->prefer || entry->fallback.count))
        return yaml_item_fail(r->tree, item, r->ret_error,
                              "expected either \"target\", or \"prefer\" and \"fallback\"");
    const char *first = *entry->target ? entry->target : *entry->prefer ? entry->prefer : "device";
    TRY(append_place(r, item, first, order));
    for (int i = 0; i < entry->fallback.count; i++)
        TRY(append_place(r, item, entry->fallback.name[i], order));
    return STATUS_OK;
}

/* Only what answers is paid for through the ledger. */
static enum status check_free(struct reading *r, const struct yaml_item *item,
                              const struct cloud_order *order)
{
    for (int i = 0; i < order->count; i++) {
        if (order->place[i] == CLOUD_DEVICE)
            continue;
        const struct cloud_provider *provider = &r->config->providers[order->place[i]];
        if (!cloud_provider_lends(provider))
            continue;
        const struct cloud_price *price = &provider->price;
        if (price->in + price->cached + price->out + price->audio_in + price->audio_out > 0)
            return yaml_item_fail(r->tree, item, r->ret_error,
                                  "\"%s\" has a price; expected ears and voices that cost nothing",
                                  provider->name);
    }
    return STATUS_OK;
}

static enum cloud_stage stage_of(const char *name)
{
    int stage = 0;
    while (strcmp(stage_names[stage], name) != 0)
        stage++;
    return (enum cloud_stage)stage;
}

static enum status read_stage(struct reading *r, const struct yaml_item *item)
{
    struct stage_entry entry = {0};
    TRY(yaml_item_read(r->tree, item, stage_rows, STAGE_ROWS, NULL, &entry, r->ret_error));
    if (!*entry.stage)
        return yaml_item_fail(r->tree, item, r->ret_error, "expected \"stage: %s\"",
                              stage_rows[0].choices);
    enum cloud_stage stage = stage_of(entry.stage);
    if (r->seen[stage])
        return yaml_item_fail(r->tree, item, r->ret_error, "the stage \"%s\" stands twice",
                              entry.stage);
    r->seen[stage] = true;
    struct cloud_order *order = &r->config->order[stage];
    TRY(fill_order(r, item, &entry, order));
    if (stage == STAGE_TRANSCRIBE || stage == STAGE_SYNTHESIZE)
        TRY(check_free(r, item, order));
    if (stage == STAGE_WAKE && (order->count > 1 || order->place[0] != CLOUD_DEVICE))
        return yaml_item_fail(r->tree, item, r->ret_error,
                              "the wake word is heard on the device alone");
    return *entry.model ? check_model(r, item, stage, entry.model) : STATUS_OK;
}

static enum status read_stages(struct reading *r, const struct yaml_item *section)
{
    if (!section)
        return STATUS_OK;
    TRY(yaml_item_expect(r->tree, section, YAML_KIND_LIST, "a list of stages", r->ret_error));
    for (const struct yaml_item *item = section->first; item; item = item->next)
        TRY(read_stage(r, item));
    return STATUS_OK;
}

/* One that lends its ears or its voice only. */
static bool answers(const struct cloud_provider *provider)
{
    return !cloud_provider_lends(provider) ||
           (strcmp(provider->model, "ears") != 0 && strcmp(provider->model, "voice") != 0);
}

/* Who writes down providers but no order means: the device first, then they. */
static void complete_generate(struct reading *r)
{
    struct cloud_order *order = &r->config->order[STAGE_GENERATE];
    if (r->seen[STAGE_GENERATE])
        return;
    for (int i = 0; i < r->config->provider_count; i++) {
        if (answers(&r->config->providers[i]))
            order->place[order->count++] = i;
    }
}

enum status cloud_config_read(struct cloud_config *config, const struct yaml_tree *tree,
                              struct error *ret_error)
{
    struct cloud_config copy;
    struct reading reading = {.config = &copy, .tree = tree, .ret_error = ret_error};
    const struct yaml_item *root = yaml_tree_root(tree);
    cloud_config_defaults(&copy);
    TRY(read_providers(&reading, yaml_item_find(root, "providers")));
    TRY(read_stages(&reading, yaml_item_find(root, "stages")));
    complete_generate(&reading);
    *config = copy;
    return STATUS_OK;
}
