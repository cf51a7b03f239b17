#include "lm_tiny.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const controls[TINY_CONTROLS] = {
    "<|bos|>",        "<|end|>",        "<|user|>",       "<|assistant|>", "<|reply|>", "<|cloud|>",
    "<|timer_set|>",  "<|get_time|>",   "<|stop|>",       "<|duration|>",  "<|name|>",  "<|place|>",
    "<|reserved_0|>", "<|reserved_1|>", "<|reserved_2|>", "<|reserved_3|>"};
static const char *const tools[] = {"timer_set duration name", "get_time place", "stop"};

/* \xc4\xa0 is GPT-2's printable form of the space. */
static const char *const merges[][2] = {{"\xc4\xa0", "f"},
                                        {"i", "v"},
                                        {"iv", "e"},
                                        {"\xc4\xa0"
                                         "f",
                                         "ive"},
                                        {"m", "i"},
                                        {"n", "u"},
                                        {"t", "e"},
                                        {"te", "s"},
                                        {"\xc4\xa0", "mi"},
                                        {"\xc4\xa0"
                                         "mi",
                                         "nu"},
                                        {"\xc4\xa0"
                                         "minu",
                                         "tes"},
                                        {"\xc4\xa0", "t"},
                                        {"e", "n"},
                                        {"\xc4\xa0"
                                         "t",
                                         "en"},
                                        {"t", "en"}};
enum { N_MERGES = sizeof(merges) / sizeof(merges[0]), N_TENSORS = 2 + 9 * TINY_LAYERS };

static void byte_name(int byte, char ret_name[3])
{
    int next = 256, code = byte;
    for (int b = 0; b <= byte; b++) {
        bool printable = (b > 32 && b < 127) || (b > 160 && b != 173);
        if (!printable && b == byte)
            code = next;
        next += !printable;
    }
    int n = 0;
    if (code >= 128)
        ret_name[n++] = (char)(0xc0 | code >> 6);
    ret_name[n++] = (char)(code >= 128 ? 0x80 | (code & 63) : code);
    ret_name[n] = 0;
}

static void put_strings(struct builder *b, const char *key, uint64_t count)
{
    builder_key(b, key, GGUF_VALUE_ARRAY);
    builder_u32(b, GGUF_VALUE_STRING);
    builder_u64(b, count);
}

static void put_tokenizer(struct builder *b, uint32_t vocabulary)
{
    char text[64];
    builder_entry_string(b, "tokenizer.ggml.model", "gpt2");
    builder_entry_string(b, "tokenizer.ggml.pre", "gpt-2");
    builder_entry_u32(b, "tokenizer.ggml.eos_token_id", TINY_END);
    put_strings(b, "tokenizer.ggml.tokens", vocabulary);
    for (int i = 0; i < TINY_CONTROLS; i++)
        builder_string(b, controls[i]);
    for (int i = 0; i < 256; i++) {
        byte_name(i, text);
        builder_string(b, text);
    }
    for (int i = 0; i < N_MERGES; i++) {
        snprintf(text, sizeof(text), "%s%s", merges[i][0], merges[i][1]);
        builder_string(b, text);
    }
    builder_key(b, "tokenizer.ggml.token_type", GGUF_VALUE_ARRAY);
    builder_u32(b, GGUF_VALUE_I32);
    builder_u64(b, vocabulary);
    for (uint32_t i = 0; i < vocabulary; i++)
        builder_u32(b, i < TINY_CONTROLS ? 3 : 1);
    put_strings(b, "tokenizer.ggml.merges", N_MERGES);
    for (int i = 0; i < N_MERGES; i++) {
        snprintf(text, sizeof(text), "%s %s", merges[i][0], merges[i][1]);
        builder_string(b, text);
    }
    put_strings(b, "linnet.tools", sizeof(tools) / sizeof(tools[0]));
    for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
        builder_string(b, tools[i]);
}

