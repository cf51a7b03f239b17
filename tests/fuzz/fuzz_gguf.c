/* Any bytes: refused with a text, or every tensor lies inside and the loaders on top stay within
 * bounds too. */
#include <stdlib.h>

#include "lm_decoder.h"
#include "lm_grammar.h"
#include "lm_tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void touch_tensors(const struct gguf *g, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < gguf_tensor_count(g); i++) {
        const struct gguf_tensor *t = gguf_tensor(g, i);
        const uint8_t *at = t->data;
        require(at >= data && t->size <= size && (size_t)(at - data) <= size - t->size);
        require(gguf_find_tensor(g, t->name) == t);
    }
}

static void touch_arrays(const struct gguf *g)
{
    for (size_t i = 0; i < gguf_entry_count(g); i++) {
        const struct gguf_entry *e = gguf_entry(g, i);
        struct gguf_array array = {e->item_type, (size_t)e->count, e->data};
        size_t cursor = 0;
        if (e->type != GGUF_VALUE_ARRAY || e->item_type != GGUF_VALUE_STRING)
            continue;
        for (size_t k = 0; k < array.count; k++)
            require(gguf_array_next_string(&array, &cursor).length <= e->size);
        require(cursor == e->size);
    }
}

static void load_models(const struct gguf *g, struct error *error)
{
    struct lm_tokenizer *tokenizer = NULL;
    struct lm_weights *weights = NULL;
    struct lm_grammar grammar;
    if (lm_tokenizer_create(g, &tokenizer, error) == STATUS_OK)
        (void)!lm_grammar_init(&grammar, g, tokenizer, error);
    (void)!lm_weights_create(g, nn_ops_best(), &weights, error);
    lm_weights_destroy(weights);
    lm_tokenizer_destroy(tokenizer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gguf *g = NULL;
    struct error error = {0};
    uint8_t *aligned = aligned_alloc(64, (size + 64) / 64 * 64);
    require(aligned != NULL);
    memcpy(aligned, data, size);
    if (gguf_create_from_memory(aligned, size, "fuzz", &g, &error) == STATUS_OK) {
        touch_tensors(g, aligned, size);
        touch_arrays(g);
        load_models(g, &error);
    } else {
        require(!g && error.text[0] && error.status != STATUS_OK);
    }
    gguf_destroy(g);
    free(aligned);
    return 0;
}
