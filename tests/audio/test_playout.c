/* The playout queue: gapless, cut with a fade, volume with a ramp, positions that add up. */
#include "harness.h"
#include "playout.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

enum { RATE = 24000, FADE = RATE * 5 / 1000 };

static void start(struct playout *p, size_t prebuffer)
{
    const struct playout_config config = {.rate = RATE, .capacity = 16384, .prebuffer = prebuffer};
    CHECK_OK(playout_init(p, &config, NULL));
}

static void ramp(float *samples, size_t count, float from)
{
    for (size_t i = 0; i < count; i++)
        samples[i] = from + (float)i / 65536.0f;
}

static void constant(float *samples, size_t count, float value)
{
    for (size_t i = 0; i < count; i++)
        samples[i] = value;
}

/* The steepest step, from `before` on. */
static float steepest(const float *samples, size_t count, float before)
{
    float most = 0.0f;
    for (size_t i = 0; i < count; i++) {
        most = fmaxf(most, fabsf(samples[i] - before));
        before = samples[i];
    }
    return most;
}

TEST(what_is_written_is_rendered_without_gaps)
{
    struct playout p;
    float in[4000], out[4000];
    start(&p, 0);
    ramp(in, 4000, 0.1f);
    size_t written = 0, rendered = 0;
    struct test_random random = test_random_init();
    while (rendered < 4000) {
        size_t n = (size_t)test_random_range(&random, 0, (int64_t)(4000 - written));
        written += playout_write(&p, in + written, n);
        size_t m = (size_t)test_random_range(&random, 0, (int64_t)(written - rendered));
        CHECK_EQ(playout_render(&p, out + rendered, m), m);
        rendered += m;
    }
    CHECK_EQ(memcmp(in, out, sizeof(in)), 0);
    CHECK(playout_is_idle(&p));
    CHECK_EQ(playout_rendered(&p), 4000);
    CHECK_EQ(playout_underruns(&p), 0);
    playout_finish(&p);
}

TEST(an_empty_queue_is_silence)
{
    struct playout p;
    float out[100];
    start(&p, 0);
    CHECK_EQ(playout_render(&p, out, 100), 0);
    for (int i = 0; i < 100; i++)
        CHECK(out[i] == 0.0f);
    CHECK_EQ(playout_underruns(&p), 0);
    playout_finish(&p);
}

TEST(a_stream_starts_with_its_prebuffer_or_its_end)
{
    struct playout p;
    float in[500], out[500];
    start(&p, 240);
    ramp(in, 500, 0.0f);
    playout_write(&p, in, 240);
    CHECK_EQ(playout_render(&p, out, 100), 0);
    playout_write(&p, in + 240, 1);
    CHECK_EQ(playout_render(&p, out, 100), 100);
    CHECK_EQ(memcmp(in, out, 100 * sizeof(*in)), 0);
    CHECK_EQ(playout_render(&p, out, 500), 141);
    CHECK_EQ(playout_underruns(&p), 1);
    playout_write(&p, in, 10);
    CHECK_EQ(playout_render(&p, out, 100), 0);
    playout_end(&p);
    CHECK_EQ(playout_render(&p, out, 100), 10);
    CHECK_EQ(playout_underruns(&p), 1);
    playout_finish(&p);
}

TEST(a_cut_fades_within_5_ms_and_drops_the_rest)
{
    struct playout p;
    float in[8000], out[1000];
    start(&p, 0);
    constant(in, 8000, 0.8f);
    playout_write(&p, in, 8000);
    playout_render(&p, out, 100);
    playout_cut(&p);
    CHECK_EQ(playout_render(&p, out, 1000), FADE);
    CHECK(steepest(out, 1000, 0.8f) < 0.01f);
    for (int i = 2 * FADE; i < 1000; i++)
        CHECK(out[i] == 0.0f);
    CHECK(playout_is_idle(&p));
    CHECK_EQ(playout_rendered(&p), 100 + FADE);
    CHECK_EQ(playout_written(&p), 100 + FADE);
    CHECK_EQ(playout_underruns(&p), 0);
    playout_finish(&p);
}

TEST(after_a_cut_the_next_stream_is_whole)
{
    struct playout p;
    float in[1000], next[300], out[1000];
    start(&p, 0);
    constant(in, 1000, 0.5f);
    ramp(next, 300, -0.2f);
    playout_write(&p, in, 1000);
    playout_render(&p, out, 10);
    playout_cut(&p);
    playout_write(&p, next, 300);
    playout_end(&p);
    CHECK_EQ(playout_render(&p, out, 1000), FADE + 300);
    CHECK_EQ(memcmp(out + FADE, next, sizeof(next)), 0);
    playout_finish(&p);
}

TEST(a_cut_before_anything_was_heard_is_silence)
{
    struct playout p;
    float in[1000], out[1000];
    start(&p, 500);
    constant(in, 1000, 0.5f);
    playout_write(&p, in, 400);
    playout_cut(&p);
    CHECK_EQ(playout_render(&p, out, 1000), 0);
    for (int i = 0; i < 1000; i++)
        CHECK(out[i] == 0.0f);
    CHECK(playout_is_idle(&p));
    CHECK_EQ(playout_written(&p), 0);
    playout_finish(&p);
}

