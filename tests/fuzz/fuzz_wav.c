/* Any bytes as a WAV file: refused with a reason, or read as samples in [-1, 1] that are the same
 * however they are portioned and no more than there are bytes. */
#include "wav.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

/* Read all in portions of `portion`; returns a hash of the samples, and how it ended. */
static uint64_t read_all(const uint8_t *data, size_t size, size_t portion, enum status *ret_status)
{
    struct wav_reader *reader = NULL;
    struct error error = {0};
    uint64_t hash = 14695981039346656037u;
    size_t total = 0, count = 0;
    float samples[64];
    enum status status = wav_reader_create_memory("fuzz", data, size, &reader, &error);
    while (status == STATUS_OK) {
        status = wav_reader_read(reader, samples, portion, &count, &error);
        for (size_t i = 0; status == STATUS_OK && i < count; i++) {
            uint32_t bits;
            demand(samples[i] >= -1.0f && samples[i] <= 1.0f);
            memcpy(&bits, &samples[i], sizeof(bits));
            hash = (hash ^ bits) * 1099511628211u;
            demand(++total <= size);
        }
    }
    demand(status == STATUS_END || error.text[0] != '\0');
    wav_reader_destroy(reader);
    *ret_status = status;
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum status at_once, one_by_one;
    uint64_t a = read_all(data, size, 64, &at_once);
    uint64_t b = read_all(data, size, 1, &one_by_one);
    demand(a == b && at_once == one_by_one);
    return 0;
}
