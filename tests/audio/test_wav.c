/* WAV there and back, every format, and the promises of the writer. */
#include "harness.h"
#include "wav.h"
#include "wav_codec.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const enum wav_encoding encodings[] = {WAV_U8, WAV_S16, WAV_S24, WAV_S32, WAV_F32, WAV_F64};
enum { ENCODINGS = sizeof(encodings) / sizeof(encodings[0]) };

static void random_fill(struct test_random *random, float *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        samples[i] = test_random_float(random);
}

static void write_file(const char *path, const struct wav_format *format, const float *samples,
                       size_t frames)
{
    struct wav_writer *w = NULL;
    struct error error;
    CHECK_OK(wav_writer_create(path, format, &w, &error));
    for (size_t done = 0; done < frames;) {
        size_t n = frames - done < 777 ? frames - done : 777;
        CHECK_OK(wav_writer_write(w, samples + done * format->channels, n, &error));
        done += n;
    }
    CHECK_OK(wav_writer_commit(w, &error));
    wav_writer_destroy(w);
}

/* One step of the encoding, or the precision of float32. */
static double tolerance_of(enum wav_encoding encoding)
{
    switch (encoding) {
    case WAV_U8:
        return 1.01 / 128;
    case WAV_S16:
        return 1.01 / 32768;
    default:
        return 1.01 / 8388608;
    }
}

static void round_trip(enum wav_encoding encoding, uint32_t channels, uint32_t rate, size_t frames)
{
    struct test_random random = test_random_init();
    float *samples = calloc(frames * channels + 1, sizeof(*samples));
    random_fill(&random, samples, frames * channels);
    const char *path = test_path("round.wav");
    const struct wav_format format = {.encoding = encoding, .rate = rate, .channels = channels};
    write_file(path, &format, samples, frames);
    struct wav_audio audio = {0};
    struct error error;
    CHECK_OK(wav_load(path, 1 << 20, &audio, &error));
    CHECK_EQ(audio.rate, rate);
    CHECK_EQ(audio.count, frames);
    for (size_t i = 0; i < frames; i++) {
        double mean = 0.0;
        for (uint32_t c = 0; c < channels; c++)
            mean += samples[i * channels + c];
        CHECK_NEAR(audio.samples[i], mean / channels, tolerance_of(encoding));
    }
    wav_audio_finish(&audio);
    free(samples);
}

TEST(every_encoding_comes_back)
{
    const uint32_t channels[] = {1, 2, 3, 6, 64};
    for (int e = 0; e < ENCODINGS; e++)
        for (size_t c = 0; c < sizeof(channels) / sizeof(channels[0]); c++)
            round_trip(encodings[e], channels[c], 16000, 1001);
}

TEST(every_usual_rate_comes_back)
{
    const uint32_t rates[] = {1000,  8000,  11025, 16000, 22050,  24000,
                              32000, 44100, 48000, 96000, 192000, 768000};
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
        round_trip(WAV_S16, 1, rates[i], 100);
}

TEST(no_samples_come_back_as_none)
{
    for (int e = 0; e < ENCODINGS; e++)
        round_trip(encodings[e], 1, 16000, 0);
}

TEST(integers_survive_bit_for_bit)
{
    static uint8_t bytes[65536 * 2], again[65536 * 2];
    static float samples[65536];
    for (int i = 0; i < 65536; i++) {
        bytes[2 * i] = (uint8_t)i;
        bytes[2 * i + 1] = (uint8_t)(i >> 8);
    }
    wav_decode_mono(WAV_S16, bytes, 1, 65536, samples);
    wav_encode(WAV_S16, samples, 65536, again);
    CHECK_EQ(memcmp(bytes, again, sizeof(bytes)), 0);
    wav_decode_mono(WAV_U8, bytes, 1, 65536, samples);
    wav_encode(WAV_U8, samples, 65536, again);
    CHECK_EQ(memcmp(bytes, again, 65536), 0);
}

