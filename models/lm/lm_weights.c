#include "lm_weights.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"

enum { MAX_LAYERS = 256, MAX_WIDTH = 65536, MAX_VOCABULARY = 1 << 20, MAX_CONTEXT = 1 << 20 };

/* ---- metadata ---- */

static enum status read_dimension(const struct gguf *g, const char *key, uint32_t most,
                                  uint32_t *ret_value, struct error *ret_error)
{
    uint32_t value;
    TRY(gguf_get_u32(g, key, &value, ret_error));
    if (value < 1 || value > most)
        return error_set(ret_error, STATUS_LIMIT,
                         "%s: \"%s\": expected 1 to %" PRIu32 ", got %" PRIu32, gguf_name(g), key,
                         most, value);
    *ret_value = value;
    return STATUS_OK;
}

static enum status check_architecture(const struct gguf *g, struct error *ret_error)
{
    struct gguf_string name, scaling;
    TRY(gguf_get_string(g, "general.architecture", &name, ret_error));
    if (name.length != 5 || memcmp(name.data, "llama", 5) != 0)
        return error_set(ret_error, STATUS_UNSUPPORTED,
                         "%s: expected the architecture \"llama\", got \"%.*s\"", gguf_name(g),
                         (int)name.length, name.data);
    if (gguf_get_string(g, "llama.rope.scaling.type", &scaling, NULL) == STATUS_OK &&
        !(scaling.length == 4 && memcmp(scaling.data, "none", 4) == 0))
        return error_set(ret_error, STATUS_UNSUPPORTED,
                         "%s: rope scaling \"%.*s\" is not supported", gguf_name(g),
                         (int)scaling.length, scaling.data);
    return STATUS_OK;
}

static enum status check_heads(const struct gguf *g, const struct lm_config *c,
                               struct error *ret_error)
{
    if (c->heads % c->kv_heads || c->head_size % 2 || c->head_size == 0 ||
        (uint64_t)c->heads * c->head_size > MAX_WIDTH ||
        gguf_u32_or(g, "llama.rope.dimension_count", c->head_size) != c->head_size ||
        gguf_u32_or(g, "llama.attention.value_length", c->head_size) != c->head_size)
        return error_set(ret_error, STATUS_UNSUPPORTED,
                         "%s: %" PRIu32 " heads over %" PRIu32 " of size %" PRIu32
                         ": expected whole groups and rotation of whole heads",
                         gguf_name(g), c->heads, c->kv_heads, c->head_size);
    return STATUS_OK;
}

static enum status read_config(const struct gguf *g, struct lm_config *c, struct error *ret_error)
{
    TRY(check_architecture(g, ret_error));
    TRY(read_dimension(g, "llama.block_count", MAX_LAYERS, &c->layers, ret_error));
    TRY(read_dimension(g, "llama.embedding_length", MAX_WIDTH, &c->width, ret_error));
    TRY(read_dimension(g, "llama.feed_forward_length", MAX_WIDTH * 4, &c->hidden, ret_error));
    TRY(read_dimension(g, "llama.attention.head_count", MAX_WIDTH, &c->heads, ret_error));
    TRY(read_dimension(g, "llama.context_length", MAX_CONTEXT, &c->context, ret_error));
    c->kv_heads = c->heads;
    if (gguf_find_entry(g, "llama.attention.head_count_kv"))
        TRY(read_dimension(g, "llama.attention.head_count_kv", c->heads, &c->kv_heads, ret_error));
    c->head_size = c->width / c->heads;
    if (gguf_find_entry(g, "llama.attention.key_length"))
        TRY(read_dimension(g, "llama.attention.key_length", MAX_WIDTH, &c->head_size, ret_error));
    c->eps = gguf_f32_or(g, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
    c->rope_base = gguf_f32_or(g, "llama.rope.freq_base", 10000.0f);
    return check_heads(g, c, ret_error);
}

/* ---- tensors ---- */

static enum status load_vector(const struct gguf *g, const char *name, uint32_t size,
                               float **ret_vector, struct error *ret_error)
{
    const struct gguf_tensor *t;
    TRY(gguf_require_tensor(g, name, (const uint64_t[2]){size, 1}, &t, ret_error));
    float *v = mem_calloc(size, sizeof(float));
    if (!v)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: tensor \"%s\"", gguf_name(g), name);
    *ret_vector = v; /* owned by the weights from here on */
    for (uint32_t i = 0; i < size; i++) {
        uint16_t half;
        if (t->type == GGUF_TYPE_F32) {
            memcpy(&v[i], (const uint8_t *)t->data + 4 * (size_t)i, 4);
        } else if (t->type == GGUF_TYPE_F16) {
            memcpy(&half, (const uint8_t *)t->data + 2 * (size_t)i, 2);
            v[i] = nn_f16_to_f32(half);
        } else {
            return error_set(ret_error, STATUS_UNSUPPORTED,
                             "%s: tensor \"%s\": expected F32 or F16, got %s", gguf_name(g), name,
                             gguf_type_name(t->type));
        }
    }
    return STATUS_OK;
}

