#include "gguf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "GGUF data is used in place");

enum {
    GGUF_VERSION = 3,
    DEFAULT_ALIGNMENT = 32,
    MAX_ALIGNMENT = 65536,
    MAX_KEY = 65535,
    MIN_ENTRY_BYTES = 8 + 1 + 4 + 1,         /* key length, key, type, smallest value */
    MIN_TENSOR_BYTES = 8 + 1 + 4 + 8 + 4 + 8 /* name length, name, dims, ne[0], type, offset */
};
#define MAX_ITEMS (UINT64_C(1) << 30)

struct gguf {
    char *path; /* owned, NULL when `name` is the caller's */
    const char *name;
    const uint8_t *data;
    size_t size;
    bool mapped;
    uint64_t alignment;
    size_t n_entries, n_tensors;
    struct gguf_entry *entries;
    struct gguf_tensor *tensors;
    const struct gguf_entry **entries_by_key;
    const struct gguf_tensor **tensors_by_name;
};

/* Reading position in a file, with what an error needs to say. */
struct cursor {
    const struct gguf *file;
    size_t at;
    struct error *error;
};

static const char *const value_names[GGUF_VALUE_COUNT] = {
    "u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64", "f64"};
static const uint8_t value_sizes[GGUF_VALUE_COUNT] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

/* ---- types ---- */

const char *gguf_type_name(enum gguf_type type)
{
    switch (type) {
#define CASE(name, number, elements, bytes)                                                        \
    case GGUF_TYPE_##name:                                                                         \
        return #name;
        GGUF_TYPE_MAP(CASE)
#undef CASE
    }
    return "unknown";
}

uint32_t gguf_type_elements(enum gguf_type type)
{
    switch (type) {
#define CASE(name, number, elements, bytes)                                                        \
    case GGUF_TYPE_##name:                                                                         \
        return (elements);
        GGUF_TYPE_MAP(CASE)
#undef CASE
    }
    return 0;
}

uint32_t gguf_type_bytes(enum gguf_type type)
{
    switch (type) {
#define CASE(name, number, elements, bytes)                                                        \
    case GGUF_TYPE_##name:                                                                         \
        return (bytes);
        GGUF_TYPE_MAP(CASE)
#undef CASE
    }
    return 0;
}

/* Names of types that exist elsewhere, so that the refusal can say what the file holds. */
static const char *foreign_type_name(uint32_t type)
{
    static const struct {
        uint32_t type;
        const char *name;
    } foreign[] = {{3, "Q4_1"},   {6, "Q5_0"},   {7, "Q5_1"},  {9, "Q8_1"},   {10, "Q2_K"},
                   {11, "Q3_K"},  {12, "Q4_K"},  {13, "Q5_K"}, {14, "Q6_K"},  {15, "Q8_K"},
                   {27, "I64"},   {28, "F64"},   {30, "BF16"}, {34, "TQ1_0"}, {35, "TQ2_0"},
                   {39, "MXFP4"}, {40, "NVFP4"}, {41, "Q1_0"}, {42, "Q2_0"}};
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        if (foreign[i].type == type)
            return foreign[i].name;
    return "of an unknown kind";
}

/* ---- bounded reading ---- */

static size_t left(const struct cursor *c)
{
    return c->file->size - c->at;
}

static enum status take(struct cursor *c, uint64_t bytes, const char *what, const uint8_t **ret)
{
    if (bytes > left(c))
        return error_set(c->error, STATUS_FORMAT,
                         "%s: offset %zu: expected %" PRIu64 " bytes of %s, %zu are left",
                         c->file->name, c->at, bytes, what, left(c));
    *ret = c->file->data + c->at;
    c->at += (size_t)bytes;
    return STATUS_OK;
}

static enum status take_u32(struct cursor *c, const char *what, uint32_t *ret)
{
    const uint8_t *p;
    TRY(take(c, 4, what, &p));
    memcpy(ret, p, 4);
    return STATUS_OK;
}

static enum status take_u64(struct cursor *c, const char *what, uint64_t *ret)
{
    const uint8_t *p;
    TRY(take(c, 8, what, &p));
    memcpy(ret, p, 8);
    return STATUS_OK;
}