TEST(running_dry_does_not_click)
{
    struct playout p;
    float in[100], out[1000];
    start(&p, 0);
    constant(in, 100, -0.9f);
    playout_write(&p, in, 100);
    playout_render(&p, out, 1000);
    CHECK(steepest(out + 100, 900, -0.9f) < 0.01f);
    CHECK(out[99 + FADE + 1] == 0.0f && out[999] == 0.0f);
    playout_finish(&p);
}

TEST(volume_moves_on_a_ramp)
{
    struct playout p;
    float in[8000], out[8000];
    start(&p, 0);
    constant(in, 8000, 1.0f);
    playout_write(&p, in, 8000);
    playout_render(&p, out, 100);
    CHECK(out[99] == 1.0f);
    playout_set_volume(&p, 0.25f);
    playout_render(&p, out, 2000);
    CHECK(steepest(out, 2000, 1.0f) < 0.0025f);
    CHECK_NEAR(out[1999], 0.25, 1e-6);
    playout_set_volume(&p, 7.0f);
    CHECK_NEAR(playout_volume(&p), 1.0, 0.0);
    playout_set_volume(&p, NAN);
    CHECK_NEAR(playout_volume(&p), 0.0, 0.0);
    playout_finish(&p);
}

TEST(heard_lags_behind_rendered_by_the_delay)
{
    struct playout p;
    float in[1000], out[1000];
    start(&p, 0);
    constant(in, 1000, 0.1f);
    playout_write(&p, in, 1000);
    playout_render(&p, out, 600);
    CHECK_EQ(playout_heard(&p, 0), 600);
    CHECK_EQ(playout_heard(&p, 480), 120);
    CHECK_EQ(playout_heard(&p, 5000), 0);
    playout_render(&p, out, 600);
    CHECK_EQ(playout_heard(&p, 480), 720);
    playout_render(&p, out, 480);
    CHECK_EQ(playout_heard(&p, 480), 1000);
    playout_finish(&p);
}

TEST(a_full_queue_refuses_the_rest)
{
    struct playout p;
    static float in[20000], out[20000];
    start(&p, 0);
    CHECK_EQ(playout_write(&p, in, 20000), 16384);
    CHECK_EQ(playout_writable(&p), 0);
    CHECK_EQ(playout_written(&p), 16384);
    CHECK_EQ(playout_render(&p, out, 20000), 16384);
    playout_finish(&p);
}

static void count_wake(void *context)
{
    ++*(int *)context;
}

TEST(a_sleeping_renderer_is_woken_by_the_next_write)
{
    struct playout p;
    float in[10] = {0}, out[10];
    int woken = 0;
    start(&p, 0);
    playout_set_waker(&p, count_wake, &woken);
    playout_write(&p, in, 10);
    CHECK_EQ(woken, 0);
    CHECK(!playout_sleep(&p));
    playout_render(&p, out, 10);
    CHECK(playout_sleep(&p));
    CHECK(playout_is_asleep(&p));
    playout_write(&p, in, 10);
    playout_write(&p, in, 10);
    CHECK_EQ(woken, 1);
    CHECK(!playout_is_asleep(&p));
    playout_wake(&p);
    CHECK_EQ(woken, 1);
    playout_finish(&p);
}

TEST(refuses_a_shape_that_never_plays)
{
    struct playout p;
    const struct playout_config config = {.rate = RATE, .capacity = 100, .prebuffer = 100};
    CHECK_STATUS(playout_init(&p, &config, NULL), STATUS_INVALID_ARGUMENT);
}

/* Three threads at once: one writes, one cuts now and then, this one renders. Values name the
 * stream they belong to. */
struct race {
    struct playout p;
    atomic_bool stop;
};

static void *writer(void *context)
{
    struct race *r = context;
    float samples[97];
    constant(samples, 97, 0.5f);
    while (!atomic_load(&r->stop))
        playout_write(&r->p, samples, 97);
    return NULL;
}

static void *cutter(void *context)
{
    struct race *r = context;
    while (!atomic_load(&r->stop)) {
        playout_cut(&r->p);
        playout_set_volume(&r->p, 0.9f);
        for (volatile int i = 0; i < 10000; i++)
            ;
    }
    return NULL;
}

TEST(cuts_and_writes_may_come_at_any_time)
{
    static struct race r;
    pthread_t threads[2];
    float out[240];
    start(&r.p, 100);
    pthread_create(&threads[0], NULL, writer, &r);
    pthread_create(&threads[1], NULL, cutter, &r);
    for (int i = 0; i < 3000; i++) {
        playout_render(&r.p, out, 240);
        for (int k = 0; k < 240; k++)
            CHECK(out[k] >= 0.0f && out[k] <= 0.5f);
    }
    atomic_store(&r.stop, true);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    playout_cut(&r.p);
    playout_render(&r.p, out, 240);
    CHECK(playout_is_idle(&r.p));
    CHECK_EQ(playout_written(&r.p), playout_rendered(&r.p));
    playout_finish(&r.p);
}