/* Up to three matrices with the same input, stacked. */
struct stack {
    const char *names[3];
    uint32_t rows[3];
    size_t count;
    uint32_t cols;
};

static enum status load_stack(const struct gguf *g, const char *prefix, const struct stack *stack,
                              struct nn_matrix *ret_matrix, struct error *ret_error)
{
    const struct gguf_tensor *tensors[3];
    for (size_t i = 0; i < stack->count; i++) {
        char name[GGUF_MAX_NAME];
        snprintf(name, sizeof(name), "%s%s.weight", prefix, stack->names[i]);
        const uint64_t ne[2] = {stack->cols, stack->rows[i]};
        TRY(gguf_require_tensor(g, name, ne, &tensors[i], ret_error));
    }
    enum status status = nn_matrix_init(ret_matrix, tensors, stack->count, ret_error);
    return status == STATUS_OK ? status : error_prefix(ret_error, status, "%s", gguf_name(g));
}

static enum status refuse_biases(const struct gguf *g, const char *prefix, struct error *ret_error)
{
    static const char *const parts[] = {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_up"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char name[GGUF_MAX_NAME];
        snprintf(name, sizeof(name), "%s%s.bias", prefix, parts[i]);
        if (gguf_find_tensor(g, name))
            return error_set(ret_error, STATUS_UNSUPPORTED,
                             "%s: tensor \"%s\": biases are not supported", gguf_name(g), name);
    }
    return STATUS_OK;
}

static enum status load_layer(const struct gguf *g, const struct lm_config *c, uint32_t index,
                              struct lm_layer *layer, struct error *ret_error)
{
    char prefix[24], name[GGUF_MAX_NAME];
    snprintf(prefix, sizeof(prefix), "blk.%" PRIu32 ".", index);
    const uint32_t q = c->heads * c->head_size, kv = c->kv_heads * c->head_size;
    const struct stack qkv = {{"attn_q", "attn_k", "attn_v"}, {q, kv, kv}, 3, c->width};
    const struct stack output = {{"attn_output"}, {c->width}, 1, q};
    const struct stack gate_up = {{"ffn_gate", "ffn_up"}, {c->hidden, c->hidden}, 2, c->width};
    const struct stack down = {{"ffn_down"}, {c->width}, 1, c->hidden};
    TRY(refuse_biases(g, prefix, ret_error));
    snprintf(name, sizeof(name), "%sattn_norm.weight", prefix);
    TRY(load_vector(g, name, c->width, &layer->attention_norm, ret_error));
    snprintf(name, sizeof(name), "%sffn_norm.weight", prefix);
    TRY(load_vector(g, name, c->width, &layer->feed_norm, ret_error));
    TRY(load_stack(g, prefix, &qkv, &layer->qkv, ret_error));
    TRY(load_stack(g, prefix, &output, &layer->output, ret_error));
    TRY(load_stack(g, prefix, &gate_up, &layer->gate_up, ret_error));
    return load_stack(g, prefix, &down, &layer->down, ret_error);
}

