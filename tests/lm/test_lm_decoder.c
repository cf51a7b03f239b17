#include "lm_decoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "lm_tiny.h"

enum {
    W = TINY_WIDTH,
    H = TINY_HIDDEN,
    HEADS = TINY_HEADS,
    KV = TINY_KV_HEADS,
    SIZE = TINY_HEAD_SIZE,
    MOST = 24
};

/* ---- the architecture written out in double, one position after the other ---- */

struct naive {
    const float *embedding, *next;
    double keys[TINY_LAYERS][MOST][KV * SIZE], values[TINY_LAYERS][MOST][KV * SIZE];
};

static void naive_matrix(const float *w, int rows, int cols, const double *x, double *y)
{
    for (int r = 0; r < rows; r++) {
        y[r] = 0.0;
        for (int c = 0; c < cols; c++)
            y[r] += (double)w[r * cols + c] * x[c];
    }
}

static void naive_norm(const double *x, const float *weight, double *y)
{
    double squares = 0.0;
    for (int i = 0; i < W; i++)
        squares += x[i] * x[i];
    for (int i = 0; i < W; i++)
        y[i] = x[i] / sqrt(squares / W + 1e-5) * (double)weight[i];
}

static void naive_rope(double *x, int heads, int position)
{
    for (int h = 0; h < heads; h++)
        for (int i = 0; i < SIZE; i += 2) {
            double angle = position * pow(10000.0, -(double)i / SIZE), a = x[h * SIZE + i],
                   b = x[h * SIZE + i + 1];
            x[h * SIZE + i] = a * cos(angle) - b * sin(angle);
            x[h * SIZE + i + 1] = a * sin(angle) + b * cos(angle);
        }
}

static void naive_attend(const struct naive *n, int layer, int position, const double *q,
                         double *out)
{
    for (int h = 0; h < HEADS; h++) {
        double weights[MOST], total = 0.0;
        int kv = h / (HEADS / KV) * SIZE;
        for (int p = 0; p <= position; p++) {
            double score = 0.0;
            for (int i = 0; i < SIZE; i++)
                score += q[h * SIZE + i] * n->keys[layer][p][kv + i];
            total += weights[p] = exp(score / sqrt(SIZE));
        }
        for (int i = 0; i < SIZE; i++) {
            out[h * SIZE + i] = 0.0;
            for (int p = 0; p <= position; p++)
                out[h * SIZE + i] += weights[p] / total * n->values[layer][p][kv + i];
        }
    }
}

/* The tensors of a layer follow in file order. */
static const float *take(const float **at, size_t count)
{
    const float *start = *at;
    *at += count;
    return start;
}

static void naive_layer(struct naive *n, const float **at, int layer, int position, double *x)
{
    double normed[W], q[W], mixed[W], added[W], gate[H], up[H];
    naive_norm(x, take(at, W), normed);
    naive_matrix(take(at, W * W), W, W, normed, q);
    naive_matrix(take(at, W * KV * SIZE), KV * SIZE, W, normed, n->keys[layer][position]);
    naive_matrix(take(at, W * KV * SIZE), KV * SIZE, W, normed, n->values[layer][position]);
    naive_rope(q, HEADS, position);
    naive_rope(n->keys[layer][position], KV, position);
    naive_attend(n, layer, position, q, mixed);
    naive_matrix(take(at, W * W), W, W, mixed, added);
    for (int i = 0; i < W; i++)
        x[i] += added[i];
    naive_norm(x, take(at, W), normed);
    naive_matrix(take(at, W * H), H, W, normed, gate);
    naive_matrix(take(at, W * H), H, W, normed, up);
    for (int i = 0; i < H; i++)
        gate[i] = gate[i] / (1.0 + exp(-gate[i])) * up[i];
    naive_matrix(take(at, W * H), W, H, gate, added);
    for (int i = 0; i < W; i++)
        x[i] += added[i];
}

static void naive_token(struct naive *n, const struct tiny *tiny, int32_t token, int position,
                        double *logits)
{
    double x[W], normed[W];
    const float *at = tiny->weights + (size_t)W * tiny->vocabulary;
    for (int i = 0; i < W; i++)
        x[i] = (double)tiny->weights[(size_t)token * W + (size_t)i];
    for (int layer = 0; layer < TINY_LAYERS; layer++)
        naive_layer(n, &at, layer, position, x);
    naive_norm(x, at, normed);
    naive_matrix(tiny->weights, (int)tiny->vocabulary, W, normed, logits);
}

/* ---- what the tests share ---- */

