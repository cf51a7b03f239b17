#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "cpu.h"
#include "device.h"
#include "gguf.h"
#include "models_dir.h"

struct options {
    const char *models;
};

static const struct cli_option rows[] = {
    {"models", 'm', CLI_TEXT, offsetof(struct options, models), "DIR",
     "Folder of the model files."},
    {0},
};

static void check_processor(void)
{
    printf("processor   %s kernels\n", cpu_isa_name(cpu_isa()));
}

/* One model: is it there, is it whole, what is it? Returns the number of problems. */
static int check_model(const char *dir, const char *name)
{
    char path[512];
    struct gguf *file;
    struct error error;
    struct stat info;
    models_dir_file(dir, name, path, sizeof(path));
    if (gguf_create_from_file(path, &file, &error) != STATUS_OK) {
        printf("models      %s\n", error.text);
        return 1;
    }
    stat(path, &info);
    printf("models      %s: whole, %.1f MB\n", path, (double)info.st_size / 1e6);
    gguf_destroy(file);
    return 0;
}

static int check_models(const char *dir)
{
    static const char *const names[] = {"wake.gguf", "asr.gguf", "asr-lm.gguf",
                                        "lm.gguf",   "tts.gguf", "en-us.gguf"};
    int problems = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        problems += check_model(dir, names[i]);
    return problems;
}

static void show_device(void *context, const struct audio_device_info *info)
{
    (void)context;
    printf("%-11s %s%s: %s\n", info->direction == AUDIO_CAPTURE ? "microphone" : "speaker",
           info->backend, info->is_default ? " (default)" : "", info->name);
}

/* No sound at all is a problem only for `linnet run`. */
static void check_sound(void)
{
    static const char *const backends[] = {"pulse", "alsa"};
    for (size_t i = 0; i < 2; i++) {
        struct error error;
        if (audio_device_list(backends[i], show_device, NULL, &error) != STATUS_OK)
            printf("sound       %s: %s\n", backends[i], error.text);
    }
}

static int run(int argc, char **argv)
{
    struct options options = {0};
    int count, exit_status;
    if (!cli_parse(&command_doctor, &options, argc, argv, &count, &exit_status))
        return exit_status;
    check_processor();
    int problems = check_models(options.models);
    check_sound();
    printf("%s\n", problems ? "problems were found" : "all is well");
    return problems ? EXIT_FAILED : EXIT_DONE;
}

const struct cli_command command_doctor = {
    .name = "doctor",
    .arguments = "",
    .summary = "Check this machine: processor, models, sound.",
    .options = rows,
    .run = run,
};