TEST(values_outside_are_saturated_and_no_number_is_silence)
{
    const float samples[] = {2.0f, -2.0f, NAN, INFINITY, -INFINITY, 1.0f, -1.0f};
    const float expected[] = {1.0f, -1.0f, 0.0f, 1.0f, -1.0f, 1.0f, -1.0f};
    uint8_t bytes[7 * 8];
    float back[7];
    for (int e = 0; e < 4; e++) {
        wav_encode(encodings[e], samples, 7, bytes);
        wav_decode_mono(encodings[e], bytes, 1, 7, back);
        for (int i = 0; i < 7; i++)
            CHECK_NEAR(back[i], expected[i], 1.0 / 128);
    }
    wav_encode(WAV_F32, samples, 7, bytes);
    wav_decode_mono(WAV_F32, bytes, 1, 7, back);
    CHECK_NEAR(back[0], 1.0, 0.0);
    CHECK_NEAR(back[2], 0.0, 0.0);
    CHECK_NEAR(back[3], 0.0, 0.0);
}

TEST(reads_in_any_portions)
{
    enum { FRAMES = 40000 };
    static float samples[FRAMES], got[FRAMES];
    struct test_random random = test_random_init();
    random_fill(&random, samples, FRAMES);
    const struct wav_format format = {.encoding = WAV_F32, .rate = 16000, .channels = 1};
    write_file(test_path("a.wav"), &format, samples, FRAMES);
    for (int round = 0; round < 5; round++) {
        struct wav_reader *r = NULL;
        CHECK_OK(wav_reader_create(test_path("a.wav"), &r, NULL));
        size_t done = 0, n;
        while (done < FRAMES) {
            size_t want = (size_t)test_random_range(&random, 1, round == 0 ? 10 : 20000);
            want = want < FRAMES - done ? want : FRAMES - done;
            CHECK_OK(wav_reader_read(r, got + done, want, &n, NULL));
            CHECK(n >= 1 && n <= want);
            done += n;
        }
        float more;
        CHECK_STATUS(wav_reader_read(r, &more, 1, &n, NULL), STATUS_END);
        CHECK_EQ(memcmp(samples, got, sizeof(got)), 0);
        wav_reader_destroy(r);
    }
}

/* A pipe filled by another thread in small uneven writes. */
struct feeder {
    const char *path;
    const uint8_t *bytes;
    size_t size;
};

static void *feed(void *user)
{
    const struct feeder *f = user;
    int fd = open(f->path, O_WRONLY);
    for (size_t done = 0, step = 1; done < f->size; step = step * 7 % 997 + 1) {
        size_t n = f->size - done < step ? f->size - done : step;
        if (write(fd, f->bytes + done, n) != (ssize_t)n)
            break;
        done += n;
    }
    close(fd);
    return NULL;
}

static size_t slurp(const char *path, uint8_t *ret_bytes, size_t size)
{
    FILE *f = fopen(path, "rb");
    CHECK(f != NULL);
    size_t n = fread(ret_bytes, 1, size, f);
    fclose(f);
    return n;
}

static void load_through_pipe(const uint8_t *bytes, size_t size, enum status expected,
                              size_t frames)
{
    const char *path = test_path("pipe");
    struct feeder f = {path, bytes, size};
    struct wav_audio audio = {0};
    struct error error;
    pthread_t thread;
    CHECK_EQ(mkfifo(path, 0600), 0);
    CHECK_EQ(pthread_create(&thread, NULL, feed, &f), 0);
    CHECK_STATUS(wav_load(path, 1 << 20, &audio, &error), expected);
    pthread_join(thread, NULL);
    CHECK_EQ(audio.count, frames);
    wav_audio_finish(&audio);
    unlink(path);
}

static void put32(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

TEST(a_pipe_with_and_without_length)
{
    enum { FRAMES = 3000, HEADER = 44 };
    static float samples[FRAMES];
    static uint8_t bytes[HEADER + 2 * FRAMES];
    signal(SIGPIPE, SIG_IGN);
    CHECK_OK(wav_save(test_path("a.wav"), samples, FRAMES, 16000, NULL));
    CHECK_EQ(slurp(test_path("a.wav"), bytes, sizeof(bytes)), sizeof(bytes));
    load_through_pipe(bytes, sizeof(bytes), STATUS_OK, FRAMES);
    load_through_pipe(bytes, sizeof(bytes) - 7, STATUS_FORMAT, 0);
    const uint32_t marks[] = {0, UINT32_MAX, 0x7FFFF000, 0x80000000};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        put32(bytes + 4, marks[i] ? marks[i] : 36);
        put32(bytes + 40, marks[i]);
        load_through_pipe(bytes, sizeof(bytes), STATUS_OK, FRAMES);
        load_through_pipe(bytes, sizeof(bytes) - 1, STATUS_OK, FRAMES - 1);
    }
}

