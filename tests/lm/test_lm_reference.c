/* The committed model against what PyTorch computed with it (tests/data/lm_ref.gguf, written by
 * tools/train/lm/export.py): tokens, logits, greedy tokens, answers. */
#include "lm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

struct bench {
    struct gguf *reference;
    struct lm_model *model;
    struct lm_session *session;
    struct lm_decoder *decoder;
    uint32_t cases;
};

static const char *under(const char *variable, const char *relative)
{
    static char path[4096];
    const char *base = getenv(variable);
    snprintf(path, sizeof(path), "%s/%s", base ? base : ".", relative);
    return path;
}

static void bench_init(struct bench *b, const char *variable, const char *model)
{
    CHECK_OK(gguf_create_from_file(under("LINNET_SOURCE", "tests/data/lm_ref.gguf"), &b->reference,
                                   NULL));
    CHECK_OK(lm_model_create(under(variable, model), &b->model, NULL));
    CHECK_OK(lm_session_create(b->model, &b->session, NULL));
    CHECK_OK(lm_decoder_create(lm_model_weights(b->model), 128, &b->decoder, NULL));
    CHECK_OK(gguf_get_u32(b->reference, "lm.cases", &b->cases, NULL));
    CHECK(b->cases > 0);
}

static void bench_finish(struct bench *b)
{
    lm_decoder_destroy(b->decoder);
    lm_session_destroy(b->session);
    lm_model_destroy(b->model);
    gguf_destroy(b->reference);
}

/* "lm.3.prompt" */
static const char *key(uint32_t index, const char *what)
{
    static char text[64];
    snprintf(text, sizeof(text), "lm.%u.%s", (unsigned)index, what);
    return text;
}

static size_t read_ids(const struct bench *b, const char *name, int32_t *ids, size_t capacity)
{
    struct gguf_array array;
    CHECK_OK(gguf_get_array(b->reference, name, GGUF_VALUE_I32, &array, NULL));
    CHECK(array.count <= capacity);
    for (size_t i = 0; i < array.count; i++)
        ids[i] = gguf_array_i32(&array, i);
    return array.count;
}

static char *read_text(const struct bench *b, const char *name)
{
    struct gguf_string text;
    CHECK_OK(gguf_get_string(b->reference, name, &text, NULL));
    char *copy = strndup(text.data, text.length);
    CHECK(copy);
    return copy;
}

TEST(texts_become_the_same_tokens)
{
    struct bench b;
    uint32_t texts;
    bench_init(&b, "LINNET_SOURCE", "assets/models/lm-f16.gguf");
    CHECK_OK(gguf_get_u32(b.reference, "lm.texts", &texts, NULL));
    for (uint32_t k = 0; k < texts; k++) {
        char name[64];
        int32_t expected[256], got[256];
        size_t count;
        snprintf(name, sizeof(name), "lm.text.%u", (unsigned)k);
        char *text = read_text(&b, name);
        snprintf(name, sizeof(name), "lm.text.%u.ids", (unsigned)k);
        size_t n = read_ids(&b, name, expected, 256);
        CHECK_OK(lm_tokenizer_encode(lm_model_tokenizer(b.model),
                                     (struct lm_piece){text, strlen(text)}, got, 256, &count));
        CHECK_EQ(count, n);
        for (size_t i = 0; i < n; i++)
            CHECK_EQ(got[i], expected[i]);
        free(text);
    }
    bench_finish(&b);
}

