/* ALSA through its own plugins: a raw file as microphone and loudspeaker, null, and the pulse
 * plugin against a real daemon. */
#include "desk.h"
#include "fault.h"
#include "harness.h"
#include "sound_server.h"
#include "wav.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* PCMs of the tests. "card" behaves like simple hardware: 48 kHz stereo 16 bits and nothing else.
 */
static const char *const config_text =
    "pcm.nothing { type null }\n"
    "pcm.record { type file slave.pcm nothing file \"%1$s/out.raw\" format raw }\n"
    "pcm.replay { type file slave.pcm nothing file /dev/null infile "
    "\"%1$s/in.raw\" format raw }\n"
    "pcm.stereo { type multi slaves.a { pcm nothing channels 2 } "
    "bindings.0 { slave a channel 0 } bindings.1 { slave a channel 1 } }\n"
    "pcm.card { type plug slave { pcm record rate 48000 channels 2 "
    "format S16_LE } }\n"
    "pcm.replay48 { type plug slave { pcm replay rate 48000 } }\n"
    "pcm.whole { type linear slave { pcm record format S16_LE } }\n"
    "pcm.speaker { type pulse device speaker }\n"
    "pcm.ears { type pulse device speaker.monitor }\n"
    "ctl.speaker { type pulse }\n";

/* Point ALSA at a configuration of our own, and at nothing else. */
static void use_config(void)
{
    FILE *f = fopen(test_path("asound.conf"), "w");
    CHECK(f != NULL);
    fprintf(f, config_text, test_folder());
    fclose(f);
    setenv("ALSA_CONFIG_PATH", test_path("asound.conf"), 1);
}

static size_t read_raw(const char *name, void *ret_bytes, size_t size)
{
    FILE *f = fopen(test_path(name), "rb");
    CHECK(f != NULL);
    size_t n = fread(ret_bytes, 1, size, f);
    fclose(f);
    return n;
}

static void play(const char *target, size_t count, struct audio_counters *ret_counters)
{
    static struct desk desk;
    static float tone[24000];
    desk_init(&desk, true);
    struct audio_device *d = desk_device(&desk, AUDIO_PLAYBACK, "alsa", target);
    test_note("%s", audio_device_describe(d));
    desk_sine(tone, count, 500, 24000);
    playout_write(&desk.playout, tone, count);
    playout_end(&desk.playout);
    CHECK_OK(audio_device_start(d, NULL));
    CHECK_OK(audio_device_drain(d, 10 * CLOCK_NS_PER_S, NULL));
    desk_sleep_ms(&desk, 50);
    CHECK_OK(audio_device_stop(d, NULL));
    audio_device_counters(d, ret_counters);
    audio_device_destroy(d);
    desk_finish(&desk);
}

TEST(playback_arrives_in_a_file_as_it_was_written)
{
    static float out[72000], tone[24000];
    struct audio_counters counters;
    use_config();
    play("record", 12000, &counters);
    size_t n = read_raw("out.raw", out, sizeof(out)) / sizeof(float);
    CHECK(n >= 12000);
    desk_sine(tone, 12000, 500, 24000);
    CHECK_EQ(memcmp(out, tone, 12000 * sizeof(float)), 0);
    CHECK_EQ(counters.lost, 0);
}

TEST(a_device_that_takes_all_at_once_is_held_to_the_clock)
{
    struct audio_counters counters;
    struct clock clock;
    use_config();
    clock_init_real(&clock);
    int64_t before_ns = clock_now_ns(&clock);
    play("nothing", 12000, &counters);
    double passed_s = (double)(clock_now_ns(&clock) - before_ns) / CLOCK_NS_PER_S;
    test_note("%llu samples in %.3f s", (unsigned long long)counters.frames, passed_s);
    CHECK(passed_s > 0.4);
    CHECK((double)counters.frames / 24000 < passed_s + 0.2);
}

TEST(hardware_of_another_shape_gets_converted_samples)
{
    static int16_t out[2 * 96000];
    static float left[96000];
    struct audio_counters counters;
    use_config();
    play("card", 24000, &counters);
    size_t n = read_raw("out.raw", out, sizeof(out)) / 4;
    CHECK(n >= 48000);
    for (size_t i = 0; i < n; i++) {
        CHECK_EQ(out[2 * i], out[2 * i + 1]);
        left[i] = (float)out[2 * i] / 32768.0f;
    }
    CHECK_NEAR(desk_amplitude(left + 4800, 38400, 500, 48000), 0.5, 0.005);
    CHECK_NEAR(desk_level(left + 4800, 38400), 0.5 / sqrt(2.0), 0.005);
}