TEST(a_recorder_that_died_leaves_a_readable_file)
{
    enum { FRAMES = 500 };
    static float samples[FRAMES];
    uint8_t bytes[44 + 2 * FRAMES];
    struct wav_reader *r = NULL;
    CHECK_OK(wav_save(test_path("a.wav"), samples, FRAMES, 8000, NULL));
    CHECK_EQ(slurp(test_path("a.wav"), bytes, sizeof(bytes)), sizeof(bytes));
    put32(bytes + 4, 0);
    put32(bytes + 40, 0);
    CHECK_OK(wav_reader_create_memory("m", bytes, sizeof(bytes), &r, NULL));
    CHECK_EQ(wav_reader_info(r)->frames, FRAMES);
    wav_reader_destroy(r);
}

TEST(the_writer_streams_into_a_pipe)
{
    int fds[2];
    char path[64];
    float samples[100], back[200];
    uint8_t bytes[1000];
    struct test_random random = test_random_init();
    struct wav_reader *r = NULL;
    random_fill(&random, samples, 100);
    CHECK_EQ(pipe(fds), 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[1]);
    const struct wav_format format = {.encoding = WAV_F32, .rate = 24000, .channels = 1};
    write_file(path, &format, samples, 100);
    close(fds[1]);
    ssize_t size = read(fds[0], bytes, sizeof(bytes));
    close(fds[0]);
    CHECK_EQ(size, 44 + 400);
    CHECK_OK(wav_reader_create_memory("m", bytes, (size_t)size, &r, NULL));
    size_t n;
    CHECK_OK(wav_reader_read(r, back, 200, &n, NULL));
    CHECK_EQ(n, 100);
    CHECK_EQ(memcmp(samples, back, sizeof(samples)), 0);
    wav_reader_destroy(r);
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static int entries_in_folder(void)
{
    char command[600];
    int n = -1;
    snprintf(command, sizeof(command), "ls -A '%s' | wc -l", test_folder());
    FILE *f = popen(command, "r");
    CHECK(f && fscanf(f, "%d", &n) == 1);
    pclose(f);
    return n;
}

TEST(given_up_writing_leaves_the_target_as_it_was)
{
    const float samples[10] = {0};
    const struct wav_format format = {.encoding = WAV_S16, .rate = 16000, .channels = 1};
    struct wav_writer *w = NULL;
    CHECK_OK(wav_writer_create(test_path("new.wav"), &format, &w, NULL));
    CHECK_OK(wav_writer_write(w, samples, 10, NULL));
    CHECK(!exists(test_path("new.wav")));
    wav_writer_destroy(w);
    CHECK_EQ(entries_in_folder(), 0);
    CHECK_OK(wav_save(test_path("old.wav"), samples, 10, 16000, NULL));
    CHECK_OK(wav_writer_create(test_path("old.wav"), &format, &w, NULL));
    wav_writer_destroy(w);
    CHECK_EQ(entries_in_folder(), 1);
    struct wav_audio audio = {0};
    CHECK_OK(wav_load(test_path("old.wav"), 100, &audio, NULL));
    CHECK_EQ(audio.count, 10);
    wav_audio_finish(&audio);
}

TEST(a_full_disk_is_said_and_leaves_nothing)
{
    static float samples[200000];
    struct error error;
    const struct rlimit limit = {100000, 100000};
    signal(SIGXFSZ, SIG_IGN);
    CHECK_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    CHECK_STATUS(wav_save(test_path("big.wav"), samples, 200000, 16000, &error), STATUS_IO);
    test_note("%s", error.text);
    CHECK(strstr(error.text, "big.wav") && strstr(error.text, strerror(EFBIG)));
    CHECK_EQ(entries_in_folder(), 0);
    CHECK_STATUS(wav_save("/dev/full", samples, 10, 16000, &error), STATUS_IO);
    CHECK(strstr(error.text, strerror(ENOSPC)));
    CHECK(exists("/dev/full"));
}

TEST(writes_where_it_may_and_says_where_it_may_not)
{
    const float samples[10] = {0};
    struct error error;
    struct stat st;
    CHECK_STATUS(wav_save(test_path("no/such/folder.wav"), samples, 10, 16000, &error),
                 STATUS_NOT_FOUND);
    CHECK(strstr(error.text, "folder.wav"));
    CHECK(wav_save(test_folder(), samples, 10, 16000, &error) != STATUS_OK);
    CHECK_OK(wav_save("/dev/null", samples, 10, 16000, &error));
    CHECK(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));
    CHECK_STATUS(wav_save(test_path("a.wav"), samples, 10, 0, &error), STATUS_INVALID_ARGUMENT);
}

