#include "gguf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gguf_builder.h"

static const uint64_t shape_a[2] = {64, 3}, shape_b[2] = {5, 0};

/* A small file with every kind of thing that we use. */
static void build_good(struct builder *b)
{
    builder_init(b, 2, 8);
    builder_entry_string(b, "general.architecture", "linnet-test");
    builder_entry_u32(b, "test.count", 7);
    builder_key(b, "test.scale", GGUF_VALUE_F32);
    builder_f32(b, 0.5f);
    builder_key(b, "test.flag", GGUF_VALUE_BOOL);
    builder_bytes(b, "\1", 1);
    builder_key(b, "test.words", GGUF_VALUE_ARRAY);
    builder_u32(b, GGUF_VALUE_STRING);
    builder_u64(b, 3);
    builder_string(b, "jarvis");
    builder_string(b, "");
    builder_string(b, "computer");
    builder_key(b, "test.means", GGUF_VALUE_ARRAY);
    builder_u32(b, GGUF_VALUE_F32);
    builder_u64(b, 2);
    builder_f32(b, 1.5f);
    builder_f32(b, -2.0f);
    builder_key(b, "test.ids", GGUF_VALUE_ARRAY);
    builder_u32(b, GGUF_VALUE_I32);
    builder_u64(b, 2);
    builder_u32(b, 4);
    builder_u32(b, (uint32_t)-4);
    builder_key(b, "test.negative", GGUF_VALUE_I32);
    builder_u32(b, (uint32_t)-1);
    builder_tensor(b, "a.weight", shape_a, GGUF_TYPE_Q8_0, 0);
    builder_tensor(b, "a.bias", shape_b, GGUF_TYPE_F32, 224); /* 3 x 68 bytes, padded */
    builder_pad(b, 32);
    for (int i = 0; i < 204; i++)
        builder_bytes(b, "x", 1);
    builder_pad(b, 32);
    for (int i = 0; i < 5; i++)
        builder_f32(b, (float)i);
}

static enum status open_built(const struct builder *b, size_t size, struct gguf **ret_gguf,
                              struct error *error)
{
    return gguf_create_from_memory(b->data, size, "built.gguf", ret_gguf, error);
}

TEST(a_good_file_gives_all_it_holds)
{
    struct builder b;
    struct gguf *g;
    build_good(&b);
    CHECK_OK(open_built(&b, b.size, &g, NULL));
    uint32_t count;
    float scale;
    struct gguf_string s;
    CHECK_OK(gguf_get_u32(g, "test.count", &count, NULL));
    CHECK_EQ(count, 7);
    CHECK_OK(gguf_get_u32(g, "test.flag", &count, NULL));
    CHECK_EQ(count, 1);
    CHECK_OK(gguf_get_f32(g, "test.scale", &scale, NULL));
    CHECK_NEAR(scale, 0.5, 0.0);
    CHECK_OK(gguf_get_string(g, "general.architecture", &s, NULL));
    CHECK_EQ(s.length, 11);
    CHECK(memcmp(s.data, "linnet-test", 11) == 0);
    const struct gguf_tensor *t = gguf_find_tensor(g, "a.bias");
    CHECK(t && t->n_dims == 1 && t->ne[0] == 5 && t->ne[1] == 1 && t->size == 20);
    CHECK_NEAR(((const float *)t->data)[4], 4.0, 0.0);
    t = gguf_find_tensor(g, "a.weight");
    CHECK(t && t->type == GGUF_TYPE_Q8_0 && t->size == 204 && *(const char *)t->data == 'x');
    CHECK(!gguf_find_tensor(g, "b") && !gguf_find_entry(g, "test"));
    CHECK_EQ(gguf_tensor_count(g), 2);
    CHECK_EQ(gguf_entry_count(g), 8);
    CHECK_STR(gguf_tensor(g, 0)->name, "a.weight");
    gguf_destroy(g);
    builder_finish(&b);
}

