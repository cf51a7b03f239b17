#include "convert.h"

#include <math.h>
#include <stdlib.h>

#include "file.h"
#include "nn.h"
#include "nn_quantise.h"

struct writer {
    struct file_writer file;
    uint64_t at;
    struct error *error;
};

static enum status put(struct writer *w, const void *data, size_t size)
{
    w->at += size;
    return file_writer_write(&w->file, data, size, w->error);
}

static enum status put_u32(struct writer *w, uint32_t value)
{
    return put(w, &value, 4);
}

static enum status put_u64(struct writer *w, uint64_t value)
{
    return put(w, &value, 8);
}

static enum status pad(struct writer *w, uint64_t alignment)
{
    static const uint8_t zeros[64];
    while (w->at % alignment) {
        uint64_t some = alignment - w->at % alignment;
        TRY(put(w, zeros, some < sizeof(zeros) ? (size_t)some : sizeof(zeros)));
    }
    return STATUS_OK;
}

static bool is_float(enum gguf_type type)
{
    return type == GGUF_TYPE_F32 || type == GGUF_TYPE_F16;
}

static enum gguf_type target_type(const struct gguf_tensor *t, const struct convert_options *o)
{
    if (!is_float(t->type))
        return t->type;
    for (size_t i = 0; i < o->n_keep; i++)
        if (strcmp(o->keep[i], t->name) == 0)
            return GGUF_TYPE_F32;
    if (t->n_dims != 2 || t->ne[1] == 1 || t->ne[0] % gguf_type_elements(o->type))
        return t->type;
    return o->type;
}

static uint64_t target_size(const struct gguf_tensor *t, enum gguf_type type)
{
    uint64_t elements = t->ne[0] * t->ne[1] * t->ne[2] * t->ne[3];
    return elements / gguf_type_elements(type) * gguf_type_bytes(type);
}

/* ggml's numbers for the type that most tensors have. */
static uint32_t file_type(enum gguf_type type)
{
    switch (type) {
    case GGUF_TYPE_Q8_0:
        return 7;
    case GGUF_TYPE_Q4_0:
        return 2;
    case GGUF_TYPE_F16:
        return 1;
    default:
        return 0;
    }
}

static enum status put_entries(struct writer *w, const struct gguf *in, enum gguf_type type)
{
    for (size_t i = 0; i < gguf_entry_count(in); i++) {
        const struct gguf_entry *e = gguf_entry(in, i);
        TRY(put_u64(w, e->key.length));
        TRY(put(w, e->key.data, e->key.length));
        TRY(put_u32(w, e->type));
        if (e == gguf_find_entry(in, "general.file_type") && e->type == GGUF_VALUE_U32) {
            TRY(put_u32(w, file_type(type)));
            continue;
        }
        if (e->type == GGUF_VALUE_ARRAY) {
            TRY(put_u32(w, e->item_type));
            TRY(put_u64(w, e->count));
        }
        TRY(put(w, e->data, e->size));
    }
    return STATUS_OK;
}

static enum status put_tensor_list(struct writer *w, const struct gguf *in,
                                   const struct convert_options *o, uint64_t alignment)
{
    uint64_t offset = 0;
    for (size_t i = 0; i < gguf_tensor_count(in); i++) {
        const struct gguf_tensor *t = gguf_tensor(in, i);
        enum gguf_type type = target_type(t, o);
        TRY(put_u64(w, strlen(t->name)));
        TRY(put(w, t->name, strlen(t->name)));
        TRY(put_u32(w, t->n_dims));
        for (uint32_t d = 0; d < t->n_dims; d++)
            TRY(put_u64(w, t->ne[d]));
        TRY(put_u32(w, type));
        TRY(put_u64(w, offset));
        offset = (offset + target_size(t, type) + alignment - 1) / alignment * alignment;
    }
    return STATUS_OK;
}

static enum status read_row(const struct gguf *in, const struct gguf_tensor *t, size_t row,
                            float *values, struct error *ret_error)
{
    const uint8_t *from = (const uint8_t *)t->data + row * t->ne[0] * gguf_type_bytes(t->type);
    for (uint64_t i = 0; i < t->ne[0]; i++) {
        uint16_t half;
        if (t->type == GGUF_TYPE_F32) {
            memcpy(&values[i], from + 4 * i, 4);
        } else {
            memcpy(&half, from + 2 * i, 2);
            values[i] = nn_f16_to_f32(half);
        }
        if (!(fabsf(values[i]) <= 65504.0f))
            return error_set(ret_error, STATUS_LIMIT,
                             "%s: tensor \"%s\", row %zu: a value is not finite or beyond F16",
                             gguf_name(in), t->name, row);
    }
    return STATUS_OK;
}

static enum status put_converted(struct writer *w, const struct gguf *in,
                                 const struct gguf_tensor *t, enum gguf_type type)
{
    size_t row_bytes = t->ne[0] / gguf_type_elements(type) * gguf_type_bytes(type);
    float *values = malloc(t->ne[0] * sizeof(float));
    uint8_t *bytes = malloc(row_bytes);
    enum status status =
        values && bytes ? STATUS_OK : error_set(w->error, STATUS_NO_MEMORY, "%s", t->name);
    size_t rows = t->ne[1] * t->ne[2] * t->ne[3];
    for (size_t r = 0; r < rows && status == STATUS_OK; r++) {
        status = read_row(in, t, r, values, w->error);
        if (status != STATUS_OK)
            break;
        nn_quantise(type, values, t->ne[0], bytes);
        status = put(w, bytes, row_bytes);
    }
    free(values);
    free(bytes);
    return status;
}

static enum status put_tensors(struct writer *w, const struct gguf *in,
                               const struct convert_options *o, uint64_t alignment)
{
    TRY(pad(w, alignment));
    for (size_t i = 0; i < gguf_tensor_count(in); i++) {
        const struct gguf_tensor *t = gguf_tensor(in, i);
        enum gguf_type type = target_type(t, o);
        if (type == t->type)
            TRY(put(w, t->data, t->size));
        else
            TRY(put_converted(w, in, t, type));
        TRY(pad(w, alignment));
    }
    return STATUS_OK;
}

static enum status put_all(struct writer *w, const struct gguf *in, const struct convert_options *o)
{
    uint64_t alignment = gguf_u32_or(in, "general.alignment", 32);
    TRY(put(w, "GGUF", 4));
    TRY(put_u32(w, 3));
    TRY(put_u64(w, gguf_tensor_count(in)));
    TRY(put_u64(w, gguf_entry_count(in)));
    TRY(put_entries(w, in, o->type));
    TRY(put_tensor_list(w, in, o, alignment));
    return put_tensors(w, in, o, alignment);
}

enum status convert_file(const struct gguf *in, const struct convert_options *options,
                         const char *path, struct error *ret_error)
{
    struct writer w = {.error = ret_error};
    TRY(file_writer_open(&w.file, path, ret_error));
    enum status status = put_all(&w, in, options);
    if (status == STATUS_OK)
        status = file_writer_commit(&w.file, ret_error);
    file_writer_discard(&w.file);
    return status;
}
