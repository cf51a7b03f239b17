/* Going on with an answer that somebody else began: what the new voice repeats of what was spoken
 * already is left out.
 *
 *     continuation_init(&c, "The sky is blue because");
 *     continuation_feed(&c, "because light ", out, sizeof(out));      " light "
 *     continuation_feed(&c, "scatters.", out, sizeof(out));           "scatters."
 *
 * While the new words are the same as an end of the old ones (letters and digits are compared, in
 * any case), they are held back. When they reach that end they are dropped; when they turn out to
 * be different ones, all that was held comes out. An end of less than two words counts only when it
 * is all that was spoken.
 *
 * Thread: one at a time; no allocation. */
#ifndef LINNET_PIPELINE_CONTINUATION_H
#define LINNET_PIPELINE_CONTINUATION_H

#include <stdbool.h>
#include <stddef.h>

enum { CONTINUATION_BYTES = 1024, CONTINUATION_ENDS_MAX = 48 };

struct continuation {
    char spoken[CONTINUATION_BYTES]; /* letters and digits of what was spoken, its last ones */
    size_t length;
    int end_count; /* ends that still agree: where each begins in .spoken */
    size_t begin[CONTINUATION_ENDS_MAX];
    size_t matched; /* letters that agreed so far */
    char held[CONTINUATION_BYTES];
    size_t held_length;
    bool passing; /* decided: everything comes out */
};

/* "" lets everything through. */
void continuation_init(struct continuation *continuation, const char *spoken);

/* Appends the new part to what is held, and moves what may be said to `ret_out`: `size` at least
 * CONTINUATION_BYTES + strlen(text) + 1. */
void continuation_feed(struct continuation *continuation, const char *text, char *ret_out,
                       size_t size);

#endif
