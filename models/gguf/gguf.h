/* Bounded, validating reader of GGUF v3 files: the one container of all weights.
 *
 * A file is mapped read-only and checked whole before the first tensor is handed out: counts
 * against the bytes that remain, every offset, shape, size, alignment and name, no duplicates, no
 * gaps. What passes can be used without further checks; what does not gives an error that names the
 * file, the offset and the expectation.
 *
 *     struct gguf *file;
 *     TRY(gguf_create_from_file("lm.gguf", &file, ret_error));
 *     uint32_t layers;
 *     TRY(gguf_get_u32(file, "llama.block_count", &layers, ret_error));
 *     const struct gguf_tensor *t = gguf_find_tensor(file, "token_embd.weight");
 *     ...
 *     gguf_destroy(file);
 *
 * Pointers handed out (tensors, strings, arrays) live as long as the `struct gguf`. The file must
 * not be truncated while it is open. Little-endian hosts only, as the format itself. Format: ggml's
 * docs/gguf.md; limits after its reference loader.
 *
 * Thread: control for create and destroy; any for the others (read-only). */
#ifndef LINNET_MODELS_GGUF_H
#define LINNET_MODELS_GGUF_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "status.h"

/* Tensor types we read: number in the file, name, elements and bytes of a block. */
#define GGUF_TYPE_MAP(X)                                                                           \
    X(F32, 0, 1, 4)                                                                                \
    X(F16, 1, 1, 2)                                                                                \
    X(Q4_0, 2, 32, 18)                                                                             \
    X(Q8_0, 8, 32, 34)                                                                             \
    X(I8, 24, 1, 1)                                                                                \
    X(I16, 25, 1, 2)                                                                               \
    X(I32, 26, 1, 4)

enum gguf_type {
#define GGUF_TYPE_ENUM(name, number, elements, bytes) GGUF_TYPE_##name = (number),
    GGUF_TYPE_MAP(GGUF_TYPE_ENUM)
#undef GGUF_TYPE_ENUM
};

/* Types of metadata values. */
enum gguf_value {
    GGUF_VALUE_U8,
    GGUF_VALUE_I8,
    GGUF_VALUE_U16,
    GGUF_VALUE_I16,
    GGUF_VALUE_U32,
    GGUF_VALUE_I32,
    GGUF_VALUE_F32,
    GGUF_VALUE_BOOL,
    GGUF_VALUE_STRING,
    GGUF_VALUE_ARRAY,
    GGUF_VALUE_U64,
    GGUF_VALUE_I64,
    GGUF_VALUE_F64,
    GGUF_VALUE_COUNT
};

enum { GGUF_MAX_DIMS = 4, GGUF_MAX_NAME = 64 };

/* One tensor. ne[0] is the row length (fastest), unused dimensions are 1: a weight of y = W x has
 * ne = {inputs, outputs}. `data` is aligned to the file's alignment (32 bytes unless stated there).
 */
struct gguf_tensor {
    char name[GGUF_MAX_NAME];
    enum gguf_type type;
    uint32_t n_dims;
    uint64_t ne[GGUF_MAX_DIMS];
    const void *data;
    size_t size; /* bytes */
};

/* Bytes in the file, not NUL-terminated. */
struct gguf_string {
    const char *data;
    size_t length;
};

/* An array in the metadata; items are packed and unaligned, read them with the functions below. */
struct gguf_array {
    enum gguf_value type;
    size_t count;
    const uint8_t *data;
};

/* One metadata entry as listed by gguf_entry. `data` points at the value's bytes. */
struct gguf_entry {
    struct gguf_string key;
    enum gguf_value type;
    enum gguf_value item_type; /* arrays only */
    uint64_t count;            /* arrays only */
    const uint8_t *data;
    size_t size; /* bytes of the value; of the items for an array */
};

struct gguf;

/* Map and check a file. Errors: IO (with errno's text), FORMAT, UNSUPPORTED (version, tensor type),
 * NO_MEMORY. */
enum status gguf_create_from_file(const char *path, struct gguf **ret_gguf,
                                  struct error *ret_error);

/* The same over memory of the caller, which must outlive the object and be aligned to 32 bytes.
 * `name` stands for the path in errors and must outlive the object too. */
enum status gguf_create_from_memory(const void *data, size_t size, const char *name,
                                    struct gguf **ret_gguf, struct error *ret_error);

/* Unmap and free; NULL is fine. */
void gguf_destroy(struct gguf *gguf);

/* Path or name given at creation; for error texts. */
const char *gguf_name(const struct gguf *gguf);

size_t gguf_tensor_count(const struct gguf *gguf);
/* Tensor `index` in file order. */
const struct gguf_tensor *gguf_tensor(const struct gguf *gguf, size_t index);
/* NULL when there is none of that name. */
const struct gguf_tensor *gguf_find_tensor(const struct gguf *gguf, const char *name);
/* As gguf_find_tensor, but absence is an error, and so is another shape: ne0 x ne1, where 0 accepts
 * any size and a vector has ne1 = 1. Higher dimensions must be 1. */
enum status gguf_require_tensor(const struct gguf *gguf, const char *name, const uint64_t ne[2],
                                const struct gguf_tensor **ret_tensor, struct error *ret_error);

size_t gguf_entry_count(const struct gguf *gguf);
/* Metadata entry `index` in file order. */
const struct gguf_entry *gguf_entry(const struct gguf *gguf, size_t index);
/* NULL when there is none of that key. */
const struct gguf_entry *gguf_find_entry(const struct gguf *gguf, const char *key);

/* Typed access by key. Errors: NOT_FOUND; FORMAT when the value has another type. u32 also accepts
 * other unsigned and non-negative signed integers that fit, and bool. */
enum status gguf_get_u32(const struct gguf *gguf, const char *key, uint32_t *ret_value,
                         struct error *ret_error);
enum status gguf_get_f32(const struct gguf *gguf, const char *key, float *ret_value,
                         struct error *ret_error);
enum status gguf_get_string(const struct gguf *gguf, const char *key, struct gguf_string *ret_value,
                            struct error *ret_error);
/* `type` is the type of the items that the caller wants. */
enum status gguf_get_array(const struct gguf *gguf, const char *key, enum gguf_value type,
                           struct gguf_array *ret_array, struct error *ret_error);

/* As gguf_get_u32 and gguf_get_f32, with a value for an absent or mistyped key. */
uint32_t gguf_u32_or(const struct gguf *gguf, const char *key, uint32_t otherwise);
float gguf_f32_or(const struct gguf *gguf, const char *key, float otherwise);

/* Item `index` < count of an array of f32 or of i32/u32. */
static inline float gguf_array_f32(const struct gguf_array *array, size_t index)
{
    float value;
    memcpy(&value, array->data + 4 * index, 4);
    return value;
}
static inline int32_t gguf_array_i32(const struct gguf_array *array, size_t index)
{
    int32_t value;
    memcpy(&value, array->data + 4 * index, 4);
    return value;
}

/* Walk an array of strings: call `count` times with `*cursor` starting at 0. */
struct gguf_string gguf_array_next_string(const struct gguf_array *array, size_t *cursor);

/* "Q8_0"; "unknown" outside the list. */
const char *gguf_type_name(enum gguf_type type);
/* Elements of a block (1 for plain types; 0 outside the list) and its bytes. */
uint32_t gguf_type_elements(enum gguf_type type);
uint32_t gguf_type_bytes(enum gguf_type type);

#endif