static enum status take_string(struct cursor *c, const char *what, struct gguf_string *ret)
{
    uint64_t length;
    const uint8_t *p;
    TRY(take_u64(c, what, &length));
    TRY(take(c, length, what, &p));
    *ret = (struct gguf_string){(const char *)p, (size_t)length};
    return STATUS_OK;
}

/* A name is 1 to max bytes without NUL. */
static enum status take_name(struct cursor *c, const char *what, size_t max,
                             struct gguf_string *ret)
{
    size_t start = c->at;
    TRY(take_string(c, what, ret));
    if (ret->length < 1 || ret->length > max || memchr(ret->data, 0, ret->length))
        return error_set(
            c->error, STATUS_FORMAT,
            "%s: offset %zu: expected a %s of 1 to %zu bytes without NUL, got %zu bytes",
            c->file->name, start, what, max, ret->length);
    return STATUS_OK;
}

/* ---- header and metadata ---- */

static enum status parse_header(struct cursor *c, uint64_t *ret_tensors, uint64_t *ret_entries)
{
    const uint8_t *magic;
    uint32_t version;
    TRY(take(c, 4, "magic \"GGUF\"", &magic));
    if (memcmp(magic, "GGUF", 4) != 0)
        return error_set(c->error, STATUS_FORMAT, "%s: offset 0: expected the magic \"GGUF\"",
                         c->file->name);
    TRY(take_u32(c, "version", &version));
    if (version != GGUF_VERSION)
        return error_set(c->error, STATUS_UNSUPPORTED,
                         "%s: offset 4: expected GGUF version %d, got %" PRIu32 "%s", c->file->name,
                         GGUF_VERSION, version, version & 0xffff ? "" : " (a big-endian file)");
    TRY(take_u64(c, "tensor count", ret_tensors));
    TRY(take_u64(c, "metadata count", ret_entries));
    return STATUS_OK;
}

/* A count may not promise more records than bytes that are left could hold. */
static enum status check_count(const struct cursor *c, uint64_t count, size_t record,
                               const char *what)
{
    if (count <= left(c) / record)
        return STATUS_OK;
    return error_set(c->error, STATUS_FORMAT,
                     "%s: offset %zu: %" PRIu64 " %s do not fit into the %zu bytes left",
                     c->file->name, c->at, count, what, left(c));
}

static enum status check_value_type(const struct cursor *c, uint32_t type, const char *what)
{
    if (type < GGUF_VALUE_COUNT)
        return STATUS_OK;
    return error_set(c->error, STATUS_FORMAT,
                     "%s: offset %zu: expected a %s type below %d, got %" PRIu32, c->file->name,
                     c->at - 4, what, GGUF_VALUE_COUNT, type);
}

static enum status skip_strings(struct cursor *c, uint64_t count)
{
    struct gguf_string ignored;
    for (uint64_t i = 0; i < count; i++)
        TRY(take_string(c, "string in an array", &ignored));
    return STATUS_OK;
}

static enum status parse_array(struct cursor *c, struct gguf_entry *entry)
{
    uint32_t type;
    TRY(take_u32(c, "array type", &type));
    TRY(check_value_type(c, type, "array item"));
    if (type == GGUF_VALUE_ARRAY)
        return error_set(c->error, STATUS_UNSUPPORTED,
                         "%s: offset %zu: arrays of arrays are refused", c->file->name, c->at - 4);
    TRY(take_u64(c, "array count", &entry->count));
    entry->item_type = (enum gguf_value)type;
    size_t item = type == GGUF_VALUE_STRING ? 8 : value_sizes[type];
    if (entry->count > MAX_ITEMS)
        return error_set(c->error, STATUS_FORMAT,
                         "%s: offset %zu: array of %" PRIu64 " items, at most 2^30", c->file->name,
                         c->at - 8, entry->count);
    TRY(check_count(c, entry->count, item, "array items"));
    entry->data = c->file->data + c->at;
    if (type == GGUF_VALUE_STRING)
        return skip_strings(c, entry->count);
    const uint8_t *ignored;
    return take(c, entry->count * item, "array items", &ignored);
}

