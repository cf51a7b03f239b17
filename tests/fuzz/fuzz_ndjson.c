/* Any bytes as lines of JSON: the same lines whole and byte by byte, none over the limit. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ndjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 200 };

struct seen {
    uint64_t hash;
    size_t count;
};

static void require(int condition)
{
    if (!condition)
        abort();
}

static void see(void *context, const char *line, size_t size)
{
    struct seen *seen = context;
    require(size > 0 && size <= LIMIT && line[size] == 0 && !memchr(line, '\n', size));
    for (size_t i = 0; i < size; i++)
        seen->hash = (seen->hash ^ (unsigned char)line[i]) * 1099511628211u;
    seen->count++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ndjson_parser whole, bytes;
    struct seen a = {0}, b = {0};
    ndjson_init(&whole, LIMIT);
    ndjson_init(&bytes, LIMIT);
    ndjson_feed(&whole, data, size, see, &a);
    for (size_t i = 0; i < size; i++)
        ndjson_feed(&bytes, data + i, 1, see, &b);
    require(ndjson_end(&whole, see, &a) == ndjson_end(&bytes, see, &b));
    require(a.hash == b.hash && a.count == b.count);
    ndjson_finish(&whole);
    ndjson_finish(&bytes);
    return 0;
}