/* Largest difference of the logits after each prompt, and after its every token where given. */
static double largest_difference(const struct bench *b)
{
    double most = 0.0;
    uint32_t vocabulary = lm_weights_config(lm_model_weights(b->model))->vocabulary;
    for (uint32_t k = 0; k < b->cases; k++) {
        int32_t prompt[128];
        size_t n = read_ids(b, key(k, "prompt"), prompt, 128);
        const struct gguf_tensor *t = gguf_find_tensor(b->reference, key(k, "logits"));
        CHECK(t && t->ne[0] == vocabulary && t->ne[1] <= n);
        size_t rows = t->ne[1];
        lm_decoder_truncate(b->decoder, 0);
        if (n > rows)
            CHECK_OK(lm_decoder_feed(b->decoder, prompt, n - rows, NULL));
        for (size_t row = 0; row < rows; row++) {
            CHECK_OK(lm_decoder_feed(b->decoder, prompt + n - rows + row, 1, NULL));
            const float *expected = (const float *)t->data + row * vocabulary,
                        *got = lm_decoder_logits(b->decoder);
            for (uint32_t i = 0; i < vocabulary; i++)
                most = fmax(most, fabs((double)expected[i] - (double)got[i]));
        }
    }
    return most;
}

TEST(f16_logits_equal_pytorch)
{
    struct bench b;
    bench_init(&b, "LINNET_SOURCE", "assets/models/lm-f16.gguf");
    double difference = largest_difference(&b);
    test_note("largest difference of a logit: %.2g", difference);
    CHECK(difference < 2e-4);
    bench_finish(&b);
}

TEST(q8_logits_are_close_to_pytorch)
{
    struct bench b;
    bench_init(&b, "LINNET_BUILD", "assets/models/lm.gguf");
    double difference = largest_difference(&b);
    test_note("largest difference of a logit: %.2g", difference);
    CHECK(difference < 0.6);
    bench_finish(&b);
}

/* Fed with the reference's tokens, each next one is our largest too, but for ties. */
TEST(greedy_tokens_equal_pytorch)
{
    struct bench b;
    bench_init(&b, "LINNET_SOURCE", "assets/models/lm-f16.gguf");
    uint32_t vocabulary = lm_weights_config(lm_model_weights(b.model))->vocabulary;
    for (uint32_t k = 0; k < b.cases; k++) {
        int32_t prompt[128], greedy[128];
        size_t n = read_ids(&b, key(k, "prompt"), prompt, 128),
               written = read_ids(&b, key(k, "greedy"), greedy, 128);
        lm_decoder_truncate(b.decoder, 0);
        CHECK_OK(lm_decoder_feed(b.decoder, prompt, n, NULL));
        for (size_t i = 0; i < written && n + i < 128; i++) {
            const float *logits = lm_decoder_logits(b.decoder);
            for (uint32_t v = 0; v < vocabulary; v++)
                CHECK(logits[v] <= logits[greedy[i]] + 4e-4f);
            CHECK_OK(lm_decoder_feed(b.decoder, greedy + i, 1, NULL));
        }
    }
    bench_finish(&b);
}

/* "timer_set\tduration=five minutes", "reply\tHello.", "cloud" */
static void flatten(const struct lm_result *r, char text[1024])
{
    static const char *const routes[] = {"", "reply", "cloud"};
    size_t n =
        (size_t)snprintf(text, 1024, "%s", r->route == LM_ROUTE_TOOL ? r->tool : routes[r->route]);
    if (r->route == LM_ROUTE_REPLY)
        snprintf(text + n, 1024 - n, "\t%s", r->reply);
    for (uint32_t i = 0; i < r->n_arguments; i++)
        n += (size_t)snprintf(text + n, 1024 - n, "\t%s=%s", r->arguments[i].name,
                              r->arguments[i].value);
}

TEST(answers_equal_the_python_decoder)
{
    struct bench b;
    bench_init(&b, "LINNET_SOURCE", "assets/models/lm-f16.gguf");
    for (uint32_t k = 0; k < b.cases; k++) {
        struct lm_result result;
        char got[1024];
        char *request = read_text(&b, key(k, "request")),
             *expected = read_text(&b, key(k, "answer"));
        CHECK_OK(lm_session_answer(b.session, request, NULL, &result, NULL));
        flatten(&result, got);
        CHECK_STR(got, expected);
        free(request);
        free(expected);
    }
    bench_finish(&b);
}
