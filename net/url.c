#include "url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct scheme {
    const char *prefix;
    bool websocket, secure;
    int port;
};

static const struct scheme schemes[] = {
    {"http://", false, false, 80},
    {"https://", false, true, 443},
    {"ws://", true, false, 80},
    {"wss://", true, true, 443},
};

/* Without its query: keys travel there, and errors are printed. */
static enum status expected(const char *text, const char *at, const char *what,
                            struct error *ret_error)
{
    return error_set(ret_error, STATUS_FORMAT, "URL \"%.*s\": byte %zu: expected %s",
                     (int)strcspn(text, "?"), text, (size_t)(at - text), what);
}

/* A blank or a line end would end the request line and begin another header. */
static enum status check_characters(const char *text, struct error *ret_error)
{
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c <= ' ' || c >= 0x7f)
            return expected(text, p, "no blank, control or non-ASCII character", ret_error);
    }
    return STATUS_OK;
}

static const struct scheme *find_scheme(const char *text)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (strncasecmp(text, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
            return &schemes[i];
    return NULL;
}

static enum status copy_host(const char *text, const char *at, size_t size, struct url *url,
                             struct error *ret_error)
{
    if (size == 0 || size >= URL_HOST_BYTES)
        return expected(text, at, "a host of 1 to 255 characters", ret_error);
    for (size_t i = 0; i < size; i++)
        url->host[i] = (char)tolower((unsigned char)at[i]);
    url->host[size] = 0;
    return STATUS_OK;
}

static enum status parse_bracketed(const char *text, const char **at, struct url *url,
                                   struct error *ret_error)
{
    const char *first = *at + 1, *end = strchr(first, ']');
    struct in6_addr address;
    if (!end)
        return expected(text, *at, "a ] after the IPv6 address", ret_error);
    TRY(copy_host(text, first, (size_t)(end - first), url, ret_error));
    if (inet_pton(AF_INET6, url->host, &address) != 1)
        return expected(text, first, "an IPv6 address between brackets", ret_error);
    url->bracketed = true;
    *at = end + 1;
    return STATUS_OK;
}

static enum status parse_name(const char *text, const char **at, struct url *url,
                              struct error *ret_error)
{
    size_t size = strcspn(*at, ":/?#");
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)(*at)[i]) && !strchr("-._", (*at)[i]))
            return expected(text, *at + i, "a host name or an address", ret_error);
    TRY(copy_host(text, *at, size, url, ret_error));
    *at += size;
    return STATUS_OK;
}

static enum status parse_port(const char *text, const char **at, struct url *url,
                              struct error *ret_error)
{
    const char *p = *at + 1;
    int port = 0;
    if (**at != ':')
        return STATUS_OK;
    while (isdigit((unsigned char)*p) && port <= 65535)
        port = port * 10 + (*p++ - '0');
    if (port < 1 || port > 65535)
        return expected(text, *at + 1, "a port from 1 to 65535", ret_error);
    url->default_port = port == url->port;
    url->port = port;
    *at = p;
    return STATUS_OK;
}

static enum status parse_path(const char *text, const char *at, struct url *url,
                              struct error *ret_error)
{
    size_t size = strcspn(at, "#");
    if (*at && !strchr("/?#", *at))
        return expected(text, at, "a path, a query or the end", ret_error);
    const char *slash = *at == '/' ? "" : "/";
    if (strlen(slash) + size >= URL_PATH_BYTES)
        return expected(text, at, "a path of at most 2047 characters", ret_error);
    snprintf(url->path, sizeof(url->path), "%s%.*s", slash, (int)size, at);
    return STATUS_OK;
}

enum status url_parse(const char *text, struct url *ret_url, struct error *ret_error)
{
    const struct scheme *scheme = find_scheme(text);
    struct url url = {0};
    if (!scheme)
        return expected(text, text, "http://, https://, ws:// or wss://", ret_error);
    url.websocket = scheme->websocket;
    url.secure = scheme->secure;
    url.port = scheme->port;
    url.default_port = true;
    const char *at = text + strlen(scheme->prefix);
    TRY(check_characters(text, ret_error));
    TRY((*at == '[' ? parse_bracketed : parse_name)(text, &at, &url, ret_error));
    TRY(parse_port(text, &at, &url, ret_error));
    TRY(parse_path(text, at, &url, ret_error));
    *ret_url = url;
    return STATUS_OK;
}

void url_authority(const struct url *url, char *ret_text, size_t size)
{
    const char *open = url->bracketed ? "[" : "", *close = url->bracketed ? "]" : "";
    if (url->default_port)
        snprintf(ret_text, size, "%s%s%s", open, url->host, close);
    else
        snprintf(ret_text, size, "%s%s%s:%d", open, url->host, close, url->port);
}

bool url_is_loopback(const struct url *url)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (url->bracketed)
        return inet_pton(AF_INET6, url->host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
    if (inet_pton(AF_INET, url->host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return strcmp(url->host, "localhost") == 0;
}
