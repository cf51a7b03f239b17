#include "lm_tokenizer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "lm_pretokenizer.h"

enum { MAX_TOKENS = 1 << 20, MAX_MERGES = 1 << 20, N_BYTES = 256, N_MAPPED = 324 };

/* Two neighbours that become one token; merges of lower rank go first. */
struct merge {
    int32_t left, right, result;
    uint32_t rank;
};

struct lm_tokenizer {
    uint32_t size;
    uint32_t *starts; /* piece i is bytes[starts[i] .. starts[i + 1]) */
    char *bytes;
    uint32_t *name_starts; /* the same for names as spelt in the file */
    char *names;
    uint8_t *types;
    int32_t byte_tokens[N_BYTES];
    /* Open addressing: ids by name (0 empty, else id + 1), merges by pair (rank UINT32_MAX empty).
     */
    uint32_t name_mask, merge_mask;
    uint32_t *by_name;
    struct merge *merges;
    enum lm_pre pre;
    int32_t bos, eos;
    bool adds_bos;
};

/* ---- GPT-2's printable bytes ---- */

/* Code point that stands for a byte: itself when printable, 256 and up in order of the others. */
static uint32_t code_of_byte(int byte)
{
    uint32_t next = 256;
    for (int b = 0; b <= byte; b++) {
        bool printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
        if (b == byte)
            return printable ? (uint32_t)b : next;
        next += !printable;
    }
    return 0;
}

static void fill_bytes_of_codes(int16_t ret_bytes[N_MAPPED])
{
    for (int i = 0; i < N_MAPPED; i++)
        ret_bytes[i] = -1;
    for (int b = 0; b < N_BYTES; b++)
        ret_bytes[code_of_byte(b)] = (int16_t)b;
}

/* Bytes of a token from its printable form; a character outside the mapping stays as it is (control
 * tokens). */
static size_t decode_name(const int16_t bytes_of_codes[N_MAPPED], struct gguf_string name, char *to)
{
    const unsigned char *p = (const unsigned char *)name.data;
    size_t n = 0;
    for (size_t i = 0; i < name.length; i++) {
        bool pair = (p[i] & 0xe0) == 0xc0 && i + 1 < name.length;
        uint32_t code = pair ? (uint32_t)(p[i] & 0x1f) << 6 | (p[i + 1] & 0x3f) : p[i];
        bool mapped = (pair || code < 0x80) && code < N_MAPPED && bytes_of_codes[code] >= 0;
        to[n++] = mapped ? (char)bytes_of_codes[code] : (char)p[i];
        i += mapped && pair;
    }
    return n;
}

/* ---- look-up ---- */

static uint32_t hash_bytes(const char *data, size_t length)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        h = (h ^ (unsigned char)data[i]) * 16777619u;
    return h ^ h >> 15;
}

static uint32_t hash_pair(int32_t left, int32_t right)
{
    uint64_t h = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(h >> 32);
}

static struct lm_piece name_of(const struct lm_tokenizer *t, uint32_t id)
{
    return (struct lm_piece){t->names + t->name_starts[id],
                             t->name_starts[id + 1] - t->name_starts[id]};
}

static int32_t find_name(const struct lm_tokenizer *t, const char *data, size_t length)
{
    for (uint32_t h = hash_bytes(data, length) & t->name_mask; t->by_name[h];
         h = (h + 1) & t->name_mask) {
        struct lm_piece name = name_of(t, t->by_name[h] - 1);
        if (name.length == length && memcmp(name.data, data, length) == 0)
            return (int32_t)(t->by_name[h] - 1);
    }
    return LM_NO_TOKEN;
}

static const struct merge *find_merge(const struct lm_tokenizer *t, int32_t left, int32_t right)
{
    for (uint32_t h = hash_pair(left, right) & t->merge_mask;; h = (h + 1) & t->merge_mask) {
        const struct merge *m = &t->merges[h];
        if (m->rank == UINT32_MAX)
            return NULL;
        if (m->left == left && m->right == right)
            return m;
    }
}

/* ---- loading ---- */

static uint32_t table_mask(size_t entries)
{
    uint32_t size = 16;
    while (size < 2 * entries)
        size *= 2;
    return size - 1;
}

static enum status no_memory(const struct gguf *g, struct error *ret_error)
{
    return error_set(ret_error, STATUS_NO_MEMORY, "%s: tokenizer", gguf_name(g));
}

