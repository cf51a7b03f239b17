#include "lm_decoder.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "lm_weights.h"

enum { BATCH = 64 }; /* tokens that go through the layers together */

struct lm_decoder {
    const struct lm_weights *weights;
    uint32_t context;
    size_t length;
    bool has_logits;
    int32_t *tokens; /* [context] */
    float *rope;     /* [context][head_size], {cos, sin} pairs */
    float *cache;    /* keys and values of all layers */
    float *x;        /* [BATCH][width], the residual stream */
    float *normed;   /* [BATCH][width] */
    float *qkv;      /* [BATCH][(heads + 2 kv_heads) * head_size] */
    float *mixed;    /* [BATCH][heads * head_size] */
    float *hidden;   /* [BATCH][2 * hidden] */
    float *scores;   /* [heads / kv_heads][context rounded up to 16] */
    float *logits;   /* [vocabulary] */
    void *scratch;
};

/* ---- creation ---- */

static size_t largest(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t scratch_bytes(const struct lm_weights *w)
{
    const struct lm_layer *l = &w->layers[0];
    size_t most = largest(nn_matmul_scratch(&l->qkv, BATCH), nn_matmul_scratch(&l->output, BATCH));
    most = largest(
        most, largest(nn_matmul_scratch(&l->gate_up, BATCH), nn_matmul_scratch(&l->down, BATCH)));
    return largest(most, nn_matmul_scratch(w->output.data ? &w->output : &w->embedding, 1));
}

static float *floats(size_t count)
{
    return mem_calloc(count, sizeof(float));
}

static bool allocate(struct lm_decoder *d)
{
    const struct lm_config *c = &d->weights->config;
    size_t q = (size_t)c->heads * c->head_size, kv = (size_t)c->kv_heads * c->head_size;
    size_t padded = ((size_t)d->context + NN_PANEL - 1) / NN_PANEL * NN_PANEL;
    d->tokens = mem_calloc(d->context, sizeof(d->tokens[0]));
    d->rope = floats((size_t)d->context * c->head_size);
    d->cache = floats(2 * c->layers * nn_kv_floats(c->kv_heads, c->head_size, d->context));
    d->x = floats((size_t)BATCH * c->width);
    d->normed = floats((size_t)BATCH * c->width);
    d->qkv = floats(BATCH * (q + 2 * kv));
    d->mixed = floats(BATCH * q);
    d->hidden = floats((size_t)BATCH * 2 * c->hidden);
    d->scores = floats(c->heads / c->kv_heads * padded);
    d->logits = floats(c->vocabulary);
    d->scratch = mem_aligned(scratch_bytes(d->weights));
    return d->tokens && d->rope && d->cache && d->x && d->normed && d->qkv && d->mixed &&
           d->hidden && d->scores && d->logits && d->scratch;
}

enum status lm_decoder_create(const struct lm_weights *weights, uint32_t context,
                              struct lm_decoder **ret_decoder, struct error *ret_error)
{
    const struct lm_config *c = &weights->config;
    if (context < 1 || context > c->context)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "language model: expected a context of 1 to %" PRIu32
                         " tokens, got %" PRIu32,
                         c->context, context);
    struct lm_decoder *d = mem_calloc(1, sizeof(*d));
    if (d) {
        d->weights = weights;
        d->context = context;
    }
    if (!d || !allocate(d)) {
        lm_decoder_destroy(d);
        return error_set(ret_error, STATUS_NO_MEMORY,
                         "language model: a session of %" PRIu32 " tokens", context);
    }
    for (uint32_t p = 0; p < context; p++)
        nn_rope_table(p, c->head_size, c->rope_base, weights->rope_factors,
                      d->rope + (size_t)p * c->head_size);
    *ret_decoder = d;
    return STATUS_OK;
}

void lm_decoder_destroy(struct lm_decoder *decoder)
{
    if (!decoder)
        return;
    free(decoder->tokens);
    free(decoder->rope);
    free(decoder->cache);
    free(decoder->x);
    free(decoder->normed);
    free(decoder->qkv);
    free(decoder->mixed);
    free(decoder->hidden);
    free(decoder->scores);
    free(decoder->logits);
    free(decoder->scratch);
    free(decoder);
}

/* ---- one pass through the layers ---- */

static struct nn_kv cache_of(const struct lm_decoder *d, uint32_t layer)
{
    const struct lm_config *c = &d->weights->config;
    size_t half = nn_kv_floats(c->kv_heads, c->head_size, d->context);
    float *keys = d->cache + 2 * layer * half;
    return (struct nn_kv){keys, keys + half, c->kv_heads, c->head_size, d->context};
}

static void norm_rows(const struct lm_decoder *d, const float *weight, size_t n)
{
    const struct lm_config *c = &d->weights->config;
    for (size_t i = 0; i < n; i++)
        d->weights->ops->rms_norm(d->x + i * c->width, weight, c->eps, d->normed + i * c->width,
                                  c->width);
}

/* Rotate queries and keys and put keys and values of n tokens into the cache; then attend token by
 * token. */