static enum status parse_value(struct cursor *c, struct gguf_entry *entry)
{
    const uint8_t *p;
    size_t start = c->at;
    entry->data = c->file->data + start;
    if (entry->type == GGUF_VALUE_ARRAY) {
        TRY(parse_array(c, entry));
    } else if (entry->type == GGUF_VALUE_STRING) {
        struct gguf_string ignored;
        TRY(take_string(c, "string value", &ignored));
    } else {
        TRY(take(c, value_sizes[entry->type], "value", &p));
        if (entry->type == GGUF_VALUE_BOOL && *p > 1)
            return error_set(c->error, STATUS_FORMAT,
                             "%s: offset %zu: expected a bool of 0 or 1, got %d", c->file->name,
                             start, *p);
    }
    entry->size = (size_t)(c->file->data + c->at - entry->data);
    return STATUS_OK;
}

static int compare_strings(const struct gguf_string *a, const struct gguf_string *b)
{
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->data, b->data, shorter);
    if (order != 0)
        return order;
    return (a->length > b->length) - (a->length < b->length);
}

static int compare_entries(const void *a, const void *b)
{
    const struct gguf_entry *const *x = a, *const *y = b;
    return compare_strings(&(*x)->key, &(*y)->key);
}

static enum status index_entries(struct cursor *c, struct gguf *g)
{
    for (size_t i = 0; i < g->n_entries; i++)
        g->entries_by_key[i] = &g->entries[i];
    qsort(g->entries_by_key, g->n_entries, sizeof(g->entries_by_key[0]), compare_entries);
    for (size_t i = 1; i < g->n_entries; i++) {
        const struct gguf_entry *e = g->entries_by_key[i];
        if (compare_strings(&e->key, &g->entries_by_key[i - 1]->key) == 0)
            return error_set(
                c->error, STATUS_FORMAT, "%s: offset %zu: the key \"%.*s\" appears twice", g->name,
                (size_t)((const uint8_t *)e->key.data - g->data), (int)e->key.length, e->key.data);
    }
    return STATUS_OK;
}

static enum status parse_entries(struct cursor *c, struct gguf *g, uint64_t count)
{
    TRY(check_count(c, count, MIN_ENTRY_BYTES, "metadata entries"));
    g->entries = mem_calloc((size_t)count + 1, sizeof(g->entries[0]));
    g->entries_by_key = mem_calloc((size_t)count + 1, sizeof(g->entries_by_key[0]));
    if (!g->entries || !g->entries_by_key)
        return error_set(c->error, STATUS_NO_MEMORY, "%s: %" PRIu64 " metadata entries", g->name,
                         count);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t type;
        TRY(take_name(c, "key", MAX_KEY, &g->entries[i].key));
        TRY(take_u32(c, "value type", &type));
        TRY(check_value_type(c, type, "value"));
        g->entries[i].type = (enum gguf_value)type;
        TRY(parse_value(c, &g->entries[i]));
    }
    g->n_entries = (size_t)count;
    return index_entries(c, g);
}

static enum status parse_alignment(struct cursor *c, struct gguf *g)
{
    g->alignment = DEFAULT_ALIGNMENT;
    const struct gguf_entry *e = gguf_find_entry(g, "general.alignment");
    if (!e)
        return STATUS_OK;
    uint32_t value = 0;
    if (e->type == GGUF_VALUE_U32)
        memcpy(&value, e->data, 4);
    if (value < 8 || value > MAX_ALIGNMENT || (value & (value - 1)))
        return error_set(
            c->error, STATUS_FORMAT,
            "%s: offset %zu: expected general.alignment as a u32 power of two, 8 to %d", g->name,
            (size_t)(e->data - g->data), MAX_ALIGNMENT);
    g->alignment = value;
    return STATUS_OK;
}

/* ---- tensors ---- */

