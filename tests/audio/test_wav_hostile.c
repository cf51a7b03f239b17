/* Damaged and lying headers: an error with the place, never a crash, never samples that are not
 * there. */
#include "harness.h"
#include "wav.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct image {
    uint8_t bytes[4096];
    size_t size;
};

static void put(struct image *m, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        m->bytes[m->size++] = (uint8_t)(value >> (8 * i));
}

static void put_text(struct image *m, const char *text)
{
    memcpy(m->bytes + m->size, text, strlen(text));
    m->size += strlen(text);
}

static void set(struct image *m, size_t at, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        m->bytes[at + i] = (uint8_t)(value >> (8 * i));
}

static void put_fmt(struct image *m, uint32_t codec, uint32_t channels, uint32_t bits)
{
    put_text(m, "fmt ");
    put(m, 16, 4);
    put(m, codec, 2);
    put(m, channels, 2);
    put(m, 16000, 4);
    put(m, 16000 * channels * bits / 8, 4);
    put(m, channels * bits / 8, 2);
    put(m, bits, 2);
}

/* RIFF, an odd LIST with its pad byte, fmt, data of `frames` frames of 16 bits. */
static struct image sound_file(size_t frames)
{
    struct image m = {.size = 0};
    put_text(&m, "RIFF");
    put(&m, 0, 4);
    put_text(&m, "WAVELIST");
    put(&m, 5, 4);
    put_text(&m, "abcde");
    put(&m, 0, 1);
    put_fmt(&m, 1, 1, 16);
    put_text(&m, "data");
    put(&m, (uint32_t)(2 * frames), 4);
    for (size_t i = 0; i < frames; i++)
        put(&m, 100, 2);
    set(&m, 4, (uint32_t)(m.size - 8), 4);
    return m;
}

enum { FMT_AT = 26, DATA_SIZE_AT = 54, SAMPLES_AT = 58 };

static enum status read_all(const struct image *m, size_t size, size_t *ret_frames,
                            struct error *ret_error)
{
    /* A copy of exactly that size, so that a sanitizer sees any step beyond. */
    uint8_t *bytes = malloc(size + !size);
    memcpy(bytes, m->bytes, size);
    struct wav_reader *r = NULL;
    float samples[64];
    size_t n;
    *ret_frames = 0;
    enum status status = wav_reader_create_memory("test.wav", bytes, size, &r, ret_error);
    while (status == STATUS_OK) {
        status = wav_reader_read(r, samples, 64, &n, ret_error);
        if (status == STATUS_OK)
            *ret_frames += n;
    }
    wav_reader_destroy(r);
    free(bytes);
    return status;
}

TEST(a_sound_file_is_read)
{
    struct image m = sound_file(100);
    size_t frames;
    CHECK_STATUS(read_all(&m, m.size, &frames, NULL), STATUS_END);
    CHECK_EQ(frames, 100);
}

TEST(every_truncation_is_told_with_its_place)
{
    struct image m = sound_file(20);
    for (size_t size = 0; size < m.size; size++) {
        struct error error = {0};
        size_t frames;
        CHECK_STATUS(read_all(&m, size, &frames, &error), STATUS_FORMAT);
        CHECK_EQ(frames, 0);
        CHECK(strstr(error.text, "test.wav: byte "));
        CHECK(strstr(error.text, "expected") || strstr(error.text, "the file ends"));
    }
}

/* One field of the sound file changed: what must come of it. */
struct lie {
    size_t at;
    uint32_t value;
    size_t bytes;
    enum status expected;
    const char *says;
};

