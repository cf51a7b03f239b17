/* PulseAudio against a real daemon with null sinks: what is played into a sink is heard from its
 * monitor. */
#include "desk.h"
#include "harness.h"
#include "sound_server.h"

#include <stdlib.h>
#include <string.h>

struct pair {
    struct desk desk;
    struct audio_device *mic, *speaker;
};

/* An idle null sink works in blocks of 2 s; it takes one of them until ours of 20 ms are looked at.
 */
static void wait_until_flowing(struct pair *pair)
{
    struct audio_position position;
    for (int i = 0; i < 500; i++) {
        if (audio_device_position(pair->speaker, &position) &&
            audio_device_position(pair->mic, &position))
            return;
        desk_sleep_ms(&pair->desk, 10);
        ring_drop(&pair->desk.ring);
    }
    test_fail(__FILE__, __LINE__, "nothing flows after 5 s");
}

static void pair_start(struct pair *pair, const char *backend)
{
    desk_init(&pair->desk, true);
    pair->speaker = desk_device(&pair->desk, AUDIO_PLAYBACK, backend, "speaker");
    pair->mic = desk_device(&pair->desk, AUDIO_CAPTURE, backend, "speaker.monitor");
    CHECK_OK(audio_device_start(pair->speaker, NULL));
    CHECK_OK(audio_device_start(pair->mic, NULL));
    wait_until_flowing(pair);
}

static void pair_stop(struct pair *pair)
{
    CHECK_OK(audio_device_stop(pair->mic, NULL));
    CHECK_OK(audio_device_stop(pair->speaker, NULL));
    audio_device_destroy(pair->mic);
    audio_device_destroy(pair->speaker);
    desk_finish(&pair->desk);
}

TEST(a_tone_is_played_and_heard)
{
    static struct pair pair;
    struct sound_server server;
    struct audio_counters counters;
    struct audio_position position;
    sound_server_start(&server);
    pair_start(&pair, "pulse");
    CHECK(strstr(audio_device_describe(pair.speaker), "speaker"));
    desk_check_tone(&pair.desk);
    audio_device_counters(pair.mic, &counters);
    CHECK_EQ(counters.overrun, 0);
    CHECK_EQ(counters.lost, 0);
    CHECK(audio_device_position(pair.mic, &position));
    CHECK(position.frames >= counters.frames);
    pair_stop(&pair);
    sound_server_kill(&server);
}

TEST(what_was_heard_follows_the_loudspeaker)
{
    static struct pair pair;
    static float speech[24000];
    struct sound_server server;
    struct audio_position before, after;
    sound_server_start(&server);
    pair_start(&pair, "pulse");
    desk_sleep_ms(&pair.desk, 500);
    CHECK(audio_device_position(pair.speaker, &before));
    desk_sine(speech, 24000, 300, 24000);
    CHECK_EQ(playout_write(&pair.desk.playout, speech, 24000), 24000);
    playout_end(&pair.desk.playout);
    CHECK(!audio_device_is_drained(pair.speaker));
    desk_sleep_ms(&pair.desk, 500);
    uint64_t heard = audio_device_heard(pair.speaker);
    CHECK(audio_device_position(pair.speaker, &after));
    double passed_s = (double)(after.time_ns - before.time_ns) / CLOCK_NS_PER_S;
    test_note("%llu samples heard of a second, position moved %.3f s in %.3f s",
              (unsigned long long)heard, (double)(after.frames - before.frames) / 24000, passed_s);
    CHECK(heard > 1000 && heard < 24000);
    CHECK_NEAR((double)(after.frames - before.frames) / 24000, passed_s, 0.1);
    CHECK_OK(audio_device_drain(pair.speaker, 5 * CLOCK_NS_PER_S, NULL));
    CHECK_EQ(audio_device_heard(pair.speaker), 24000);
    pair_stop(&pair);
    sound_server_kill(&server);
}

TEST(a_silent_loudspeaker_sleeps_until_it_is_needed)
{
    static struct pair pair;
    struct sound_server server;
    struct audio_counters before, after;
    sound_server_start(&server);
    pair_start(&pair, "pulse");
    desk_sleep_ms(&pair.desk, 3000);
    audio_device_counters(pair.speaker, &before);
    desk_sleep_ms(&pair.desk, 500);
    audio_device_counters(pair.speaker, &after);
    CHECK_EQ(before.frames, after.frames);
    CHECK(playout_is_asleep(&pair.desk.playout));
    audio_device_wake(pair.speaker);
    desk_sleep_ms(&pair.desk, 500);
    audio_device_counters(pair.speaker, &after);
    CHECK(after.frames > before.frames + 2400);
    desk_sleep_ms(&pair.desk, 3000);
    CHECK(playout_is_asleep(&pair.desk.playout));
    desk_check_tone(&pair.desk);
    pair_stop(&pair);
    sound_server_kill(&server);
}

TEST(a_flush_is_heard_soon)
{
    static struct pair pair;
    static float heard[8000];
    struct sound_server server;
    sound_server_start(&server);
    pair_start(&pair, "pulse");
    desk_play_tone(&pair.desk, 600);
    audio_device_flush(pair.speaker);
    desk_sleep_ms(&pair.desk, 250);
    ring_drop(&pair.desk.ring);
    desk_hear(&pair.desk, heard, 1600);
    CHECK_NEAR(desk_level(heard, 1600), 0.0, 1e-4);
    pair_stop(&pair);
    sound_server_kill(&server);
}

