#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "commands.h"
#include "enroll.h"
#include "front.h"
#include "json_own_word.h"
#include "linnet.h"
#include "models_dir.h"
#include "source.h"
#include "takes.h"

struct options {
    const char *word, *typed, *enroll, *input, *models;
    double threshold, takes;
    bool force, json;
};

static const struct cli_option rows[] = {
    {"word", 'w', CLI_TEXT, offsetof(struct options, word), "WORD",
     "The word to listen for, built in or enrolled; any of the built-in ones when not given, and "
     "none of them with --typed."},
    {"typed", 'y', CLI_TEXT, offsetof(struct options, typed), "PHRASE",
     "A wake word as text, never trained on: says how it will do, then listens for it."},
    {"enroll", 'e', CLI_TEXT, offsetof(struct options, enroll), "NAME",
     "Learn a word of your own, or a built-in one better, from 3 to 10 FILEs with nothing but it, "
     "or from the microphone without a FILE; then --word NAME, or wake.own in the configuration, "
     "listens for it."},
    {"input", 'i', CLI_TEXT, offsetof(struct options, input), "DEVICE",
     "Microphone of --enroll, as the option input of the configuration: auto when not given."},
    {"takes", 'n', CLI_REAL, offsetof(struct options, takes), "NUMBER",
     "Recordings that --enroll makes from the microphone: 3 to 10, 5 when not given."},
    {"force", 'f', CLI_FLAG, offsetof(struct options, force), NULL,
     "Take a typed wake word that is too short or too common."},
    {"threshold", 't', CLI_REAL, offsetof(struct options, threshold), "SCORE",
     "Score to reach: 0..1, or below 0 for a typed word; its own when not given."},
    {"json", 'j', CLI_FLAG, offsetof(struct options, json), NULL, "One JSON object a line."},
    {"models", 'm', CLI_TEXT, offsetof(struct options, models), "DIR",
     "Folder of the model files."},
    {0},
};

static void show(const char *path, const struct front *front, const struct front_frame *frame,
                 bool json)
{
    double seconds = (double)frame->wake_end / 100;
    const char *word = front_word(front, frame->wake_word);
    if (!json) {
        printf("%s: %.2f s %s (score %.2f)\n", path, seconds, word, (double)frame->wake_score);
        return;
    }
    json_t *object = json_pack("{s:s, s:s, s:f, s:f}", "file", path, "word", word, "seconds",
                               seconds, "score", (double)frame->wake_score);
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(object);
}

static enum status listen(const char *path, struct front *front, bool json, struct error *error)
{
    struct source *source;
    float samples[1600];
    size_t count;
    TRY(source_create(path, &source, error));
    enum status status;
    while ((status = source_read(source, samples, 1600, &count, error)) == STATUS_OK) {
        for (size_t at = 0; at < count;) {
            struct front_frame frame;
            at += front_feed(front, samples + at, count - at);
            while (front_poll(front, &frame)) {
                if (frame.wake_word >= 0)
                    show(path, front, &frame, json);
            }
        }
    }
    source_destroy(source);
    return status == STATUS_END ? STATUS_OK : status;
}

static void show_outlook(const struct typed_ear *ear, bool json)
{
    const struct typed_phrase *phrase = typed_ear_phrase(ear);
    const struct typed_outlook *outlook = typed_ear_outlook(ear);
    char path[256];
    typed_path_write(&phrase->paths[0], path, sizeof(path));
    if (!json) {
        printf(
            "\"%s\": %s%s; %u sounds, rarity %.0f; expect %.2g false alarms an hour of speech at "
            "score %.2f%s%s\n",
            phrase->text, path, phrase->count > 1 ? " (and other ways)" : "", outlook->phones,
            (double)outlook->surprise, (double)outlook->alarms, (double)outlook->threshold,
            outlook->weakness ? "; weak: " : "", outlook->weakness ? outlook->weakness : "");
        return;
    }
    json_t *object =
        json_pack("{s:s, s:s, s:i, s:i, s:f, s:f, s:f, s:f, s:s?}", "typed", phrase->text, "phones",
                  path, "ways", (int)phrase->count, "sounds", (int)outlook->phones, "rarity",
                  (double)outlook->surprise, "alarms_an_hour", (double)outlook->alarms,
                  "said_an_hour", (double)outlook->said, "threshold", (double)outlook->threshold,
                  "weakness", outlook->weakness);
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(object);
}

static enum status create_front(const struct options *options, struct front **ret_front,
                                struct error *error)
{
    char wake[512], acoustic[512], lexicon[512], language[512];
    models_dir_file(options->models, "wake.gguf", wake, sizeof(wake));
    models_dir_file(options->models, "asr.gguf", acoustic, sizeof(acoustic));
    models_dir_file(options->models, "en-us.gguf", lexicon, sizeof(lexicon));
    models_dir_file(options->models, "asr-lm.gguf", language, sizeof(language));
    const char *word = options->word ? options->word : options->typed ? "none" : "any";
    char own[512];
    bool is_own = options->word &&
                  own_word_path(NULL, word, own, sizeof(own), error) == STATUS_OK &&
                  access(own, R_OK) == 0;
    if (is_own && strcmp(word, "jarvis") != 0 && strcmp(word, "computer") != 0)
        word = "none";
    float threshold = (float)options->threshold;
    const struct front_config config = {
        .model_path = wake,
        .word = word,
        .own = is_own ? own : NULL,
        .threshold = options->typed ? 0 : threshold,
        .typed = {.acoustic_path = acoustic,
                  .lexicon_path = lexicon,
                  .language_path = language,
                  .phrase = options->typed,
                  .threshold = threshold,
                  .force = options->force},
    };
    return front_create(&config, ret_front, error);
}

