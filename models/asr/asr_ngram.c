#include "asr_ngram.h"

#include <stdbool.h>
#include <stdio.h>

enum { TABLE = 256 };
#define FIXED (1.0f / 1024.0f)

/* One tensor of plain type; *count is checked, or set when it was 0. */
static enum status find(const struct gguf *gguf, const char *model, const char *part,
                        enum gguf_type type, uint64_t *count, const void **ret_data,
                        struct error *ret_error)
{
    char name[GGUF_MAX_NAME];
    int length = snprintf(name, sizeof name, "ngram.%s.%s", model, part);
    if (length < 0 || (size_t)length >= sizeof name)
        return error_set(ret_error, STATUS_LIMIT, "language model's name '%s' is too long", model);
    const struct gguf_tensor *tensor;
    TRY(gguf_require_tensor(gguf, name, (const uint64_t[2]){*count, 1}, &tensor, ret_error));
    if (tensor->type != type)
        return error_set(ret_error, STATUS_FORMAT, "%s: tensor %s: expected type %s, found %s",
                         gguf_name(gguf), name, gguf_type_name(type), gguf_type_name(tensor->type));
    *count = tensor->ne[0];
    *ret_data = tensor->data;
    return STATUS_OK;
}

static bool offsets_rise(const int32_t *first, uint64_t count, uint64_t total)
{
    if (first[0] != 0 || (uint64_t)first[count - 1] != total)
        return false;
    for (uint64_t i = 1; i < count; i++)
        if (first[i] < first[i - 1])
            return false;
    return true;
}

static bool words_known(const uint16_t *word, uint64_t count, uint32_t limit)
{
    uint32_t largest = 0;
    for (uint64_t i = 0; i < count; i++)
        largest = word[i] > largest ? word[i] : largest;
    return count == 0 || largest < limit;
}

/* One order: offsets per history, words, codes, table. */
struct order {
    const char *name, *first_name;
    uint64_t histories;
    const int32_t **first;
    const uint16_t **word;
    const uint8_t **code;
    const float **table;
};

static enum status find_order(const struct gguf *gguf, const char *model, uint32_t words,
                              const struct order *order, struct error *ret_error)
{
    char part[32];
    uint64_t offsets = order->histories + 1, count = 0, table = TABLE;
    TRY(find(gguf, model, order->first_name, GGUF_TYPE_I32, &offsets, (const void **)order->first,
             ret_error));
    snprintf(part, sizeof part, "%s.word", order->name);
    TRY(find(gguf, model, part, GGUF_TYPE_I16, &count, (const void **)order->word, ret_error));
    snprintf(part, sizeof part, "%s.code", order->name);
    TRY(find(gguf, model, part, GGUF_TYPE_I8, &count, (const void **)order->code, ret_error));
    snprintf(part, sizeof part, "%s.table", order->name);
    TRY(find(gguf, model, part, GGUF_TYPE_F32, &table, (const void **)order->table, ret_error));
    if (!offsets_rise(*order->first, offsets, count))
        return error_set(ret_error, STATUS_FORMAT,
                         "%s: ngram.%s.%s: expected offsets that rise from 0 to %llu",
                         gguf_name(gguf), model, order->first_name, (unsigned long long)count);
    for (unsigned i = 1; i < TABLE && (*order->table)[i] != 0; i++)
        if (!((*order->table)[i] >= (*order->table)[i - 1]))
            return error_set(ret_error, STATUS_FORMAT,
                             "%s: ngram.%s.%s.table: expected values that rise", gguf_name(gguf),
                             model, order->name);
    if (!words_known(*order->word, count, words + 2))
        return error_set(ret_error, STATUS_FORMAT,
                         "%s: ngram.%s.%s.word: expected numbers below %u", gguf_name(gguf), model,
                         order->name, words + 2);
    return STATUS_OK;
}

enum status asr_ngram_init(struct asr_ngram *ret_ngram, const struct gguf *gguf, const char *name,
                           uint32_t words, struct error *ret_error)
{
    struct asr_ngram n = {.words = words};
    uint64_t all = (uint64_t)words + 2;
    if (words == 0 || all > UINT16_MAX)
        return error_set(ret_error, STATUS_FORMAT, "%s: expected 1 to %d words, found %u",
                         gguf_name(gguf), UINT16_MAX - 2, words);
    TRY(find(gguf, name, "unigram", GGUF_TYPE_I16, &all, (const void **)&n.unigram, ret_error));
    TRY(find(gguf, name, "back_off", GGUF_TYPE_I16, &all, (const void **)&n.back_off, ret_error));
    struct order pair = {"bigram",     "bigram.first", all,          &n.pair_first,
                         &n.pair_word, &n.pair_code,   &n.pair_table};
    TRY(find_order(gguf, name, words, &pair, ret_error));
    struct order context = {"context",        "context.first", all,
                            &n.context_first, &n.context_word, &n.context_code,
                            &n.context_table};
    TRY(find_order(gguf, name, words, &context, ret_error));
    struct order triple = {"trigram",       "context.trigram", (uint64_t)n.context_first[all],
                           &n.triple_first, &n.triple_word,    &n.triple_code,
                           &n.triple_table};
    TRY(find_order(gguf, name, words, &triple, ret_error));
    *ret_ngram = n;
    return STATUS_OK;
}