static enum status parse_shape(struct cursor *c, struct gguf_tensor *t, uint64_t *ret_elements)
{
    TRY(take_u32(c, "dimension count", &t->n_dims));
    if (t->n_dims < 1 || t->n_dims > GGUF_MAX_DIMS)
        return error_set(c->error, STATUS_FORMAT,
                         "%s: offset %zu: tensor \"%s\": expected 1 to %d dimensions, got %" PRIu32,
                         c->file->name, c->at - 4, t->name, GGUF_MAX_DIMS, t->n_dims);
    uint64_t elements = 1;
    for (uint32_t d = 0; d < GGUF_MAX_DIMS; d++) {
        t->ne[d] = 1;
        if (d >= t->n_dims)
            continue;
        TRY(take_u64(c, "dimension", &t->ne[d]));
        if (t->ne[d] < 1 || t->ne[d] > INT64_MAX / elements)
            return error_set(c->error, STATUS_FORMAT,
                             "%s: offset %zu: tensor \"%s\": dimension %" PRIu32 " of %" PRIu64
                             " is zero or overflows",
                             c->file->name, c->at - 8, t->name, d, t->ne[d]);
        elements *= t->ne[d];
    }
    *ret_elements = elements;
    return STATUS_OK;
}

static enum status parse_type(struct cursor *c, struct gguf_tensor *t, uint64_t elements)
{
    uint32_t type;
    TRY(take_u32(c, "tensor type", &type));
    uint32_t block = gguf_type_elements((enum gguf_type)type);
    if (block == 0)
        return error_set(c->error, STATUS_UNSUPPORTED,
                         "%s: offset %zu: tensor \"%s\" is %s (type %" PRIu32
                         "), expected F32, F16, Q8_0, Q4_0, I8, I16 or I32",
                         c->file->name, c->at - 4, t->name, foreign_type_name(type), type);
    t->type = (enum gguf_type)type;
    if (t->ne[0] % block)
        return error_set(c->error, STATUS_FORMAT,
                         "%s: offset %zu: tensor \"%s\": rows of %" PRIu64
                         " elements, expected a multiple of %" PRIu32 " for %s",
                         c->file->name, c->at - 4, t->name, t->ne[0], block,
                         gguf_type_name(t->type));
    uint64_t blocks = elements / block;
    if (blocks > c->file->size / gguf_type_bytes(t->type))
        return error_set(c->error, STATUS_FORMAT,
                         "%s: offset %zu: tensor \"%s\" of %" PRIu64
                         " elements is larger than the file (%zu bytes)",
                         c->file->name, c->at - 4, t->name, elements, c->file->size);
    t->size = (size_t)blocks * gguf_type_bytes(t->type);
    return STATUS_OK;
}

/* Tensors lie one after the other, each padded to the alignment: `*next` is where this one has to
 * be. The pointer holds the offset within the data until the start of the data is known. */
static enum status parse_offset(struct cursor *c, struct gguf_tensor *t, uint64_t *next)
{
    uint64_t offset;
    TRY(take_u64(c, "tensor offset", &offset));
    if (offset != *next)
        return error_set(c->error, STATUS_FORMAT,
                         "%s: offset %zu: tensor \"%s\" lies at %" PRIu64
                         " of the data, expected %" PRIu64 " (aligned, without gaps)",
                         c->file->name, c->at - 8, t->name, offset, *next);
    uint64_t alignment = c->file->alignment;
    *next = (offset + t->size + alignment - 1) & ~(alignment - 1);
    if (*next > 2 * (uint64_t)c->file->size + MAX_ALIGNMENT)
        return error_set(c->error, STATUS_FORMAT,
                         "%s: offset %zu: tensor \"%s\" ends beyond the file", c->file->name,
                         c->at - 8, t->name);
    return STATUS_OK;
}

static enum status parse_tensor(struct cursor *c, struct gguf_tensor *t, uint64_t *next)
{
    struct gguf_string name;
    uint64_t elements;
    TRY(take_name(c, "tensor name", GGUF_MAX_NAME - 1, &name));
    memcpy(t->name, name.data, name.length);
    TRY(parse_shape(c, t, &elements));
    TRY(parse_type(c, t, elements));
    return parse_offset(c, t, next);
}