TEST(hardware_of_whole_numbers_gets_them)
{
    static int16_t out[48000];
    static float tone[12000];
    struct audio_counters counters;
    use_config();
    play("whole", 12000, &counters);
    CHECK(read_raw("out.raw", out, sizeof(out)) >= 24000);
    desk_sine(tone, 12000, 500, 24000);
    for (size_t i = 0; i < 12000; i++)
        CHECK_NEAR(out[i] / 32768.0, tone[i], 1.1 / 32768);
}

TEST(a_device_of_two_channels_is_used)
{
    struct audio_counters counters;
    use_config();
    play("stereo", 4800, &counters);
    CHECK(counters.frames >= 4800);
}

TEST(a_raw_file_is_heard)
{
    static struct desk desk;
    static float tone[16000], heard[12000];
    use_config();
    desk_sine(tone, 16000, 400, 16000);
    FILE *f = fopen(test_path("in.raw"), "wb");
    CHECK(f && fwrite(tone, sizeof(float), 16000, f) == 16000);
    fclose(f);
    desk_init(&desk, true);
    struct audio_device *d = desk_device(&desk, AUDIO_CAPTURE, "alsa", "replay");
    CHECK_OK(audio_device_start(d, NULL));
    desk_hear(&desk, heard, 12000);
    CHECK_EQ(memcmp(tone, heard, sizeof(heard)), 0);
    CHECK_OK(audio_device_stop(d, NULL));
    audio_device_destroy(d);
    desk_finish(&desk);
}

TEST(a_microphone_of_another_rate_is_heard_at_ours)
{
    static struct desk desk;
    static float tone[48000], heard[12000];
    use_config();
    desk_sine(tone, 48000, 400, 48000);
    FILE *f = fopen(test_path("in.raw"), "wb");
    CHECK(f && fwrite(tone, sizeof(float), 48000, f) == 48000);
    fclose(f);
    desk_init(&desk, true);
    struct audio_device *d = desk_device(&desk, AUDIO_CAPTURE, "alsa", "replay48");
    test_note("%s", audio_device_describe(d));
    CHECK_OK(audio_device_start(d, NULL));
    desk_hear(&desk, heard, 12000);
    CHECK_NEAR(desk_amplitude(heard + 1000, 8000, 400, 16000), 0.5, 1e-3);
    CHECK_NEAR(desk_level(heard + 1000, 8000), 0.5 / sqrt(2.0), 1e-3);
    audio_device_destroy(d);
    desk_finish(&desk);
}

TEST(an_overrun_is_counted_and_the_stream_goes_on)
{
    static struct desk desk;
    static float heard[1600];
    struct audio_counters counters;
    struct audio_event event;
    use_config();
    desk_init(&desk, true);
    struct audio_device *d = desk_device(&desk, AUDIO_CAPTURE, "alsa", "nothing");
    CHECK_OK(audio_device_start(d, NULL));
    for (int i = 0; i < 3; i++) {
        desk_hear(&desk, heard, 1600);
        fault_arm(FAULT_XRUN, 1);
        desk_sleep_ms(&desk, 500);
        CHECK(!fault_disarm(FAULT_XRUN));
    }
    audio_device_counters(d, &counters);
    CHECK_EQ(counters.xruns, 3);
    CHECK_EQ(counters.lost, 0);
    CHECK(!audio_device_poll(d, &event));
    audio_device_destroy(d);
    desk_finish(&desk);
}

