#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "asr_recogniser.h"
#include "commands.h"
#include "file.h"
#include "mel.h"
#include "models_dir.h"
#include "personal_words.h"
#include "source.h"
#include "written.h"

struct options {
    const char *models, *language, *words;
    bool json;
};

static const struct cli_option rows[] = {
    {"json", 'j', CLI_FLAG, offsetof(struct options, json), NULL,
     "One JSON object a file: words with times, and the text as people write it."},
    {"language", 'l', CLI_TEXT, offsetof(struct options, language), "NAME",
     "Language model: general (default) or assistant."},
    {"models", 'm', CLI_TEXT, offsetof(struct options, models), "DIR",
     "Folder of the model files."},
    {"words", 'w', CLI_TEXT, offsetof(struct options, words), "FILE|LIST",
     "Words of your own to listen for: a file with one a line, or \"Jellyfin, Siobhan = shi "
     "vawn\"."},
    {0},
};

enum { CHUNK = 1600, WORDS_BYTES = 1 << 20 };

struct recogniser {
    struct asr_recogniser asr;
    struct mel *mel;
    struct error error;
};

/* Own words are lines of a file of that name, or else the text itself. */
static enum status teach(struct recogniser *r, const struct options *options)
{
    char lexicon[512];
    void *list = NULL;
    size_t size;
    if (!options->words)
        return STATUS_OK;
    enum status status = file_read(options->words, WORDS_BYTES, &list, &size, &r->error);
    if (status == STATUS_NOT_FOUND) {
        list = strdup(options->words);
        for (char *c = list; c && *c; c++)
            *c = *c == ',' ? '\n' : *c;
        status = list ? STATUS_OK : error_set(&r->error, STATUS_NO_MEMORY, "list of words");
    }
    models_dir_file(options->models, "en-us.gguf", lexicon, sizeof(lexicon));
    if (status == STATUS_OK)
        status = personal_words_teach(list, lexicon, r->asr.model, r->asr.session, &r->error);
    free(list);
    return status;
}

static enum status prepare(struct recogniser *r, const struct options *options)
{
    char acoustic[512], words[512];
    struct asr_options asr = asr_options_defaults();
    asr.language = options->language;
    models_dir_file(options->models, "asr.gguf", acoustic, sizeof(acoustic));
    models_dir_file(options->models, "asr-lm.gguf", words, sizeof(words));
    TRY(mel_create(&r->mel, &r->error));
    TRY(asr_recogniser_init(&r->asr, acoustic, words, &asr, &r->error));
    return teach(r, options);
}

static void finish(struct recogniser *r)
{
    asr_recogniser_finish(&r->asr);
    mel_destroy(r->mel);
}

static void feed(struct recogniser *r, const float *samples, size_t count)
{
    float frame[MEL_BANDS];
    while (count > 0) {
        size_t taken = mel_feed(r->mel, samples, count);
        samples += taken;
        count -= taken;
        while (mel_poll(r->mel, frame, NULL))
            asr_session_feed(r->asr.session, frame, 1);
    }
}

static json_t *words_of(const struct asr_result *result)
{
    json_t *words = json_array();
    for (uint32_t i = 0; i < result->count; i++) {
        const struct asr_word *word = &result->words[i];
        json_array_append_new(words, json_pack("{s:s, s:f, s:f, s:f}", "word", word->text, "start",
                                               (double)word->start, "end", (double)word->end,
                                               "confidence", (double)word->confidence));
    }
    return words;
}

static void show(const char *path, const struct asr_result *result, double seconds, bool json)
{
    const char *text = result->rejected ? "" : result->text;
    if (!json) {
        printf("%s: %s\n", path, text);
        return;
    }
    char written[WRITTEN_TEXT_MAX];
    if (written_text(text, written, sizeof(written), NULL) != STATUS_OK)
        snprintf(written, sizeof(written), "%s", text); /* too long to rewrite: as it was said */
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:f, s:f, s:f, s:b, s:o}", "file", path, "text", text, "written",
                  written, "seconds", seconds, "confidence", (double)result->confidence, "match",
                  (double)result->match, "rejected", result->rejected, "words", words_of(result));
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(object);
}

static enum status transcribe(struct recogniser *r, const char *path, bool json)
{
    struct source *source;
    float samples[CHUNK];
    size_t count;
    uint64_t total = 0;
    TRY(source_create(path, &source, &r->error));
    mel_reset(r->mel);
    asr_session_reset(r->asr.session);
    enum status status;
    while ((status = source_read(source, samples, CHUNK, &count, &r->error)) == STATUS_OK) {
        feed(r, samples, count);
        total += count;
        cli_progress(path, source_progress(source));
    }
    source_destroy(source);
    if (status != STATUS_END)
        return status;
    struct asr_result result = asr_session_finish(r->asr.session);
    show(path, &result, (double)total / MEL_RATE, json);
    return STATUS_OK;
}

static int run(int argc, char **argv)
{
    struct options options = {.language = "general"};
    int count, exit_status = EXIT_DONE;
    if (!cli_parse(&command_transcribe, &options, argc, argv, &count, &exit_status))
        return exit_status;
    struct recogniser r = {0};
    enum status status = prepare(&r, &options);
    if (status != STATUS_OK)
        exit_status = cli_fail("%s", r.error.text);
    for (int i = 0; i < count && status == STATUS_OK; i++) {
        if (transcribe(&r, argv[i], options.json) != STATUS_OK)
            exit_status = cli_fail("%s", r.error.text);
    }
    finish(&r);
    return exit_status;
}

const struct cli_command command_transcribe = {
    .name = "transcribe",
    .arguments = "FILE…",
    .summary = "Write down what is said in recordings.",
    .options = rows,
    .min_arguments = 1,
    .max_arguments = -1,
    .run = run,
};
