/* Devices without hardware: null and file, on the virtual and on the real clock, and what all
 * devices share. */
#include "desk.h"
#include "device_impl.h"
#include "fault.h"
#include "harness.h"
#include "wav.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void pass_ms(struct desk *desk, struct audio_device *d, int ms)
{
    for (int i = 0; i < ms; i += 10) {
        clock_advance(&desk->clock, 10 * CLOCK_NS_PER_MS);
        CHECK_OK(audio_device_pump(d, NULL));
    }
}

TEST(a_null_microphone_gives_silence_in_the_clocks_time)
{
    static struct desk desk;
    float samples[1600];
    struct audio_position position;
    desk_init(&desk, false);
    struct audio_device *d = desk_device(&desk, AUDIO_CAPTURE, "null", NULL);
    CHECK_OK(audio_device_start(d, NULL));
    CHECK_OK(audio_device_pump(d, NULL));
    CHECK_EQ(ring_readable(&desk.ring), 0);
    CHECK(!audio_device_position(d, &position));
    clock_advance(&desk.clock, 99 * CLOCK_NS_PER_MS);
    CHECK_OK(audio_device_pump(d, NULL));
    CHECK_EQ(ring_readable(&desk.ring), 1280);
    clock_advance(&desk.clock, CLOCK_NS_PER_MS);
    CHECK_OK(audio_device_pump(d, NULL));
    CHECK_EQ(ring_read(&desk.ring, samples, 1600), 1600);
    for (int i = 0; i < 1600; i++)
        CHECK(samples[i] == 0.0f);
    CHECK(audio_device_position(d, &position));
    CHECK_EQ(position.frames, 1600);
    CHECK_EQ(position.time_ns, 100 * CLOCK_NS_PER_MS);
    CHECK_OK(audio_device_stop(d, NULL));
    audio_device_destroy(d);
    desk_finish(&desk);
}

TEST(a_file_is_heard_and_its_end_is_told)
{
    static struct desk desk;
    static float in[16000], out[32000];
    struct audio_event event;
    desk_init(&desk, false);
    desk_sine(in, 16000, 440, 16000);
    CHECK_OK(wav_save(test_path("in.wav"), in, 16000, 16000, NULL));
    struct audio_device *d = desk_device(&desk, AUDIO_CAPTURE, "file", test_path("in.wav"));
    CHECK_OK(audio_device_start(d, NULL));
    pass_ms(&desk, d, 1000);
    CHECK(!audio_device_poll(d, &event));
    pass_ms(&desk, d, 500);
    CHECK(audio_device_poll(d, &event));
    CHECK_EQ(event.kind, AUDIO_ENDED);
    CHECK_EQ(event.time_ns, 1020 * CLOCK_NS_PER_MS);
    CHECK(!audio_device_poll(d, &event));
    CHECK_EQ(ring_read(&desk.ring, out, 32000), 24000);
    for (int i = 0; i < 16000; i++)
        CHECK_NEAR(out[i], in[i], 1.0 / 32768);
    for (int i = 16000; i < 24000; i++)
        CHECK(out[i] == 0.0f);
    audio_device_destroy(d);
    desk_finish(&desk);
}

static void hear_at(uint32_t rate)
{
    static struct desk desk;
    static float in[96000], out[16000], expected[16000];
    desk_init(&desk, false);
    desk_sine(in, rate, 440, rate);
    desk_sine(expected, 16000, 440, 16000);
    CHECK_OK(wav_save(test_path("in.wav"), in, rate, rate, NULL));
    struct audio_device *d = desk_device(&desk, AUDIO_CAPTURE, "file", test_path("in.wav"));
    CHECK_OK(audio_device_start(d, NULL));
    pass_ms(&desk, d, 1000);
    CHECK_EQ(ring_read(&desk.ring, out, 16000), 16000);
    double snr = test_snr_db(expected + 400, out + 400, 16000 - 800);
    test_note("%u Hz: %.1f dB", rate, snr);
    CHECK(snr > 60.0);
    audio_device_destroy(d);
    desk_finish(&desk);
}

TEST(files_of_all_rates_are_heard_at_ours)
{
    hear_at(8000);
    hear_at(22050);
    hear_at(44100);
    hear_at(48000);
    hear_at(96000);
}

