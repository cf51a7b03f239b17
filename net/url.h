/* URLs of servers, taken apart: scheme://host[:port][/path][?query]. Pure.
 *
 * Hosts are names, IPv4 addresses or IPv6 addresses in brackets. User names, passwords and blanks
 * are refused, and so is everything that could smuggle a line into a request. A #fragment is
 * dropped: it is never sent.
 *
 * Thread: any. */
#ifndef LINNET_NET_URL_H
#define LINNET_NET_URL_H

#include "status.h"

#include <stdbool.h>

enum { URL_HOST_BYTES = 256, URL_PATH_BYTES = 2048 };

struct url {
    bool websocket;            /* ws or wss; else http or https */
    bool secure;               /* wss or https */
    bool bracketed;            /* the host is an IPv6 address; .host is without its brackets */
    int port;                  /* 1..65535; of the scheme when the text names none */
    bool default_port;         /* it is the scheme's */
    char host[URL_HOST_BYTES]; /* lower case */
    char path[URL_PATH_BYTES]; /* with its query, begins with '/' */
};

/* FORMAT: not such a URL; the error says where and what was expected. */
enum status url_parse(const char *text, struct url *ret_url, struct error *ret_error);

/* Host and, unless it is the scheme's, port, as in a Host: header. */
void url_authority(const struct url *url, char *ret_text, size_t size);

/* localhost, 127.0.0.0/8 or ::1: what is sent there does not leave the machine. */
bool url_is_loopback(const struct url *url);

#endif
