#include "lm_tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "lm_pretokenizer.h"
#include "lm_tiny.h"

/* Cut words of a text, joined by '|'. */
static const char *cut(enum lm_pre pre, const char *text)
{
    static char joined[512];
    struct lm_piece rest = {text, strlen(text)};
    size_t n = 0;
    while (rest.length > 0) {
        size_t length = lm_pretokenizer_word(pre, rest);
        CHECK(length > 0 && length <= rest.length);
        if (n > 0)
            joined[n++] = '|';
        memcpy(joined + n, rest.data, length);
        n += length;
        rest.data += length;
        rest.length -= length;
    }
    joined[n] = 0;
    return joined;
}

TEST(words_are_cut_as_the_gpt2_expression_does)
{
    CHECK_STR(cut(LM_PRE_GPT2, "Hello world"), "Hello| world");
    CHECK_STR(cut(LM_PRE_GPT2, " set a  timer"), " set| a| | timer");
    CHECK_STR(cut(LM_PRE_GPT2, "don't we'll I'd 'S x's"), "don|'t| we|'ll| I|'d| '|S| x|'s");
    CHECK_STR(cut(LM_PRE_GPT2, "7:30 3.5"), "7|:|30| 3|.|5");
    CHECK_STR(cut(LM_PRE_GPT2, "a\n\n b\t"), "a|\n\n| b|\t");
    CHECK_STR(cut(LM_PRE_GPT2, "   "), "   ");
    CHECK_STR(cut(LM_PRE_GPT2, "\xc3\xa4pfel \xc2\xbd \xe4\xbd\xa0!!"),
              "\xc3\xa4pfel| \xc2\xbd| \xe4\xbd\xa0|!!");
    CHECK_STR(cut(LM_PRE_GPT2, "x\xc2\xa0y"), "x|\xc2\xa0|y");
    CHECK_STR(cut(LM_PRE_GPT2, "a12b"), "a|12|b");
    CHECK_STR(cut(LM_PRE_SMOLLM, "a 123 b"), "a| |1|2|3| b");
}

TEST(bytes_that_are_not_utf8_are_cut_too)
{
    CHECK_STR(cut(LM_PRE_GPT2, "a\xff\xfe z"), "a|\xff\xfe| z");
    CHECK_STR(cut(LM_PRE_GPT2, "\xc3"), "\xc3");
    CHECK_STR(cut(LM_PRE_GPT2, "\xc0\x80"), "\xc0\x80");
    CHECK_STR(cut(LM_PRE_GPT2, "\xf4\x90\x80\x80q"), "\xf4\x90\x80\x80|q");
}

static void check_ids(const struct lm_tokenizer *t, const char *text, const int32_t *expected,
                      size_t n)
{
    int32_t ids[64];
    size_t count;
    CHECK_OK(lm_tokenizer_encode(t, (struct lm_piece){text, strlen(text)}, ids, 64, &count));
    CHECK_EQ(count, n);
    for (size_t i = 0; i < n; i++)
        CHECK_EQ(ids[i], expected[i]);
}

TEST(merges_go_by_rank)
{
    struct tiny tiny;
    struct lm_tokenizer *t;
    tiny_init(&tiny, 1);
    struct gguf *g = tiny_open(&tiny);
    CHECK_OK(lm_tokenizer_create(g, &t, NULL));
    gguf_destroy(g);
    const int32_t first = TINY_CONTROLS + 256, b = TINY_CONTROLS;
    check_ids(t, " five", (const int32_t[]){first + 3}, 1);
    check_ids(t, " minutes", (const int32_t[]){first + 10}, 1);
    check_ids(t, " fiv", (const int32_t[]){first, first + 1}, 2);
    /* "te" ranks before "en" and " t" */
    check_ids(t, "ten ten", (const int32_t[]){first + 6, b + 'n', b + ' ', first + 6, b + 'n'}, 5);
    check_ids(t, "<|end|>",
              (const int32_t[]){b + '<', b + '|', first + 12, b + 'd', b + '|', b + '>'}, 6);
    check_ids(t, "", NULL, 0);
    CHECK_EQ(lm_tokenizer_find(t, "<|end|>"), TINY_END);
    CHECK_EQ(lm_tokenizer_find(t, "<|nothing|>"), LM_NO_TOKEN);
    CHECK_EQ(lm_tokenizer_eos(t), TINY_END);
    CHECK_EQ(lm_tokenizer_bos(t), LM_NO_TOKEN);
    CHECK(!lm_tokenizer_adds_bos(t));
    CHECK_EQ(lm_tokenizer_type(t, TINY_END), LM_TOKEN_CONTROL);
    CHECK_EQ(lm_tokenizer_size(t), tiny.vocabulary);
    lm_tokenizer_destroy(t);
    lm_tokenizer_destroy(NULL);
    tiny_finish(&tiny);
}