static const struct lie lies[] = {
    {0, 0x46464940, 4, STATUS_FORMAT, "byte 0: found \"@IFF\", expected \"RIFF\""},
    {0, 0x34364652, 4, STATUS_UNSUPPORTED, "\"RF64\""},
    {8, 0x20495641, 4, STATUS_FORMAT, "byte 8: found \"AVI \", expected \"WAVE\""},
    {4, 10, 4, STATUS_FORMAT, "byte 16"},
    {16, 0x7FFFFFFF, 4, STATUS_FORMAT, "byte 16"},
    {16, 0xFFFFFFFF, 4, STATUS_FORMAT, "byte 16"},
    {FMT_AT, 0x20746d67, 4, STATUS_FORMAT, "expected a \"fmt \" chunk before it"},
    {FMT_AT + 4, 15, 4, STATUS_FORMAT, "byte 30: size of the \"fmt \" chunk is 15"},
    {FMT_AT + 4, 0x80000000, 4, STATUS_FORMAT, "byte 30"},
    {FMT_AT + 8, 0, 2, STATUS_UNSUPPORTED, "byte 34: codec is 0, expected 1 (PCM) or 3 (float)"},
    {FMT_AT + 8, 6, 2, STATUS_UNSUPPORTED, "codec is 6"},
    {FMT_AT + 8, 0xFFFE, 2, STATUS_FORMAT, "extensible"},
    {FMT_AT + 8, 3, 2, STATUS_UNSUPPORTED, "bits per sample is 16, expected 32 or 64 for float"},
    {FMT_AT + 10, 0, 2, STATUS_FORMAT, "byte 36: number of channels is 0"},
    {FMT_AT + 10, 65, 2, STATUS_UNSUPPORTED, "number of channels is 65"},
    {FMT_AT + 10, 0xFFFF, 2, STATUS_UNSUPPORTED, "number of channels"},
    {FMT_AT + 10, 2, 2, STATUS_FORMAT, "bytes per frame is 2"},
    {FMT_AT + 12, 0, 4, STATUS_FORMAT, "byte 38: sample rate is 0"},
    {FMT_AT + 12, 0xFFFFFFFF, 4, STATUS_UNSUPPORTED, "sample rate is 4294967295"},
    {FMT_AT + 20, 0, 2, STATUS_FORMAT, "byte 46: bytes per frame is 0"},
    {FMT_AT + 20, 3, 2, STATUS_FORMAT, "bytes per frame is 3"},
    {FMT_AT + 22, 0, 2, STATUS_FORMAT, "byte 48: bits per sample is 0"},
    {FMT_AT + 22, 64, 2, STATUS_UNSUPPORTED, "bits per sample is 64"},
    {FMT_AT + 22, 0xFFFF, 2, STATUS_UNSUPPORTED, "bits per sample is 65535"},
    {DATA_SIZE_AT, 39, 4, STATUS_FORMAT,
     "byte 54: data chunk of 39 bytes, expected a multiple of 2"},
    {DATA_SIZE_AT, 42, 4, STATUS_FORMAT, "but the file ends after 40"},
    {DATA_SIZE_AT, 0x7FFEFFFE, 4, STATUS_FORMAT, "but the file ends after 40"},
};

TEST(lying_fields_are_told)
{
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        const struct lie *lie = &lies[i];
        struct image m = sound_file(20);
        struct error error = {0};
        size_t frames;
        set(&m, lie->at, lie->value, lie->bytes);
        enum status status = read_all(&m, m.size, &frames, &error);
        if (status != lie->expected || !strstr(error.text, lie->says))
            test_fail(__FILE__, __LINE__, "lie %zu: got %s \"%s\", expected %s \"%s\"", i,
                      status_name(status), error.text, status_name(lie->expected), lie->says);
        CHECK_EQ(frames, 0);
    }
}

TEST(riff_shorter_than_its_data_is_told)
{
    struct image m = sound_file(20);
    struct error error = {0};
    size_t frames;
    set(&m, 4, (uint32_t)(m.size - 8 - 10), 4);
    CHECK_STATUS(read_all(&m, m.size, &frames, &error), STATUS_FORMAT);
    CHECK(strstr(error.text, "reaches past the end of the RIFF chunk"));
}

TEST(marks_of_unknown_length_read_to_the_end)
{
    const uint32_t marks[] = {UINT32_MAX, 0x80000000, 0x7FFFF024};
    for (size_t i = 0; i < 3; i++) {
        struct image m = sound_file(20);
        size_t frames;
        set(&m, 4, marks[i], 4);
        set(&m, DATA_SIZE_AT, marks[i], 4);
        CHECK_STATUS(read_all(&m, m.size, &frames, NULL), STATUS_END);
        CHECK_EQ(frames, 20);
    }
}

TEST(a_file_of_chunks_ends)
{
    struct image m = {.size = 0};
    put_text(&m, "RIFF");
    put(&m, 0, 4);
    put_text(&m, "WAVE");
    while (m.size + 8 <= sizeof(m.bytes)) {
        put_text(&m, "junk");
        put(&m, 0, 4);
    }
    size_t frames;
    CHECK_STATUS(read_all(&m, m.size, &frames, NULL), STATUS_FORMAT);
}

TEST(a_second_format_is_refused)
{
    struct image m = {.size = 0};
    put_text(&m, "RIFF");
    put(&m, 0, 4);
    put_text(&m, "WAVE");
    put_fmt(&m, 1, 1, 16);
    put_fmt(&m, 1, 2, 16);
    size_t frames;
    struct error error = {0};
    CHECK_STATUS(read_all(&m, m.size, &frames, &error), STATUS_FORMAT);
    CHECK(strstr(error.text, "a second \"fmt \" chunk"));
}

/* Random damage: any outcome but a crash, a hang or more samples than there are bytes. */
TEST(random_damage_is_survived)
{
    struct test_random random = test_random_init();
    for (int round = 0; round < 20000; round++) {
        struct image m = sound_file((size_t)test_random_range(&random, 0, 200));
        int hits = (int)test_random_range(&random, 1, 6);
        for (int i = 0; i < hits; i++)
            m.bytes[test_random_range(&random, 0, SAMPLES_AT - 1)] =
                (uint8_t)test_random_u64(&random);
        size_t size = (size_t)test_random_range(&random, 0, (int64_t)m.size), frames;
        struct error error = {0};
        enum status status = read_all(&m, round & 1 ? m.size : size, &frames, &error);
        CHECK(frames <= m.size);
        CHECK(status == STATUS_END || error.text[0]);
    }
}
