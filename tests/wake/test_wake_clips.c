/* Wake words by ear: engines called at test time, and held-out recordings where they are present.
 *
 * Bounds are honest, not proud: what the committed weights reach (docs/models/wake.md), and a
 * margin for other versions of the engines and decoders. */
#include "harness.h"
#include "vad.h"
#include "wake_ear.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- synthetic voices ---- */

static const char *const flite_voices[] = {"kal", "awb", "rms", "slt"};
static const char *const espeak_voices[] = {"en-us", "en", "en-us+f2", "en-us+m3",
                                            "en-gb-scotland"};

static const char *const calls[] = {
    "%s",
    "hey %s",
    "hey %s, what time is it",
    "%s, turn on the kitchen light",
    "%s set a timer for five minutes",
    "hey %s how is the weather",
};

static const char *const others[] = {
    "what time is it in the capital of france",
    "please turn off the light in the garage and lock the door",
    "the service was good but the harvest was late",
    "my commuter train is late again",
    "hey, can you hear me",
    "set a timer for twenty five minutes",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct tally {
    size_t said, missed, false_alarms;
};

/* Let an engine speak and listen for `word`; -1 expects silence of the detector. */
static void listen(struct ear *ear, const char *wav, int word, struct tally *tally)
{
    size_t count;
    float *sound = ear_load(wav, &count);
    CHECK(sound);
    tally->said++;
    if (word >= 0)
        tally->missed += ear_count_word(ear, sound, count, word) == 0;
    else
        for (size_t w = 0; w < wake_model_word_count(ear->model); w++)
            tally->false_alarms += ear_count_word(ear, sound, count, (int)w);
    free(sound);
}

static void speak(struct ear *ear, bool flite, const char *voice, const char *text, int word,
                  struct tally *tally)
{
    const char *wav = test_path("said.wav");
    int status = flite ? ear_shell("flite -voice %s -t '%s' '%s'", voice, text, wav)
                       : ear_shell("espeak-ng -v %s -w '%s' '%s'", voice, wav, text);
    CHECK_EQ(status, 0);
    size_t missed = tally->missed, alarms = tally->false_alarms;
    listen(ear, wav, word, tally);
    if (tally->missed > missed || tally->false_alarms > alarms)
        test_note("%s: %s: \"%s\"", tally->missed > missed ? "missed" : "false alarm", voice, text);
}

static void speak_all(bool flite, const char *const *voices, size_t count, struct tally *tally)
{
    struct ear ear;
    ear_init(&ear, ear_shipped());
    for (size_t v = 0; v < count; v++) {
        for (size_t c = 0; c < COUNT(calls); c++)
            for (size_t w = 0; w < wake_model_word_count(ear.model); w++) {
                char text[128];
                const char *at = strstr(calls[c], "%s");
                snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - calls[c]), calls[c],
                         wake_model_word(ear.model, w), at + 2);
                speak(&ear, flite, voices[v], text, (int)w, tally);
            }
        for (size_t o = 0; o < COUNT(others); o++)
            speak(&ear, flite, voices[v], others[o], -1, tally);
    }
    ear_finish(&ear);
}

static void need(const char *program)
{
    if (!ear_has(program))
        test_skip("%s is not installed", program);
}

TEST_TIMEOUT(wake_hears_flite, 120)
{
    need("flite");
    need("ffmpeg");
    struct tally tally = {0};
    speak_all(true, flite_voices, COUNT(flite_voices), &tally);
    test_note("%zu missed, %zu false alarms of %zu", tally.missed, tally.false_alarms, tally.said);
    CHECK(tally.missed <= 8);
    CHECK(tally.false_alarms <= 1);
}

TEST_TIMEOUT(wake_hears_espeak, 120)
{
    need("espeak-ng");
    need("ffmpeg");
    struct tally tally = {0};
    speak_all(false, espeak_voices, COUNT(espeak_voices), &tally);
    test_note("%zu missed, %zu false alarms of %zu", tally.missed, tally.false_alarms, tally.said);
    CHECK(tally.missed <= 5);
    CHECK(tally.false_alarms <= 1);
}

