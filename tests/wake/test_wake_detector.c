/* The detector's state machine on posteriors written by hand. */
#include "harness.h"
#include "wake_detector.h"

static struct wake_detector detector_of(uint32_t smooth)
{
    struct wake_tuning tuning = {.word_count = 2,
                                 .thresholds = {0.6f, 0.8f},
                                 .smooth_steps = smooth,
                                 .refractory_frames = 100,
                                 .delay_frames = 8};
    struct wake_detector detector;
    wake_detector_init(&detector, &tuning);
    return detector;
}

/* Step with two posteriors at a frame; true when something was detected. */
static bool step(struct wake_detector *d, uint64_t frame, const float words[2],
                 struct wake_event *event)
{
    struct wake_scores scores = {.frame = frame, .words = {words[0], words[1]}};
    return wake_detector_step(d, &scores, event);
}

TEST(detector_fires_once_when_the_mean_reaches_the_threshold)
{
    struct wake_detector d = detector_of(3);
    struct wake_event event;
    CHECK(!step(&d, 101, (float[]){0, 0}, &event));
    CHECK(!step(&d, 103, (float[]){0.9f, 0}, &event));
    CHECK(step(&d, 105, (float[]){0.99f, 0}, &event));
    CHECK_EQ(event.word, 0);
    CHECK_EQ(event.frame, 105);
    CHECK_EQ(event.end_frame, 97);
    CHECK_NEAR(event.score, 0.63, 1e-6);
    CHECK(!step(&d, 107, (float[]){0.99f, 0}, &event));
}

TEST(detector_one_spike_is_not_enough)
{
    struct wake_detector d = detector_of(3);
    struct wake_event event;
    step(&d, 1, (float[]){0, 0}, &event);
    step(&d, 3, (float[]){0, 0}, &event);
    CHECK(!step(&d, 5, (float[]){1.0f, 0}, &event));
    CHECK(!step(&d, 7, (float[]){0, 0}, &event));
}

TEST(detector_is_deaf_for_the_refractory_time_then_hears_again)
{
    struct wake_detector d = detector_of(1);
    struct wake_event event;
    CHECK(step(&d, 11, (float[]){1, 0}, &event));
    CHECK(!step(&d, 109, (float[]){1, 0}, &event));
    CHECK(step(&d, 111, (float[]){1, 0}, &event));
}

TEST(detector_takes_the_word_furthest_above_its_threshold)
{
    struct wake_detector d = detector_of(1);
    struct wake_event event;
    CHECK(step(&d, 11, (float[]){0.65f, 0.95f}, &event));
    CHECK_EQ(event.word, 1);
}

TEST(detector_equals_counts_as_reached)
{
    struct wake_detector d = detector_of(1);
    struct wake_event event;
    CHECK(step(&d, 1, (float[]){0.6f, 0}, &event));
    CHECK_EQ(event.end_frame, 0);
}

TEST(detector_words_can_be_switched_off)
{
    struct wake_detector d = detector_of(1);
    struct wake_event event;
    wake_detector_set_threshold(&d, 0, 2.0f);
    CHECK(!step(&d, 1, (float[]){1, 0}, &event));
    wake_detector_set_threshold(&d, 7, 0.0f);
    CHECK(step(&d, 3, (float[]){1, 1}, &event));
    CHECK_EQ(event.word, 1);
}

TEST(detector_reset_forgets_the_stream_but_not_the_thresholds)
{
    struct wake_detector d = detector_of(1);
    struct wake_event event;
    wake_detector_set_threshold(&d, 0, 0.9f);
    CHECK(step(&d, 1001, (float[]){1, 0}, &event));
    wake_detector_reset(&d);
    CHECK(!step(&d, 1, (float[]){0.8f, 0}, &event));
    CHECK(step(&d, 3, (float[]){1, 0}, &event));
}

TEST(detector_smoothing_is_held_to_what_it_can_keep)
{
    struct wake_detector d = detector_of(1000);
    CHECK_EQ(d.tuning.smooth_steps, WAKE_MAX_SMOOTH);
    d = detector_of(0);
    CHECK_EQ(d.tuning.smooth_steps, 1);
}
