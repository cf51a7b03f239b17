/* Typed wake words through the front, as spoken by flite. */
#include "front.h"
#include "harness.h"
#include "json_own_word.h"
#include "malloc_trap.h"
#include "models_dir.h"
#include "wake_ear.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct front *front_of(const char *typed, bool force, enum status expected)
{
    char wake[512], acoustic[512], lexicon[512], language[512];
    struct front *front = NULL;
    struct error error = {0};
    models_dir_file(NULL, "wake.gguf", wake, sizeof(wake));
    models_dir_file(NULL, "asr.gguf", acoustic, sizeof(acoustic));
    models_dir_file(NULL, "en-us.gguf", lexicon, sizeof(lexicon));
    models_dir_file(NULL, "asr-lm.gguf", language, sizeof(language));
    const struct front_config config = {.model_path = wake,
                                        .word = "none",
                                        .typed = {.acoustic_path = acoustic,
                                                  .lexicon_path = lexicon,
                                                  .language_path = language,
                                                  .phrase = typed,
                                                  .force = force}};
    enum status status = front_create(&config, &front, &error);
    test_note("%s", error.text);
    CHECK_STATUS(status, expected);
    return front;
}

struct found {
    int hits;
    float score;
    uint64_t end, frame;
};

/* Hear all samples, `piece` at a time. */
static struct found hear(struct front *front, const float *samples, size_t count, size_t piece)
{
    struct found found = {0};
    struct front_frame frame;
    while (count > 0) {
        size_t taken = front_feed(front, samples, count < piece ? count : piece);
        samples += taken;
        count -= taken;
        while (front_poll(front, &frame)) {
            if (frame.wake_word < 0)
                continue;
            CHECK_EQ(frame.wake_word, front_word_count(front) - 1);
            found.hits++;
            found.score = frame.wake_score;
            found.end = frame.wake_end;
            found.frame = frame.index;
        }
    }
    return found;
}

/* A flite voice says it, with a second of faint noise on either side. */
static float *spoken(const char *voice, const char *text, size_t *ret_count)
{
    enum { SIDE = 16000 };
    size_t count;
    const char *wav = test_path("said.wav");
    CHECK_EQ(ear_shell("flite -voice %s -t '%s' '%s'", voice, text, wav), 0);
    float *speech = ear_load(wav, &count);
    CHECK(speech);
    float *sound = calloc(count + 2 * SIDE, sizeof(float));
    CHECK(sound);
    memcpy(sound + SIDE, speech, count * sizeof(float));
    struct test_random random = test_random_init();
    for (size_t i = 0; i < count + 2 * SIDE; i++)
        sound[i] += 1e-4f * test_random_float(&random);
    free(speech);
    *ret_count = count + 2 * SIDE;
    return sound;
}

static struct found find(const char *typed, const char *voice, const char *text, size_t piece)
{
    size_t count;
    float *sound = spoken(voice, text, &count);
    struct front *front = front_of(typed, false, STATUS_OK);
    struct found found = hear(front, sound, count, piece);
    test_note("\"%s\" in \"%s\" by %s: %d, score %.2f", typed, text, voice, found.hits,
              (double)found.score);
    front_destroy(front);
    free(sound);
    return found;
}

static void need_engines(void)
{
    if (!ear_has("flite") || !ear_has("ffmpeg"))
        test_skip("flite or ffmpeg is not installed");
}

TEST_TIMEOUT(typed_words_are_heard, 120)
{
    static const char *const words[] = {"hey linnet", "view glass", "okay robot"};
    static const char *const voices[] = {"slt", "rms"};
    need_engines();
    int heard = 0;
    for (size_t w = 0; w < 3; w++)
        for (size_t v = 0; v < 2; v++)
            heard += find(words[w], voices[v], words[w], 160).hits == 1;
    CHECK(heard >= 5);
}

TEST_TIMEOUT(typed_words_are_not_heard_in_other_sentences, 120)
{
    static const char *const sentences[] = {
        "what time is it in the capital of france",
        "please turn off the light in the garage and lock the door",
        "hey there, let in the cat and give her some new grass",
        "set a timer for twenty five minutes",
    };
    need_engines();
    int alarms = 0;
    for (size_t s = 0; s < 4; s++) {
        alarms += find("hey linnet", "slt", sentences[s], 160).hits;
        alarms += find("view glass", "rms", sentences[s], 160).hits;
    }
    CHECK_EQ(alarms, 0);
}

TEST_TIMEOUT(typed_words_do_not_depend_on_the_cut, 120)
{
    need_engines();
    struct found whole = find("hey linnet", "slt", "hey linnet, what time is it", 1 << 20);
    CHECK_EQ(whole.hits, 1);
    for (size_t piece = 1; piece < 5000; piece = piece * 5 + 3) {
        struct found cut = find("hey linnet", "slt", "hey linnet, what time is it", piece);
        CHECK_EQ(cut.hits, 1);
        CHECK(memcmp(&cut.score, &whole.score, sizeof(float)) == 0);
        CHECK_EQ(cut.end, whole.end);
        CHECK_EQ(cut.frame, whole.frame);
    }
}

