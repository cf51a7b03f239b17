#include "cloud_link.h"

#include <string.h>

#include "provider_create.h"

enum { EVENTS_MAX = 256 };

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static enum status make(struct cloud_link *link, int index, const struct cloud_provider *provider,
                        const struct clock *clock, struct error *ret_error)
{
    const struct secret_source source = {.variable = or_null(provider->key_env),
                                         .file = or_null(provider->key_file)};
    struct provider_config config = {
        .index = index,
        .name = provider->name,
        .model = provider->model,
        .voice = or_null(provider->voice),
        .clock = clock,
        .net = link->net,
        .events = link->events,
    };
    if (!provider_kind_of(provider->kind, &config.kind))
        return error_set(ret_error, STATUS_UNSUPPORTED, "%s: kind %s is not known", provider->name,
                         provider->kind);
    config.url = *provider->url ? provider->url : provider_kind_url(config.kind);
    config.allow_plain = provider->allow_plain;
    if (secret_load(&source, &link->keys[index], &link->problems[index]) != STATUS_OK)
        return STATUS_OK;
    config.key = or_null(secret_text(&link->keys[index]));
    enum status status = provider_create(&config, &link->providers[index], ret_error);
    return status == STATUS_OK ? status
                               : error_prefix(ret_error, status, "providers.%s", provider->name);
}

static enum status prepare(struct cloud_link *link, const struct cloud_config *config,
                           const struct config *options, const struct clock *clock,
                           struct error *ret_error)
{
    const struct net_config net = {.clock = clock, .ca_file = or_null(options->ca_file)};
    TRY(mailbox_create(EVENTS_MAX, sizeof(struct provider_event), &link->events, ret_error));
    TRY(net_create(&net, &link->net, ret_error));
    for (int i = 0; i < config->provider_count; i++)
        TRY(make(link, i, &config->providers[i], clock, ret_error));
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
    for (int i = 0; i < CLOUD_PROVIDERS_MAX; i++)
        provider_destroy(link->providers[i]);
    net_destroy(link->net);
    mailbox_destroy(link->events);
    for (int i = 0; i < CLOUD_PROVIDERS_MAX; i++)
        secret_finish(&link->keys[i]);
    memset(link, 0, sizeof(*link));
}