/* Any bytes come back whole when their tokens' pieces are joined. */
TEST(any_bytes_survive_encoding)
{
    struct tiny tiny;
    struct lm_tokenizer *t;
    struct test_random random = test_random_init();
    tiny_init(&tiny, 1);
    struct gguf *g = tiny_open(&tiny);
    CHECK_OK(lm_tokenizer_create(g, &t, NULL));
    gguf_destroy(g);
    for (int round = 0; round < 300; round++) {
        char text[2000], back[2000];
        int32_t ids[2000];
        size_t n = (size_t)test_random_range(&random, 0, round < 290 ? 60 : 1999), count, used = 0;
        bool letters = round % 3 == 0; /* long words too */
        for (size_t i = 0; i < n; i++)
            text[i] = letters ? 'a' : (char)test_random_range(&random, 0, 255);
        CHECK_OK(lm_tokenizer_encode(t, (struct lm_piece){text, n}, ids, 2000, &count));
        for (size_t i = 0; i < count; i++) {
            struct lm_piece piece = lm_tokenizer_piece(t, ids[i]);
            memcpy(back + used, piece.data, piece.length);
            used += piece.length;
        }
        CHECK_EQ(used, n);
        CHECK(memcmp(text, back, n) == 0);
        if (count > 0)
            CHECK_STATUS(lm_tokenizer_encode(t, (struct lm_piece){text, n}, ids, count - 1, &count),
                         STATUS_LIMIT);
    }
    lm_tokenizer_destroy(t);
    tiny_finish(&tiny);
}

static void expect_refusal(struct builder *b, enum status status, const char *text)
{
    struct gguf *g;
    struct error error = {0};
    struct lm_tokenizer *t = NULL;
    CHECK_OK(gguf_create_from_memory(b->data, b->size, "bad", &g, &error));
    CHECK_STATUS(lm_tokenizer_create(g, &t, &error), status);
    if (!strstr(error.text, text))
        test_fail(__FILE__, __LINE__, "expected \"%s\" in: %s", text, error.text);
    gguf_destroy(g);
    builder_finish(b);
}

static void put_words(struct builder *b, const char *key, size_t count, const char *word)
{
    builder_key(b, key, GGUF_VALUE_ARRAY);
    builder_u32(b, GGUF_VALUE_STRING);
    builder_u64(b, count);
    for (size_t i = 0; i < count; i++)
        builder_string(b, word);
}

TEST(bad_vocabularies_are_refused)
{
    struct builder b;
    builder_init(&b, 0, 0);
    expect_refusal(&b, STATUS_NOT_FOUND, "tokenizer.ggml.model");
    builder_init(&b, 0, 1);
    builder_entry_string(&b, "tokenizer.ggml.model", "llama");
    expect_refusal(&b, STATUS_UNSUPPORTED, "got \"llama\"");
    builder_init(&b, 0, 2);
    builder_entry_string(&b, "tokenizer.ggml.model", "gpt2");
    builder_entry_string(&b, "tokenizer.ggml.pre", "qwen2");
    expect_refusal(&b, STATUS_UNSUPPORTED, "qwen2");
    builder_init(&b, 0, 2);
    builder_entry_string(&b, "tokenizer.ggml.model", "gpt2");
    put_words(&b, "tokenizer.ggml.tokens", 3, "a");
    expect_refusal(&b, STATUS_FORMAT, "got 3");
    builder_init(&b, 0, 2);
    builder_entry_string(&b, "tokenizer.ggml.model", "gpt2");
    put_words(&b, "tokenizer.ggml.tokens", 300, "a");
    expect_refusal(&b, STATUS_FORMAT, "token for byte 0");
}

TEST(a_merge_of_unknown_tokens_is_refused)
{
    struct tiny tiny;
    tiny_init(&tiny, 1);
    /* The last merge is "t en"; spoil it. */
    uint8_t *at = memmem(tiny.file.data, tiny.file.size, "\4\0\0\0\0\0\0\0t en", 12);
    CHECK(at);
    at[11] = 'q';
    expect_refusal(&tiny.file, STATUS_FORMAT, "\"t eq\"");
}
