/* Any bytes as server-sent events: the same events whole and byte by byte, none over the limit. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 200 };

struct seen {
    uint64_t hash;
    size_t count;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void see(void *context, const char *event, const char *data, size_t size)
{
    struct seen *seen = context;
    require(size <= LIMIT && data[size] == 0 && strlen(event) < SSE_NAME_BYTES && event[0]);
    for (size_t i = 0; i < size; i++)
        seen->hash = (seen->hash ^ (unsigned char)data[i]) * 1099511628211u;
    for (const char *p = event; *p; p++)
        seen->hash = (seen->hash ^ (unsigned char)*p) * 1099511628211u;
    seen->count++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sse_parser whole, bytes;
    struct seen a = {0}, b = {0};
    enum status last = STATUS_OK;
    sse_init(&whole, LIMIT);
    sse_init(&bytes, LIMIT);
    enum status status = sse_feed(&whole, data, size, see, &a);
    for (size_t i = 0; i < size; i++)
        last = sse_feed(&bytes, data + i, 1, see, &b);
    require(status == last && a.hash == b.hash && a.count == b.count);
    sse_finish(&whole);
    sse_finish(&bytes);
    return 0;
}