TEST(the_loudspeaker_is_recorded_and_referenced)
{
    static struct desk desk;
    static float in[12000], reference[24000];
    struct wav_audio audio = {0};
    desk_init(&desk, false);
    desk_sine(in, 12000, 300, 24000);
    struct audio_device *d = desk_device(&desk, AUDIO_PLAYBACK, "file", test_path("out.wav"));
    CHECK_OK(audio_device_start(d, NULL));
    pass_ms(&desk, d, 200);
    CHECK_EQ(playout_write(&desk.playout, in, 12000), 12000);
    playout_end(&desk.playout);
    CHECK(!audio_device_is_drained(d));
    pass_ms(&desk, d, 250);
    CHECK_EQ(audio_device_heard(d), 6000);
    pass_ms(&desk, d, 550);
    CHECK(audio_device_is_drained(d));
    CHECK_EQ(audio_device_heard(d), 12000);
    CHECK_OK(audio_device_stop(d, NULL));
    audio_device_destroy(d);
    CHECK_OK(wav_load(test_path("out.wav"), 1 << 20, &audio, NULL));
    CHECK_EQ(audio.count, 24000);
    CHECK_EQ(audio.rate, 24000);
    CHECK_EQ(ring_read(&desk.reference, reference, 24000), 24000);
    for (int i = 0; i < 24000; i++) {
        float expected = i >= 4800 && i < 16800 ? in[i - 4800] : 0.0f;
        bool fading = i >= 16800 && i < 16800 + 120;
        CHECK_NEAR(reference[i], expected, fading ? 0.05 : 0.0);
        CHECK_NEAR(audio.samples[i], reference[i], 1.0 / 32768);
    }
    wav_audio_finish(&audio);
    desk_finish(&desk);
}

TEST(flush_is_silent_within_5_ms)
{
    static struct desk desk;
    static float in[24000], reference[24000];
    desk_init(&desk, false);
    desk_sine(in, 24000, 300, 24000);
    struct audio_device *d = desk_device(&desk, AUDIO_PLAYBACK, "null", NULL);
    CHECK_OK(audio_device_start(d, NULL));
    playout_write(&desk.playout, in, 24000);
    pass_ms(&desk, d, 100);
    audio_device_flush(d);
    pass_ms(&desk, d, 100);
    CHECK_EQ(ring_read(&desk.reference, reference, 24000), 4800);
    for (int i = 2400 + 240; i < 4800; i++)
        CHECK(reference[i] == 0.0f);
    CHECK(audio_device_is_drained(d));
    audio_device_destroy(d);
    desk_finish(&desk);
}

TEST(the_same_replay_gives_the_same_bits)
{
    static float in[44100], out[2][16000];
    desk_sine(in, 44100, 440, 44100);
    CHECK_OK(wav_save(test_path("in.wav"), in, 44100, 44100, NULL));
    for (int round = 0; round < 2; round++) {
        static struct desk desk;
        desk_init(&desk, false);
        struct audio_device *d = desk_device(&desk, AUDIO_CAPTURE, "file", test_path("in.wav"));
        CHECK_OK(audio_device_start(d, NULL));
        for (int ms = 0; ms < 1000;) {
            int step = round == 0 ? 10 : 25;
            clock_advance(&desk.clock, step * CLOCK_NS_PER_MS);
            CHECK_OK(audio_device_pump(d, NULL));
            ms += step;
        }
        CHECK_EQ(ring_read(&desk.ring, out[round], 16000), 16000);
        audio_device_destroy(d);
        desk_finish(&desk);
    }
    CHECK_EQ(memcmp(out[0], out[1], sizeof(out[0])), 0);
}

TEST(a_ring_that_nobody_reads_is_counted)
{
    static struct desk desk;
    struct audio_counters counters;
    desk_init(&desk, false);
    struct audio_device *d = desk_device(&desk, AUDIO_CAPTURE, "null", NULL);
    CHECK_OK(audio_device_start(d, NULL));
    pass_ms(&desk, d, 20000);
    audio_device_counters(d, &counters);
    CHECK_EQ(counters.frames, 1 << 18);
    CHECK_EQ(counters.overrun, 320000 - (1 << 18));
    audio_device_destroy(d);
    desk_finish(&desk);
}

TEST(on_a_real_clock_devices_move_by_themselves)
{
    static struct desk desk;
    static float in[48000];
    struct audio_counters mic, speaker;
    desk_init(&desk, true);
    struct audio_device *c = desk_device(&desk, AUDIO_CAPTURE, "null", NULL);
    struct audio_device *p = desk_device(&desk, AUDIO_PLAYBACK, "file", test_path("out.wav"));
    CHECK_OK(audio_device_start(c, NULL));
    CHECK_OK(audio_device_start(p, NULL));
    playout_write(&desk.playout, in, 4800);
    playout_end(&desk.playout);
    CHECK_OK(audio_device_drain(p, 5 * CLOCK_NS_PER_S, NULL));
    playout_write(&desk.playout, in, 48000);
    CHECK_STATUS(audio_device_drain(p, 50 * CLOCK_NS_PER_MS, NULL), STATUS_TIMEOUT);
    CHECK_OK(audio_device_stop(c, NULL));
    CHECK_OK(audio_device_stop(p, NULL));
    audio_device_counters(c, &mic);
    audio_device_counters(p, &speaker);
    CHECK(mic.frames >= 3200 && speaker.frames >= 4800);
    audio_device_destroy(c);
    audio_device_destroy(p);
    desk_finish(&desk);
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
    audio_device_destroy(d);
    return status;
}