TEST(a_server_that_dies_is_told_and_found_again)
{
    static struct pair pair;
    struct sound_server server;
    struct audio_counters counters;
    sound_server_start(&server);
    pair_start(&pair, "pulse");
    desk_check_tone(&pair.desk);
    sound_server_kill(&server);
    desk_expect_event(&pair.desk, pair.mic, AUDIO_LOST, 5000);
    desk_expect_event(&pair.desk, pair.speaker, AUDIO_LOST, 5000);
    desk_sleep_ms(&pair.desk, 500);
    audio_device_flush(pair.speaker);
    sound_server_start(&server);
    desk_expect_event(&pair.desk, pair.mic, AUDIO_REOPENED, 10000);
    desk_expect_event(&pair.desk, pair.speaker, AUDIO_REOPENED, 10000);
    desk_sleep_ms(&pair.desk, 2500);
    desk_check_tone(&pair.desk);
    audio_device_counters(pair.mic, &counters);
    CHECK_EQ(counters.lost, 1);
    CHECK_EQ(counters.reopened, 1);
    pair_stop(&pair);
    sound_server_kill(&server);
}

TEST(stopping_does_not_wait_for_a_dead_server)
{
    static struct pair pair;
    struct sound_server server;
    sound_server_start(&server);
    pair_start(&pair, "pulse");
    sound_server_kill(&server);
    desk_expect_event(&pair.desk, pair.mic, AUDIO_LOST, 5000);
    desk_sleep_ms(&pair.desk, 1000);
    int64_t before_ns = clock_now_ns(&pair.desk.clock);
    pair_stop(&pair);
    struct clock clock;
    clock_init_real(&clock);
    CHECK(clock_now_ns(&clock) - before_ns < 500 * CLOCK_NS_PER_MS);
}

TEST(pipewires_server_works_too)
{
    static struct pair pair;
    struct sound_server server;
    sound_server_start_pipewire(&server);
    pair_start(&pair, "pulse");
    desk_check_tone(&pair.desk);
    sound_server_kill(&server);
    desk_expect_event(&pair.desk, pair.mic, AUDIO_LOST, 5000);
    pair_stop(&pair);
}

static enum status try_create(struct desk *desk, const char *backend, const char *target,
                              struct error *ret_error)
{
    struct audio_device_config config = audio_device_config_default(AUDIO_CAPTURE, &desk->clock);
    struct audio_device *d = NULL;
    config.backend = backend;
    config.target = target;
    config.ring = &desk->ring;
    enum status status = audio_device_create(&config, &d, ret_error);
    if (status == STATUS_OK)
        error_set(ret_error, status, "%s", audio_device_describe(d));
    audio_device_destroy(d);
    return status;
}

TEST(auto_takes_the_servers_default_microphone)
{
    static struct desk desk;
    struct sound_server server;
    struct error error;
    sound_server_start(&server);
    desk_init(&desk, true);
    CHECK_OK(try_create(&desk, "auto", NULL, &error));
    CHECK_STR(error.text, "pulse: mic.monitor (16000 Hz)");
    CHECK_STATUS(try_create(&desk, "pulse", "no_such_source", &error), STATUS_NOT_FOUND);
    CHECK(strstr(error.text, "no_such_source"));
    desk_finish(&desk);
    sound_server_kill(&server);
}

TEST(without_any_sound_the_error_says_what_to_do)
{
    static struct desk desk;
    struct error error;
    sound_server_environment();
    setenv("ALSA_CONFIG_PATH", test_path("none.conf"), 1);
    desk_init(&desk, true);
    CHECK(try_create(&desk, "auto", NULL, &error) != STATUS_OK);
    test_note("%s", error.text);
    CHECK(strstr(error.text, "microphone") && strstr(error.text, "pulse:") &&
          strstr(error.text, "alsa:"));
    CHECK(strstr(error.text, "linnet doctor"));
    CHECK_STATUS(try_create(&desk, "pulse", NULL, &error), STATUS_NOT_FOUND);
    desk_finish(&desk);
}

struct found {
    int sources, sinks, defaults;
};

static void note_device(void *context, const struct audio_device_info *info)
{
    struct found *found = context;
    if (strcmp(info->name, "mic.monitor") == 0 || strcmp(info->name, "speaker.monitor") == 0)
        found->sources++;
    if (strcmp(info->name, "speaker") == 0 || strcmp(info->name, "mic") == 0)
        found->sinks++;
    found->defaults += info->is_default;
    CHECK_STR(info->backend, "pulse");
    CHECK((info->direction == AUDIO_CAPTURE) == (strstr(info->name, "monitor") != NULL));
}

TEST(devices_are_listed)
{
    struct sound_server server;
    struct found found = {0};
    sound_server_start(&server);
    CHECK_OK(audio_device_list("pulse", note_device, &found, NULL));
    CHECK_EQ(found.sources, 2);
    CHECK_EQ(found.sinks, 2);
    CHECK_EQ(found.defaults, 2);
    sound_server_kill(&server);
    CHECK_STATUS(audio_device_list("pulse", note_device, &found, NULL), STATUS_NOT_FOUND);
}