static void attention(struct lm_decoder *d, uint32_t layer, size_t n)
{
    const struct lm_config *c = &d->weights->config;
    const struct nn_ops *ops = d->weights->ops;
    const struct nn_kv kv = cache_of(d, layer);
    const size_t q = (size_t)c->heads * c->head_size, keys = (size_t)c->kv_heads * c->head_size;
    const size_t stride = q + 2 * keys;
    for (size_t i = 0; i < n; i++) {
        float *row = d->qkv + i * stride;
        uint32_t position = (uint32_t)(d->length + i);
        nn_rope(row, c->heads + c->kv_heads, c->head_size,
                d->rope + (size_t)position * c->head_size);
        nn_kv_store(&kv, position, row + q, row + q + keys);
    }
    for (size_t i = 0; i < n; i++) {
        const struct nn_query query = {d->qkv + i * stride, c->heads, (uint32_t)(d->length + i + 1),
                                       1.0f / sqrtf((float)c->head_size), d->scores};
        ops->attend(&kv, &query, d->mixed + i * q);
    }
}

static void run_layer(struct lm_decoder *d, uint32_t index, size_t n)
{
    const struct lm_config *c = &d->weights->config;
    const struct nn_ops *ops = d->weights->ops;
    const struct lm_layer *l = &d->weights->layers[index];
    const struct nn_in normed = {d->normed, n, c->width};
    const struct nn_out residual = {d->x, c->width, NULL, true};
    const size_t gate_up = 2 * (size_t)c->hidden;

    norm_rows(d, l->attention_norm, n);
    ops->matmul(&l->qkv, normed, (struct nn_out){d->qkv, l->qkv.rows, NULL, false}, d->scratch);
    attention(d, index, n);
    ops->matmul(&l->output, (struct nn_in){d->mixed, n, l->output.cols}, residual, d->scratch);

    norm_rows(d, l->feed_norm, n);
    ops->matmul(&l->gate_up, normed, (struct nn_out){d->hidden, gate_up, NULL, false}, d->scratch);
    for (size_t i = 0; i < n; i++)
        ops->swiglu(d->hidden + i * gate_up, d->hidden + i * gate_up + c->hidden, c->hidden);
    ops->matmul(&l->down, (struct nn_in){d->hidden, n, gate_up}, residual, d->scratch);
}

static void run_batch(struct lm_decoder *d, const int32_t *tokens, size_t n)
{
    const struct lm_config *c = &d->weights->config;
    for (size_t i = 0; i < n; i++)
        nn_matrix_row(&d->weights->embedding, (uint32_t)tokens[i], d->x + i * c->width);
    for (uint32_t layer = 0; layer < c->layers; layer++)
        run_layer(d, layer, n);
    memcpy(d->tokens + d->length, tokens, n * sizeof(tokens[0]));
    d->length += n;
}

/* Logits of the last of the n rows of the pass. */
static void run_output(struct lm_decoder *d, size_t n)
{
    const struct lm_weights *w = d->weights;
    const struct nn_matrix *m = w->output.data ? &w->output : &w->embedding;
    w->ops->rms_norm(d->x + (n - 1) * w->config.width, w->output_norm, w->config.eps, d->normed,
                     w->config.width);
    w->ops->matmul(m, (struct nn_in){d->normed, 1, w->config.width},
                   (struct nn_out){d->logits, m->rows, NULL, false}, d->scratch);
    d->has_logits = true;
}

enum status lm_decoder_feed(struct lm_decoder *decoder, const int32_t *tokens, size_t count,
                            struct error *ret_error)
{
    if (count > decoder->context - decoder->length)
        return error_set(ret_error, STATUS_LIMIT,
                         "language model: %zu tokens after %zu, the context is %" PRIu32, count,
                         decoder->length, decoder->context);
    for (size_t i = 0; i < count; i++)
        if (tokens[i] < 0 || (uint32_t)tokens[i] >= decoder->weights->config.vocabulary)
            return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                             "language model: token %" PRId32 " of %" PRIu32, tokens[i],
                             decoder->weights->config.vocabulary);
    while (count > 0) {
        size_t n = count < BATCH ? count : BATCH;
        run_batch(decoder, tokens, n);
        tokens += n;
        count -= n;
        if (count == 0)
            run_output(decoder, n);
    }
    return STATUS_OK;
}

/* ---- access ---- */

void lm_decoder_truncate(struct lm_decoder *decoder, size_t count)
{
    if (count >= decoder->length)
        return;
    decoder->length = count;
    decoder->has_logits = false;
}

const int32_t *lm_decoder_tokens(const struct lm_decoder *decoder, size_t *ret_count)
{
    *ret_count = decoder->length;
    return decoder->tokens;
}

size_t lm_decoder_common(const struct lm_decoder *decoder, const int32_t *tokens, size_t count)
{
    size_t n = 0;
    while (n < count && n < decoder->length && decoder->tokens[n] == tokens[n])
        n++;
    return n;
}

uint32_t lm_decoder_context(const struct lm_decoder *decoder)
{
    return decoder->context;
}

const float *lm_decoder_logits(const struct lm_decoder *decoder)
{
    return decoder->has_logits ? decoder->logits : NULL;
}

const float *lm_decoder_state(const struct lm_decoder *decoder)
{
    return decoder->has_logits ? decoder->normed : NULL;
}
