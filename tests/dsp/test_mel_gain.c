#include <string.h>

#include "harness.h"
#include "mel_gain.h"

enum { BANDS = 8, QUIET = 30, SPEECH = 40, FRAMES = QUIET + SPEECH };

/* A room and then somebody speaking in it, both of a level. */
static void fill(float *frames, float room, float speech)
{
    for (uint32_t i = 0; i < FRAMES * BANDS; i++) {
        float level = i / BANDS < QUIET ? room : speech;
        frames[i] = level - 0.3f * (float)(i % BANDS);
    }
}

static void lift(const float *frames, uint32_t count, float *ret_lifted)
{
    struct mel_gain gain;
    mel_gain_reset(&gain);
    mel_gain_apply(&gain, frames, count, BANDS, ret_lifted);
}

TEST(common_levels_pass_to_the_bit)
{
    float frames[FRAMES * BANDS], lifted[FRAMES * BANDS];
    fill(frames, -9, 5);
    lift(frames, FRAMES, lifted);
    CHECK(memcmp(frames, lifted, sizeof(frames)) == 0);
}

TEST(faint_speech_is_lifted_within_a_word)
{
    float frames[FRAMES * BANDS], lifted[FRAMES * BANDS];
    fill(frames, -15, -4);
    lift(frames, FRAMES, lifted);
    CHECK(memcmp(frames, lifted, QUIET * BANDS * sizeof(float)) == 0);
    for (uint32_t f = QUIET + 1; f < FRAMES; f++)
        CHECK(lifted[f * BANDS] >= lifted[(f - 1) * BANDS] - 1e-5f);
    CHECK_NEAR(lifted[(FRAMES - 1) * BANDS], -1.5, 0.1);
}

TEST(a_click_is_hardly_lifted_and_what_is_loud_not_at_all)
{
    float frames[FRAMES * BANDS], lifted[FRAMES * BANDS];
    fill(frames, -15, 5);
    for (uint32_t k = 0; k < BANDS; k++)
        frames[10 * BANDS + k] = -8;
    lift(frames, FRAMES, lifted);
    CHECK_NEAR(lifted[10 * BANDS], -8, 0.11);
    CHECK_NEAR(lifted[(QUIET - 1) * BANDS], -15, 0.11);
    CHECK(memcmp(frames + QUIET * BANDS, lifted + QUIET * BANDS, SPEECH * BANDS * sizeof(float)) ==
          0);
}

TEST(the_gain_has_a_limit)
{
    float frames[3 * SPEECH * BANDS], lifted[3 * SPEECH * BANDS];
    for (uint32_t i = 0; i < 3 * SPEECH * BANDS; i++)
        frames[i] = i < BANDS ? -30 : -20;
    lift(frames, 3 * SPEECH, lifted);
    CHECK_NEAR(lifted[(3 * SPEECH - 1) * BANDS], -12, 1e-5);
}

TEST(noise_alone_is_never_lifted)
{
    float frames[FRAMES * BANDS], lifted[FRAMES * BANDS];
    fill(frames, -12, -9.5f);
    lift(frames, FRAMES, lifted);
    CHECK(memcmp(frames, lifted, sizeof(frames)) == 0);
}

TEST(any_cut_and_place_give_the_same)
{
    float frames[FRAMES * BANDS], whole[FRAMES * BANDS];
    struct mel_gain gain;
    fill(frames, -14, -3);
    lift(frames, FRAMES, whole);
    mel_gain_reset(&gain);
    for (uint32_t f = 0; f < FRAMES; f++)
        mel_gain_apply(&gain, frames + f * BANDS, 1, BANDS, frames + f * BANDS);
    CHECK(memcmp(frames, whole, sizeof(whole)) == 0);
}