struct bench {
    struct tiny tiny;
    struct lm_weights *weights;
    struct lm_decoder *decoder;
    int32_t tokens[TINY_CONTEXT];
};

static void bench_init(struct bench *b)
{
    struct test_random random = test_random_init();
    tiny_init(&b->tiny, 3);
    struct gguf *g = tiny_open(&b->tiny);
    CHECK_OK(lm_weights_create(g, nn_ops_best(), &b->weights, NULL));
    gguf_destroy(g);
    CHECK_OK(lm_decoder_create(b->weights, TINY_CONTEXT, &b->decoder, NULL));
    for (int i = 0; i < TINY_CONTEXT; i++)
        b->tokens[i] = (int32_t)test_random_range(&random, 0, (int64_t)b->tiny.vocabulary - 1);
}

static void bench_finish(struct bench *b)
{
    lm_decoder_destroy(b->decoder);
    lm_weights_destroy(b->weights);
    tiny_finish(&b->tiny);
}

static void check_same(const float *expected, const float *got, size_t n)
{
    CHECK(got && memcmp(expected, got, n * sizeof(float)) == 0);
}

/* ---- tests ---- */

TEST(logits_equal_the_written_out_architecture)
{
    struct bench b;
    struct naive *naive = calloc(1, sizeof(*naive));
    bench_init(&b);
    double *expected = malloc(b.tiny.vocabulary * sizeof(double));
    CHECK(!lm_decoder_logits(b.decoder));
    for (int p = 0; p < MOST; p++) {
        naive_token(naive, &b.tiny, b.tokens[p], p, expected);
        CHECK_OK(lm_decoder_feed(b.decoder, b.tokens + p, 1, NULL));
        const float *logits = lm_decoder_logits(b.decoder);
        for (uint32_t i = 0; i < b.tiny.vocabulary; i++)
            CHECK_NEAR(logits[i], expected[i], 2e-5);
    }
    free(expected);
    free(naive);
    bench_finish(&b);
}

/* 200 tokens in one call, in two cut anywhere, and one by one: the last logits have the same bits.
 */
TEST(prefill_may_be_split_anywhere)
{
    enum { N = 200 };
    struct bench b;
    bench_init(&b);
    size_t bytes = b.tiny.vocabulary * sizeof(float);
    float *expected = malloc(bytes);
    CHECK_OK(lm_decoder_feed(b.decoder, b.tokens, N, NULL));
    memcpy(expected, lm_decoder_logits(b.decoder), bytes);
    for (size_t cut = 1; cut < N; cut += 7) {
        lm_decoder_truncate(b.decoder, 0);
        CHECK_OK(lm_decoder_feed(b.decoder, b.tokens, cut, NULL));
        CHECK_OK(lm_decoder_feed(b.decoder, b.tokens + cut, N - cut, NULL));
        check_same(expected, lm_decoder_logits(b.decoder), b.tiny.vocabulary);
    }
    lm_decoder_truncate(b.decoder, 0);
    for (int i = 0; i < N; i++)
        CHECK_OK(lm_decoder_feed(b.decoder, b.tokens + i, 1, NULL));
    check_same(expected, lm_decoder_logits(b.decoder), b.tiny.vocabulary);
    free(expected);
    bench_finish(&b);
}

TEST(every_instruction_set_gives_the_same_bits)
{
    static const char *const names[] = {"c", "avx2", "avx512", "neon"};
    struct bench b;
    bench_init(&b);
    CHECK_OK(lm_decoder_feed(b.decoder, b.tokens, 100, NULL));
    struct gguf *g = tiny_open(&b.tiny);
    for (int i = 0; i < 4; i++) {
        const struct nn_ops *ops = nn_ops_by_name(names[i]);
        struct lm_weights *weights;
        struct lm_decoder *decoder;
        if (!ops)
            continue;
        CHECK_OK(lm_weights_create(g, ops, &weights, NULL));
        CHECK_OK(lm_decoder_create(weights, 128, &decoder, NULL));
        CHECK_OK(lm_decoder_feed(decoder, b.tokens, 100, NULL));
        check_same(lm_decoder_logits(b.decoder), lm_decoder_logits(decoder), b.tiny.vocabulary);
        lm_decoder_destroy(decoder);
        lm_weights_destroy(weights);
    }
    gguf_destroy(g);
    bench_finish(&b);
}

