#include "lm.h"

#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "lm_request.h"
#include "lm_tiny.h"

struct bench {
    struct lm_model *model;
    struct lm_session *session;
};

static void bench_init(struct bench *b, uint64_t seed)
{
    struct tiny tiny;
    tiny_init(&tiny, seed);
    CHECK_OK(lm_model_create(tiny_path(&tiny), &b->model, NULL));
    CHECK_OK(lm_session_create(b->model, &b->session, NULL));
    tiny_finish(&tiny);
}

static void bench_finish(struct bench *b)
{
    lm_session_destroy(b->session);
    lm_model_destroy(b->model);
}

static bool is_tool(const struct lm_grammar *g, const char *name)
{
    for (uint32_t i = 0; i < g->n_tools; i++)
        if (strcmp(g->tools[i].name, name) == 0)
            return true;
    return false;
}

/* Whole words of the text, one after the other. */
static bool is_span(const char *text, const char *value)
{
    size_t length = strlen(value);
    for (const char *at = strstr(text, value); at && length; at = strstr(at + 1, value))
        if ((at == text || at[-1] == ' ') && (at[length] == 0 || at[length] == ' '))
            return true;
    return false;
}

static void check_result(const struct lm_model *model, const char *text, const struct lm_result *r)
{
    char normal[256];
    CHECK_OK(lm_request_normalise(text, normal, sizeof(normal)));
    CHECK((r->route == LM_ROUTE_TOOL) == (r->tool[0] != 0));
    CHECK(r->route == LM_ROUTE_TOOL || r->n_arguments == 0);
    CHECK(r->route == LM_ROUTE_REPLY || r->reply[0] == 0);
    CHECK_NEAR(r->p_tool + r->p_reply + r->p_cloud, 1.0, 1e-5);
    CHECK(r->confidence > 0.0f && r->confidence <= 1.0f && r->argument_confidence > 0.0f);
    if (r->route == LM_ROUTE_TOOL)
        CHECK(is_tool(lm_model_grammar(model), r->tool));
    for (uint32_t i = 0; i < r->n_arguments; i++)
        if (!is_span(normal, r->arguments[i].value))
            test_fail(__FILE__, __LINE__, "\"%s\" is no span of \"%s\"", r->arguments[i].value,
                      normal);
}

/* Random weights write anything the grammar lets them: it must never be an unknown tool or an
 * invented value. */
TEST_TIMEOUT(random_models_stay_within_the_grammar, 120)
{
    struct test_random random = test_random_init();
    int routes[3] = {0}, arguments = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct bench b;
        bench_init(&b, test_seed() * 100 + seed);
        for (int i = 0; i < 25; i++) {
            char text[200];
            struct lm_result result;
            tiny_request(&random, 10, text, sizeof(text));
            CHECK_OK(lm_session_answer(b.session, text, NULL, &result, NULL));
            check_result(b.model, text, &result);
            routes[result.route]++;
            arguments += (int)result.n_arguments;
        }
        bench_finish(&b);
    }
    test_note("tools %d, replies %d, cloud %d; arguments %d", routes[0], routes[1], routes[2],
              arguments);
    CHECK(routes[0] > 0 && routes[1] > 0 && routes[2] > 0 && arguments > 0);
}

