/* How often people say a phrase: the recogniser's language model for dictation read as a rate.
 *
 * Thread: control. */
#ifndef LINNET_PIPELINE_PHRASE_RATE_H
#define LINNET_PIPELINE_PHRASE_RATE_H

#include "status.h"

/* Times an hour of speech that `phrase` (lower case, single spaces) is said by people who are not
 * calling: 9,000 words an hour (150 a minute) times its probability. A word that the model
 * does not know counts as one in ten million. Errors: those of the file. */
enum status phrase_rate(const char *language_path, const char *phrase, float *ret_rate,
                        struct error *ret_error);

#endif