uint32_t asr_ngram_states(const struct asr_ngram *ngram)
{
    return ngram->words + 2 + (uint32_t)ngram->context_first[ngram->words + 2];
}

uint32_t asr_ngram_start(const struct asr_ngram *ngram)
{
    return ngram->words;
}

/* States: 0 .. words + 1 are single words, then come the listed pairs. */
static bool is_pair(const struct asr_ngram *ngram, uint32_t state)
{
    return state >= ngram->words + 2;
}

/* Position of a word in an ascending list, or -1. */
static int64_t position(const uint16_t *word, int64_t first, int64_t end, uint32_t wanted)
{
    int64_t limit = end;
    while (first < end) {
        int64_t middle = (first + end) / 2;
        if (word[middle] < wanted)
            first = middle + 1;
        else
            end = middle;
    }
    return first < limit && word[first] == wanted ? first : -1;
}

static float single_score(const struct asr_ngram *n, uint32_t history, uint32_t word)
{
    int64_t at = position(n->pair_word, n->pair_first[history], n->pair_first[history + 1], word);
    if (at >= 0)
        return n->pair_table[n->pair_code[at]];
    return FIXED * (n->back_off[history] + n->unigram[word]);
}

static uint32_t next_state(const struct asr_ngram *n, uint32_t last, uint32_t word)
{
    int64_t at =
        position(n->context_word, n->context_first[last], n->context_first[last + 1], word);
    return at >= 0 ? n->words + 2 + (uint32_t)at : word;
}

float asr_ngram_score(const struct asr_ngram *ngram, uint32_t state, uint32_t word,
                      uint32_t *ret_next)
{
    const struct asr_ngram *n = ngram;
    uint32_t last = state;
    float score = 0;
    bool listed = false;
    if (state == ASR_NGRAM_EMPTY) {
        if (ret_next)
            *ret_next = word;
        return FIXED * n->unigram[word];
    }
    if (is_pair(n, state)) {
        uint32_t context = state - n->words - 2;
        last = n->context_word[context];
        int64_t at =
            position(n->triple_word, n->triple_first[context], n->triple_first[context + 1], word);
        listed = at >= 0;
        score = listed ? n->triple_table[n->triple_code[at]]
                       : n->context_table[n->context_code[context]];
    }
    if (!listed)
        score += single_score(n, last, word);
    if (ret_next)
        *ret_next = next_state(n, last, word);
    return score;
}

float asr_ngram_end(const struct asr_ngram *ngram, uint32_t state)
{
    return asr_ngram_score(ngram, state, ngram->words + 1, NULL);
}

struct asr_ngram_list asr_ngram_listed(const struct asr_ngram *ngram, uint32_t state)
{
    const struct asr_ngram *n = ngram;
    if (state == ASR_NGRAM_EMPTY)
        return (struct asr_ngram_list){0};
    if (is_pair(n, state)) {
        const int32_t *first = n->triple_first + (state - n->words - 2);
        return (struct asr_ngram_list){n->triple_word + first[0], n->triple_code + first[0],
                                       n->triple_table, (uint32_t)(first[1] - first[0])};
    }
    const int32_t *first = n->pair_first + state;
    return (struct asr_ngram_list){n->pair_word + first[0], n->pair_code + first[0], n->pair_table,
                                   (uint32_t)(first[1] - first[0])};
}

float asr_ngram_back_off(const struct asr_ngram *ngram, uint32_t state, uint32_t *ret_lower)
{
    if (state == ASR_NGRAM_EMPTY) {
        *ret_lower = ASR_NGRAM_EMPTY;
        return 0;
    }
    if (is_pair(ngram, state)) {
        uint32_t context = state - ngram->words - 2;
        *ret_lower = ngram->context_word[context];
        return ngram->context_table[ngram->context_code[context]];
    }
    *ret_lower = ASR_NGRAM_EMPTY;
    return FIXED * ngram->back_off[state];
}
