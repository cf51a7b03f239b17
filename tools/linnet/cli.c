#include "cli.h"

#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "option.h"

int cli_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("linnet: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return EXIT_FAILED;
}

static void write_option(FILE *out, const struct cli_option *option)
{
    char left[64];
    char letter[8] = "    ";
    if (option->letter)
        snprintf(letter, sizeof(letter), "-%c, ", option->letter);
    snprintf(left, sizeof(left), "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
             option->argument ? option->argument : "");
    fprintf(out, "  %-28s %s\n", left, option->help);
}

static void write_usage(FILE *out, const struct cli_command *command)
{
    fprintf(out, "usage: linnet %s [OPTION…] %s\n\n%s\n\n", command->name, command->arguments,
            command->summary);
    for (const struct cli_option *option = command->options; option->name; option++)
        write_option(out, option);
    fprintf(out, "  %-28s %s\n", "-h, --help", "Show this help.");
}

static bool store_real(const struct cli_command *command, const struct cli_option *option,
                       double *target, const char *text)
{
    char *end;
    *target = strtod(text, &end);
    if (end != text && !*end && isfinite(*target))
        return true;
    fprintf(stderr, "linnet %s: --%s: \"%s\" is not a number\n", command->name, option->name, text);
    return false;
}

static bool store(const struct cli_command *command, const struct cli_option *option, void *target,
                  char *text)
{
    void *field = (char *)target + option->offset;
    switch (option->kind) {
    case CLI_FLAG:
        *(bool *)field = true;
        return true;
    case CLI_TEXT:
        *(const char **)field = text;
        return true;
    case CLI_REAL:
        return store_real(command, option, field, text);
    case CLI_LIST:;
        struct cli_list *list = field;
        if (list->count < CLI_REPEAT_MAX) {
            list->item[list->count++] = text;
            return true;
        }
        fprintf(stderr, "linnet %s: --%s was given more than %d times\n", command->name,
                option->name, CLI_REPEAT_MAX);
        return false;
    }
    return false;
}

/* The rows in getopt's form; returns the string of short options. */
static void to_getopt(const struct cli_command *command, struct option *rows, char *letters)
{
    size_t used = 0;
    int n = 0;
    letters[used++] = ':';
    letters[used++] = 'h';
    for (const struct cli_option *o = command->options; o->name; o++, n++) {
        int has_value = o->kind == CLI_FLAG ? no_argument : required_argument;
        rows[n] = (struct option){o->name, has_value, NULL, 256 + n};
        if (o->letter) {
            letters[used++] = o->letter;
            if (has_value)
                letters[used++] = ':';
        }
    }
    rows[n] = (struct option){"help", no_argument, NULL, 'h'};
    rows[n + 1] = (struct option){NULL, 0, NULL, 0};
    letters[used] = '\0';
}

static const struct cli_option *find_option(const struct cli_command *command, int code)
{
    if (code >= 256)
        return &command->options[code - 256];
    for (const struct cli_option *o = command->options; o->name; o++) {
        if (o->letter == code)
            return o;
    }
    return NULL;
}

static int bad_usage(const struct cli_command *command, const char *problem, const char *what)
{
    fprintf(stderr, "linnet %s: %s%s\ntry: linnet %s --help\n", command->name, problem, what,
            command->name);
    return EXIT_USAGE;
}

static bool read_options(const struct cli_command *command, void *target, int argc, char **argv,
                         int *ret_exit)
{
    struct option rows[CLI_OPTIONS_MAX + 2];
    char letters[2 * CLI_OPTIONS_MAX + 4];
    to_getopt(command, rows, letters);
    for (int code; (code = getopt_long(argc, argv, letters, rows, NULL)) != -1;) {
        if (code == 'h') {
            write_usage(stdout, command);
            *ret_exit = EXIT_DONE;
            return false;
        }
        if (code == '?' || code == ':') {
            const char *problem = code == ':' ? "a value is missing after " : "unknown option ";
            *ret_exit = bad_usage(command, problem, argv[optind - 1]);
            return false;
        }
        if (!store(command, find_option(command, code), target, optarg)) {
            *ret_exit = EXIT_USAGE;
            return false;
        }
    }
    return true;
}

bool cli_parse(const struct cli_command *command, void *target, int argc, char **argv,
               int *ret_count, int *ret_exit)
{
    optind = 1;
    if (!read_options(command, target, argc, argv, ret_exit))
        return false;
    int count = argc - optind;
    if (count < command->min_arguments ||
        (command->max_arguments >= 0 && count > command->max_arguments)) {
        *ret_exit = bad_usage(
            command, count < command->min_arguments ? "expected " : "too many arguments; expected ",
            command->arguments);
        return false;
    }
    memmove(argv, argv + optind, (size_t)count * sizeof(argv[0]));
    argv[count] = NULL;
    *ret_count = count;
    return true;
}

void cli_write_overview(FILE *out)
{
    fprintf(out, "usage: linnet COMMAND [OPTION…] [ARGUMENT…]\n\n"
                 "A voice assistant that lives on this machine.\n\n");
    for (int i = 0; cli_commands[i]; i++)
        fprintf(out, "  %-12s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
    fprintf(out, "\n  linnet COMMAND --help explains one; every option of the configuration (--set "
                 "KEY=VALUE):\n\n");
    option_write_help(out);
}

void cli_write_man(FILE *out)
{
    fprintf(out, ".TH LINNET 1\n.SH NAME\nlinnet \\- a voice assistant that lives on this machine\n"
                 ".SH SYNOPSIS\n.B linnet\n.I COMMAND\n[OPTION...] [ARGUMENT...]\n.SH COMMANDS\n");
    for (int i = 0; cli_commands[i]; i++) {
        const struct cli_command *command = cli_commands[i];
        fprintf(out, ".SS linnet %s %s\n%s\n", command->name, command->arguments, command->summary);
        for (const struct cli_option *o = command->options; o->name; o++)
            fprintf(out, ".TP\n.B \\-\\-%s%s%s\n%s\n", o->name, o->argument ? " " : "",
                    o->argument ? o->argument : "", o->help);
    }
    fprintf(out, ".SH CONFIGURATION\nKeys of the YAML file, and of \\-\\-set KEY=VALUE.\n");
    option_write_man(out);
    fprintf(out, ".SH EXIT STATUS\n0 done, 1 the work failed, 2 bad usage.\n");
}

void cli_progress(const char *what, double fraction)
{
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r%s %3.0f %%%s", what, fraction * 100, fraction >= 1 ? "\n" : "");
    fflush(stderr);
}
