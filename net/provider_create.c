#include "provider_create.h"

#include "provider_kinds.h"
#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum status create_fn(const struct provider_config *config, struct provider **ret_provider,
                              struct error *ret_error);

struct kind_row {
    const char *url;
    const char *tail; /* what follows /v1 in its url */
    create_fn *create;
    bool websocket;
};

static const struct kind_row *kind_row(enum provider_kind kind)
{
    static const struct kind_row rows[PROVIDER_KIND_COUNT] = {
        [PROVIDER_KIND_REALTIME] = {"wss://api.openai.com/v1/realtime", "/realtime",
                                    provider_realtime_create, true},
        [PROVIDER_KIND_RESPONSES] = {"wss://api.openai.com/v1/responses", "/responses",
                                     provider_responses_create, true},
        [PROVIDER_KIND_CHAT] = {NULL, "/chat/completions", provider_chat_create, false},
        [PROVIDER_KIND_GEMINI] = {"wss://generativelanguage.googleapis.com/ws/"
                                  "google.ai.generativelanguage.v1beta.GenerativeService."
                                  "BidiGenerateContent",
                                  "", provider_gemini_create, true},
        [PROVIDER_KIND_LINNET] = {NULL, "", provider_linnet_create, true},
    };
    return (unsigned)kind < PROVIDER_KIND_COUNT ? &rows[kind] : NULL;
}

bool provider_kind_of(const char *name, enum provider_kind *ret_kind)
{
    for (int kind = 0; kind < PROVIDER_KIND_COUNT; kind++)
        if (strcmp(provider_kind_name((enum provider_kind)kind), name) == 0) {
            *ret_kind = (enum provider_kind)kind;
            return true;
        }
    return false;
}

const char *provider_kind_name(enum provider_kind kind)
{
    static const char *const names[] = {
#define PROVIDER_KIND_NAME(name, text) text,
        PROVIDER_KIND_MAP(PROVIDER_KIND_NAME)
#undef PROVIDER_KIND_NAME
    };
    return (unsigned)kind < PROVIDER_KIND_COUNT ? names[kind] : "unknown";
}

const char *provider_kind_url(enum provider_kind kind)
{
    return kind_row(kind) ? kind_row(kind)->url : NULL;
}

static enum status check(const struct provider_config *config, const struct kind_row *row,
                         struct error *ret_error)
{
    struct url url;
    if (!row || !row->create)
        return error_set(ret_error, STATUS_UNSUPPORTED, "provider: kind %s is not built in",
                         provider_kind_name(config->kind));
    if (!config->url)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: expected a url",
                         provider_kind_name(config->kind));
    if (!config->model || !*config->model)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: expected a model",
                         provider_kind_name(config->kind));
    if (url_parse(config->url, &url, ret_error) != STATUS_OK)
        return STATUS_INVALID_ARGUMENT;
    if (url.websocket != row->websocket)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: expected a url with %s",
                         provider_kind_name(config->kind), row->websocket ? "wss://" : "https://");
    return STATUS_OK;
}

/* People name the address under which all services of a server are: http://host/v1. */
static enum status complete_url(const char *url, const char *tail, char **ret_url,
                                struct error *ret_error)
{
    size_t path = strcspn(url, "?"), end = path;
    while (end > 0 && url[end - 1] == '/')
        end--;
    bool base = end >= 3 && strncmp(url + end - 3, "/v1", 3) == 0;
    int length =
        asprintf(ret_url, "%.*s%s%s", (int)(base ? end : path), url, base ? tail : "", url + path);
    return length < 0 ? error_set(ret_error, STATUS_NO_MEMORY, "out of memory") : STATUS_OK;
}

enum status provider_create(const struct provider_config *config, struct provider **ret_provider,
                            struct error *ret_error)
{
    const struct kind_row *row = kind_row(config->kind);
    struct provider_config whole = *config;
    char *url;
    TRY(check(config, row, ret_error));
    TRY(complete_url(config->url, row->tail, &url, ret_error));
    whole.url = url;
    enum status status = row->create(&whole, ret_provider, ret_error);
    free(url);
    return status;
}
