#include "state_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 512 };

static enum status make_parents(const char *path, struct error *ret_error)
{
    char part[PATH_BYTES];
    snprintf(part, sizeof(part), "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0700) != 0 && access(part, F_OK) != 0)
            return error_set(ret_error, STATUS_IO, "%s: this folder cannot be created", part);
        *slash = '/';
    }
    return STATUS_OK;
}

/* XDG base directories 0.8. */
static enum status default_path(char *path, size_t size, struct error *ret_error)
{
    const char *base = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (base && *base == '/')
        snprintf(path, size, "%s/linnet/state.db", base);
    else if (home && *home == '/')
        snprintf(path, size, "%s/.local/state/linnet/state.db", home);
    else
        return error_set(ret_error, STATUS_NOT_FOUND,
                         "no place for the state file: set HOME or the option \"state\"");
    return make_parents(path, ret_error);
}

enum status state_path(const char *option, char *path, size_t size, struct error *ret_error)
{
    if (!*option)
        return default_path(path, size, ret_error);
    snprintf(path, size, "%s", option);
    return STATUS_OK;
}
