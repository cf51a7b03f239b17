#include "harness.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "tts.h"
#include "tts_net.h"
#include "tts_phrase.h"
#include "vectors.h"

enum { SAMPLES_MAX = 20 * TTS_RATE };

static const char *asset(const char *name)
{
    static char paths[2][1024];
    static size_t turn;
    char *path = paths[turn++ % 2];
    snprintf(path, sizeof(paths[0]), "%s/assets/%s", getenv("LINNET_SOURCE"), name);
    return path;
}

static struct tts_model *open_model(void)
{
    struct tts_model *model;
    struct error error = {.text = ""};
    enum status s = tts_model_create(
        &(struct tts_files){asset("models/tts-f16.gguf"), asset("text/en-us.gguf")}, &model,
        &error);
    if (s != STATUS_OK)
        test_fail(__FILE__, __LINE__, "%s", error.text);
    return model;
}

static struct tts_session *open_session(const struct tts_model *model)
{
    struct tts_session *session;
    CHECK_OK(tts_session_create(model, NULL, &session, NULL));
    return session;
}

/* Everything the session still says, pulled `size` samples at a time. */
static size_t pull_all(struct tts_session *s, float *ret, size_t size)
{
    size_t total = 0, n;
    while (total + size <= SAMPLES_MAX && (n = tts_pull(s, ret + total, size)) > 0)
        total += n;
    return total;
}

/* ---- the net against PyTorch ---- */

TEST(net_equals_pytorch)
{
    static float expected[512 * 85], got[512 * 85], logs[64];
    uint8_t rows[64][TTS_COLUMNS];
    uint16_t durations[64];
    struct tts_phone phones[64];
    struct gguf *file;
    struct tts_weights weights;
    struct tts_net *net;
    CHECK_OK(gguf_create_from_file(asset("models/tts-f16.gguf"), &file, NULL));
    CHECK_OK(tts_weights_init(&weights, file, NULL));
    CHECK_OK(tts_net_create(&weights, &net, NULL));
    size_t count = vector_read("phones.u8", rows, sizeof(rows)) / TTS_COLUMNS;
    CHECK_EQ(vector_read("durations.u16", durations, sizeof(durations)), 2 * count);
    CHECK_EQ(vector_read("log_durations.f32", logs, sizeof(logs)), 4 * count);
    size_t values = vector_read("features.f32", expected, sizeof(expected)) / 4;
    for (size_t i = 0; i < count; i++)
        memcpy(phones[i].column, rows[i], TTS_COLUMNS);
    tts_net_encode(net, phones, count);
    for (size_t i = 0; i < count; i++)
        CHECK_NEAR(tts_net_durations(net)[i], logs[i], 2e-4);
    CHECK_OK(tts_net_begin(net, durations));
    size_t frames = 0, n, width = tts_features(&weights);
    while ((n = tts_net_decode(net, got + frames * width, 6)) > 0)
        frames += n;
    CHECK_EQ(frames * width, values);
    float worst = 0.0f;
    for (size_t i = 0; i < values; i++)
        worst = fmaxf(worst, fabsf(expected[i] - got[i]));
    test_note("largest difference %g", (double)worst);
    CHECK(worst < 2e-3f);
    tts_net_destroy(net);
    tts_weights_finish(&weights);
    gguf_destroy(file);
}

/* Features of the vectors' phones by a file's weights; returns their number. */
static size_t features_of(const char *path, float *ret)
{
    uint8_t rows[64][TTS_COLUMNS];
    uint16_t durations[64];
    struct tts_phone phones[64];
    struct gguf *file;
    struct tts_weights weights;
    struct tts_net *net;
    CHECK_OK(gguf_create_from_file(path, &file, NULL));
    CHECK_OK(tts_weights_init(&weights, file, NULL));
    CHECK_OK(tts_net_create(&weights, &net, NULL));
    size_t count = vector_read("phones.u8", rows, sizeof(rows)) / TTS_COLUMNS;
    vector_read("durations.u16", durations, sizeof(durations));
    for (size_t i = 0; i < count; i++)
        memcpy(phones[i].column, rows[i], TTS_COLUMNS);
    tts_net_encode(net, phones, count);
    CHECK_OK(tts_net_begin(net, durations));
    size_t frames = 0, n, width = tts_features(&weights);
    while ((n = tts_net_decode(net, ret + frames * width, 32)) > 0)
        frames += n;
    tts_net_destroy(net);
    tts_weights_finish(&weights);
    gguf_destroy(file);
    return frames * width;
}

