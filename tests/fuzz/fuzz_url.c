/* Any text as a URL: refused, or in parts that cannot break out of a request and make the same URL
 * again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_clean(const char *text)
{
    for (const char *p = text; *p; p++)
        require((unsigned char)*p > ' ' && (unsigned char)*p < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[4096], authority[300], again[4096];
    struct url url, second;
    struct error error = {0};
    if (size >= sizeof(text) || memchr(data, 0, size))
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    if (url_parse(text, &url, &error) != STATUS_OK) {
        require(error.status == STATUS_FORMAT && error.text[0]);
        return 0;
    }
    check_clean(url.host);
    check_clean(url.path);
    require(url.host[0] && url.path[0] == '/' && url.port >= 1 && url.port <= 65535);
    url_authority(&url, authority, sizeof(authority));
    snprintf(again, sizeof(again), "%s%s://%s%s", url.websocket ? "ws" : "http",
             url.secure ? "s" : "", authority, url.path);
    require(url_parse(again, &second, NULL) == STATUS_OK);
    require(strcmp(url.host, second.host) == 0 && strcmp(url.path, second.path) == 0);
    require(url.port == second.port && url_is_loopback(&url) == url_is_loopback(&second));
    return 0;
}