TEST(partials_of_any_kind_do_not_change_the_answer)
{
    struct test_random random = test_random_init();
    struct bench b;
    bench_init(&b, 7);
    for (int i = 0; i < 40; i++) {
        char text[200], other[200];
        struct lm_result fresh, prefilled;
        struct lm_prefill prefill;
        tiny_request(&random, 10, text, sizeof(text));
        lm_session_reset(b.session);
        CHECK_OK(lm_session_answer(b.session, text, NULL, &fresh, NULL));
        CHECK_EQ(fresh.n_reused, 0);
        for (int k = 0; k < 3; k++) { /* the beginning of it, or a revision of something else */
            tiny_request(&random, 5, other, sizeof(other));
            const char *partial =
                k == 1 ? other : strndupa(text, strlen(text) * (size_t)(k + 1) / 4);
            CHECK_OK(lm_session_prefill(b.session, partial, &prefill, NULL));
        }
        CHECK_OK(lm_session_prefill(b.session, text, &prefill, NULL));
        CHECK_OK(lm_session_answer(b.session, text, NULL, &prefilled, NULL));
        CHECK(prefilled.n_reused >= prefilled.n_prompt - 1);
        prefilled.n_reused = fresh.n_reused;
        CHECK(memcmp(&fresh, &prefilled, sizeof(fresh)) == 0);
        CHECK_OK(lm_session_answer(b.session, text, NULL, &prefilled,
                                   NULL)); /* once more, after an answer */
        prefilled.n_reused = fresh.n_reused;
        CHECK(memcmp(&fresh, &prefilled, sizeof(fresh)) == 0);
    }
    bench_finish(&b);
}

struct listener {
    char heard[LM_MAX_REPLY];
    int pieces, routes, stop_after;
};

static bool hear(void *context, struct lm_piece piece)
{
    struct listener *l = context;
    size_t used = strlen(l->heard);
    CHECK(used + piece.length < sizeof(l->heard));
    memcpy(l->heard + used, piece.data, piece.length);
    l->heard[used + piece.length] = 0;
    return ++l->pieces != l->stop_after;
}

static void learn_route(void *context, const struct lm_result *so_far)
{
    struct listener *l = context;
    CHECK_EQ(so_far->route, LM_ROUTE_REPLY);
    CHECK_EQ(l->pieces, 0);
    l->routes++;
}

/* Some seed and text that give a reply of several tokens. */
static void find_reply(struct bench *b, struct lm_result *ret_result)
{
    for (uint64_t seed = 1; seed < 50; seed++) {
        bench_init(b, seed);
        CHECK_OK(lm_session_answer(b->session, "set a timer", NULL, ret_result, NULL));
        if (ret_result->route == LM_ROUTE_REPLY && ret_result->n_generated > 6)
            return;
        bench_finish(b);
    }
    test_fail(__FILE__, __LINE__, "no random model replies");
}

TEST(replies_are_streamed_and_can_be_stopped)
{
    struct bench b;
    struct lm_result silent, result;
    struct error error;
    struct listener l = {.stop_after = -1};
    struct lm_options options = {.piece = hear, .route = learn_route, .context = &l};
    find_reply(&b, &silent);
    CHECK_OK(lm_session_answer(b.session, "set a timer", &options, &result, NULL));
    CHECK_STR(l.heard, silent.reply);
    CHECK_EQ(l.routes, 1);
    l = (struct listener){.stop_after = 2};
    result.n_generated = 12345;
    CHECK_STATUS(lm_session_answer(b.session, "set a timer", &options, &result, &error),
                 STATUS_CANCELLED);
    CHECK_EQ(l.pieces, 2);
    CHECK_EQ(result.n_generated, 12345);
    l = (struct listener){.stop_after = -1};
    options.max_reply_tokens = 3;
    CHECK_OK(lm_session_answer(b.session, "set a timer", &options, &result, NULL));
    CHECK(result.cut);
    CHECK_EQ(l.pieces, 3);
    options.sampling = (struct lm_sampling){1.5f, 1.0f, 0, 42};
    options.max_reply_tokens = 0;
    l = (struct listener){.stop_after = -1};
    CHECK_OK(lm_session_answer(b.session, "set a timer", &options, &result, NULL));
    CHECK(strcmp(result.reply, silent.reply) != 0);
    bench_finish(&b);
}

TEST(long_requests_are_refused_and_the_session_lives_on)
{
    struct bench b;
    struct lm_result result;
    struct error error;
    char text[1000];
    bench_init(&b, 1);
    memset(text, 'x', sizeof(text));
    text[999] = 0;
    CHECK_STATUS(lm_session_answer(b.session, text, NULL, &result, &error), STATUS_LIMIT);
    for (int i = 0; i < 200; i += 2)
        memcpy(text + i, "x ", 3);
    CHECK_OK(lm_session_answer(b.session, text, NULL, &result,
                               &error)); /* 200 tokens in a context of 384 */
    CHECK_OK(lm_session_answer(b.session, "stop", NULL, &result, &error));
    bench_finish(&b);
}