static enum status allocate_tokens(struct lm_tokenizer *t, const struct gguf *g,
                                   const struct gguf_array *tokens, struct error *ret_error)
{
    if (tokens->count < N_BYTES || tokens->count > MAX_TOKENS)
        return error_set(ret_error, STATUS_FORMAT,
                         "%s: tokenizer.ggml.tokens: expected %d to %d tokens, got %zu",
                         gguf_name(g), N_BYTES, MAX_TOKENS, tokens->count);
    size_t cursor = 0, bytes = 0;
    for (size_t i = 0; i < tokens->count; i++)
        bytes += gguf_array_next_string(tokens, &cursor).length;
    if (bytes > UINT32_MAX)
        return error_set(ret_error, STATUS_FORMAT, "%s: tokenizer.ggml.tokens: %zu bytes of names",
                         gguf_name(g), bytes);
    t->size = (uint32_t)tokens->count;
    t->name_mask = table_mask(tokens->count);
    t->starts = mem_calloc(tokens->count + 1, sizeof(t->starts[0]));
    t->name_starts = mem_calloc(tokens->count + 1, sizeof(t->name_starts[0]));
    t->bytes = mem_calloc(1, bytes + 1);
    t->names = mem_calloc(1, bytes + 1);
    t->types = mem_calloc(1, tokens->count);
    t->by_name = mem_calloc((size_t)t->name_mask + 1, sizeof(t->by_name[0]));
    bool all = t->starts && t->name_starts && t->bytes && t->names && t->types && t->by_name;
    return all ? STATUS_OK : no_memory(g, ret_error);
}

static void add_token(struct lm_tokenizer *t, uint32_t id, struct gguf_string name,
                      const int16_t bytes_of_codes[N_MAPPED])
{
    memcpy(t->names + t->name_starts[id], name.data, name.length);
    t->name_starts[id + 1] = t->name_starts[id] + (uint32_t)name.length;
    size_t length = decode_name(bytes_of_codes, name, t->bytes + t->starts[id]);
    t->starts[id + 1] = t->starts[id] + (uint32_t)length;
    if (find_name(t, name.data, name.length) != LM_NO_TOKEN)
        return; /* the first of equal names wins */
    uint32_t h = hash_bytes(name.data, name.length) & t->name_mask;
    while (t->by_name[h])
        h = (h + 1) & t->name_mask;
    t->by_name[h] = id + 1;
}

static enum status load_types(struct lm_tokenizer *t, const struct gguf *g, struct error *ret_error)
{
    struct gguf_array types;
    memset(t->types, LM_TOKEN_NORMAL, t->size);
    if (!gguf_find_entry(g, "tokenizer.ggml.token_type"))
        return STATUS_OK;
    TRY(gguf_get_array(g, "tokenizer.ggml.token_type", GGUF_VALUE_I32, &types, ret_error));
    if (types.count != t->size)
        return error_set(ret_error, STATUS_FORMAT,
                         "%s: tokenizer.ggml.token_type: expected %" PRIu32 " items, got %zu",
                         gguf_name(g), t->size, types.count);
    for (uint32_t i = 0; i < t->size; i++) {
        int32_t type = gguf_array_i32(&types, i);
        t->types[i] =
            type >= LM_TOKEN_NORMAL && type <= LM_TOKEN_BYTE ? (uint8_t)type : LM_TOKEN_NORMAL;
    }
    return STATUS_OK;
}

static enum status load_byte_tokens(struct lm_tokenizer *t, const struct gguf *g,
                                    struct error *ret_error)
{
    for (int b = 0; b < N_BYTES; b++) {
        uint32_t code = code_of_byte(b);
        char utf8[2] = {(char)code, 0};
        size_t length = 1;
        if (code >= 0x80) {
            utf8[0] = (char)(0xc0 | code >> 6);
            utf8[1] = (char)(0x80 | (code & 0x3f));
            length = 2;
        }
        t->byte_tokens[b] = find_name(t, utf8, length);
        if (t->byte_tokens[b] == LM_NO_TOKEN)
            return error_set(ret_error, STATUS_FORMAT,
                             "%s: tokenizer.ggml.tokens: expected a token for byte %d",
                             gguf_name(g), b);
    }
    return STATUS_OK;
}

static enum status load_tokens(struct lm_tokenizer *t, const struct gguf *g,
                               struct error *ret_error)
{
    struct gguf_array tokens;
    int16_t bytes_of_codes[N_MAPPED];
    TRY(gguf_get_array(g, "tokenizer.ggml.tokens", GGUF_VALUE_STRING, &tokens, ret_error));
    TRY(allocate_tokens(t, g, &tokens, ret_error));
    fill_bytes_of_codes(bytes_of_codes);
    size_t cursor = 0;
    for (uint32_t i = 0; i < t->size; i++)
        add_token(t, i, gguf_array_next_string(&tokens, &cursor), bytes_of_codes);
    TRY(load_types(t, g, ret_error));
    return load_byte_tokens(t, g, ret_error);
}

