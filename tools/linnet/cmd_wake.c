#include <string.h>

#include <jansson.h>

#include "commands.h"
#include "front.h"
#include "linnet.h"
#include "models_dir.h"
#include "source.h"

struct options {
    const char *word, *models;
    double threshold;
    bool json;
};

static const struct cli_option rows[] = {
    {"word", 'w', CLI_TEXT, offsetof(struct options, word), "WORD",
     "The word to listen for; any of the built-in ones when not given."},
    {"threshold", 't', CLI_REAL, offsetof(struct options, threshold), "SCORE",
     "Score to reach, 0..1; the model's own when not given."},
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

/* Each file begins with a fresh front: nothing is remembered from the one before. */
static enum status listen_fresh(const char *path, const struct options *options,
                                struct error *error)
{
    char model[512];
    struct front *front;
    models_dir_file(options->models, "wake.gguf", model, sizeof(model));
    const struct front_config config = {
        .model_path = model,
        .word = options->word,
        .threshold = (float)options->threshold,
    };
    TRY(front_create(&config, &front, error));
    enum status status = listen(path, front, options->json, error);
    front_destroy(front);
    return status;
}

static int run(int argc, char **argv)
{
    struct options options = {.word = "any"};
    int count, exit_status = EXIT_DONE;
    if (!cli_parse(&command_wake, &options, argc, argv, &count, &exit_status))
        return exit_status;
    for (int i = 0; i < count; i++) {
        struct error error;
        if (listen_fresh(argv[i], &options, &error) != STATUS_OK)
            exit_status = cli_fail("%s", error.text);
    }
    return exit_status;
}

const struct cli_command command_wake = {
    .name = "wake",
    .arguments = "FILE…",
    .summary = "Find the wake words in recordings.",
    .options = rows,
    .min_arguments = 1,
    .max_arguments = -1,
    .run = run,
};
