/* The acoustic net against PyTorch, and streaming against itself. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "asr_fixture.h"
#include "harness.h"

struct stream {
    struct gguf *gguf;
    struct asr_net *net;
    struct asr_encoder *encoder;
};

static struct stream open_stream(const char *model)
{
    struct stream s = {.gguf = fixture_gguf(model)};
    CHECK_OK(asr_net_create(s.gguf, &s.net, NULL));
    CHECK_OK(asr_encoder_create(s.net, &s.encoder, NULL));
    return s;
}

static void close_stream(struct stream *s)
{
    asr_encoder_destroy(s->encoder);
    asr_net_destroy(s->net);
    gguf_destroy(s->gguf);
}

/* Feed `mel` in pieces of at most `piece` frames (0: random); returns the rows, which the caller
 * frees. */
static float *run_cut(struct asr_encoder *encoder, const struct fixture_reference *r,
                      uint32_t piece, struct test_random *random, uint32_t *ret_rows)
{
    float *out = malloc(((size_t)r->rows + ASR_FEED_ROWS) * r->outputs * sizeof(float));
    uint32_t rows = 0, at = 0;
    CHECK(out != NULL);
    asr_encoder_reset(encoder);
    while (at < r->frames) {
        uint32_t n = piece ? piece : (uint32_t)test_random_range(random, 0, ASR_FEED_FRAMES);
        n = n < r->frames - at ? n : r->frames - at;
        rows += asr_encoder_feed(encoder, r->mel + (size_t)at * r->bins, n,
                                 out + (size_t)rows * r->outputs);
        CHECK(rows <= r->rows);
        at += n;
    }
    rows += asr_encoder_flush(encoder, out + (size_t)rows * r->outputs);
    *ret_rows = rows;
    return out;
}

static double largest_difference(const float *a, const float *b, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs((double)a[i] - b[i]));
    return largest;
}

static void compare_with(const char *model, const char *dump, double tolerance)
{
    struct fixture_reference r = fixture_reference(dump);
    struct stream s = open_stream(model);
    uint32_t rows;
    float *out = run_cut(s.encoder, &r, ASR_FEED_FRAMES, NULL, &rows);
    CHECK_EQ(asr_net_info(s.net)->outputs, r.outputs);
    CHECK_EQ(rows, r.rows);
    double difference = largest_difference(out, r.logp, (size_t)rows * r.outputs);
    test_note("%s: largest difference %.2g", model, difference);
    CHECK(difference <= tolerance);
    free(out);
    free(r.mel);
    free(r.logp);
    close_stream(&s);
}

TEST(random_net_equals_pytorch)
{
    compare_with("tests/data/asr_tiny.gguf", "tests/data/asr_tiny_ref.bin", 1e-4);
}

TEST(random_net_of_pairs_equals_pytorch)
{
    compare_with("tests/data/asr_tiny_biphone.gguf", "tests/data/asr_tiny_biphone_ref.bin", 1e-4);
}

TEST(committed_net_equals_pytorch)
{
    compare_with("assets/models/asr-f16.gguf", "tests/data/asr_ref.bin", 2e-3);
}

static void cut_everywhere(const char *model, const char *dump)
{
    struct fixture_reference r = fixture_reference(dump);
    struct stream s = open_stream(model);
    struct test_random random = test_random_init();
    uint32_t rows, expected;
    float *whole = run_cut(s.encoder, &r, ASR_FEED_FRAMES, NULL, &expected);
    for (uint32_t piece = 0; piece < 14; piece++) {
        float *cut = run_cut(s.encoder, &r, piece, &random, &rows);
        CHECK_EQ(rows, expected);
        CHECK(memcmp(cut, whole, (size_t)rows * r.outputs * sizeof(float)) == 0);
        free(cut);
    }
    free(whole);
    free(r.mel);
    free(r.logp);
    close_stream(&s);
}

TEST(any_cut_gives_the_same_bits)
{
    cut_everywhere("tests/data/asr_tiny.gguf", "tests/data/asr_tiny_ref.bin");
    cut_everywhere("tests/data/asr_tiny_biphone.gguf", "tests/data/asr_tiny_biphone_ref.bin");
}

TEST(outputs_follow_the_phone_before)
{
    struct stream s = open_stream("tests/data/asr_tiny_biphone.gguf");
    const struct asr_net_info *info = asr_net_info(s.net);
    CHECK_EQ(info->phones, 40);
    CHECK_EQ(info->outputs, 480);
    float row[480];
    for (uint32_t o = 0; o < info->outputs; o++)
        row[o] = info->prior[o] + (float)o;
    for (uint32_t before = 0; before < info->phones; before++) {
        CHECK_EQ(asr_output(info, before, 0), 0);
        for (uint32_t phone = 1; phone < info->phones; phone++) {
            uint32_t output = asr_output(info, before, phone);
            CHECK_EQ(output % 40, phone);
            CHECK_EQ(output / 40, info->left_class[before]);
            CHECK_NEAR(asr_output_score(info, row, before, phone),
                       info->acoustic_scale * (float)output, 1e-3);
        }
    }
    CHECK_NEAR(asr_output_best(info, row, 0), 0, 1e-3);
    CHECK_NEAR(asr_output_best(info, row, 7), info->acoustic_scale * (11 * 40 + 7), 1e-3);
    close_stream(&s);
    s = open_stream("tests/data/asr_tiny.gguf");
    info = asr_net_info(s.net);
    CHECK_EQ(info->outputs, 40);
    CHECK_EQ(asr_output(info, 12, 9), 9);
    CHECK_NEAR(asr_output_best(info, row, 7), info->acoustic_scale * (7 - info->prior[7]), 1e-3);
    close_stream(&s);
}

TEST(short_streams_give_a_row_for_every_three_frames)
{
    struct stream s = open_stream("tests/data/asr_tiny.gguf");
    float mel[20 * 80] = {0}, out[ASR_FEED_ROWS * 40];
    for (uint32_t frames = 0; frames < 20; frames++) {
        asr_encoder_reset(s.encoder);
        uint32_t rows = asr_encoder_feed(s.encoder, mel, frames, out);
        rows += asr_encoder_flush(s.encoder, out);
        CHECK_EQ(rows, (frames + 2) / 3);
    }
    close_stream(&s);
}