/* ---- pauses ---- */

struct pauses {
    struct vad vad;
    uint64_t longest_inside; /* frames: the longest pause before the sentence ended */
    uint64_t after;          /* frames of pause at the end of the sound */
};

/* Follow the speech posterior through `count` samples of which the last `tail` hold no speech. */
static struct pauses find_pauses(struct ear *ear, const float *samples, size_t count, size_t tail)
{
    struct vad_config config = vad_config_default();
    struct pauses pauses = {0};
    vad_init(&pauses.vad, &config);
    ear_reset(ear);
    float frame[MEL_BANDS], speech = 0;
    uint64_t index, spoken = (count - tail) / MEL_HOP;
    bool begun = false;
    while (count > 0) {
        size_t taken = mel_feed(ear->mel, samples, count);
        samples += taken;
        count -= taken;
        while (mel_poll(ear->mel, frame, &index)) {
            struct wake_scores scores;
            if (wake_session_process(ear->session, frame, &scores))
                speech = scores.speech;
            begun |= vad_step(&pauses.vad, speech);
            uint64_t pause = vad_silence_frames(&pauses.vad);
            if (begun && index < spoken && pause > pauses.longest_inside)
                pauses.longest_inside = pause;
        }
    }
    pauses.after = vad_silence_frames(&pauses.vad);
    return pauses;
}

/* A flite sentence of one breath, then 1.5 s without speech, white noise of `noise` peak under all
 * of it. */
static struct pauses pauses_of(const char *voice, float noise)
{
    size_t count, tail = 24000;
    const char *wav = test_path("said.wav");
    CHECK_EQ(
        ear_shell("flite -voice %s -t 'turn on the light in the living room' '%s'", voice, wav), 0);
    float *sound = ear_load(wav, &count);
    CHECK(sound);
    sound = realloc(sound, (count + tail) * sizeof(float));
    CHECK(sound);
    struct test_random random = test_random_init();
    for (size_t i = 0; i < count + tail; i++)
        sound[i] = (i < count ? sound[i] : 0) + noise * test_random_float(&random);
    struct ear ear;
    ear_init(&ear, ear_shipped());
    struct pauses pauses = find_pauses(&ear, sound, count + tail, tail);
    ear_finish(&ear);
    free(sound);
    test_note("%s, noise %g: pause of %d0 ms inside, %d0 ms after", voice, noise,
              (int)pauses.longest_inside, (int)pauses.after);
    return pauses;
}

/* The endpointer waits for 400 ms and more: no pause that long inside, and 1.2 of the 1.5 s found
 * after. White noise of peak 0.05 is 10 to 17 dB under these voices. */
TEST_TIMEOUT(vad_finds_the_pause_after_a_sentence, 120)
{
    need("flite");
    need("ffmpeg");
    for (size_t v = 0; v < COUNT(flite_voices); v++)
        for (int noisy = 0; noisy < 2; noisy++) {
            struct pauses pauses = pauses_of(flite_voices[v], noisy ? 0.05f : 4e-4f);
            CHECK(pauses.longest_inside < 30);
            CHECK(pauses.after >= 120);
        }
}

/* ---- recordings ---- */

/* Unpack the held-out clips (tests/wake/held_out.tsv: set, file, word or "-") of one set. */
static FILE *held_out(const char *set, const char **ret_folder)
{
    need("ffmpeg");
    char relative[128];
    snprintf(relative, sizeof(relative), "data/%s.tar", set);
    const char *tar = test_shared(relative), *source = getenv("LINNET_SOURCE");
    *ret_folder = test_path("clips");
    CHECK_EQ(ear_shell("cd '%s' && mkdir clips && cd clips && "
                       "grep '^%s\t' '%s/tests/wake/held_out.tsv' | cut -f2,3 >list && "
                       "cut -f1 list | sed 's|^|%s/|' >names && "
                       "tar --transform 's|.*/||' -xf '%s' -T names",
                       test_folder(), set, source, set, tar),
             0);
    char list[4096];
    snprintf(list, sizeof(list), "%s/list", *ret_folder);
    FILE *file = fopen(list, "r");
    CHECK(file);
    return file;
}