TEST(rollback_equals_a_fresh_session)
{
    struct bench b;
    struct lm_decoder *fresh;
    bench_init(&b);
    CHECK_OK(lm_decoder_create(b.weights, TINY_CONTEXT, &fresh, NULL));
    CHECK_OK(lm_decoder_feed(b.decoder, b.tokens, 150, NULL));
    lm_decoder_truncate(b.decoder, 90);
    CHECK(!lm_decoder_logits(b.decoder));
    CHECK_OK(lm_decoder_feed(b.decoder, b.tokens + 200, 50, NULL));
    CHECK_OK(lm_decoder_feed(fresh, b.tokens, 90, NULL));
    CHECK_OK(lm_decoder_feed(fresh, b.tokens + 200, 50, NULL));
    check_same(lm_decoder_logits(fresh), lm_decoder_logits(b.decoder), b.tiny.vocabulary);
    size_t count;
    const int32_t *tokens = lm_decoder_tokens(b.decoder, &count);
    CHECK_EQ(count, 140);
    CHECK(memcmp(tokens, b.tokens, 90 * sizeof(int32_t)) == 0);
    CHECK_EQ(lm_decoder_common(b.decoder, b.tokens, 300), 90);
    lm_decoder_truncate(b.decoder, 140); /* nothing to take back: the logits stay */
    CHECK(lm_decoder_logits(b.decoder));
    lm_decoder_destroy(fresh);
    bench_finish(&b);
}

TEST(limits_are_told_and_change_nothing)
{
    struct bench b;
    struct error error;
    struct lm_decoder *d = NULL;
    const int32_t outside[] = {0, 1, 100000};
    bench_init(&b);
    CHECK_STATUS(lm_decoder_create(b.weights, TINY_CONTEXT + 1, &d, &error),
                 STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(lm_decoder_create(b.weights, 0, &d, &error), STATUS_INVALID_ARGUMENT);
    CHECK_OK(lm_decoder_feed(b.decoder, b.tokens, TINY_CONTEXT, NULL));
    CHECK_STATUS(lm_decoder_feed(b.decoder, b.tokens, 1, &error), STATUS_LIMIT);
    lm_decoder_truncate(b.decoder, 3);
    CHECK_STATUS(lm_decoder_feed(b.decoder, outside, 3, &error), STATUS_INVALID_ARGUMENT);
    CHECK(strstr(error.text, "token 100000"));
    CHECK_EQ(lm_decoder_context(b.decoder), TINY_CONTEXT);
    size_t count;
    lm_decoder_tokens(b.decoder, &count);
    CHECK_EQ(count, 3);
    bench_finish(&b);
}

TEST(weights_of_another_shape_are_refused)
{
    static const struct {
        const char *key, *text;
        uint8_t value;
        enum status status;
    } lies[] = {
        {"llama.block_count", "blk.2.", 3, STATUS_NOT_FOUND},
        {"llama.block_count", "1 to 256", 0, STATUS_LIMIT},
        {"llama.embedding_length", "token_embd.weight", 64, STATUS_FORMAT},
        {"llama.feed_forward_length", "ffn_gate", 32, STATUS_FORMAT},
        {"llama.attention.head_count_kv", "whole groups", 3, STATUS_UNSUPPORTED},
        {"llama.attention.head_count", "whole groups", 5, STATUS_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        struct tiny tiny;
        struct error error = {0};
        struct lm_weights *w;
        tiny_init(&tiny, 1);
        struct gguf *g = tiny_open(&tiny);
        tiny.file.data[gguf_find_entry(g, lies[i].key)->data - tiny.file.data] = lies[i].value;
        CHECK_STATUS(lm_weights_create(g, nn_ops_best(), &w, &error), lies[i].status);
        if (!strstr(error.text, lies[i].text))
            test_fail(__FILE__, __LINE__, "expected \"%s\" in: %s", lies[i].text, error.text);
        gguf_destroy(g);
        tiny_finish(&tiny);
    }
}

TEST(each_allocation_may_fail)
{
    struct tiny tiny;
    tiny_init(&tiny, 1);
    struct gguf *g = tiny_open(&tiny);
    for (unsigned n = 1;; n++) {
        struct lm_weights *w = NULL;
        struct lm_decoder *d = NULL;
        struct error error;
        fault_arm(FAULT_ALLOC, n);
        enum status status = lm_weights_create(g, nn_ops_best(), &w, &error);
        if (status == STATUS_OK)
            status = lm_decoder_create(w, 64, &d, &error);
        bool all = fault_disarm(FAULT_ALLOC);
        CHECK_STATUS(status, all ? STATUS_OK : STATUS_NO_MEMORY);
        lm_decoder_destroy(d);
        lm_weights_destroy(w);
        if (all)
            break;
    }
    gguf_destroy(g);
    tiny_finish(&tiny);
}
