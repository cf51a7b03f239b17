/* Any bytes as a message, and as the body of a refusal: see fuzz_wire.h. */
#include "fuzz_wire.h"
#include "wire_chat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_wire_seen seen = {0};
    wire_chat_refusal(500, data, size, fuzz_wire_check, &seen);
    fuzz_wire_require(seen.events == 1);
    return fuzz_wire_try(wire_chat_decode, data, size);
}
