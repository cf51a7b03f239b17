#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "opus_codec.h"
#include "sound_send.h"

static const double two_pi = 6.283185307179586;

/* ---- the log ---- */

static float value_at(uint64_t n)
{
    return (float)((double)(n * 7919 % 65535) - 32767) / 32767;
}

static void write_values(struct sound_log *log, size_t count)
{
    float samples[1000];
    uint64_t at = sound_log_written(log);
    while (count > 0) {
        size_t n = count < 1000 ? count : 1000;
        for (size_t i = 0; i < n; i++)
            samples[i] = value_at(at + i);
        sound_log_write(log, samples, n);
        at += n;
        count -= n;
    }
}

TEST(the_log_keeps_the_last_minute)
{
    struct sound_log *log;
    float out[500];
    CHECK_OK(sound_log_create(&log, NULL));
    write_values(log, SOUND_LOG_SAMPLES + 12345);
    CHECK_OK(sound_log_read(log, 12345, 500, out));
    for (size_t i = 0; i < 500; i++)
        CHECK_NEAR(out[i], value_at(12345 + i), 1e-6);
    CHECK_STATUS(sound_log_read(log, 12344, 500, out), STATUS_END);
    CHECK_STATUS(sound_log_read(log, SOUND_LOG_SAMPLES + 12345 - 499, 500, out),
                 STATUS_INVALID_ARGUMENT);
    CHECK(sound_can_send(log, (struct sound_range){12345 + 100000, 12345 + 200000}));
    CHECK(!sound_can_send(log, (struct sound_range){12344, 20000}));
    CHECK(!sound_can_send(log, (struct sound_range){20000, 20000}));
    CHECK(!sound_can_send(log, (struct sound_range){50000, 50000 + 61 * SOUND_LOG_RATE}));
    CHECK(!sound_can_send(NULL, (struct sound_range){1, 2}));
    sound_log_destroy(log);
    sound_log_write(NULL, out, 500);
}

TEST(loud_and_broken_samples_are_clipped)
{
    struct sound_log *log;
    const float in[] = {2, -2, NAN, 0.5f};
    float out[4];
    CHECK_OK(sound_log_create(&log, NULL));
    sound_log_write(log, in, 4);
    CHECK_OK(sound_log_read(log, 0, 4, out));
    CHECK_NEAR(out[0], 1, 1e-6);
    CHECK_NEAR(out[1], -1, 1e-6);
    CHECK(out[2] >= -1 && out[2] <= 1);
    CHECK_NEAR(out[3], 0.5, 1e-4);
    sound_log_destroy(log);
}

struct writing {
    struct sound_log *log;
    atomic_bool stop;
};

static void *keep_writing(void *context)
{
    struct writing *writing = context;
    while (!atomic_load(&writing->stop))
        write_values(writing->log, 1000);
    return NULL;
}

/* What a reader is given is right, or it is told that it came too late. */
TEST(a_reader_is_never_given_overwritten_sound)
{
    struct writing writing = {0};
    pthread_t thread;
    static float out[4000];
    int whole = 0;
    CHECK_OK(sound_log_create(&writing.log, NULL));
    write_values(writing.log, SOUND_LOG_SAMPLES);
    CHECK_EQ(pthread_create(&thread, NULL, keep_writing, &writing), 0);
    for (int round = 0; round < 3000; round++) {
        uint64_t from = sound_log_written(writing.log) - SOUND_LOG_SAMPLES + 2000;
        if (sound_log_read(writing.log, from, 4000, out) != STATUS_OK)
            continue;
        whole++;
        for (size_t i = 0; i < 4000; i++)
            CHECK_NEAR(out[i], value_at(from + i), 1e-6);
    }
    atomic_store(&writing.stop, true);
    pthread_join(thread, NULL);
    test_note("%d of 3000 came in time", whole);
    sound_log_destroy(writing.log);
}

/* ---- sending ---- */

struct catcher {
    struct provider base;
    unsigned char data[1 << 20];
    size_t used;
    size_t packet[4096];
    size_t packets;
    size_t room; /* packets it takes */
    bool ended;
};