TEST(what_cannot_work_is_refused_with_a_reason)
{
    static struct desk desk;
    struct error error;
    struct audio_device_config config;
    struct audio_device *d = NULL;
    desk_init(&desk, false);
    CHECK_STATUS(try_create(&desk, "jack", NULL, &error), STATUS_INVALID_ARGUMENT);
    CHECK(strstr(error.text, "\"jack\"") && strstr(error.text, "pulse"));
    CHECK_STATUS(try_create(&desk, "pulse", NULL, &error), STATUS_INVALID_ARGUMENT);
    CHECK(strstr(error.text, "virtual"));
    CHECK_STATUS(try_create(&desk, "file", NULL, &error), STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(try_create(&desk, "file", test_path("none.wav"), &error), STATUS_NOT_FOUND);
    CHECK(strstr(error.text, "none.wav"));
    CHECK_STATUS(try_create(&desk, "file", "/dev/null", &error), STATUS_FORMAT);
    config = audio_device_config_default(AUDIO_CAPTURE, &desk.clock);
    config.backend = "null";
    CHECK_STATUS(audio_device_create(&config, &d, &error), STATUS_INVALID_ARGUMENT);
    config.ring = &desk.ring;
    config.period_frames = 0;
    CHECK_STATUS(audio_device_create(&config, &d, &error), STATUS_INVALID_ARGUMENT);
    desk_finish(&desk);
}

TEST(a_full_disk_ends_the_recording_and_leaves_nothing)
{
    static struct desk desk;
    struct error error;
    struct stat st;
    desk_init(&desk, false);
    struct audio_device *d = desk_device(&desk, AUDIO_PLAYBACK, "file", test_path("out.wav"));
    CHECK_OK(audio_device_start(d, NULL));
    pass_ms(&desk, d, 100);
    fault_arm(FAULT_WRITE, 3);
    clock_advance(&desk.clock, 100 * CLOCK_NS_PER_MS);
    CHECK_STATUS(audio_device_pump(d, &error), STATUS_IO);
    CHECK(strstr(error.text, "out.wav"));
    CHECK(!fault_disarm(FAULT_WRITE));
    CHECK(audio_device_stop(d, &error) != STATUS_OK);
    audio_device_destroy(d);
    CHECK(stat(test_path("out.wav"), &st) != 0);
    desk_finish(&desk);
}

TEST(without_memory_creating_fails_cleanly)
{
    static struct desk desk;
    static float in[100];
    desk_init(&desk, false);
    CHECK_OK(wav_save(test_path("in.wav"), in, 100, 8000, NULL));
    unsigned failed = 0;
    for (unsigned n = 1;; n++) {
        struct error error;
        fault_arm(FAULT_ALLOC, n);
        enum status status = try_create(&desk, "file", test_path("in.wav"), &error);
        if (fault_disarm(FAULT_ALLOC)) {
            CHECK_STATUS(status, STATUS_OK);
            break;
        }
        CHECK_STATUS(status, STATUS_NO_MEMORY);
        failed++;
    }
    CHECK(failed >= 5);
    desk_finish(&desk);
}

TEST(events_beyond_the_queue_are_counted)
{
    static struct desk desk;
    struct audio_event event;
    struct audio_counters counters;
    desk_init(&desk, false);
    struct audio_device *d = desk_device(&desk, AUDIO_CAPTURE, "null", NULL);
    for (int i = 0; i < AUDIO_EVENTS + 3; i++) {
        struct error error;
        error_set(&error, STATUS_DEVICE_LOST, "number %d", i);
        audio_impl_report(d, AUDIO_LOST, &error);
    }
    audio_device_counters(d, &counters);
    CHECK_EQ(counters.events_lost, 3);
    CHECK_EQ(counters.lost, AUDIO_EVENTS + 3);
    for (int i = 0; i < AUDIO_EVENTS; i++) {
        char text[32];
        snprintf(text, sizeof(text), "number %d", i);
        CHECK(audio_device_poll(d, &event));
        CHECK_STR(event.text, text);
        CHECK_STATUS(event.status, STATUS_DEVICE_LOST);
    }
    CHECK(!audio_device_poll(d, &event));
    audio_device_destroy(d);
    desk_finish(&desk);
}

TEST(back_off_doubles_up_to_five_seconds)
{
    CHECK_EQ(audio_impl_backoff_ns(0), 100 * CLOCK_NS_PER_MS);
    CHECK_EQ(audio_impl_backoff_ns(1), 200 * CLOCK_NS_PER_MS);
    CHECK_EQ(audio_impl_backoff_ns(5), 3200 * CLOCK_NS_PER_MS);
    CHECK_EQ(audio_impl_backoff_ns(6), 5 * CLOCK_NS_PER_S);
    CHECK_EQ(audio_impl_backoff_ns(1000000), 5 * CLOCK_NS_PER_S);
}