TEST(arrays_are_read_in_place)
{
    struct builder b;
    struct gguf *g;
    struct gguf_array array;
    build_good(&b);
    CHECK_OK(open_built(&b, b.size, &g, NULL));
    CHECK_OK(gguf_get_array(g, "test.words", GGUF_VALUE_STRING, &array, NULL));
    CHECK_EQ(array.count, 3);
    size_t cursor = 0;
    CHECK_EQ(gguf_array_next_string(&array, &cursor).length, 6);
    CHECK_EQ(gguf_array_next_string(&array, &cursor).length, 0);
    CHECK(memcmp(gguf_array_next_string(&array, &cursor).data, "computer", 8) == 0);
    CHECK_OK(gguf_get_array(g, "test.means", GGUF_VALUE_F32, &array, NULL));
    CHECK_NEAR(gguf_array_f32(&array, 1), -2.0, 0.0);
    CHECK_OK(gguf_get_array(g, "test.ids", GGUF_VALUE_I32, &array, NULL));
    CHECK_EQ(gguf_array_i32(&array, 1), -4);
    gguf_destroy(g);
    builder_finish(&b);
}

TEST(wrong_keys_and_types_are_told)
{
    struct builder b;
    struct gguf *g;
    struct error error;
    uint32_t u = 99;
    float f;
    struct gguf_string s;
    struct gguf_array array;
    const struct gguf_tensor *t;
    build_good(&b);
    CHECK_OK(open_built(&b, b.size, &g, NULL));
    CHECK_STATUS(gguf_get_u32(g, "nothing", &u, &error), STATUS_NOT_FOUND);
    CHECK(strstr(error.text, "built.gguf") && strstr(error.text, "nothing"));
    CHECK_STATUS(gguf_get_u32(g, "test.negative", &u, &error), STATUS_FORMAT);
    CHECK_STATUS(gguf_get_u32(g, "test.scale", &u, &error), STATUS_FORMAT);
    CHECK(strstr(error.text, "is a f32"));
    CHECK_EQ(u, 99);
    CHECK_STATUS(gguf_get_f32(g, "test.count", &f, &error), STATUS_FORMAT);
    CHECK_STATUS(gguf_get_string(g, "test.count", &s, &error), STATUS_FORMAT);
    CHECK_STATUS(gguf_get_array(g, "test.count", GGUF_VALUE_F32, &array, &error), STATUS_FORMAT);
    CHECK_STATUS(gguf_get_array(g, "test.words", GGUF_VALUE_F32, &array, &error), STATUS_FORMAT);
    CHECK_EQ(gguf_u32_or(g, "nothing", 5), 5);
    CHECK_NEAR(gguf_f32_or(g, "nothing", 0.25f), 0.25, 0.0);
    CHECK_OK(gguf_require_tensor(g, "a.weight", (const uint64_t[2]){64, 0}, &t, &error));
    CHECK_STATUS(gguf_require_tensor(g, "a.weight", (const uint64_t[2]){32, 3}, &t, &error),
                 STATUS_FORMAT);
    CHECK(strstr(error.text, "64 x 3"));
    CHECK_STATUS(gguf_require_tensor(g, "c", (const uint64_t[2]){0, 0}, &t, &error),
                 STATUS_NOT_FOUND);
    gguf_destroy(g);
    builder_finish(&b);
}

TEST(a_file_cut_anywhere_is_refused_with_place_and_name)
{
    struct builder b;
    build_good(&b);
    for (size_t size = 0; size < b.size; size++) {
        struct gguf *g;
        struct error error;
        /* A copy of exactly this size, so that a sanitizer sees any step beyond. */
        uint8_t *copy = aligned_alloc(32, (size + 32) / 32 * 32);
        memcpy(copy, b.data, size);
        enum status status = gguf_create_from_memory(copy, size, "cut.gguf", &g, &error);
        CHECK(status == STATUS_FORMAT);
        CHECK(strstr(error.text, "cut.gguf: offset ") || strstr(error.text, "cut.gguf: before"));
        free(copy);
    }
    builder_finish(&b);
}