static int compare_tensors(const void *a, const void *b)
{
    const struct gguf_tensor *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static enum status index_tensors(struct cursor *c, struct gguf *g)
{
    for (size_t i = 0; i < g->n_tensors; i++)
        g->tensors_by_name[i] = &g->tensors[i];
    qsort(g->tensors_by_name, g->n_tensors, sizeof(g->tensors_by_name[0]), compare_tensors);
    for (size_t i = 1; i < g->n_tensors; i++)
        if (strcmp(g->tensors_by_name[i]->name, g->tensors_by_name[i - 1]->name) == 0)
            return error_set(c->error, STATUS_FORMAT,
                             "%s: before offset %zu: the tensor \"%s\" appears twice", g->name,
                             c->at, g->tensors_by_name[i]->name);
    return STATUS_OK;
}

/* Turn offsets within the data into pointers, now that its start is known. */
static enum status place_tensors(struct cursor *c, struct gguf *g)
{
    uint64_t start = (c->at + g->alignment - 1) & ~(g->alignment - 1);
    uint64_t offset = 0;
    for (size_t i = 0; i < g->n_tensors; i++) {
        struct gguf_tensor *t = &g->tensors[i];
        uint64_t from = start + offset;
        if (from > g->size || t->size > g->size - from)
            return error_set(c->error, STATUS_FORMAT,
                             "%s: offset %" PRIu64
                             ": expected %zu bytes of tensor \"%s\", the file has %zu bytes",
                             g->name, from, t->size, t->name, g->size);
        t->data = g->data + from;
        offset = (offset + t->size + g->alignment - 1) & ~(g->alignment - 1);
    }
    return STATUS_OK;
}

static enum status parse_tensors(struct cursor *c, struct gguf *g, uint64_t count)
{
    TRY(check_count(c, count, MIN_TENSOR_BYTES, "tensors"));
    g->tensors = mem_calloc((size_t)count + 1, sizeof(g->tensors[0]));
    g->tensors_by_name = mem_calloc((size_t)count + 1, sizeof(g->tensors_by_name[0]));
    if (!g->tensors || !g->tensors_by_name)
        return error_set(c->error, STATUS_NO_MEMORY, "%s: %" PRIu64 " tensors", g->name, count);
    uint64_t next = 0;
    for (uint64_t i = 0; i < count; i++)
        TRY(parse_tensor(c, &g->tensors[i], &next));
    g->n_tensors = (size_t)count;
    TRY(index_tensors(c, g));
    return place_tensors(c, g);
}

static enum status parse(struct gguf *g, struct error *ret_error)
{
    struct cursor c = {g, 0, ret_error};
    uint64_t n_tensors, n_entries;
    TRY(parse_header(&c, &n_tensors, &n_entries));
    TRY(parse_entries(&c, g, n_entries));
    TRY(parse_alignment(&c, g));
    return parse_tensors(&c, g, n_tensors);
}

/* ---- lifetime ---- */

void gguf_destroy(struct gguf *gguf)
{
    if (!gguf)
        return;
    if (gguf->mapped)
        munmap((void *)(uintptr_t)gguf->data, gguf->size);
    free(gguf->entries_by_key);
    free(gguf->tensors_by_name);
    free(gguf->entries);
    free(gguf->tensors);
    free(gguf->path);
    free(gguf);
}

static enum status finish_create(struct gguf *g, struct gguf **ret_gguf, struct error *ret_error)
{
    enum status status = parse(g, ret_error);
    if (status != STATUS_OK) {
        gguf_destroy(g);
        return status;
    }
    *ret_gguf = g;
    return STATUS_OK;
}

enum status gguf_create_from_memory(const void *data, size_t size, const char *name,
                                    struct gguf **ret_gguf, struct error *ret_error)
{
    if ((uintptr_t)data % DEFAULT_ALIGNMENT)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "%s: expected memory aligned to %d bytes", name, DEFAULT_ALIGNMENT);
    struct gguf *g = mem_calloc(1, sizeof(*g));
    if (!g)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s", name);
    g->name = name;
    g->data = data;
    g->size = size;
    return finish_create(g, ret_gguf, ret_error);
}

