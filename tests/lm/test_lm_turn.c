/* The head that says whether a request may end: against a naive sum; with the committed model. */
#include "lm_turn.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "gguf_builder.h"
#include "harness.h"
#include "lm.h"

enum { WIDTH = 24, UNITS = 7, VALUE_F32 = 6, VALUE_ARRAY = 9 };

static void add_floats(struct builder *file, const char *key, size_t count,
                       struct test_random *random, float *ret_values)
{
    builder_key(file, key, VALUE_ARRAY);
    builder_u32(file, VALUE_F32);
    builder_u64(file, count);
    for (size_t i = 0; i < count; i++) {
        ret_values[i] = 2 * test_random_float(random) - 1;
        builder_f32(file, ret_values[i]);
    }
}

struct head {
    struct builder file;
    float weight[UNITS * WIDTH], bias[UNITS], output[UNITS], output_bias;
};

static void make_head(struct head *head, struct test_random *random, size_t outputs)
{
    builder_init(&head->file, 0, 4);
    add_floats(&head->file, "linnet.turn.weight", UNITS * WIDTH, random, head->weight);
    add_floats(&head->file, "linnet.turn.bias", UNITS, random, head->bias);
    add_floats(&head->file, "linnet.turn.output", outputs, random, head->output);
    add_floats(&head->file, "linnet.turn.output_bias", 1, random, &head->output_bias);
    builder_pad(&head->file, 32);
}

static enum status read_head(const struct head *head, struct lm_turn *turn, struct error *error)
{
    struct gguf *gguf;
    CHECK_OK(gguf_create_from_memory(head->file.data, head->file.size, "head", &gguf, NULL));
    enum status status = lm_turn_init(turn, gguf, WIDTH, error);
    gguf_destroy(gguf);
    return status;
}

static double naive(const struct head *head, const float *hidden)
{
    double score = (double)head->output_bias;
    for (int u = 0; u < UNITS; u++) {
        double sum = (double)head->bias[u];
        for (int i = 0; i < WIDTH; i++)
            sum += (double)head->weight[u * WIDTH + i] * (double)hidden[i];
        score += fmax(sum, 0) * (double)head->output[u];
    }
    return score;
}

TEST(the_score_is_the_naive_sum)
{
    struct test_random random = test_random_init();
    struct head head;
    struct lm_turn turn;
    float hidden[WIDTH];
    make_head(&head, &random, UNITS);
    CHECK_OK(read_head(&head, &turn, NULL));
    for (int n = 0; n < 50; n++) {
        for (int i = 0; i < WIDTH; i++)
            hidden[i] = 4 * test_random_float(&random) - 2;
        CHECK_NEAR(lm_turn_score(&turn, hidden), naive(&head, hidden), 1e-4);
    }
    lm_turn_finish(&turn);
    builder_finish(&head.file);
}

TEST(a_head_of_another_shape_is_refused)
{
    struct test_random random = test_random_init();
    struct head head;
    struct lm_turn turn;
    struct error error;
    make_head(&head, &random, UNITS - 1);
    CHECK_STATUS(read_head(&head, &turn, &error), STATUS_FORMAT);
    lm_turn_finish(&turn);
    builder_finish(&head.file);
}

TEST(a_file_without_a_head_is_welcome)
{
    struct builder file;
    struct gguf *gguf;
    struct lm_turn turn;
    builder_init(&file, 0, 0);
    builder_pad(&file, 32);
    CHECK_OK(gguf_create_from_memory(file.data, file.size, "empty", &gguf, NULL));
    CHECK_OK(lm_turn_init(&turn, gguf, WIDTH, NULL));
    CHECK_EQ(turn.units, 0);
    lm_turn_finish(&turn);
    gguf_destroy(gguf);
    builder_finish(&file);
}

static float end_score(struct lm_session *session, const char *text)
{
    struct lm_prefill prefill;
    CHECK_OK(lm_session_prefill(session, text, &prefill, NULL));
    CHECK(prefill.judges_end);
    return prefill.end_score;
}

/* A turn may end after whole requests, not in the middle of one; the words that follow make the
 * difference. */
TEST(the_committed_model_knows_whole_requests_from_beginnings)
{
    static const char *const pairs[][2] = {
        {"set a timer for", "set a timer for five minutes"},
        {"what time is", "what time is it in london"},
        {"what is seven times", "what is seven times eight"},
        {"turn on the", "turn on the lights"},
        {"how many cups are in two", "how many cups are in two gallons"},
        {"wake me up at", "wake me up at seven tomorrow"},
        {"add milk and", "add milk and eggs to my shopping list"},
    };
    char path[4096];
    struct lm_model *model;
    struct lm_session *session;
    const char *build = getenv("LINNET_BUILD");
    snprintf(path, sizeof(path), "%s/assets/models/lm.gguf", build ? build : ".");
    CHECK_OK(lm_model_create(path, &model, NULL));
    CHECK_OK(lm_session_create(model, &session, NULL));
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        float begun = end_score(session, pairs[i][0]), whole = end_score(session, pairs[i][1]);
        test_note("%s: %.1f, %s: %.1f", pairs[i][0], (double)begun, pairs[i][1], (double)whole);
        CHECK(begun < -2.0f);
        CHECK(whole > -1.5f);
    }
    lm_session_destroy(session);
    lm_model_destroy(model);
}
