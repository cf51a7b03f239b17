/* The hysteresis as tables: runs of (frames, probability), then what is expected. */
#include "harness.h"
#include "vad.h"

struct run {
    int frames;
    float probability;
    bool speech;      /* expected after the run */
    uint64_t silence; /* expected after the run */
};

static void play(const struct run *runs, size_t count)
{
    struct vad_config config = {.on = 0.5f, .off = 0.35f, .onset_frames = 4, .hangover_frames = 12};
    struct vad vad;
    vad_init(&vad, &config);
    for (size_t i = 0; i < count; i++) {
        bool speech = false;
        for (int f = 0; f < runs[i].frames; f++)
            speech = vad_step(&vad, runs[i].probability);
        test_note("run %zu", i);
        CHECK_EQ(speech, runs[i].speech);
        CHECK_EQ(vad_silence_frames(&vad), runs[i].silence);
    }
}

#define PLAY(runs) play(runs, sizeof(runs) / sizeof((runs)[0]))

TEST(vad_speech_begins_after_the_onset_time)
{
    PLAY(((struct run[]){{10, 0.1f, false, 10}, {3, 0.9f, false, 13}, {1, 0.9f, true, 0}}));
}

TEST(vad_a_click_is_no_speech_and_does_not_shorten_a_pause)
{
    PLAY(((struct run[]){{10, 0.1f, false, 10}, {3, 0.9f, false, 13}, {5, 0.1f, false, 18}}));
}

TEST(vad_a_stop_consonant_is_no_pause)
{
    PLAY(((struct run[]){{4, 0.9f, true, 0}, {11, 0.1f, true, 0}, {1, 0.9f, true, 0}}));
}

TEST(vad_a_pause_counts_from_its_beginning)
{
    PLAY(((struct run[]){{8, 0.9f, true, 0}, {11, 0.1f, true, 0}, {1, 0.1f, false, 12}}));
}

TEST(vad_between_the_thresholds_nothing_changes)
{
    PLAY(((struct run[]){{50, 0.4f, false, 50}, {4, 0.6f, true, 0}, {50, 0.4f, true, 0}}));
}

TEST(vad_starts_as_silence_with_the_defaults)
{
    struct vad_config config = vad_config_default();
    CHECK(config.off <= config.on);
    struct vad vad;
    vad_init(&vad, &config);
    CHECK(!vad_step(&vad, 1.0f));
}
