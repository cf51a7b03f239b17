/* The header of a WAV file: reading it from a byte source, laying it out for a writer.
 *
 * Thread: worker | control, for all functions. */
#ifndef LINNET_AUDIO_WAV_HEADER_H
#define LINNET_AUDIO_WAV_HEADER_H

#include "byte_source.h"
#include "wav.h"

enum { WAV_HEADER_MAX = 80 };

struct wav_header {
    struct wav_info info;
    uint64_t data_bytes; /* BYTE_SOURCE_UNKNOWN: until the input ends */
};

/* Read from the start up to the first byte of samples. Errors as wav_reader_create. */
enum status wav_header_read(struct byte_source *source, struct wav_header *ret_header,
                            struct error *ret_error);

/* Lay out the header for `data_bytes` of samples (BYTE_SOURCE_UNKNOWN: a stream); returns its
 * length, the same for any `data_bytes`. LIMIT does not occur: the caller keeps data_bytes below
 * WAV_DATA_MAX. */
size_t wav_header_layout(const struct wav_format *format, uint64_t data_bytes,
                         uint8_t ret_bytes[WAV_HEADER_MAX]);

/* The most bytes of samples whose RIFF size still fits 32 bits (and is not the unknown mark). */
#define WAV_DATA_MAX (UINT64_C(0xFFFFFFFE) - WAV_HEADER_MAX)

#endif