static void put_config(struct builder *b)
{
    builder_entry_string(b, "general.architecture", "llama");
    builder_entry_u32(b, "llama.block_count", TINY_LAYERS);
    builder_entry_u32(b, "llama.embedding_length", TINY_WIDTH);
    builder_entry_u32(b, "llama.feed_forward_length", TINY_HIDDEN);
    builder_entry_u32(b, "llama.attention.head_count", TINY_HEADS);
    builder_entry_u32(b, "llama.attention.head_count_kv", TINY_KV_HEADS);
    builder_entry_u32(b, "llama.context_length", TINY_CONTEXT);
}

/* Directory entry of a tensor of ne0 x ne1 floats; *offset moves on. */
static void put_tensor(struct builder *b, const char *name, const uint64_t ne[2], uint64_t *offset)
{
    builder_tensor(b, name, ne, GGUF_TYPE_F32, *offset);
    *offset += ne[0] * (ne[1] ? ne[1] : 1) * 4; /* widths are multiples of 8: no padding */
}

static uint64_t put_directory(struct builder *b, uint32_t vocabulary)
{
    const uint64_t w = TINY_WIDTH, kv = TINY_KV_HEADS * TINY_HEAD_SIZE, h = TINY_HIDDEN;
    const struct {
        const char *name;
        uint64_t ne[2];
    } parts[9] = {{"attn_norm", {w, 0}}, {"attn_q", {w, w}},      {"attn_k", {w, kv}},
                  {"attn_v", {w, kv}},   {"attn_output", {w, w}}, {"ffn_norm", {w, 0}},
                  {"ffn_gate", {w, h}},  {"ffn_up", {w, h}},      {"ffn_down", {h, w}}};
    uint64_t offset = 0;
    put_tensor(b, "token_embd.weight", (const uint64_t[2]){w, vocabulary}, &offset);
    for (int layer = 0; layer < TINY_LAYERS; layer++) {
        for (int i = 0; i < 9; i++) {
            char name[64];
            snprintf(name, sizeof(name), "blk.%d.%s.weight", layer, parts[i].name);
            put_tensor(b, name, parts[i].ne, &offset);
        }
    }
    put_tensor(b, "output_norm.weight", (const uint64_t[2]){w, 0}, &offset);
    return offset / 4;
}

void tiny_init(struct tiny *t, uint64_t seed)
{
    struct test_random random = {seed};
    t->vocabulary = TINY_CONTROLS + 256 + N_MERGES;
    /* An even count of rows keeps every offset aligned to 32 bytes: rows are 128 bytes anyway. */
    builder_init(&t->file, N_TENSORS, 7 + 7);
    put_config(&t->file);
    put_tokenizer(&t->file, t->vocabulary);
    t->n_weights = put_directory(&t->file, t->vocabulary);
    builder_pad(&t->file, 32);
    t->weights = (float *)(void *)(t->file.data + t->file.size);
    for (size_t i = 0; i < t->n_weights; i++)
        builder_f32(&t->file, test_random_float(&random) * 0.5f);
}

void tiny_finish(struct tiny *t)
{
    builder_finish(&t->file);
}

const char *tiny_path(const struct tiny *t)
{
    const char *path = test_path("tiny.gguf");
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(t->file.data, 1, t->file.size, f) == t->file.size && fclose(f) == 0);
    return path;
}

struct gguf *tiny_open(const struct tiny *t)
{
    struct gguf *g;
    CHECK_OK(gguf_create_from_memory(t->file.data, t->file.size, "tiny", &g, NULL));
    return g;
}

void tiny_request(struct test_random *random, int max_words, char *ret_text, size_t capacity)
{
    static const char *const words[] = {"five", "minutes", "ten",     "set",   "a",    "timer",
                                        "tea",  "for",     "in",      "five",  "time", "zoo",
                                        "7:30", "x",       "o'clock", "tenten"};
    int n = (int)test_random_range(random, 0, max_words);
    size_t used = 0;
    ret_text[0] = 0;
    for (int i = 0; i < n && used + 16 < capacity; i++)
        used += (size_t)snprintf(ret_text + used, capacity - used, "%s%s", i ? " " : "",
                                 words[test_random_range(random, 0, 15)]);
}
