#include "cloud_link.h"

#include <string.h>

#include "provider_create.h"

enum { EVENTS_MAX = 256 };

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

/* One of a provider's models, with the key that was loaded. */
static enum status make_model(struct cloud_link *link, int index,
                              const struct cloud_provider *provider, const char *model,
                              struct mailbox *events, struct provider **ret_provider,
                              struct error *ret_error)
{
    struct provider_config config = {
        .index = index,
        .name = provider->name,
        .model = model,
        .voice = or_null(provider->voice),
        .clock = net_clock(link->net),
        .net = link->net,
        .events = events,
        .key = or_null(secret_text(&link->keys[index])),
        .allow_plain = provider->allow_plain,
    };
    if (!provider_kind_of(provider->kind, &config.kind))
        return error_set(ret_error, STATUS_UNSUPPORTED, "%s: kind %s is not known", provider->name,
                         provider->kind);
    config.url = *provider->url ? provider->url : provider_kind_url(config.kind);
    enum status status = provider_create(&config, ret_provider, ret_error);
    return status == STATUS_OK ? status
                               : error_prefix(ret_error, status, "providers.%s", provider->name);
}

static enum status make(struct cloud_link *link, int index, const struct cloud_provider *provider,
                        struct error *ret_error)
{
    const struct secret_source source = {.variable = or_null(provider->key_env),
                                         .file = or_null(provider->key_file)};
    bool is_mind = cloud_provider_lends(provider) && !*provider->model;
    if (secret_load(&source, &link->keys[index], &link->problems[index]) != STATUS_OK)
        return STATUS_OK;
    return make_model(link, index, provider, is_mind ? "mind" : provider->model, link->events,
                      &link->providers[index], ret_error);
}

/* The Linnets of a stage's order, each with a connection of its own for it. */
static enum status make_lenders(struct cloud_link *link, const struct cloud_config *config,
                                enum cloud_stage stage, const char *model,
                                struct cloud_lenders *lenders, struct error *ret_error)
{
    const struct cloud_order *order = &config->order[stage];
    TRY(mailbox_create(EVENTS_MAX, sizeof(struct provider_event), &lenders->events, ret_error));
    for (int i = 0; i < order->count; i++) {
        int index = order->place[i];
        if (index == CLOUD_DEVICE || !link->providers[index] ||
            !cloud_provider_lends(&config->providers[index]))
            continue;
        TRY(make_model(link, index, &config->providers[index], model, lenders->events,
                       &lenders->providers[index], ret_error));
        lenders->count++;
    }
    return STATUS_OK;
}

static enum status prepare(struct cloud_link *link, const struct cloud_config *config,
                           const struct config *options, const struct clock *clock,
                           struct error *ret_error)
{
    const struct net_config net = {.clock = clock, .ca_file = or_null(options->ca_file)};
    TRY(mailbox_create(EVENTS_MAX, sizeof(struct provider_event), &link->events, ret_error));
    TRY(net_create(&net, &link->net, ret_error));
    for (int i = 0; i < config->provider_count; i++)
        TRY(make(link, i, &config->providers[i], ret_error));
    TRY(make_lenders(link, config, STAGE_TRANSCRIBE, "ears", &link->ears, ret_error));
    TRY(make_lenders(link, config, STAGE_SYNTHESIZE, "voice", &link->voices, ret_error));
    link->open = true;
    return STATUS_OK;
}

enum status cloud_link_init(struct cloud_link *link, const struct cloud_config *config,
                            const struct config *options, const struct clock *clock,
                            struct error *ret_error)
{
    memset(link, 0, sizeof(*link));
    if (config->provider_count == 0 || strcmp(options->routing, "offline-first") == 0)
        return STATUS_OK;
    enum status status = prepare(link, config, options, clock, ret_error);
    if (status != STATUS_OK)
        cloud_link_finish(link);
    return status;
}

void cloud_link_finish(struct cloud_link *link)
{
    for (int i = 0; i < CLOUD_PROVIDERS_MAX; i++) {
        provider_destroy(link->providers[i]);
        provider_destroy(link->ears.providers[i]);
        provider_destroy(link->voices.providers[i]);
    }
    net_destroy(link->net);
    mailbox_destroy(link->events);
    mailbox_destroy(link->ears.events);
    mailbox_destroy(link->voices.events);
    for (int i = 0; i < CLOUD_PROVIDERS_MAX; i++)
        secret_finish(&link->keys[i]);
    memset(link, 0, sizeof(*link));
}
