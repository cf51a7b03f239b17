/* Sub-commands and their options from tables; `--help` and the man page are written from the same
 * rows.
 *
 * Thread: control (the command's main thread), for all functions. */
#ifndef LINNET_TOOLS_CLI_H
#define LINNET_TOOLS_CLI_H

#include <stdbool.h>
#include <stdio.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, CLI_OPTIONS_MAX = 16, CLI_REPEAT_MAX = 32 };

enum cli_kind {
    CLI_FLAG, /* bool */
    CLI_TEXT, /* const char * */
    CLI_REAL, /* double */
    CLI_LIST, /* struct cli_list: may be given several times */
};

struct cli_list {
    int count;
    const char *item[CLI_REPEAT_MAX + 1]; /* NULL-terminated */
};

/* Options of a command live in one struct of its own; rows point into it by offset. */
struct cli_option {
    const char *name; /* "output" for --output */
    char letter;      /* 'o' for -o, 0 for none */
    enum cli_kind kind;
    size_t offset;
    const char *argument; /* name of the value in the help: "FILE" */
    const char *help;
};

struct cli_command {
    const char *name;
    const char *arguments; /* "FILE…", shown in the help */
    const char *summary;
    const struct cli_option *options; /* ends with a row without name */
    int min_arguments, max_arguments; /* max < 0: any number */
    /* Runs the command; returns an exit status. */
    int (*run)(int argc, char **argv);
};

extern const struct cli_command *const cli_commands[]; /* ends with NULL */

/* Fill `target` from argv[1..]; the rest (operands) is left in argv[0..*ret_count). Returns true
 * when the command is to run; otherwise *ret_exit is what to exit with (after --help or bad usage,
 * which was explained on stderr). */
bool cli_parse(const struct cli_command *command, void *target, int argc, char **argv,
               int *ret_count, int *ret_exit);

/* "linnet: TEXT" on stderr; returns EXIT_FAILED. */
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

void cli_write_overview(FILE *out);
void cli_write_man(FILE *out);

/* A line of progress on stderr, rewritten in place, only when stderr is a terminal. `fraction`
 * 0..1; 1 ends it. */
void cli_progress(const char *what, double fraction);

#endif
