#include <stdlib.h>

#include "commands.h"
#include "models_dir.h"
#include "tts.h"
#include "wav.h"

struct options {
    const char *output, *models;
    double speed, pitch;
};

static const struct cli_option rows[] = {
    {"output", 'o', CLI_TEXT, offsetof(struct options, output), "FILE",
     "WAV file to write; - is standard output."},
    {"speed", 0, CLI_REAL, offsetof(struct options, speed), "FACTOR", "0.5..2; 1 as recorded."},
    {"pitch", 0, CLI_REAL, offsetof(struct options, pitch), "FACTOR", "0.7..1.4; 1 as recorded."},
    {"models", 'm', CLI_TEXT, offsetof(struct options, models), "DIR",
     "Folder of the model files."},
    {0},
};

static enum status write_speech(struct tts_session *session, const char *path, struct error *error)
{
    const struct wav_format format = {.encoding = WAV_S16, .rate = TTS_RATE, .channels = 1};
    struct wav_writer *writer;
    float samples[4 * TTS_BLOCK];
    TRY(wav_writer_create(path, &format, &writer, error));
    enum status status = STATUS_OK;
    for (size_t n; status == STATUS_OK &&
                   (n = tts_pull(session, samples, sizeof(samples) / sizeof(samples[0]))) > 0;)
        status = wav_writer_write(writer, samples, n, error);
    if (status == STATUS_OK)
        status = wav_writer_commit(writer, error);
    wav_writer_destroy(writer);
    return status;
}

static enum status speak(const struct tts_model *model, const struct options *options,
                         const char *text, struct error *error)
{
    const struct tts_options how = {.speed = (float)options->speed, .pitch = (float)options->pitch};
    struct tts_session *session;
    TRY(tts_session_create(model, &how, &session, error));
    enum status status = tts_begin(session, text, error);
    if (status == STATUS_OK)
        status = write_speech(session, options->output, error);
    tts_session_destroy(session);
    return status;
}

static int run(int argc, char **argv)
{
    struct options options = {.output = NULL};
    int count, exit_status;
    if (!cli_parse(&command_say, &options, argc, argv, &count, &exit_status))
        return exit_status;
    if (!options.output) {
        cli_fail("say: where to? -o FILE is missing");
        return EXIT_USAGE;
    }
    char voice[512], text[512];
    struct tts_model *model;
    struct error error;
    models_dir_file(options.models, "tts.gguf", voice, sizeof(voice));
    models_dir_file(options.models, "en-us.gguf", text, sizeof(text));
    if (tts_model_create(&(struct tts_files){voice, text}, &model, &error) != STATUS_OK)
        return cli_fail("%s", error.text);
    enum status status = speak(model, &options, argv[0], &error);
    tts_model_destroy(model);
    return status == STATUS_OK ? EXIT_DONE : cli_fail("%s", error.text);
}

const struct cli_command command_say = {
    .name = "say",
    .arguments = "TEXT",
    .summary = "Speak a text into a WAV file.",
    .options = rows,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