TEST(any_changed_byte_is_refused_or_harmless)
{
    struct builder b;
    build_good(&b);
    for (size_t at = 0; at < b.size; at++) {
        uint8_t old = b.data[at];
        for (int bit = 0; bit < 8; bit++) {
            struct gguf *g = NULL;
            struct error error = {0};
            b.data[at] = old ^ (uint8_t)(1 << bit);
            if (open_built(&b, b.size, &g, &error) != STATUS_OK)
                CHECK(error.text[0] && !g);
            for (size_t i = 0; g && i < gguf_tensor_count(g); i++) {
                const struct gguf_tensor *t = gguf_tensor(g, i);
                CHECK((const uint8_t *)t->data + t->size <= b.data + b.size);
            }
            gguf_destroy(g);
        }
        b.data[at] = old;
    }
    builder_finish(&b);
}

/* Lies: each builds a file and names what the error must say. */
static void two_tensors(struct builder *b, const char *second, const uint64_t ne[2], uint32_t type,
                        uint64_t offset)
{
    builder_init(b, 2, 0);
    builder_tensor(b, "one", (const uint64_t[2]){8, 0}, GGUF_TYPE_F32, 0);
    builder_tensor(b, second, ne, type, offset);
    builder_pad(b, 32);
    for (int i = 0; i < 16; i++)
        builder_u64(b, 0);
}

static void expect_refusal(struct builder *b, enum status status, const char *text)
{
    struct gguf *g = NULL;
    struct error error = {0};
    enum status got = open_built(b, b->size, &g, &error);
    if (got != status || !strstr(error.text, text))
        test_fail(__FILE__, __LINE__, "expected %s with \"%s\", got %s: %s", status_name(status),
                  text, status_name(got), error.text);
    builder_finish(b);
}

TEST(lying_tensors_are_refused)
{
    static const struct {
        const char *name;
        uint64_t ne[2];
        uint32_t type;
        uint64_t offset;
        enum status status;
        const char *text;
    } lies[] = {
        {"two", {8, 0}, GGUF_TYPE_F32, 33, STATUS_FORMAT, "expected 32"},
        {"two", {8, 0}, GGUF_TYPE_F32, 64, STATUS_FORMAT, "expected 32"},
        {"two", {8, 0}, GGUF_TYPE_F32, 0, STATUS_FORMAT, "expected 32"},
        {"two", {8, 0}, GGUF_TYPE_F32, UINT64_MAX - 31, STATUS_FORMAT, "expected 32"},
        {"one", {8, 0}, GGUF_TYPE_F32, 32, STATUS_FORMAT, "appears twice"},
        {"two", {8, 0}, 12, 32, STATUS_UNSUPPORTED, "Q4_K"},
        {"two", {8, 0}, 777, 32, STATUS_UNSUPPORTED, "type 777"},
        {"two", {33, 0}, GGUF_TYPE_Q8_0, 32, STATUS_FORMAT, "multiple of 32"},
        {"two", {0, 3}, GGUF_TYPE_F32, 32, STATUS_FORMAT, "zero or overflows"},
        {"two", {UINT64_MAX, 0}, GGUF_TYPE_F32, 32, STATUS_FORMAT, "zero or overflows"},
        {"two",
         {UINT64_C(1) << 40, UINT64_C(1) << 40},
         GGUF_TYPE_F32,
         32,
         STATUS_FORMAT,
         "overflows"},
        {"two",
         {UINT64_C(1) << 31, UINT64_C(1) << 31},
         GGUF_TYPE_F32,
         32,
         STATUS_FORMAT,
         "larger than the file"},
        {"two", {50, 0}, GGUF_TYPE_F32, 32, STATUS_FORMAT, "200 bytes of tensor \"two\""},
        {"", {8, 0}, GGUF_TYPE_F32, 32, STATUS_FORMAT, "tensor name of 1 to 63"},
        {"0123456789012345678901234567890123456789012345678901234567890123",
         {8, 0},
         GGUF_TYPE_F32,
         32,
         STATUS_FORMAT,
         "tensor name of 1 to 63"},
    };
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        struct builder b;
        two_tensors(&b, lies[i].name, lies[i].ne, lies[i].type, lies[i].offset);
        expect_refusal(&b, lies[i].status, lies[i].text);
    }
}

