#include "convert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gguf_builder.h"
#include "nn.h"
#include "nn_quantise.h"

enum { COLS = 64, ROWS = 3 };

/* matrix F16 64 x 3, "kept" the same, vector F32 5, blob I8 7 */
static void build_source(struct builder *b)
{
    struct test_random random = test_random_init();
    builder_init(b, 4, 2);
    builder_entry_u32(b, "general.file_type", 1);
    builder_entry_string(b, "general.architecture", "linnet-test");
    builder_tensor(b, "matrix", (const uint64_t[2]){COLS, ROWS}, GGUF_TYPE_F16, 0);
    builder_tensor(b, "kept", (const uint64_t[2]){COLS, ROWS}, GGUF_TYPE_F16, 384);
    builder_tensor(b, "vector", (const uint64_t[2]){5, 0}, GGUF_TYPE_F32, 768);
    builder_tensor(b, "blob", (const uint64_t[2]){7, 0}, GGUF_TYPE_I8, 800);
    builder_pad(b, 32);
    for (int i = 0; i < 2 * COLS * ROWS; i++) {
        uint16_t half = nn_f32_to_f16(test_random_float(&random));
        builder_bytes(b, &half, 2);
    }
    for (int i = 0; i < 5; i++)
        builder_f32(b, (float)i);
    builder_pad(b, 32);
    builder_bytes(b, "bytes!!", 7);
}

static struct gguf *convert_to(const struct builder *b, enum gguf_type type, const char *path)
{
    static const char *const keep[] = {"kept"};
    struct gguf *in, *out;
    struct convert_options options = {type, keep, 1};
    CHECK_OK(gguf_create_from_memory(b->data, b->size, "source", &in, NULL));
    CHECK_OK(convert_file(in, &options, path, NULL));
    CHECK_OK(gguf_create_from_file(path, &out, NULL));
    gguf_destroy(in);
    return out;
}

static void check_close(const struct gguf *out, const struct builder *b, double steps)
{
    struct gguf *in;
    struct nn_matrix before, after;
    CHECK_OK(gguf_create_from_memory(b->data, b->size, "source", &in, NULL));
    const struct gguf_tensor *x = gguf_find_tensor(in, "matrix"),
                             *y = gguf_find_tensor(out, "matrix");
    CHECK_OK(nn_matrix_init(&before, &x, 1, NULL));
    CHECK_OK(nn_matrix_init(&after, &y, 1, NULL));
    for (uint32_t r = 0; r < ROWS; r++) {
        float p[COLS], q[COLS];
        nn_matrix_row(&before, r, p);
        nn_matrix_row(&after, r, q);
        for (int i = 0; i < COLS; i++)
            CHECK_NEAR(q[i], p[i], 1.0 / steps);
    }
    nn_matrix_finish(&before);
    nn_matrix_finish(&after);
    gguf_destroy(in);
}

TEST(matrices_are_quantised_and_the_rest_passes_through)
{
    static const enum gguf_type types[] = {GGUF_TYPE_Q8_0, GGUF_TYPE_Q4_0, GGUF_TYPE_F32};
    static const double steps[] = {250.0, 7.9, 1e9};
    static const uint32_t file_types[] = {7, 2, 0};
    struct builder b;
    build_source(&b);
    for (int i = 0; i < 3; i++) {
        struct gguf *out = convert_to(&b, types[i], test_path("out.gguf"));
        CHECK_EQ(gguf_find_tensor(out, "matrix")->type, types[i]);
        CHECK_EQ(gguf_find_tensor(out, "kept")->type, GGUF_TYPE_F32);
        CHECK_EQ(gguf_find_tensor(out, "vector")->type, GGUF_TYPE_F32);
        CHECK_NEAR(((const float *)gguf_find_tensor(out, "vector")->data)[4], 4.0, 0.0);
        CHECK(memcmp(gguf_find_tensor(out, "blob")->data, "bytes!!", 7) == 0);
        CHECK_EQ(gguf_u32_or(out, "general.file_type", 99), file_types[i]);
        check_close(out, &b, steps[i]);
        gguf_destroy(out);
    }
    builder_finish(&b);
}

TEST(values_beyond_f16_are_refused_and_nothing_is_left)
{
    struct builder b;
    struct gguf *in;
    struct error error;
    build_source(&b);
    struct convert_options options = {GGUF_TYPE_Q8_0, NULL, 0};
    CHECK_OK(gguf_create_from_memory(b.data, b.size, "source", &in, NULL));
    uint8_t *data = b.data + ((const uint8_t *)gguf_find_tensor(in, "matrix")->data - b.data);
    memcpy(data + 2 * COLS, "\0\x7c", 2); /* infinity, in row 1 */
    CHECK_STATUS(convert_file(in, &options, test_path("out.gguf"), &error), STATUS_LIMIT);
    CHECK(strstr(error.text, "\"matrix\", row 1"));
    CHECK_STATUS(convert_file(in, &options, "/nowhere/out.gguf", &error), STATUS_NOT_FOUND);
    gguf_destroy(in);
    CHECK_STATUS(gguf_create_from_file(test_path("out.gguf"), &in, &error), STATUS_IO);
    builder_finish(&b);
}

TEST(halves_round_to_the_nearest_even)
{
    for (uint32_t h = 0; h < 0x7c00; h++) {
        float value = nn_f16_to_f32((uint16_t)h), next = nn_f16_to_f32((uint16_t)(h + 1));
        CHECK_EQ(nn_f32_to_f16(value), h);
        CHECK_EQ(nn_f32_to_f16(-value), h | 0x8000);
        if (h == 0x7bff)
            continue;
        float middle = (value + next) / 2.0f;
        CHECK_EQ(nn_f32_to_f16(middle), h + (h & 1));
        CHECK_EQ(nn_f32_to_f16(nextafterf(middle, value)), h);
        CHECK_EQ(nn_f32_to_f16(nextafterf(middle, next)), h + 1);
    }
    CHECK_EQ(nn_f32_to_f16(65504.0f), 0x7bff);
    CHECK_EQ(nn_f32_to_f16(65520.0f), 0x7c00);
    CHECK_EQ(nn_f32_to_f16(NAN) & 0x7e00, 0x7e00);
}