TEST(a_link_is_written_through_and_the_mode_is_usual)
{
    const float samples[10] = {0};
    struct stat st;
    umask(027);
    CHECK_OK(wav_save(test_path("real.wav"), samples, 10, 16000, NULL));
    CHECK(stat(test_path("real.wav"), &st) == 0);
    CHECK_EQ(st.st_mode & 0777, 0640);
    CHECK_EQ(symlink("real.wav", test_path("link.wav")), 0);
    CHECK_OK(wav_save(test_path("link.wav"), samples, 5, 16000, NULL));
    CHECK(lstat(test_path("link.wav"), &st) == 0 && S_ISLNK(st.st_mode));
    struct wav_audio audio = {0};
    CHECK_OK(wav_load(test_path("real.wav"), 100, &audio, NULL));
    CHECK_EQ(audio.count, 5);
    wav_audio_finish(&audio);
}

TEST(loading_is_bounded)
{
    const float samples[10] = {0};
    struct wav_audio audio = {0};
    CHECK_OK(wav_save(test_path("a.wav"), samples, 10, 16000, NULL));
    CHECK_STATUS(wav_load(test_path("a.wav"), 9, &audio, NULL), STATUS_LIMIT);
    CHECK(audio.samples == NULL);
    CHECK_STATUS(wav_load(test_path("none.wav"), 9, &audio, NULL), STATUS_NOT_FOUND);
    CHECK_STATUS(wav_load(test_folder(), 9, &audio, NULL), STATUS_IO);
}

/* Makes one file with another program; false where that program is not installed. */
static bool made_by(const char *format, const char *path)
{
    char command[1024], quiet[1200];
    snprintf(command, sizeof(command), format, path);
    snprintf(quiet, sizeof(quiet), "{ %s ; } 2>/dev/null", command);
    return system(quiet) == 0;
}

TEST(files_of_sox_and_ffmpeg_are_read)
{
    static const char *const makers[] = {
        "sox -n -r 44100 -c 2 -b 24 %s synth 0.5 sine 440",
        "sox -n -r 8000 -c 1 -b 8 %s synth 0.5 sine 440",
        "sox -n -r 48000 -c 6 -e float -b 32 %s synth 0.5 sine 440",
        "sox -n -r 16000 -c 1 -b 16 -t wav - synth 0.5 sine 440 > %s",
        "ffmpeg -v error -f lavfi -i sine=440:d=0.5 -c:a pcm_f64le -y %s",
        "ffmpeg -v error -f lavfi -i sine=440:d=0.5 -f wav - > %s",
    };
    int made = 0;
    for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
        if (!made_by(makers[i], test_path("x.wav")))
            continue;
        struct wav_audio audio = {0};
        struct error error = {0};
        if (wav_load(test_path("x.wav"), 1 << 20, &audio, &error) != STATUS_OK)
            test_fail(__FILE__, __LINE__, "%s: %s", makers[i], error.text);
        CHECK_NEAR((double)audio.count / audio.rate, 0.5, 0.05);
        wav_audio_finish(&audio);
        made++;
    }
    if (!made)
        test_skip("neither sox nor ffmpeg is installed");
}
