#include "dial.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

/* A line break in a value would begin another header: a key read from a file often ends in one. */
static enum status check_header(const char *header, struct error *ret_error)
{
    size_t name = strcspn(header, ": \t");
    bool good = name > 0 && header[name] == ':';
    for (const char *p = header; *p && good; p++)
        good = *p == '\t' || (unsigned char)*p >= ' ';
    if (good)
        return STATUS_OK;
    return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                     "header \"%.*s\": expected \"Name: value\" in one line", (int)name, header);
}

static enum status copy_headers(struct dial *dial, const char *const *headers,
                                struct error *ret_error)
{
    strbuf_init(&dial->headers, DIAL_HEADERS_MAX);
    for (; headers && *headers; headers++) {
        TRY(check_header(*headers, ret_error));
        strbuf_format(&dial->headers, "%s\r\n", *headers);
    }
    enum status status = strbuf_status(&dial->headers);
    if (status == STATUS_OK)
        return STATUS_OK;
    return error_set(ret_error, status == STATUS_LIMIT ? STATUS_INVALID_ARGUMENT : status,
                     "headers of more than %d bytes", DIAL_HEADERS_MAX);
}

static enum status check_url(const struct dial *dial, const struct dial_config *config,
                             struct error *ret_error)
{
    const struct url *url = &dial->url;
    int shown = (int)strcspn(config->url, "?");
    if (url->websocket != config->websocket)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%.*s: expected %s", shown,
                         config->url,
                         config->websocket ? "ws:// or wss://" : "http:// or https://");
    if (!url->secure && !config->allow_plain && !url_is_loopback(url))
        return error_set(
            ret_error, STATUS_INVALID_ARGUMENT,
            "%.*s: would leave this machine unencrypted: expected %s or leave to do so", shown,
            config->url, config->websocket ? "wss://" : "https://");
    /* libwebsockets takes a host for certificates up to its first colon. */
    if (url->secure && url->bracketed)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "%.*s: TLS to an IPv6 address: expected a host name", shown, config->url);
    return STATUS_OK;
}

static void on_deadline(void *context)
{
    struct dial *dial = context;
    dial_hang_up(dial);
    dial->failed(dial->peer, NET_FAILURE_TIMEOUT, 0, "no answer from the server in time");
}

/* The least text that tells a user what went wrong. */
static void give_up(struct dial *dial, enum net_failure why, int code, const char *text)
{
    dial_hang_up(dial);
    dial->failed(dial->peer, why, code, text);
}

static void connect_next(struct dial *dial);

static bool try_another(struct dial *dial)
{
    if (dial->asked || dial->next >= dial->result.count)
        return false;
    connect_next(dial);
    return true;
}

/* The first of several addresses does not answer: its share of the time is used up. */
static void on_attempt(void *context)
{
    struct dial *dial = context;
    if (dial->asked || dial->next >= dial->result.count)
        return;
    net_forget(dial->wsi);
    dial->wsi = NULL;
    connect_next(dial);
}

enum status dial_init(struct dial *dial, struct net *net, const struct dial_config *config,
                      struct error *ret_error)
{
    *dial = (struct dial){.net = net, .method = config->method, .timeout_ms = config->timeout_ms};
    TRY(url_parse(config->url, &dial->url, ret_error));
    TRY(check_url(dial, config, ret_error));
    TRY(copy_headers(dial, config->headers, ret_error));
    TRY(net_timer_create(net, on_deadline, dial, &dial->deadline, ret_error));
    return net_timer_create(net, on_attempt, dial, &dial->attempt, ret_error);
}

void dial_hang_up(struct dial *dial)
{
    dial_arrived(dial);
    lookup_drop(dial->lookup);
    dial->lookup = NULL;
    net_forget(dial->wsi);
    dial->wsi = NULL;
}

void dial_release(struct dial *dial)
{
    if (dial->wsi)
        lws_set_opaque_user_data(dial->wsi, NULL);
    dial->wsi = NULL;
}

void dial_finish(struct dial *dial)
{
    strbuf_finish(&dial->headers);
    net_timer_destroy(dial->deadline);
    net_timer_destroy(dial->attempt);
    dial->deadline = dial->attempt = NULL;
}

void dial_arrived(struct dial *dial)
{
    net_timer_set(dial->deadline, -1);
    net_timer_set(dial->attempt, -1);
}