/* "left right": the space that parts them is the only one, as spaces inside tokens are mapped. */
static enum status parse_merge(const struct lm_tokenizer *t, struct gguf_string text,
                               struct merge *ret_merge)
{
    const char *space = text.length ? memchr(text.data + 1, ' ', text.length - 1) : NULL;
    char joined[LM_MAX_WORD];
    if (!space || text.length > sizeof(joined))
        return STATUS_FORMAT;
    size_t left = (size_t)(space - text.data), right = text.length - left - 1;
    memcpy(joined, text.data, left);
    memcpy(joined + left, space + 1, right);
    ret_merge->left = find_name(t, text.data, left);
    ret_merge->right = find_name(t, space + 1, right);
    ret_merge->result = find_name(t, joined, left + right);
    bool known = ret_merge->left >= 0 && ret_merge->right >= 0 && ret_merge->result >= 0;
    return known ? STATUS_OK : STATUS_FORMAT;
}

static void add_merge(struct lm_tokenizer *t, struct merge merge)
{
    uint32_t h = hash_pair(merge.left, merge.right) & t->merge_mask;
    while (t->merges[h].rank != UINT32_MAX) {
        if (t->merges[h].left == merge.left && t->merges[h].right == merge.right)
            return;
        h = (h + 1) & t->merge_mask;
    }
    t->merges[h] = merge;
}

static enum status load_merges(struct lm_tokenizer *t, const struct gguf *g,
                               struct error *ret_error)
{
    struct gguf_array merges;
    TRY(gguf_get_array(g, "tokenizer.ggml.merges", GGUF_VALUE_STRING, &merges, ret_error));
    if (merges.count > MAX_MERGES)
        return error_set(ret_error, STATUS_LIMIT, "%s: tokenizer.ggml.merges: at most %d, got %zu",
                         gguf_name(g), MAX_MERGES, merges.count);
    t->merge_mask = table_mask(merges.count);
    t->merges = mem_calloc(1, ((size_t)t->merge_mask + 1) * sizeof(t->merges[0]));
    if (!t->merges)
        return no_memory(g, ret_error);
    for (size_t i = 0; i <= t->merge_mask; i++)
        t->merges[i].rank = UINT32_MAX;
    size_t cursor = 0;
    for (uint32_t rank = 0; rank < merges.count; rank++) {
        struct gguf_string text = gguf_array_next_string(&merges, &cursor);
        struct merge merge = {.rank = rank};
        if (parse_merge(t, text, &merge) != STATUS_OK)
            return error_set(ret_error, STATUS_FORMAT,
                             "%s: tokenizer.ggml.merges: item %" PRIu32
                             " \"%.*s\": expected two known tokens whose join is one",
                             gguf_name(g), rank, (int)(text.length < 64 ? text.length : 64),
                             text.data);
        add_merge(t, merge);
    }
    return STATUS_OK;
}

static bool string_is(struct gguf_string s, const char *text)
{
    return s.length == strlen(text) && memcmp(s.data, text, s.length) == 0;
}

static enum status load_kind(struct lm_tokenizer *t, const struct gguf *g, struct error *ret_error)
{
    struct gguf_string model, pre = {"gpt-2", 5};
    TRY(gguf_get_string(g, "tokenizer.ggml.model", &model, ret_error));
    if (!string_is(model, "gpt2"))
        return error_set(ret_error, STATUS_UNSUPPORTED,
                         "%s: tokenizer.ggml.model: expected \"gpt2\", got \"%.*s\"", gguf_name(g),
                         (int)model.length, model.data);
    if (gguf_find_entry(g, "tokenizer.ggml.pre"))
        TRY(gguf_get_string(g, "tokenizer.ggml.pre", &pre, ret_error));
    if (string_is(pre, "smollm"))
        t->pre = LM_PRE_SMOLLM;
    else if (string_is(pre, "gpt-2") || string_is(pre, "gpt2") || string_is(pre, "default"))
        t->pre = LM_PRE_GPT2;
    else
        return error_set(ret_error, STATUS_UNSUPPORTED,
                         "%s: tokenizer.ggml.pre: expected \"gpt-2\" or \"smollm\", got \"%.*s\"",
                         gguf_name(g), (int)pre.length, pre.data);
    return STATUS_OK;
}

