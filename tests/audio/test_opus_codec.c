/* Opus there and back, with and without loss, at every rate. */
#include "harness.h"
#include "opus_codec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 150 };

/* Something like a voice: a gliding pulse train of 20 harmonics with syllables. */
static void hum(float *samples, size_t count, uint32_t rate)
{
    double phase = 0.0;
    for (size_t i = 0; i < count; i++) {
        double t = (double)i / rate;
        phase += 2.0 * M_PI * (120.0 + 20.0 * sin(2.0 * M_PI * 0.7 * t)) / rate;
        double value = 0.0;
        for (int h = 1; h <= 20; h++)
            value += sin(h * phase) / h;
        samples[i] = (float)(0.2 * value * (0.55 + 0.45 * sin(2.0 * M_PI * 3.0 * t)));
    }
}

struct trip {
    uint32_t rate;
    uint32_t loss_percent;
    bool use_copies;
    size_t bytes;
    float in[FRAMES * OPUS_CODEC_FRAME_MAX], out[FRAMES * OPUS_CODEC_FRAME_MAX];
    uint8_t packets[FRAMES][OPUS_CODEC_PACKET_MAX];
    size_t sizes[FRAMES];
    bool lost[FRAMES];
};

static void encode_all(struct trip *t, size_t frame, size_t *ret_delay)
{
    const struct opus_codec_config config = {
        .rate = t->rate, .bitrate = 32000, .loss_percent = t->use_copies ? 20 : 0};
    struct opus_codec_encoder *e = NULL;
    CHECK_OK(opus_codec_encoder_create(&config, &e, NULL));
    *ret_delay = opus_codec_encoder_delay(e);
    for (int f = 0; f < FRAMES; f++) {
        CHECK_OK(opus_codec_encode(e, t->in + f * frame, t->packets[f], &t->sizes[f], NULL));
        CHECK(t->sizes[f] >= 1 && t->sizes[f] <= OPUS_CODEC_PACKET_MAX);
        t->bytes += t->sizes[f];
    }
    opus_codec_encoder_destroy(e);
}

static void decode_all(struct trip *t, size_t frame)
{
    struct opus_codec_decoder *d = NULL;
    CHECK_OK(opus_codec_decoder_create(t->rate, &d, NULL));
    for (int f = 0; f < FRAMES; f++) {
        float *out = t->out + f * frame;
        bool next = t->use_copies && f + 1 < FRAMES && !t->lost[f + 1];
        if (!t->lost[f])
            CHECK_OK(opus_codec_decode(d, t->packets[f], t->sizes[f], out, NULL));
        else if (next)
            CHECK_OK(opus_codec_conceal(d, t->packets[f + 1], t->sizes[f + 1], out, NULL));
        else
            CHECK_OK(opus_codec_conceal(d, NULL, 0, out, NULL));
    }
    opus_codec_decoder_destroy(d);
}

static double correlation(const float *a, const float *b, size_t count)
{
    double ab = 0.0, aa = 0.0, bb = 0.0;
    for (size_t i = 0; i < count; i++) {
        ab += (double)a[i] * b[i];
        aa += (double)a[i] * a[i];
        bb += (double)b[i] * b[i];
    }
    return ab / sqrt(aa * bb + 1e-30);
}

/* Correlation of what went in and what came out, after the codec's delay; the first 10 frames are
 * left out. */
static double travel(struct trip *t)
{
    struct test_random random = test_random_init();
    size_t frame = t->rate / 50, delay = 0, skip = 10 * frame, total = FRAMES * frame;
    hum(t->in, total, t->rate);
    for (int f = 10; f < FRAMES; f++)
        t->lost[f] = test_random_range(&random, 0, 99) < t->loss_percent;
    encode_all(t, frame, &delay);
    decode_all(t, frame);
    return correlation(t->in + skip, t->out + skip + delay, total - skip - delay);
}

static double travel_with(uint32_t rate, uint32_t loss_percent, bool use_copies)
{
    struct trip *t = calloc(1, sizeof(*t));
    t->rate = rate;
    t->loss_percent = loss_percent;
    t->use_copies = use_copies;
    double result = travel(t);
    test_note("%u Hz, %u %% lost, copies %d: correlation %.4f, %.1f kbit/s", rate, loss_percent,
              use_copies, result, (double)t->bytes * 8 * 50 / FRAMES / 1000);
    free(t);
    return result;
}

TEST(every_rate_comes_back_alike)
{
    CHECK(travel_with(16000, 0, false) > 0.98);
    CHECK(travel_with(24000, 0, false) > 0.98);
    CHECK(travel_with(48000, 0, false) > 0.98);
}

TEST(lost_packets_are_concealed)
{
    double clean = travel_with(16000, 0, true);
    double concealed = travel_with(16000, 10, false);
    double repaired = travel_with(16000, 10, true);
    CHECK(clean > 0.99);
    CHECK(concealed > 0.9);
    CHECK(repaired > concealed + 0.02);
}

TEST(silence_after_many_losses)
{
    struct opus_codec_decoder *d = NULL;
    float out[320];
    CHECK_OK(opus_codec_decoder_create(16000, &d, NULL));
    for (int i = 0; i < 50; i++)
        CHECK_OK(opus_codec_conceal(d, NULL, 0, out, NULL));
    for (int i = 0; i < 320; i++)
        CHECK_NEAR(out[i], 0.0, 1e-4);
    opus_codec_decoder_destroy(d);
}

TEST(bad_packets_are_refused_and_do_no_harm)
{
    struct test_random random = test_random_init();
    struct opus_codec_decoder *d = NULL;
    float out[OPUS_CODEC_FRAME_MAX];
    uint8_t packet[1500];
    struct error error;
    CHECK_OK(opus_codec_decoder_create(48000, &d, NULL));
    CHECK_STATUS(opus_codec_decode(d, packet, 0, out, &error), STATUS_FORMAT);
    CHECK_STATUS(opus_codec_decode(d, packet, 1276, out, &error), STATUS_FORMAT);
    packet[0] = 0x18; /* SILK, 60 ms */
    CHECK_STATUS(opus_codec_decode(d, packet, 20, out, &error), STATUS_FORMAT);
    CHECK(strstr(error.text, "2880 samples"));
    for (int i = 0; i < 5000; i++) {
        size_t size = (size_t)test_random_range(&random, 1, 200);
        for (size_t k = 0; k < size; k++)
            packet[k] = (uint8_t)test_random_u64(&random);
        enum status status = opus_codec_decode(d, packet, size, out, &error);
        CHECK(status == STATUS_OK || status == STATUS_FORMAT);
    }
    opus_codec_decoder_destroy(d);
}

TEST(shapes_that_opus_has_not_are_refused)
{
    struct opus_codec_encoder *e = NULL;
    struct opus_codec_decoder *d = NULL;
    const struct opus_codec_config bad[] = {
        {.rate = 44100, .bitrate = 24000},
        {.rate = 16000, .bitrate = 100},
        {.rate = 16000, .bitrate = 24000, .loss_percent = 101},
    };
    for (int i = 0; i < 3; i++)
        CHECK_STATUS(opus_codec_encoder_create(&bad[i], &e, NULL), STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(opus_codec_decoder_create(22050, &d, NULL), STATUS_INVALID_ARGUMENT);
    opus_codec_encoder_destroy(NULL);
    opus_codec_decoder_destroy(NULL);
}
