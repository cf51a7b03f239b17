#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "voice_feed.h"

TEST(samples_come_out_as_they_went_in)
{
    struct voice_feed feed = {0};
    const unsigned char pcm[] = {0x00, 0x80, 0xff, 0x7f, 0x00, 0x00, 0x00, 0x40};
    float out[8];
    CHECK_OK(voice_feed_add(&feed, pcm, sizeof(pcm)));
    CHECK_EQ(voice_feed_take(&feed, out, 8), 4);
    CHECK_NEAR(out[0], -1, 0);
    CHECK_NEAR(out[1], 32767.0 / 32768, 1e-9);
    CHECK_NEAR(out[2], 0, 0);
    CHECK_NEAR(out[3], 0.5, 0);
    CHECK_EQ(voice_feed_take(&feed, out, 8), 0);
    voice_feed_finish(&feed);
}

TEST(order_survives_growing_and_wrapping)
{
    struct voice_feed feed = {0};
    struct test_random random = test_random_init();
    uint16_t in = 0, out = 0;
    for (int round = 0; round < 2000; round++) {
        unsigned char pcm[2 * 500];
        float samples[500];
        size_t n = (size_t)test_random_range(&random, 0, 500);
        for (size_t i = 0; i < n; i++, in++) {
            pcm[2 * i] = (unsigned char)in;
            pcm[2 * i + 1] = (unsigned char)(in >> 8);
        }
        CHECK_OK(voice_feed_add(&feed, pcm, 2 * n));
        n = voice_feed_take(&feed, samples, (size_t)test_random_range(&random, 0, 490));
        for (size_t i = 0; i < n; i++, out++)
            CHECK_NEAR(samples[i], (int16_t)out / 32768.0, 0);
    }
    CHECK_EQ((uint16_t)(in - out), feed.count);
    voice_feed_finish(&feed);
}

TEST(two_minutes_are_enough)
{
    struct voice_feed feed = {0};
    static unsigned char second[2 * 24000];
    for (int i = 0; i < 120; i++)
        CHECK_OK(voice_feed_add(&feed, second, sizeof(second)));
    CHECK_STATUS(voice_feed_add(&feed, second, 2), STATUS_LIMIT);
    CHECK_STATUS(voice_feed_add(&feed, second, 1), STATUS_INVALID_ARGUMENT);
    CHECK_EQ(feed.count, VOICE_FEED_SAMPLES_MAX);
    voice_feed_begin(&feed, 2);
    CHECK_EQ(feed.count, 0);
    CHECK_OK(voice_feed_add(&feed, second, 2));
    voice_feed_finish(&feed);
}
