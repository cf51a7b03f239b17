/* A request in the form the language model is trained on, from recognised or typed text.
 *
 * Lower case; letters, digits and apostrophes inside words stay; '.' and ':' stay between digits,
 * the comma of "1,000" is dropped; "a.m." becomes "am"; + * / % $ and - stay where they are not
 * part of a word; typographic quotes, times and division signs become plain ones, the degree sign a
 * word; all else becomes a space, and runs of spaces one. The Python twin is
 * tools/train/lm/lmformat.py.
 *
 * Thread: any for all functions. */
#ifndef LINNET_MODELS_LM_REQUEST_H
#define LINNET_MODELS_LM_REQUEST_H

#include <stddef.h>

#include "status.h"

enum { LM_MAX_REQUEST_BYTES = 2048 };

/* Writes a NUL-terminated text without spaces at its ends. LIMIT when `text` is longer than
 * LM_MAX_REQUEST_BYTES / 9 bytes or the result does not fit into `capacity`. */
enum status lm_request_normalise(const char *text, char *ret_text, size_t capacity);

#endif