/* In quiet the acoustic net sleeps, whatever was said before. */
TEST_TIMEOUT(typed_words_cost_nothing_in_silence, 120)
{
    size_t count;
    need_engines();
    struct front *front = front_of("hey linnet", false, STATUS_OK);
    float *quiet = calloc(320000, sizeof(float)), *sound = spoken("slt", "good morning", &count);
    CHECK(quiet);
    struct test_random random = test_random_init();
    for (int i = 0; i < 320000; i++)
        quiet[i] = 1e-3f * test_random_float(&random);
    hear(front, quiet, 320000, 160);
    CHECK_EQ(typed_ear_heard(front_typed(front)), 0);
    hear(front, sound, count, 160);
    hear(front, quiet, 32000, 160);
    uint64_t heard = typed_ear_heard(front_typed(front));
    CHECK(heard > 50);
    hear(front, quiet, 320000, 160);
    CHECK_EQ(typed_ear_heard(front_typed(front)), heard);
    front_destroy(front);
    free(quiet);
    free(sound);
}

TEST(typed_words_that_are_weak_need_force)
{
    CHECK(!front_of("joe", false, STATUS_INVALID_ARGUMENT));
    CHECK(!front_of("the", false, STATUS_INVALID_ARGUMENT));
    CHECK(!front_of("morning", false, STATUS_INVALID_ARGUMENT));
    CHECK(!front_of("another", false, STATUS_INVALID_ARGUMENT));
    struct front *front = front_of("joe", true, STATUS_OK);
    CHECK(front_typed(front) && typed_ear_outlook(front_typed(front))->weakness);
    front_destroy(front);
}

/* Loud noise that opens the gate: the front thread must not allocate. */
TEST(typed_words_do_not_allocate)
{
    struct front *front = front_of("hey linnet", false, STATUS_OK);
    struct front_frame frame;
    float samples[160];
    malloc_trap_thread();
    for (int piece = 0; piece < 1500; piece++) {
        for (int i = 0; i < 160; i++) {
            int t = 160 * piece + i;
            float buzz = (float)(t % 123) / 61.5f - 1, swell = (float)((t / 2000) % 8) / 8;
            samples[i] = 0.4f * buzz * swell;
        }
        for (size_t at = 0; at < 160;) {
            at += front_feed(front, samples + at, 160 - at);
            while (front_poll(front, &frame))
                continue;
        }
    }
    CHECK_EQ(malloc_trap_end(), 0);
    test_note("%d frames through the net", (int)typed_ear_heard(front_typed(front)));
    front_destroy(front);
}

/* What was enrolled comes back from its file, and only to the net it belongs to. */
TEST(own_words_are_kept_in_a_file)
{
    struct wake_model *model;
    struct error error;
    char wake[512], path[512];
    float weights[1024] = {0.25f, -1};
    models_dir_file(NULL, "wake.gguf", wake, sizeof(wake));
    CHECK_STATUS(wake_model_create(&model, wake, &error), STATUS_OK);
    size_t count = wake_model_word_count(model);
    struct wake_own_word word = {.name = "robot",
                                 .size = wake_model_features(model),
                                 .weights = weights,
                                 .bias = -3,
                                 .threshold = 0.5f};
    CHECK_STATUS(own_word_path(test_path("state/state.db"), "My Robot", path, sizeof(path), &error),
                 STATUS_OK);
    CHECK(strstr(path, "state/words/my_robot.json"));
    CHECK_STATUS(own_word_load(path, model, &error), STATUS_NOT_FOUND);
    CHECK_STATUS(own_word_save(path, model, &word, &error), STATUS_OK);
    CHECK_STATUS(own_word_load(path, model, &error), STATUS_OK);
    CHECK_EQ(wake_model_word_count(model), count + 1);
    CHECK_EQ(wake_model_find_word(model, "robot"), (int)count);
    CHECK_EQ(ear_shell("sed -i 's/\"net\": [0-9]*/\"net\": 1/' '%s'", path), 0);
    CHECK_STATUS(own_word_load(path, model, &error), STATUS_UNSUPPORTED);
    CHECK(strstr(error.text, "enroll"));
    CHECK_EQ(ear_shell("echo '{\"word\": 3}' >'%s'", path), 0);
    CHECK_STATUS(own_word_load(path, model, &error), STATUS_FORMAT);
    CHECK_EQ(ear_shell("echo '{' >'%s'", path), 0);
    CHECK_STATUS(own_word_load(path, model, &error), STATUS_FORMAT);
    wake_model_destroy(model);
}
