/* Rewriting a GGUF file with its matrices in another type.
 *
 * Matrices (two dimensions, F32 or F16, rows a multiple of the block) are quantised; vectors and
 * everything else keep their type and bytes; tensors named in `keep` become F32. Metadata is copied
 * byte for byte, but for general.file_type. Thread: any for all functions. */
#ifndef LINNET_TOOLS_CONVERT_H
#define LINNET_TOOLS_CONVERT_H

#include "gguf.h"

struct convert_options {
    enum gguf_type type; /* Q8_0, Q4_0, F16 or F32 */
    const char *const *keep;
    size_t n_keep;
};

/* Writes PATH.part and renames it at the end, so that a failure leaves nothing behind. Errors: IO
 * with errno's text, NO_MEMORY, LIMIT (a value beyond F16's range). */
enum status convert_file(const struct gguf *in, const struct convert_options *options,
                         const char *path, struct error *ret_error);

#endif