static enum status load_ends(const struct gguf *g, struct lm_weights *w, struct error *ret_error)
{
    const struct gguf_tensor *t;
    struct lm_config *c = &w->config;
    TRY(gguf_require_tensor(g, "token_embd.weight", (const uint64_t[2]){c->width, 0}, &t,
                            ret_error));
    if (t->ne[1] > MAX_VOCABULARY)
        return error_set(ret_error, STATUS_LIMIT, "%s: at most %d tokens, got %" PRIu64,
                         gguf_name(g), MAX_VOCABULARY, t->ne[1]);
    c->vocabulary = (uint32_t)t->ne[1];
    const struct stack embedding = {{"token_embd"}, {c->vocabulary}, 1, c->width};
    const struct stack output = {{"output"}, {c->vocabulary}, 1, c->width};
    TRY(load_stack(g, "", &embedding, &w->embedding, ret_error));
    if (gguf_find_tensor(g, "output.weight"))
        TRY(load_stack(g, "", &output, &w->output, ret_error));
    if (gguf_find_tensor(g, "rope_freqs.weight"))
        TRY(load_vector(g, "rope_freqs.weight", c->head_size / 2, &w->rope_factors, ret_error));
    return load_vector(g, "output_norm.weight", c->width, &w->output_norm, ret_error);
}

static enum status load(const struct gguf *g, struct lm_weights *w, struct error *ret_error)
{
    TRY(read_config(g, &w->config, ret_error));
    TRY(load_ends(g, w, ret_error));
    w->layers = mem_calloc(w->config.layers, sizeof(w->layers[0]));
    if (!w->layers)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: layers", gguf_name(g));
    for (uint32_t i = 0; i < w->config.layers; i++)
        TRY(load_layer(g, &w->config, i, &w->layers[i], ret_error));
    return STATUS_OK;
}

enum status lm_weights_create(const struct gguf *gguf, const struct nn_ops *ops,
                              struct lm_weights **ret_weights, struct error *ret_error)
{
    struct lm_weights *w = mem_calloc(1, sizeof(*w));
    if (!w)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: weights", gguf_name(gguf));
    w->ops = ops;
    enum status status = load(gguf, w, ret_error);
    if (status != STATUS_OK) {
        lm_weights_destroy(w);
        return status;
    }
    *ret_weights = w;
    return STATUS_OK;
}

static void finish_layer(struct lm_layer *layer)
{
    free(layer->attention_norm);
    free(layer->feed_norm);
    nn_matrix_finish(&layer->qkv);
    nn_matrix_finish(&layer->output);
    nn_matrix_finish(&layer->gate_up);
    nn_matrix_finish(&layer->down);
}

void lm_weights_destroy(struct lm_weights *weights)
{
    if (!weights)
        return;
    for (uint32_t i = 0; weights->layers && i < weights->config.layers; i++)
        finish_layer(&weights->layers[i]);
    free(weights->layers);
    nn_matrix_finish(&weights->embedding);
    nn_matrix_finish(&weights->output);
    free(weights->output_norm);
    free(weights->rope_factors);
    free(weights);
}

const struct lm_config *lm_weights_config(const struct lm_weights *weights)
{
    return &weights->config;
}

size_t lm_weights_bytes(const struct lm_weights *weights)
{
    size_t bytes = nn_matrix_bytes(&weights->embedding);
    if (weights->output.data)
        bytes += nn_matrix_bytes(&weights->output);
    for (uint32_t i = 0; i < weights->config.layers; i++) {
        const struct lm_layer *l = &weights->layers[i];
        bytes += nn_matrix_bytes(&l->qkv) + nn_matrix_bytes(&l->output) +
                 nn_matrix_bytes(&l->gate_up) + nn_matrix_bytes(&l->down);
    }
    return bytes;
}