TEST(a_card_that_is_pulled_out_is_told_and_found_again)
{
    static struct desk desk;
    static float tone[2400], heard[1600];
    struct audio_counters counters;
    use_config();
    desk_init(&desk, true);
    struct audio_device *mic = desk_device(&desk, AUDIO_CAPTURE, "alsa", "nothing");
    struct audio_device *speaker = desk_device(&desk, AUDIO_PLAYBACK, "alsa", "card");
    CHECK_OK(audio_device_start(mic, NULL));
    desk_hear(&desk, heard, 1600);
    fault_arm(FAULT_DEVICE, 1);
    desk_expect_event(&desk, mic, AUDIO_LOST, 5000);
    desk_expect_event(&desk, mic, AUDIO_REOPENED, 5000);
    ring_drop(&desk.ring);
    desk_hear(&desk, heard, 1600);
    CHECK_OK(audio_device_stop(mic, NULL));
    CHECK_OK(audio_device_start(speaker, NULL));
    fault_arm(FAULT_DEVICE, 3);
    desk_expect_event(&desk, speaker, AUDIO_LOST, 5000);
    desk_expect_event(&desk, speaker, AUDIO_REOPENED, 5000);
    playout_write(&desk.playout, tone, 2400);
    playout_end(&desk.playout);
    CHECK_OK(audio_device_drain(speaker, 5 * CLOCK_NS_PER_S, NULL));
    audio_device_counters(speaker, &counters);
    CHECK_EQ(counters.lost, 1);
    CHECK_EQ(counters.reopened, 1);
    audio_device_destroy(mic);
    audio_device_destroy(speaker);
    desk_finish(&desk);
}

TEST(a_tone_goes_through_the_pulse_plugin)
{
    static struct desk desk;
    struct sound_server server;
    struct audio_counters counters;
    sound_server_start(&server);
    use_config();
    desk_init(&desk, true);
    struct audio_device *speaker = desk_device(&desk, AUDIO_PLAYBACK, "alsa", "speaker");
    struct audio_device *mic = desk_device(&desk, AUDIO_CAPTURE, "alsa", "ears");
    test_note("%s", audio_device_describe(mic));
    CHECK_OK(audio_device_start(speaker, NULL));
    CHECK_OK(audio_device_start(mic, NULL));
    desk_play_tone(&desk, 2500);
    desk_check_tone(&desk);
    audio_device_counters(speaker, &counters);
    CHECK_EQ(counters.lost, 0);
    sound_server_kill(&server);
    desk_expect_event(&desk, mic, AUDIO_LOST, 5000);
    sound_server_start(&server);
    desk_expect_event(&desk, mic, AUDIO_REOPENED, 10000);
    desk_play_tone(&desk, 2500);
    desk_check_tone(&desk);
    audio_device_destroy(mic);
    audio_device_destroy(speaker);
    desk_finish(&desk);
    sound_server_kill(&server);
}

TEST(a_silent_loudspeaker_sleeps_until_it_is_needed)
{
    static struct desk desk;
    float speech[2400] = {0};
    struct audio_counters before, after;
    use_config();
    desk_init(&desk, true);
    struct audio_device *d = desk_device(&desk, AUDIO_PLAYBACK, "alsa", "record");
    CHECK_OK(audio_device_start(d, NULL));
    desk_sleep_ms(&desk, 2600);
    CHECK(playout_is_asleep(&desk.playout));
    audio_device_counters(d, &before);
    playout_write(&desk.playout, speech, 2400);
    playout_end(&desk.playout);
    CHECK_OK(audio_device_drain(d, 3 * CLOCK_NS_PER_S, NULL));
    audio_device_counters(d, &after);
    CHECK(after.frames >= before.frames + 2400);
    desk_sleep_ms(&desk, 2600);
    CHECK(playout_is_asleep(&desk.playout));
    CHECK_OK(audio_device_stop(d, NULL));
    audio_device_destroy(d);
    desk_finish(&desk);
}

TEST(what_is_not_there_is_named)
{
    static struct desk desk;
    struct audio_device *d = NULL;
    struct error error;
    use_config();
    desk_init(&desk, true);
    struct audio_device_config config = audio_device_config_default(AUDIO_CAPTURE, &desk.clock);
    config.backend = "alsa";
    config.target = "nowhere";
    config.ring = &desk.ring;
    CHECK_STATUS(audio_device_create(&config, &d, &error), STATUS_NOT_FOUND);
    CHECK_STR(error.text, "alsa: nowhere: cannot open it: No such file or directory");
    config.target = "replay";
    CHECK(audio_device_create(&config, &d, &error) != STATUS_OK);
    test_note("%s", error.text);
    desk_finish(&desk);
}

static void count_device(void *context, const struct audio_device_info *info)
{
    CHECK_STR(info->backend, "alsa");
    CHECK(info->name[0]);
    ++*(int *)context;
}

TEST(devices_are_listed)
{
    int count = 0;
    struct error error = {0};
    enum status status = audio_device_list("alsa", count_device, &count, &error);
    test_note("%d devices %s", count, error.text);
    CHECK(status == STATUS_OK || status == STATUS_NOT_FOUND);
}