static enum status catch_feed(struct provider *provider, const void *sound, size_t bytes)
{
    struct catcher *catcher = (struct catcher *)provider;
    if (catcher->packets == catcher->room)
        return STATUS_LIMIT;
    CHECK(!catcher->ended && catcher->used + bytes <= sizeof(catcher->data));
    memcpy(catcher->data + catcher->used, sound, bytes);
    catcher->packet[catcher->packets++] = bytes;
    catcher->used += bytes;
    return STATUS_OK;
}

static enum status catch_end(struct provider *provider)
{
    ((struct catcher *)provider)->ended = true;
    return STATUS_OK;
}

static const struct provider_ops catcher_ops = {.feed = catch_feed, .end_feed = catch_end};

static struct catcher *make_catcher(void)
{
    struct catcher *catcher = calloc(1, sizeof(*catcher));
    CHECK(catcher != NULL);
    catcher->base.ops = &catcher_ops;
    catcher->room = 4096;
    return catcher;
}

static struct sound_log *log_of_tone(double hertz, size_t count)
{
    struct sound_log *log;
    float samples[160];
    CHECK_OK(sound_log_create(&log, NULL));
    for (size_t at = 0; at < count; at += 160) {
        for (size_t i = 0; i < 160; i++)
            samples[i] = 0.5f * (float)sin(two_pi * hertz * (double)(at + i) / SOUND_LOG_RATE);
        sound_log_write(log, samples, 160);
    }
    return log;
}

TEST(sound_goes_out_at_24_khz)
{
    struct sound_log *log = log_of_tone(440, 32000);
    struct catcher *catcher = make_catcher();
    const struct sound_range range = {8000, 24000};
    static float expected[24000], got[24000];
    CHECK_OK(sound_send(&catcher->base, log, range, SOUND_PCM24, NULL));
    CHECK(catcher->ended);
    CHECK_EQ(catcher->used, 2 * 24000);
    for (size_t i = 0; i < 24000; i++) {
        expected[i] = 0.5f * (float)sin(two_pi * 440 * (0.5 + (double)i / 24000));
        got[i] = (float)(int16_t)(catcher->data[2 * i] | catcher->data[2 * i + 1] << 8) / 32767;
    }
    double snr = test_snr_db(expected + 500, got + 500, 23000);
    test_note("%.1f dB", snr);
    CHECK(snr > 60);
    free(catcher);
    sound_log_destroy(log);
}

TEST(sound_goes_to_a_linnet_as_opus)
{
    struct sound_log *log = log_of_tone(440, 32000);
    struct catcher *catcher = make_catcher();
    struct opus_codec_decoder *decoder;
    const struct sound_range range = {0, 16100};
    float frame[OPUS_CODEC_FRAME_MAX];
    double energy = 0;
    CHECK_OK(sound_send(&catcher->base, log, range, SOUND_OPUS16, NULL));
    CHECK_EQ(catcher->packets, 51); /* the last one is filled up */
    CHECK_OK(opus_codec_decoder_create(SOUND_LOG_RATE, &decoder, NULL));
    const unsigned char *at = catcher->data;
    for (size_t i = 0; i < catcher->packets; at += catcher->packet[i++]) {
        CHECK_OK(opus_codec_decode(decoder, at, catcher->packet[i], frame, NULL));
        for (size_t k = 0; i >= 5 && i < 45 && k < 320; k++)
            energy += (double)(frame[k] * frame[k]) / (40 * 320);
    }
    CHECK_NEAR(sqrt(energy), 0.5 / sqrt(2), 0.02);
    opus_codec_decoder_destroy(decoder);
    free(catcher);
    sound_log_destroy(log);
}

TEST(sound_that_cannot_be_sent_is_an_error)
{
    struct sound_log *log = log_of_tone(440, 32000);
    struct catcher *catcher = make_catcher();
    struct error error;
    catcher->room = 3;
    CHECK_STATUS(
        sound_send(&catcher->base, log, (struct sound_range){0, 16000}, SOUND_PCM24, &error),
        STATUS_LIMIT);
    CHECK(!catcher->ended);
    catcher->room = 4096;
    CHECK_STATUS(
        sound_send(&catcher->base, log, (struct sound_range){0, 40000}, SOUND_PCM24, &error),
        STATUS_INVALID_ARGUMENT);
    CHECK(!catcher->ended);
    free(catcher);
    sound_log_destroy(log);
}