static enum status map_file(struct gguf *g, int fd, struct error *ret_error)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return error_set(ret_error, STATUS_IO, "%s: %s", g->name, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return error_set(ret_error, STATUS_IO, "%s: expected a regular file", g->name);
    if (st.st_size == 0)
        return error_set(ret_error, STATUS_FORMAT,
                         "%s: offset 0: expected the magic \"GGUF\", the file is empty", g->name);
    void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        return error_set(ret_error, STATUS_IO, "%s: cannot map: %s", g->name, strerror(errno));
    g->data = data;
    g->size = (size_t)st.st_size;
    g->mapped = true;
    return STATUS_OK;
}

enum status gguf_create_from_file(const char *path, struct gguf **ret_gguf, struct error *ret_error)
{
    struct gguf *g = mem_calloc(1, sizeof(*g));
    if (!g || !(g->path = strdup(path))) {
        gguf_destroy(g);
        return error_set(ret_error, STATUS_NO_MEMORY, "%s", path);
    }
    g->name = g->path;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum status status = fd < 0 ? error_set(ret_error, STATUS_IO, "%s: %s", path, strerror(errno))
                                : map_file(g, fd, ret_error);
    if (fd >= 0)
        close(fd);
    if (status != STATUS_OK) {
        gguf_destroy(g);
        return status;
    }
    return finish_create(g, ret_gguf, ret_error);
}

/* ---- access ---- */

const char *gguf_name(const struct gguf *gguf)
{
    return gguf->name;
}

size_t gguf_tensor_count(const struct gguf *gguf)
{
    return gguf->n_tensors;
}

const struct gguf_tensor *gguf_tensor(const struct gguf *gguf, size_t index)
{
    return &gguf->tensors[index];
}