/* Each file begins with a fresh front: nothing is remembered from the one before. */
static enum status listen_fresh(const char *path, const struct options *options,
                                struct error *error)
{
    struct front *front;
    TRY(create_front(options, &front, error));
    enum status status = listen(path, front, options->json, error);
    front_destroy(front);
    return status;
}

static void tell_take(void *context, size_t number, double seconds)
{
    const struct options *options = context;
    if (seconds > 0)
        fprintf(stderr, "  %.1f s\n", seconds);
    else
        fprintf(stderr, "%zu of %.0f: say \"%s\"\n", number, options->takes, options->enroll);
}

/* The recordings stay beside the word: another net wants it enrolled anew. */
static enum status record(struct options *options, const char *word_path, struct takes *ret_takes,
                          struct error *error)
{
    char prefix[TAKES_PATH_BYTES - 8];
    snprintf(prefix, sizeof(prefix), "%.*s", (int)(strlen(word_path) - strlen(".json")), word_path);
    options->takes = options->takes > 0 ? options->takes : 5;
    if (options->takes < 3 || options->takes > TAKES_MAX)
        return error_set(error, STATUS_INVALID_ARGUMENT, "--takes %g: expected 3 to %d",
                         options->takes, TAKES_MAX);
    TRY(own_word_make_folder(word_path, error));
    const struct takes_config config = {
        .input = options->input ? options->input : "auto",
        .models = options->models,
        .prefix = prefix,
        .wanted = (size_t)options->takes,
        .tell = tell_take,
        .context = options,
    };
    return takes_record(&config, ret_takes, error);
}

static enum status learn(struct options *options, int count, char **clips, const char *path,
                         struct enroll_report *ret_report, struct error *error)
{
    char model[512];
    const char *recorded[TAKES_MAX];
    const char *const *files = (const char *const *)clips;
    struct takes takes;
    models_dir_file(options->models, "wake.gguf", model, sizeof(model));
    if (count == 0) {
        TRY(record(options, path, &takes, error));
        for (size_t i = 0; i < takes.count; i++)
            recorded[i] = takes.path[i];
        files = recorded;
        count = (int)takes.count;
    }
    return enroll_word(model, options->enroll, files, (size_t)count, path, ret_report, error);
}

static int enroll(struct options *options, int count, char **clips)
{
    char path[TAKES_PATH_BYTES - 8];
    struct enroll_report report;
    struct error error;
    if (own_word_path(NULL, options->enroll, path, sizeof(path), &error) != STATUS_OK ||
        learn(options, count, clips, path, &report, &error) != STATUS_OK)
        return cli_fail("%s", error.text);
    if (options->json) {
        json_t *object =
            json_pack("{s:s, s:i, s:i, s:i, s:f, s:s}", "enrolled", options->enroll, "recordings",
                      (int)report.recordings, "heard_before", (int)report.before, "heard_after",
                      (int)report.after, "alarms_an_hour", report.alarms, "file", path);
        json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
        putchar('\n');
        json_decref(object);
        return EXIT_DONE;
    }
    printf("\"%s\": heard in %zu of %zu recordings before, in %zu now (each judged by the others); "
           "expect %.2g false alarms an hour of speech\n%s\n",
           options->enroll, report.before, report.recordings, report.after, report.alarms, path);
    return EXIT_DONE;
}

static int run(int argc, char **argv)
{
    struct options options = {0};
    int count, exit_status = EXIT_DONE;
    if (!cli_parse(&command_wake, &options, argc, argv, &count, &exit_status))
        return exit_status;
    if (count == 0 && !options.typed && !options.enroll) {
        cli_fail("wake: no FILE to listen to; linnet wake --help");
        return EXIT_USAGE;
    }
    if (options.enroll)
        return enroll(&options, count, argv);
    if (options.typed) {
        struct front *front;
        struct error error;
        if (create_front(&options, &front, &error) != STATUS_OK)
            return cli_fail("%s", error.text);
        show_outlook(front_typed(front), options.json);
        front_destroy(front);
    }
    for (int i = 0; i < count; i++) {
        struct error error;
        if (listen_fresh(argv[i], &options, &error) != STATUS_OK)
            exit_status = cli_fail("%s", error.text);
    }
    return exit_status;
}

const struct cli_command command_wake = {
    .name = "wake",
    .arguments = "[FILE…]",
    .summary = "Find the wake words in recordings, built in or typed.",
    .options = rows,
    .min_arguments = 0,
    .max_arguments = -1,
    .run = run,
};
