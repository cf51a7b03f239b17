/* What holds for every message decoder, whatever the bytes: it ends, it says the same thing twice,
 * and what it hands over is well formed. Included by the fuzz target of each wire format.
 *
 * Thread: one. */
#ifndef LINNET_TESTS_FUZZ_WIRE_H
#define LINNET_TESTS_FUZZ_WIRE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

struct fuzz_wire_seen {
    uint64_t digest;
    size_t events;
};

typedef enum status fuzz_wire_decode_fn(const void *data, size_t size, wire_sink_fn *sink,
                                        void *context, struct error *ret_error);

static inline void fuzz_wire_require(bool condition)
{
    if (!condition)
        abort();
}

static inline void fuzz_wire_digest(struct fuzz_wire_seen *seen, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        seen->digest = (seen->digest ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
}

static inline void fuzz_wire_check(void *context, const struct wire_event *event)
{
    struct fuzz_wire_seen *seen = context;
    fuzz_wire_require(event->kind <= WIRE_RESUME);
    fuzz_wire_require(event->response && event->item && event->id && event->name && event->data);
    fuzz_wire_require(event->data[event->length] == '\0');
    fuzz_wire_require(event->kind == WIRE_AUDIO || strlen(event->data) == event->length);
    fuzz_wire_require(event->failure <= PROVIDER_OVERLOADED);
    fuzz_wire_require(event->index >= 0 && event->index < WIRE_TOOLS_MAX && event->ms >= 0);
    fuzz_wire_digest(seen, event->data, event->length);
    fuzz_wire_digest(seen, event->id, strlen(event->id));
    fuzz_wire_digest(seen, event->name, strlen(event->name));
    fuzz_wire_digest(seen, event->response, strlen(event->response));
    fuzz_wire_digest(seen, event->item, strlen(event->item));
    seen->events++;
}

static inline int fuzz_wire_try(fuzz_wire_decode_fn *decode, const uint8_t *data, size_t size)
{
    struct fuzz_wire_seen first = {0}, second = {0};
    struct error error = {0};
    enum status status = decode(data, size, fuzz_wire_check, &first, &error);
    fuzz_wire_require(decode(data, size, fuzz_wire_check, &second, NULL) == status);
    fuzz_wire_require(first.digest == second.digest && first.events == second.events);
    if (status != STATUS_OK)
        fuzz_wire_require(error.status == status && error.text[0] != '\0');
    return 0;
}

#endif