/* What runs is the build's Q8_0 file: on average its log
 * envelopes stay within 0.05 (0.2 dB). */
TEST(quantised_voice_speaks_alike)
{
    static float exact[512 * 85], quantised[512 * 85];
    char path[1024];
    snprintf(path, sizeof(path), "%s/assets/models/tts.gguf", getenv("LINNET_BUILD"));
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        test_skip("%s is not built", path);
    fclose(f);
    size_t n = features_of(asset("models/tts-f16.gguf"), exact);
    CHECK_EQ(features_of(path, quantised), n);
    double mean = 0.0;
    for (size_t i = 0; i < n; i++)
        mean += fabs((double)(exact[i] - quantised[i])) / (double)n;
    test_note("mean difference %g", mean);
    CHECK(mean < 0.05);
}

/* ---- phrases ---- */

static struct g2p *open_g2p(struct gguf **file, struct lexicon **lexicon)
{
    struct g2p *g2p;
    CHECK_OK(gguf_create_from_file(asset("text/en-us.gguf"), file, NULL));
    CHECK_OK(lexicon_create(*file, lexicon, NULL));
    CHECK_OK(g2p_create(*file, *lexicon, &g2p, NULL));
    return g2p;
}

/* "SIL DH IY ..." of a sentence. */
static const char *phones_text(const struct tts_sentence *s)
{
    static char text[4096];
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < s->count; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i ? " " : "",
                               phone_name(s->phones[i].column[0]));
    return text;
}

TEST(sentences_become_phones)
{
    struct gguf *file;
    struct lexicon *lexicon;
    struct g2p *g2p = open_g2p(&file, &lexicon);
    struct tts_sentence s;
    const char *cursor = "the apple , the pear . is it ? . !";
    CHECK(tts_phrase_next(g2p, &cursor, &s));
    CHECK_STR(phones_text(&s), "SIL DH IY AE P AH L SIL DH AH P EH R SIL");
    static const uint8_t expected[][TTS_COLUMNS] = {{0, 0, 3, 3, 0, 4},
                                                    {PHONE_DH, 0, 1, 2, 1, 0},
                                                    {PHONE_IY, 0, 2, 2, 1, 0},
                                                    {PHONE_AE, 1, 1, 2, 0, 1}};
    for (size_t i = 0; i < 4; i++)
        CHECK(memcmp(s.phones[i].column, expected[i], TTS_COLUMNS) == 0);
    CHECK_EQ(s.phones[7].column[3], 2);
    CHECK_EQ(s.phones[8].column[3], 3);
    CHECK_EQ(s.ending, TTS_ENDING_FALL);
    CHECK(tts_phrase_next(g2p, &cursor, &s));
    CHECK_STR(phones_text(&s), "SIL IH Z IH T SIL");
    CHECK_EQ(s.ending, TTS_ENDING_RISE);
    CHECK(!tts_phrase_next(g2p, &cursor, &s));
    CHECK_EQ(s.count, 0);
    cursor = "what is it ?";
    CHECK(tts_phrase_next(g2p, &cursor, &s));
    CHECK_EQ(s.ending, TTS_ENDING_FALL);
    g2p_destroy(g2p);
    lexicon_destroy(lexicon);
    gguf_destroy(file);
}

TEST(endless_sentences_are_cut)
{
    struct gguf *file;
    struct lexicon *lexicon;
    struct g2p *g2p = open_g2p(&file, &lexicon);
    static char text[8000];
    for (size_t i = 0; i + 8 < sizeof(text); i += 7)
        memcpy(text + i, "banana ", 8);
    const char *cursor = text;
    struct tts_sentence s;
    size_t words = 0;
    while (tts_phrase_next(g2p, &cursor, &s)) {
        CHECK(s.count <= TTS_PHONES_MAX);
        words += (s.count - 2) / 6;
    }
    CHECK_EQ(words, strlen(text) / 7);
    g2p_destroy(g2p);
    lexicon_destroy(lexicon);
    gguf_destroy(file);
}

/* ---- the whole voice ---- */