static int32_t special(const struct lm_tokenizer *t, const struct gguf *g, const char *key)
{
    uint32_t id = gguf_u32_or(g, key, UINT32_MAX);
    return id < t->size ? (int32_t)id : LM_NO_TOKEN;
}

static enum status load(struct lm_tokenizer *t, const struct gguf *g, struct error *ret_error)
{
    TRY(load_kind(t, g, ret_error));
    TRY(load_tokens(t, g, ret_error));
    TRY(load_merges(t, g, ret_error));
    t->bos = special(t, g, "tokenizer.ggml.bos_token_id");
    t->eos = special(t, g, "tokenizer.ggml.eos_token_id");
    t->adds_bos = t->bos >= 0 && gguf_u32_or(g, "tokenizer.ggml.add_bos_token", 0) != 0;
    return STATUS_OK;
}

enum status lm_tokenizer_create(const struct gguf *gguf, struct lm_tokenizer **ret_tokenizer,
                                struct error *ret_error)
{
    struct lm_tokenizer *t = mem_calloc(1, sizeof(*t));
    if (!t)
        return no_memory(gguf, ret_error);
    enum status status = load(t, gguf, ret_error);
    if (status != STATUS_OK) {
        lm_tokenizer_destroy(t);
        return status;
    }
    *ret_tokenizer = t;
    return STATUS_OK;
}

void lm_tokenizer_destroy(struct lm_tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    free(tokenizer->starts);
    free(tokenizer->bytes);
    free(tokenizer->name_starts);
    free(tokenizer->names);
    free(tokenizer->types);
    free(tokenizer->by_name);
    free(tokenizer->merges);
    free(tokenizer);
}

/* ---- encoding ---- */

/* Merge the best pair until none is left; returns how many tokens remain. */
static size_t merge_word(const struct lm_tokenizer *t, int32_t *ids, size_t n)
{
    for (;;) {
        const struct merge *best = NULL;
        size_t at = 0;
        for (size_t i = 0; i + 1 < n; i++) {
            const struct merge *m = find_merge(t, ids[i], ids[i + 1]);
            if (m && (!best || m->rank < best->rank)) {
                best = m;
                at = i;
            }
        }
        if (!best)
            return n;
        ids[at] = best->result;
        memmove(ids + at + 1, ids + at + 2, (n - at - 2) * sizeof(ids[0]));
        n--;
    }
}

static size_t encode_word(const struct lm_tokenizer *t, struct lm_piece word,
                          int32_t ids[LM_MAX_WORD])
{
    for (size_t i = 0; i < word.length; i++)
        ids[i] = t->byte_tokens[(unsigned char)word.data[i]];
    return merge_word(t, ids, word.length);
}

enum status lm_tokenizer_encode(const struct lm_tokenizer *tokenizer, struct lm_piece text,
                                int32_t *ret_tokens, size_t capacity, size_t *ret_count)
{
    size_t count = 0;
    while (text.length > 0) {
        int32_t ids[LM_MAX_WORD];
        struct lm_piece word = {text.data, lm_pretokenizer_word(tokenizer->pre, text)};
        if (word.length > LM_MAX_WORD)
            word.length = LM_MAX_WORD;
        size_t n = encode_word(tokenizer, word, ids);
        if (n > capacity - count)
            return STATUS_LIMIT;
        memcpy(ret_tokens + count, ids, n * sizeof(ids[0]));
        count += n;
        text.data += word.length;
        text.length -= word.length;
    }
    *ret_count = count;
    return STATUS_OK;
}

/* ---- access ---- */

uint32_t lm_tokenizer_size(const struct lm_tokenizer *tokenizer)
{
    return tokenizer->size;
}

int32_t lm_tokenizer_find(const struct lm_tokenizer *tokenizer, const char *name)
{
    return find_name(tokenizer, name, strlen(name));
}

struct lm_piece lm_tokenizer_piece(const struct lm_tokenizer *tokenizer, int32_t token)
{
    const uint32_t *start = tokenizer->starts + token;
    return (struct lm_piece){tokenizer->bytes + start[0], start[1] - start[0]};
}

enum lm_token_type lm_tokenizer_type(const struct lm_tokenizer *tokenizer, int32_t token)
{
    return (enum lm_token_type)tokenizer->types[token];
}

int32_t lm_tokenizer_bos(const struct lm_tokenizer *tokenizer)
{
    return tokenizer->bos;
}

int32_t lm_tokenizer_eos(const struct lm_tokenizer *tokenizer)
{
    return tokenizer->eos;
}

bool lm_tokenizer_adds_bos(const struct lm_tokenizer *tokenizer)
{
    return tokenizer->adds_bos;
}