/* libwebsockets would look the address up and wait for it; numbers it only converts. */
static void connect_next(struct dial *dial)
{
    char authority[URL_HOST_BYTES + 16];
    const char *address = dial->result.addresses[dial->next++];
    int left = dial->result.count - dial->next;
    url_authority(&dial->url, authority, sizeof(authority));
    struct lws_client_connect_info info = {
        .context = net_context(dial->net),
        .vhost = net_client_vhost(dial->net),
        .address = address,
        .port = dial->url.port,
        .path = dial->url.path,
        .host = authority,
        .ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT | (dial->url.secure ? LCCSCF_USE_SSL : 0),
        .alpn = "http/1.1",
        .method = dial->method,
        .local_protocol_name = "linnet",
        .opaque_user_data = dial->peer,
    };
    net_timer_set(dial->attempt, left ? dial->timeout_ms / (left + 1) : -1);
    dial->wsi = lws_client_connect_via_info(&info);
    if (!dial->wsi && !try_another(dial))
        give_up(dial, NET_FAILURE_CONNECT, 0, "cannot connect");
}

static void on_lookup(void *context, const struct lookup_result *result)
{
    struct dial *dial = context;
    dial->result = *result;
    lookup_drop(dial->lookup);
    dial->lookup = NULL;
    if (dial->result.count)
        connect_next(dial);
    else
        give_up(dial, NET_FAILURE_RESOLVE, 0, dial->result.cause);
}

static bool is_number(const struct url *url)
{
    struct in_addr v4;
    return url->bracketed || inet_pton(AF_INET, url->host, &v4) == 1;
}

void dial_begin(struct dial *dial, struct net_peer *peer, dial_failed_fn *failed)
{
    struct error error;
    dial->peer = peer;
    dial->failed = failed;
    net_timer_set(dial->deadline, dial->timeout_ms);
    if (is_number(&dial->url)) {
        snprintf(dial->result.addresses[0], LOOKUP_ADDRESS_BYTES, "%.47s", dial->url.host);
        dial->result.count = 1;
        connect_next(dial);
    } else if (lookup_start(dial->net, dial->url.host, on_lookup, dial, &dial->lookup, &error) !=
               STATUS_OK) {
        give_up(dial, NET_FAILURE_NO_MEMORY, 0, error.text);
    }
}

int dial_append_headers(struct dial *dial, void *in, size_t size)
{
    unsigned char **at = in;
    if (dial->headers.length > size)
        return -1;
    memcpy(*at, strbuf_text(&dial->headers), dial->headers.length);
    *at += dial->headers.length;
    dial->asked = true;
    return 0;
}

/* TLS was begun and has not come to its end. */
static bool tls_failed(const struct dial *dial, struct lws *wsi, char *ret_text, size_t size)
{
    SSL *ssl = dial->url.secure ? lws_get_ssl(wsi) : NULL;
    if (!ssl || dial->asked)
        return false;
    long result = SSL_get_verify_result(ssl);
    snprintf(ret_text, size, "%s",
             result == X509_V_OK ? "the server broke the TLS handshake off"
                                 : X509_verify_cert_error_string(result));
    return true;
}

static void classify(const struct dial *dial, struct lws *wsi, enum net_failure *ret_why,
                     char *ret_text, size_t size)
{
    if (dial->http_status && dial->http_status != 101) {
        *ret_why = NET_FAILURE_HANDSHAKE;
        snprintf(ret_text, size, "the server answered with status %d", dial->http_status);
    } else if (tls_failed(dial, wsi, ret_text, size)) {
        *ret_why = NET_FAILURE_TLS;
    } else if (!dial->asked) {
        *ret_why = NET_FAILURE_CONNECT;
        snprintf(ret_text, size, "cannot connect to %s port %d", dial->url.host, dial->url.port);
    } else if (strstr(ret_text, "HS:") || strstr(ret_text, "parsing")) {
        *ret_why = NET_FAILURE_PROTOCOL;
    } else {
        *ret_why = NET_FAILURE_CLOSED;
        snprintf(ret_text, size, "the server closed before it answered");
    }
}

void dial_lost(struct dial *dial, struct lws *wsi, const char *text, size_t size)
{
    char words[DIAL_TEXT_BYTES];
    enum net_failure why;
    snprintf(words, sizeof(words), "%.*s", text ? (int)size : 0, text ? text : "");
    classify(dial, wsi, &why, words, sizeof(words));
    dial_release(dial);
    if (!try_another(dial))
        give_up(dial, why, why == NET_FAILURE_HANDSHAKE ? dial->http_status : 0, words);
}