TEST(pull_size_does_not_change_the_samples)
{
    static float a[SAMPLES_MAX], b[SAMPLES_MAX];
    static const size_t sizes[] = {1, 7, 255, 256, 257, 480, 5000};
    struct tts_model *model = open_model();
    struct tts_session *s = open_session(model);
    const char *text = "It's 6:25, Dr. Hall. Shall we?";
    CHECK_OK(tts_begin(s, text, NULL));
    size_t expected = pull_all(s, a, TTS_BLOCK);
    CHECK(expected > TTS_RATE && expected % TTS_BLOCK == 0);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        CHECK_OK(tts_begin(s, text, NULL));
        CHECK_EQ(pull_all(s, b, sizes[i]), expected);
        CHECK(memcmp(a, b, expected * sizeof(float)) == 0);
    }
    struct tts_session *other = open_session(model);
    CHECK_OK(tts_begin(other, text, NULL));
    CHECK_EQ(pull_all(other, b, 333), expected);
    CHECK(memcmp(a, b, expected * sizeof(float)) == 0);
    tts_session_destroy(other);
    tts_session_destroy(s);
    tts_model_destroy(model);
}

TEST(speech_has_a_sane_length_and_level)
{
    static float a[SAMPLES_MAX];
    struct tts_model *model = open_model();
    struct tts_session *s = open_session(model);
    CHECK_OK(tts_begin(s, "Turn on the lights in the kitchen, please.", NULL));
    size_t n = pull_all(s, a, 480);
    double power = 0.0, peak = 0.0;
    for (size_t i = 0; i < n; i++) {
        power += (double)a[i] * (double)a[i] / (double)n;
        peak = fmax(peak, fabs((double)a[i]));
    }
    test_note("%.2f s, %.1f dB, peak %.2f", (double)n / TTS_RATE, 10.0 * log10(power), peak);
    CHECK(n > 3 * TTS_RATE / 2 && n < 5 * TTS_RATE);
    CHECK(10.0 * log10(power) > -32.0 && 10.0 * log10(power) < -16.0);
    CHECK(peak <= 1.0);
    tts_session_destroy(s);
    tts_model_destroy(model);
}

TEST(silence_after_reset_and_for_nothing_to_say)
{
    float block[480];
    struct tts_model *model = open_model();
    struct tts_session *s = open_session(model);
    CHECK_EQ(tts_pull(s, block, 480), 0);
    CHECK_OK(tts_begin(s, "", NULL));
    CHECK_EQ(tts_pull(s, block, 480), 0);
    CHECK_OK(tts_begin(s, " ... \xf0\x9f\x98\x80 ?", NULL));
    CHECK_EQ(tts_pull(s, block, 480), 0);
    CHECK_OK(tts_begin(s, "A long story begins.", NULL));
    CHECK_EQ(tts_pull(s, block, 480), 480);
    tts_reset(s);
    CHECK_EQ(tts_pull(s, block, 480), 0);
    static char text[TTS_TEXT_MAX + 2];
    memset(text, 'a', sizeof(text) - 1);
    CHECK_STATUS(tts_begin(s, text, NULL), STATUS_LIMIT);
    CHECK_EQ(tts_pull(s, block, 480), 0);
    tts_session_destroy(s);
    tts_model_destroy(model);
}

TEST(speed_and_options)
{
    static float a[SAMPLES_MAX];
    struct tts_model *model = open_model();
    struct tts_session *s, *slow;
    struct tts_options options = {.speed = 0.6f};
    CHECK_OK(tts_session_create(model, &options, &slow, NULL));
    s = open_session(model);
    CHECK_OK(tts_begin(s, "Good morning to everybody.", NULL));
    CHECK_OK(tts_begin(slow, "Good morning to everybody.", NULL));
    size_t usual = pull_all(s, a, 480), longer = pull_all(slow, a, 480);
    CHECK(longer * 10 > usual * 14 && longer * 10 < usual * 19);
    struct tts_session *none = NULL;
    options.speed = 9.0f;
    CHECK_STATUS(tts_session_create(model, &options, &none, NULL), STATUS_INVALID_ARGUMENT);
    CHECK(none == NULL);
    tts_session_destroy(s);
    tts_session_destroy(slow);
    tts_model_destroy(model);
}

TEST(other_files_are_refused)
{
    struct tts_model *model = NULL;
    struct error error;
    CHECK_STATUS(
        tts_model_create(&(struct tts_files){asset("text/en-us.gguf"), asset("text/en-us.gguf")},
                         &model, &error),
        STATUS_FORMAT);
    CHECK(strstr(error.text, "linnet-tts") != NULL);
    CHECK_STATUS(tts_model_create(&(struct tts_files){"/nonexistent", asset("text/en-us.gguf")},
                                  &model, &error),
                 STATUS_IO);
    CHECK(model == NULL);
}