TEST(lying_counts_are_refused)
{
    struct builder b;
    builder_init(&b, UINT64_MAX, 0);
    expect_refusal(&b, STATUS_FORMAT, "tensors do not fit");
    builder_init(&b, 0, UINT64_MAX / 2);
    expect_refusal(&b, STATUS_FORMAT, "metadata entries do not fit");
    builder_init(&b, 0, 1);
    builder_key(&b, "x", GGUF_VALUE_STRING);
    builder_u64(&b, UINT64_MAX);
    expect_refusal(&b, STATUS_FORMAT, "string value");
    builder_init(&b, 0, 1);
    builder_key(&b, "x", GGUF_VALUE_ARRAY);
    builder_u32(&b, GGUF_VALUE_U64);
    builder_u64(&b, UINT64_C(1) << 61);
    expect_refusal(&b, STATUS_FORMAT, "2^30");
    builder_init(&b, 0, 1);
    builder_key(&b, "x", GGUF_VALUE_ARRAY);
    builder_u32(&b, GGUF_VALUE_ARRAY);
    builder_u64(&b, 1);
    expect_refusal(&b, STATUS_UNSUPPORTED, "arrays of arrays");
    builder_init(&b, 0, 1);
    builder_key(&b, "x", 13);
    builder_u64(&b, 1);
    expect_refusal(&b, STATUS_FORMAT, "value type below 13");
}

TEST(lying_metadata_is_refused)
{
    struct builder b;
    builder_init(&b, 0, 2);
    builder_entry_u32(&b, "same", 1);
    builder_entry_string(&b, "same", "2");
    expect_refusal(&b, STATUS_FORMAT, "\"same\" appears twice");
    static const uint32_t alignments[] = {0, 1, 24, 4, 1u << 20};
    for (size_t i = 0; i < 5; i++) {
        builder_init(&b, 0, 1);
        builder_entry_u32(&b, "general.alignment", alignments[i]);
        expect_refusal(&b, STATUS_FORMAT, "power of two");
    }
    builder_init(&b, 0, 1);
    builder_entry_string(&b, "general.alignment", "32");
    expect_refusal(&b, STATUS_FORMAT, "power of two");
    builder_init(&b, 0, 1);
    builder_key(&b, "flag", GGUF_VALUE_BOOL);
    builder_bytes(&b, "\2", 1);
    expect_refusal(&b, STATUS_FORMAT, "bool of 0 or 1");
}

TEST(other_versions_and_files_are_refused)
{
    struct builder b;
    builder_init(&b, 0, 0);
    b.data[4] = 2;
    expect_refusal(&b, STATUS_UNSUPPORTED, "got 2");
    builder_init(&b, 0, 0);
    memcpy(b.data + 4, "\0\0\0\3", 4);
    expect_refusal(&b, STATUS_UNSUPPORTED, "big-endian");
    builder_init(&b, 0, 0);
    b.data[0] = 'R';
    expect_refusal(&b, STATUS_FORMAT, "magic");
}

TEST(files_on_disk_are_mapped_and_their_errors_name_them)
{
    struct builder b;
    struct gguf *g;
    struct error error;
    build_good(&b);
    const char *path = test_path("good.gguf");
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(b.data, 1, b.size, f) == b.size && fclose(f) == 0);
    CHECK_OK(gguf_create_from_file(path, &g, &error));
    CHECK_STR(gguf_name(g), path);
    CHECK(gguf_find_tensor(g, "a.bias"));
    gguf_destroy(g);
    CHECK(truncate(path, 0) == 0);
    CHECK_STATUS(gguf_create_from_file(path, &g, &error), STATUS_FORMAT);
    CHECK(strstr(error.text, "good.gguf") && strstr(error.text, "empty"));
    CHECK_STATUS(gguf_create_from_file(test_folder(), &g, &error), STATUS_IO);
    CHECK_STATUS(gguf_create_from_file(test_path("none"), &g, &error), STATUS_IO);
    CHECK(strstr(error.text, "No such file"));
    CHECK_STATUS(gguf_create_from_memory(b.data + 1, 8, "odd", &g, &error),
                 STATUS_INVALID_ARGUMENT);
    gguf_destroy(NULL);
    builder_finish(&b);
}
