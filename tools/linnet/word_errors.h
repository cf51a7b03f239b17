/* Word errors: the cheapest way to turn what was heard into what was said.
 *
 *     struct word_errors e = {0};
 *     TRY(word_errors_add(&e, "the cat sat", "a cat sat down", ret_error));
 *     (e.said 3, e.substituted 1, e.inserted 1, e.deleted 0)
 *
 * Texts are compared as normalise_text speaks them, without punctuation.
 *
 * Thread: any. */
#ifndef LINNET_TOOLS_WORD_ERRORS_H
#define LINNET_TOOLS_WORD_ERRORS_H

#include "status.h"

struct word_errors {
    unsigned said, substituted, deleted, inserted;
    unsigned sentences, right; /* right: without any error */
};

/* Add one sentence. Errors: LIMIT (more than 1000 words), those of normalise_text. */
enum status word_errors_add(struct word_errors *errors, const char *said, const char *heard,
                            struct error *ret_error);

/* Errors of all kinds, per cent of the words said; 0 of nothing. */
double word_errors_percent(const struct word_errors *errors);

#endif
