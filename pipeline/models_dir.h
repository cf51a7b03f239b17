/* Where the model files lie: the folder given, $LINNET_MODELS, the installed one, or the one of the
 * build. Thread: any, for all functions. */
#ifndef LINNET_PIPELINE_MODELS_DIR_H
#define LINNET_PIPELINE_MODELS_DIR_H

#include <stddef.h>

/* Path of model file `name`; `dir` NULL or empty means: find the folder. */
void models_dir_file(const char *dir, const char *name, char *path, size_t size);

#endif