const struct gguf_tensor *gguf_find_tensor(const struct gguf *gguf, const char *name)
{
    size_t low = 0, high = gguf->n_tensors;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, gguf->tensors_by_name[middle]->name);
        if (order == 0)
            return gguf->tensors_by_name[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static bool shape_fits(const struct gguf_tensor *t, const uint64_t ne[2])
{
    for (int d = 0; d < 2; d++)
        if (ne[d] && t->ne[d] != ne[d])
            return false;
    return t->ne[2] == 1 && t->ne[3] == 1;
}

enum status gguf_require_tensor(const struct gguf *gguf, const char *name, const uint64_t ne[2],
                                const struct gguf_tensor **ret_tensor, struct error *ret_error)
{
    const struct gguf_tensor *t = gguf_find_tensor(gguf, name);
    if (!t)
        return error_set(ret_error, STATUS_NOT_FOUND, "%s: expected a tensor \"%s\"", gguf->name,
                         name);
    if (!shape_fits(t, ne))
        return error_set(ret_error, STATUS_FORMAT,
                         "%s: tensor \"%s\" is %" PRIu64 " x %" PRIu64 " x %" PRIu64 " x %" PRIu64
                         ", expected %" PRIu64 " x %" PRIu64 " (0: any)",
                         gguf->name, name, t->ne[0], t->ne[1], t->ne[2], t->ne[3], ne[0], ne[1]);
    *ret_tensor = t;
    return STATUS_OK;
}

size_t gguf_entry_count(const struct gguf *gguf)
{
    return gguf->n_entries;
}

const struct gguf_entry *gguf_entry(const struct gguf *gguf, size_t index)
{
    return &gguf->entries[index];
}

const struct gguf_entry *gguf_find_entry(const struct gguf *gguf, const char *key)
{
    struct gguf_string wanted = {key, strlen(key)};
    size_t low = 0, high = gguf->n_entries;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_strings(&wanted, &gguf->entries_by_key[middle]->key);
        if (order == 0)
            return gguf->entries_by_key[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static enum status require_entry(const struct gguf *g, const char *key,
                                 const struct gguf_entry **ret, struct error *ret_error)
{
    *ret = gguf_find_entry(g, key);
    if (*ret)
        return STATUS_OK;
    return error_set(ret_error, STATUS_NOT_FOUND, "%s: expected the metadata key \"%s\"", g->name,
                     key);
}

static enum status mistyped(const struct gguf *g, const struct gguf_entry *e, const char *wanted,
                            struct error *ret_error)
{
    return error_set(ret_error, STATUS_FORMAT, "%s: offset %zu: \"%.*s\" is a %s, expected %s",
                     g->name, (size_t)(e->data - g->data), (int)e->key.length, e->key.data,
                     value_names[e->type], wanted);
}

/* Value of an integer entry; -1 for other types and for what does not fit. */
static int64_t integer_value(const struct gguf_entry *e)
{
    union {
        uint8_t u8;
        int8_t i8;
        uint16_t u16;
        int16_t i16;
        uint32_t u32;
        int32_t i32;
        uint64_t u64;
        int64_t i64;
    } v = {.u64 = 0};
    if (e->type == GGUF_VALUE_STRING || e->type == GGUF_VALUE_ARRAY)
        return -1;
    memcpy(&v, e->data, value_sizes[e->type]);
    switch (e->type) {
    case GGUF_VALUE_I8:
        return v.i8;
    case GGUF_VALUE_I16:
        return v.i16;
    case GGUF_VALUE_I32:
        return v.i32;
    case GGUF_VALUE_I64:
        return v.i64;
    case GGUF_VALUE_F32:
    case GGUF_VALUE_F64:
        return -1;
    default:
        return v.u64 <= INT64_MAX ? (int64_t)v.u64 : -1;
    }
}

enum status gguf_get_u32(const struct gguf *gguf, const char *key, uint32_t *ret_value,
                         struct error *ret_error)
{
    const struct gguf_entry *e;
    TRY(require_entry(gguf, key, &e, ret_error));
    int64_t value = integer_value(e);
    if (value < 0 || value > UINT32_MAX)
        return mistyped(gguf, e, "an integer of 0 to 2^32-1", ret_error);
    *ret_value = (uint32_t)value;
    return STATUS_OK;
}

enum status gguf_get_f32(const struct gguf *gguf, const char *key, float *ret_value,
                         struct error *ret_error)
{
    const struct gguf_entry *e;
    TRY(require_entry(gguf, key, &e, ret_error));
    if (e->type != GGUF_VALUE_F32)
        return mistyped(gguf, e, "a f32", ret_error);
    memcpy(ret_value, e->data, 4);
    return STATUS_OK;
}

enum status gguf_get_string(const struct gguf *gguf, const char *key, struct gguf_string *ret_value,
                            struct error *ret_error)
{
    const struct gguf_entry *e;
    TRY(require_entry(gguf, key, &e, ret_error));
    if (e->type != GGUF_VALUE_STRING)
        return mistyped(gguf, e, "a string", ret_error);
    *ret_value = (struct gguf_string){(const char *)e->data + 8, e->size - 8};
    return STATUS_OK;
}

enum status gguf_get_array(const struct gguf *gguf, const char *key, enum gguf_value type,
                           struct gguf_array *ret_array, struct error *ret_error)
{
    const struct gguf_entry *e;
    TRY(require_entry(gguf, key, &e, ret_error));
    if (e->type != GGUF_VALUE_ARRAY)
        return mistyped(gguf, e, "an array", ret_error);
    if (e->item_type != type)
        return error_set(ret_error, STATUS_FORMAT,
                         "%s: offset %zu: \"%s\" is an array of %s, expected %s", gguf->name,
                         (size_t)(e->data - gguf->data), key, value_names[e->item_type],
                         value_names[type]);
    *ret_array = (struct gguf_array){type, (size_t)e->count, e->data};
    return STATUS_OK;
}

uint32_t gguf_u32_or(const struct gguf *gguf, const char *key, uint32_t otherwise)
{
    uint32_t value;
    return gguf_get_u32(gguf, key, &value, NULL) == STATUS_OK ? value : otherwise;
}

float gguf_f32_or(const struct gguf *gguf, const char *key, float otherwise)
{
    float value;
    return gguf_get_f32(gguf, key, &value, NULL) == STATUS_OK ? value : otherwise;
}

struct gguf_string gguf_array_next_string(const struct gguf_array *array, size_t *cursor)
{
    uint64_t length;
    memcpy(&length, array->data + *cursor, 8);
    struct gguf_string s = {(const char *)array->data + *cursor + 8, (size_t)length};
    *cursor += 8 + (size_t)length;
    return s;
}
