/* Builds GGUF files in memory, valid ones and lying ones. */
#ifndef LINNET_TESTS_GGUF_BUILDER_H
#define LINNET_TESTS_GGUF_BUILDER_H

#include "harness.h"

enum { BUILDER_CAPACITY = 1 << 20 };

struct builder {
    uint8_t *data; /* aligned, BUILDER_CAPACITY bytes */
    size_t size;
};

void builder_init(struct builder *b, uint64_t n_tensors, uint64_t n_entries);
void builder_finish(struct builder *b);

void builder_bytes(struct builder *b, const void *data, size_t size);
void builder_u32(struct builder *b, uint32_t value);
void builder_u64(struct builder *b, uint64_t value);
void builder_f32(struct builder *b, float value);
void builder_string(struct builder *b, const char *text);
/* Zeros up to a multiple of `alignment`. */
void builder_pad(struct builder *b, size_t alignment);

/* Key and type of a metadata entry; the value follows. */
void builder_key(struct builder *b, const char *key, uint32_t type);
void builder_entry_string(struct builder *b, const char *key, const char *value);
void builder_entry_u32(struct builder *b, const char *key, uint32_t value);
/* Directory record of a matrix of ne0 x ne1 (a vector when ne1 is 0). */
void builder_tensor(struct builder *b, const char *name, const uint64_t ne[2], uint32_t type,
                    uint64_t offset);

#endif
