#include "gguf_builder.h"

#include <stdlib.h>
#include <string.h>

void builder_init(struct builder *b, uint64_t n_tensors, uint64_t n_entries)
{
    b->data = aligned_alloc(64, BUILDER_CAPACITY);
    CHECK(b->data);
    b->size = 0;
    builder_bytes(b, "GGUF", 4);
    builder_u32(b, 3);
    builder_u64(b, n_tensors);
    builder_u64(b, n_entries);
}

void builder_finish(struct builder *b)
{
    free(b->data);
}

void builder_bytes(struct builder *b, const void *data, size_t size)
{
    CHECK(size <= BUILDER_CAPACITY - b->size);
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

void builder_u32(struct builder *b, uint32_t value)
{
    builder_bytes(b, &value, 4);
}

void builder_u64(struct builder *b, uint64_t value)
{
    builder_bytes(b, &value, 8);
}

void builder_f32(struct builder *b, float value)
{
    builder_bytes(b, &value, 4);
}

void builder_string(struct builder *b, const char *text)
{
    builder_u64(b, strlen(text));
    builder_bytes(b, text, strlen(text));
}

void builder_pad(struct builder *b, size_t alignment)
{
    while (b->size % alignment)
        builder_bytes(b, "", 1);
}

void builder_key(struct builder *b, const char *key, uint32_t type)
{
    builder_string(b, key);
    builder_u32(b, type);
}

void builder_entry_string(struct builder *b, const char *key, const char *value)
{
    builder_key(b, key, 8);
    builder_string(b, value);
}

void builder_entry_u32(struct builder *b, const char *key, uint32_t value)
{
    builder_key(b, key, 4);
    builder_u32(b, value);
}

void builder_tensor(struct builder *b, const char *name, const uint64_t ne[2], uint32_t type,
                    uint64_t offset)
{
    builder_string(b, name);
    builder_u32(b, ne[1] ? 2 : 1);
    builder_u64(b, ne[0]);
    if (ne[1])
        builder_u64(b, ne[1]);
    builder_u32(b, type);
    builder_u64(b, offset);
}
