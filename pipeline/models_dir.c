#include "models_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *find_dir(void)
{
    const char *given = getenv("LINNET_MODELS");
    if (given && *given)
        return given;
    return access(LINNET_MODELS_INSTALLED, F_OK) == 0 ? LINNET_MODELS_INSTALLED
                                                      : LINNET_MODELS_BUILT;
}

void models_dir_file(const char *dir, const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", dir && *dir ? dir : find_dir(), name);
}
