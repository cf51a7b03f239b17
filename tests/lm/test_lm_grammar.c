#include "lm_grammar.h"

#include <string.h>

#include "lm_tiny.h"

struct bench {
    struct tiny tiny;
    struct gguf *gguf;
    struct lm_tokenizer *tokenizer;
    struct lm_grammar grammar;
};

static void bench_init(struct bench *b)
{
    tiny_init(&b->tiny, 1);
    b->gguf = tiny_open(&b->tiny);
    CHECK_OK(lm_tokenizer_create(b->gguf, &b->tokenizer, NULL));
    CHECK_OK(lm_grammar_init(&b->grammar, b->gguf, b->tokenizer, NULL));
}

static void bench_finish(struct bench *b)
{
    lm_tokenizer_destroy(b->tokenizer);
    gguf_destroy(b->gguf);
    tiny_finish(&b->tiny);
}

static bool contains(const int32_t *tokens, size_t n, int32_t token)
{
    for (size_t i = 0; i < n; i++)
        if (tokens[i] == token)
            return true;
    return false;
}

TEST(the_tool_list_comes_from_the_file)
{
    struct bench b;
    bench_init(&b);
    CHECK_EQ(b.grammar.n_tools, 3);
    CHECK_STR(b.grammar.tools[0].name, "timer_set");
    CHECK_EQ(b.grammar.tools[0].token, TINY_TIMER);
    CHECK_EQ(b.grammar.tools[0].n_arguments, 2);
    CHECK_STR(b.grammar.tools[0].arguments[1], "name");
    CHECK_EQ(b.grammar.tools[2].n_arguments, 0);
    bench_finish(&b);
}

TEST(a_tool_without_token_is_refused)
{
    struct bench b;
    struct error error;
    bench_init(&b);
    uint8_t *at = memmem(b.tiny.file.data, b.tiny.file.size, "get_time place", 14);
    at[0] = 'q';
    CHECK_STATUS(lm_grammar_init(&b.grammar, b.gguf, b.tokenizer, &error), STATUS_FORMAT);
    CHECK(strstr(error.text, "<|qet_time|>"));
    bench_finish(&b);
}

TEST(a_call_takes_its_arguments_in_order_and_words_whole)
{
    struct bench b;
    struct lm_grammar_state s;
    int32_t request[64], allowed[LM_MAX_ALLOWED];
    size_t n;
    bool open;
    const char *text = " five ten o'clock";
    bench_init(&b);
    CHECK_OK(
        lm_tokenizer_encode(b.tokenizer, (struct lm_piece){text, strlen(text)}, request, 64, &n));
    lm_grammar_start(&s, &b.grammar, request, (uint32_t)n);
    CHECK_STATUS(lm_grammar_advance(&s, TINY_DURATION), STATUS_INVALID_ARGUMENT);
    CHECK_OK(lm_grammar_advance(&s, TINY_TIMER));
    size_t count = lm_grammar_allowed(&s, allowed, &open);
    CHECK(!open && count == 3 && contains(allowed, count, TINY_DURATION) &&
          contains(allowed, count, TINY_END));
    CHECK_OK(lm_grammar_advance(&s, TINY_DURATION));
    CHECK_STATUS(lm_grammar_advance(&s, TINY_END),
                 STATUS_INVALID_ARGUMENT); /* a value is never empty */
    CHECK_STATUS(lm_grammar_advance(&s, request[3]), STATUS_INVALID_ARGUMENT); /* inside a word */
    CHECK_OK(lm_grammar_advance(&s, request[1]));                              /* " ten" */
    CHECK_STATUS(lm_grammar_advance(&s, request[0]),
                 STATUS_INVALID_ARGUMENT);                                   /* not what follows */
    CHECK_OK(lm_grammar_advance(&s, request[2]));                            /* " o" ... */
    CHECK_STATUS(lm_grammar_advance(&s, TINY_END), STATUS_INVALID_ARGUMENT); /* within o'clock */
    for (size_t i = 3; i < n; i++)
        CHECK_OK(lm_grammar_advance(&s, request[i]));
    CHECK_STATUS(lm_grammar_advance(&s, TINY_DURATION), STATUS_INVALID_ARGUMENT); /* at most once */
    CHECK_OK(lm_grammar_advance(&s, TINY_NAME));
    CHECK_OK(lm_grammar_advance(&s, request[0]));
    CHECK_OK(lm_grammar_advance(&s, TINY_END));
    CHECK_EQ(s.phase, LM_PHASE_DONE);
    CHECK_STATUS(lm_grammar_advance(&s, TINY_END), STATUS_INVALID_ARGUMENT);
    CHECK_EQ(lm_grammar_allowed(&s, allowed, &open), 0);
    bench_finish(&b);
}

TEST(an_empty_request_leaves_no_arguments)
{
    struct bench b;
    struct lm_grammar_state s;
    int32_t allowed[LM_MAX_ALLOWED];
    bool open;
    bench_init(&b);
    lm_grammar_start(&s, &b.grammar, NULL, 0);
    CHECK_OK(lm_grammar_advance(&s, TINY_TIMER));
    CHECK_EQ(lm_grammar_allowed(&s, allowed, &open), 1);
    CHECK_EQ(allowed[0], TINY_END);
    CHECK_STATUS(lm_grammar_advance(&s, TINY_DURATION), STATUS_INVALID_ARGUMENT);
    lm_grammar_start(&s, &b.grammar, NULL, 0);
    CHECK_OK(lm_grammar_advance(&s, TINY_CLOUD));
    CHECK_STATUS(lm_grammar_advance(&s, TINY_TIMER), STATUS_INVALID_ARGUMENT);
    CHECK_OK(lm_grammar_advance(&s, TINY_END));
    bench_finish(&b);
}

/* The allowed list and advance must agree about every token of the vocabulary, on random walks. */
TEST(what_is_allowed_is_what_is_accepted)
{
    struct bench b;
    struct test_random random = test_random_init();
    bench_init(&b);
    for (int walk = 0; walk < 150; walk++) {
        struct lm_grammar_state s;
        int32_t request[LM_MAX_REQUEST], allowed[LM_MAX_ALLOWED];
        char text[200] = " ";
        size_t n = 0;
        tiny_request(&random, 8, text + 1, sizeof(text) - 1);
        CHECK_OK(lm_tokenizer_encode(b.tokenizer, (struct lm_piece){text, strlen(text)}, request,
                                     LM_MAX_REQUEST, &n));
        lm_grammar_start(&s, &b.grammar, request, (uint32_t)n);
        for (int step = 0; step < 40 && s.phase != LM_PHASE_DONE; step++) {
            bool open;
            size_t count = lm_grammar_allowed(&s, allowed, &open);
            CHECK(open || count > 0);
            for (int32_t token = 0; !open && token < (int32_t)b.tiny.vocabulary; token++) {
                struct lm_grammar_state copy = s;
                CHECK_EQ(lm_grammar_advance(&copy, token) == STATUS_OK,
                         contains(allowed, count, token));
            }
            int32_t next =
                open ? TINY_END : allowed[test_random_range(&random, 0, (int64_t)count - 1)];
            CHECK_OK(lm_grammar_advance(&s, next));
        }
    }
    bench_finish(&b);
}