/* Misses of a word among the set's held-out clips of it. */
static struct tally count_misses(const char *set, const char *word)
{
    const char *folder;
    FILE *list = held_out(set, &folder);
    struct ear ear;
    ear_init(&ear, ear_shipped());
    struct tally tally = {0};
    char name[256], label[64], path[4500];
    while (fscanf(list, "%255s\t%63[^\n]", name, label) == 2) {
        if (strcmp(label, word) != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, name);
        listen(&ear, path, wake_model_find_word(ear.model, word), &tally);
    }
    fclose(list);
    ear_finish(&ear);
    test_note("%s: %zu of %zu missed", word, tally.missed, tally.said);
    return tally;
}

TEST_TIMEOUT(wake_hears_held_out_jarvis, 180)
{
    struct tally tally = count_misses("wake_clips_dev", "jarvis");
    CHECK(tally.said > 100);
    CHECK(tally.missed * 100 <= tally.said * 5);
}

TEST_TIMEOUT(wake_hears_held_out_computer, 180)
{
    struct tally tally = count_misses("wake_clips_community", "computer");
    CHECK(tally.said > 15);
    CHECK(tally.missed * 100 <= tally.said * 20);
}

/* One stream of unseen speakers: no more than one detection in a quarter of an hour, and most of it
 * is speech. */
TEST_TIMEOUT(wake_sleeps_through_unseen_speech, 180)
{
    const char *folder;
    FILE *list = held_out("librispeech_untranscribed", &folder);
    struct ear ear;
    ear_init(&ear, ear_shipped());
    struct heard heard = {0};
    char name[256], label[64], path[4500];
    while (fscanf(list, "%255s\t%63[^\n]", name, label) == 2) {
        size_t count;
        snprintf(path, sizeof(path), "%s/%s", folder, name);
        float *sound = ear_load(path, &count);
        CHECK(sound);
        ear_hear(&ear, sound, count, &heard);
        free(sound);
    }
    fclose(list);
    ear_finish(&ear);
    test_note("%zu false alarms in %.0f s, %.0f s of it speech", heard.count, heard.seconds,
              heard.speech_seconds);
    CHECK(heard.seconds > 600);
    CHECK(heard.count <= 1);
    CHECK(heard.speech_seconds > 0.6 * heard.seconds);
}

/* The six long recordings of noise (6 minutes: dishes, bicycle, cat, tap, pink and white noise) in
 * one stream. */
TEST_TIMEOUT(wake_sleeps_through_noise, 180)
{
    need("ffmpeg");
    const char *tar = test_shared("data/noise_speech_commands.tar");
    CHECK_EQ(ear_shell("cd '%s' && tar --transform 's|.*/||' -xf '%s' && ls *.opus >list",
                       test_folder(), tar),
             0);
    FILE *list = fopen(test_path("list"), "r");
    CHECK(list);
    struct ear ear;
    ear_init(&ear, ear_shipped());
    struct heard heard = {0};
    char name[256];
    while (fscanf(list, "%255s", name) == 1) {
        size_t count;
        float *sound = ear_load(test_path(name), &count);
        CHECK(sound);
        ear_hear(&ear, sound, count, &heard);
        free(sound);
    }
    fclose(list);
    ear_finish(&ear);
    test_note("%zu false alarms in %.0f s of noise", heard.count, heard.seconds);
    CHECK(heard.seconds > 300);
    CHECK_EQ(heard.count, 0);
}
