/* Any bytes as a message: see fuzz_wire.h. */
#include "fuzz_wire.h"
#include "wire_gemini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_wire_try(wire_gemini_decode, data, size);
}
