/* Words that the user enrolled, a file each: NAME.json in the folder "words" beside the state.
 *
 * Thread: control, for all functions. */
#ifndef LINNET_PIPELINE_JSON_OWN_WORD_H
#define LINNET_PIPELINE_JSON_OWN_WORD_H

#include <stddef.h>

#include "status.h"
#include "wake.h"

/* Where the word's file lies: beside the state file `state` (NULL or "": the default place). The
 * name becomes lower case with "_" for everything but letters and digits. Errors: LIMIT. */
enum status own_word_path(const char *state, const char *name, char *ret_path, size_t size,
                          struct error *ret_error);

/* Make the folders that a word's file lies in. Errors: IO. */
enum status own_word_make_folder(const char *path, struct error *ret_error);

/* Write the file; folders are made as needed. Errors: IO, NO_MEMORY. */
enum status own_word_save(const char *path, const struct wake_model *model,
                          const struct wake_own_word *word, struct error *ret_error);

/* Read it and add the word to the model. Errors: NOT_FOUND, FORMAT, UNSUPPORTED (enrolled with
 * another net: enroll again), those of wake_model_add_word. */
enum status own_word_load(const char *path, struct wake_model *model, struct error *ret_error);

#endif
