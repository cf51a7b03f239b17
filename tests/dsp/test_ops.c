#include "clock.h"
#include "harness.h"
#include "ops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_MAX = 300, SHIFTS = 5, ROOM = COUNT_MAX + SHIFTS };

/* One set of random inputs, and what the table under test and plain C make of them. */
struct trial {
    float a[ROOM];
    float b[ROOM];
    float base[ROOM];
    float out[ROOM];
    float expected[ROOM];
    int16_t samples[ROOM];
    int16_t out_s16[ROOM];
    int16_t expected_s16[ROOM];
};

static void trial_fill(struct trial *trial, struct test_random *random)
{
    for (int i = 0; i < ROOM; i++) {
        trial->a[i] = 1.2f * test_random_float(random);
        trial->b[i] = test_random_float(random);
        trial->base[i] = test_random_float(random);
        trial->samples[i] = (int16_t)test_random_range(random, INT16_MIN, INT16_MAX);
    }
}

static void trial_start(struct trial *trial)
{
    memcpy(trial->out, trial->base, sizeof(trial->out));
    memcpy(trial->expected, trial->base, sizeof(trial->expected));
}

static void trial_same(const struct trial *trial)
{
    CHECK(memcmp(trial->out, trial->expected, sizeof(trial->out)) == 0);
}

/* The same bits as plain C, and nothing written beyond `count`. */
static void compare_elements(const struct ops *ops, struct trial *t, size_t shift, size_t count)
{
    const struct ops *c = ops_of(CPU_C);
    const float *a = t->a + shift, *b = t->b + shift;
    trial_start(t);
    ops->add(t->out + shift, a, count), c->add(t->expected + shift, a, count);
    trial_same(t);
    ops->mix(t->out + shift, a, 0.7f, count), c->mix(t->expected + shift, a, 0.7f, count);
    trial_same(t);
    ops->multiply(t->out + shift, a, b, count), c->multiply(t->expected + shift, a, b, count);
    trial_same(t);
    ops->scale(t->out + shift, a, 1.3f, count), c->scale(t->expected + shift, a, 1.3f, count);
    trial_same(t);
    ops->clip(t->out + shift, a, 0.9f, count), c->clip(t->expected + shift, a, 0.9f, count);
    trial_same(t);
    ops->from_s16(t->out + shift, t->samples + shift, count);
    c->from_s16(t->expected + shift, t->samples + shift, count);
    trial_same(t);
    ops->to_s16(t->out_s16 + shift, a, count), c->to_s16(t->expected_s16 + shift, a, count);
    CHECK(memcmp(t->out_s16, t->expected_s16, sizeof(t->out_s16)) == 0);
}

/* The same bits as plain C, and within the rounding of the terms. */
static void compare_sums(const struct ops *ops, const struct trial *t, size_t shift, size_t count)
{
    const float *a = t->a + shift, *b = t->b + shift;
    double sum = 0.0, magnitude = 0.0, peak = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)a[i] * b[i];
        magnitude += fabs((double)a[i] * b[i]);
        peak = fmax(peak, fabs((double)a[i]));
    }
    CHECK_NEAR(ops->dot(a, b, count), sum, 1e-6 * magnitude);
    CHECK_NEAR(ops->dot(a, b, count), ops_of(CPU_C)->dot(a, b, count), 0.0);
    CHECK_NEAR(ops->peak(a, count), peak, 0.0);
}

TEST(ops_of_every_level_equal_plain_c)
{
    static struct trial trial;
    struct test_random random = test_random_init();
    for (int isa = 0; isa < CPU_ISA_COUNT; isa++) {
        const struct ops *ops = ops_of((enum cpu_isa)isa);
        test_note("%s: %s", cpu_isa_name((enum cpu_isa)isa),
                  ops ? "compared" : "not on this machine");
        if (!ops)
            continue;
        CHECK_EQ(ops->isa, isa);
        for (size_t count = 0; count <= COUNT_MAX; count++) {
            trial_fill(&trial, &random);
            compare_elements(ops, &trial, count % SHIFTS, count);
            compare_sums(ops, &trial, count % SHIFTS, count);
        }
    }
}

TEST(ops_convert_samples_exactly)
{
    const float in[] = {0.0f,         1.0f,         -1.0f,         2.0f, -2.0f,
                        0.5f / 32768, 1.5f / 32768, -0.5f / 32768, NAN};
    const int16_t expected[] = {0, 32767, -32768, 32767, -32768, 0, 2, 0, -32768};
    enum { COUNT = sizeof(in) / sizeof(in[0]) };
    int16_t out[COUNT];
    float back[COUNT];
    ops_best()->to_s16(out, in, COUNT);
    for (int i = 0; i < COUNT; i++)
        CHECK_EQ(out[i], expected[i]);
    ops_best()->from_s16(back, out, COUNT);
    CHECK(back[2] == -1.0f && back[6] == 2.0f / 32768);
}

TEST(ops_round_trip_of_all_16_bit_samples)
{
    for (int value = INT16_MIN; value <= INT16_MAX; value++) {
        int16_t in = (int16_t)value, out = 0;
        float sample;
        ops_of(CPU_C)->from_s16(&sample, &in, 1);
        ops_of(CPU_C)->to_s16(&out, &sample, 1);
        CHECK_EQ(out, in);
    }
}

TEST(ops_follow_the_cap)
{
    setenv("LINNET_CPU", "c", 1);
    CHECK_EQ(ops_best()->isa, CPU_C);
    CHECK(ops_of(CPU_AVX2) == NULL);
    CHECK(ops_of(CPU_NEON) == NULL);
}

TEST(ops_speed_of_a_dot_product)
{
    enum { LENGTH = 512, ROUNDS = 20000 };
    static float a[LENGTH], b[LENGTH];
    struct test_random random = test_random_init();
    struct clock clock;
    clock_init_real(&clock);
    for (int i = 0; i < LENGTH; i++)
        a[i] = test_random_float(&random), b[i] = test_random_float(&random);
    for (int isa = 0; isa < CPU_ISA_COUNT; isa++) {
        const struct ops *ops = ops_of((enum cpu_isa)isa);
        if (!ops)
            continue;
        volatile float sink = 0.0f;
        int64_t start = clock_now_ns(&clock);
        for (int i = 0; i < ROUNDS; i++)
            sink = sink + ops->dot(a, b, LENGTH);
        double ns = (double)(clock_now_ns(&clock) - start) / ROUNDS;
        test_note("%s: dot of %d in %.0f ns, %.1f GFLOP/s", cpu_isa_name(ops->isa), LENGTH, ns,
                  2.0 * LENGTH / ns);
    }
}