TEST(completions_go_on_until_their_limit)
{
    struct bench b;
    int32_t first[40], second[40];
    struct lm_completion c = {.tokens = first, .capacity = 40},
                         d = {.tokens = second, .capacity = 5};
    struct error error;
    bench_init(&b, 2);
    CHECK_OK(lm_session_complete(b.session, "five ten", NULL, &c, NULL));
    CHECK(c.count == 40 || c.ended);
    CHECK_OK(lm_session_complete(b.session, "five ten", NULL, &d, NULL));
    CHECK(d.count == (c.count < 5 ? c.count : 5));
    CHECK(memcmp(first, second, d.count * sizeof(int32_t)) == 0);
    CHECK_STATUS(lm_session_complete(b.session, "", NULL, &d, &error), STATUS_INVALID_ARGUMENT);
    bench_finish(&b);
}

/* A file without linnet.tools is a general model: it completes, but does not answer. */
TEST(a_general_model_completes_but_does_not_answer)
{
    struct tiny tiny;
    struct bench b;
    struct error error;
    struct lm_result result;
    struct lm_prefill prefill;
    int32_t tokens[8];
    struct lm_completion c = {.tokens = tokens, .capacity = 8};
    tiny_init(&tiny, 5);
    uint8_t *key = memmem(tiny.file.data, tiny.file.size, "linnet.tools", 12);
    CHECK(key);
    key[11] = 'z';
    CHECK_OK(lm_model_create(tiny_path(&tiny), &b.model, NULL));
    CHECK_OK(lm_session_create(b.model, &b.session, NULL));
    CHECK(!lm_model_grammar(b.model));
    CHECK_STATUS(lm_session_answer(b.session, "stop", NULL, &result, &error), STATUS_UNSUPPORTED);
    CHECK_STATUS(lm_session_prefill(b.session, "stop", &prefill, &error), STATUS_UNSUPPORTED);
    CHECK_OK(lm_session_complete(b.session, "five", NULL, &c, NULL));
    CHECK(c.count == 8 || c.ended);
    bench_finish(&b);
    tiny_finish(&tiny);
}

TEST(answering_allocates_nothing)
{
    struct bench b;
    struct lm_result result;
    struct lm_prefill prefill;
    bench_init(&b, 3);
    fault_arm(FAULT_ALLOC, 1);
    CHECK_OK(lm_session_prefill(b.session, "set a", &prefill, NULL));
    CHECK_OK(lm_session_answer(b.session, "set a timer for five minutes", NULL, &result, NULL));
    CHECK(fault_disarm(FAULT_ALLOC));
    bench_finish(&b);
}

TEST(each_allocation_of_a_model_may_fail)
{
    struct tiny tiny;
    tiny_init(&tiny, 1);
    const char *path = tiny_path(&tiny);
    for (unsigned n = 1;; n++) {
        struct bench b = {0};
        struct error error;
        fault_arm(FAULT_ALLOC, n);
        enum status status = lm_model_create(path, &b.model, &error);
        if (status == STATUS_OK)
            status = lm_session_create(b.model, &b.session, &error);
        bool all = fault_disarm(FAULT_ALLOC);
        CHECK_STATUS(status, all ? STATUS_OK : STATUS_NO_MEMORY);
        bench_finish(&b);
        if (all)
            break;
    }
    tiny_finish(&tiny);
}

TEST(a_missing_model_is_told)
{
    struct lm_model *model = NULL;
    struct error error;
    CHECK_STATUS(lm_model_create(test_path("none.gguf"), &model, &error), STATUS_IO);
    CHECK(strstr(error.text, "none.gguf"));
    lm_model_destroy(NULL);
    lm_session_destroy(NULL);
}
