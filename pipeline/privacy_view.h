/* Two ways of looking at a text for privacy rules, both with the way back to its bytes: its words,
 * folded so that "José" and "jose" are one, and a reading in which spoken and grouped digits stand
 * together: "card four two double one, 42-42" reads "card 4211, 4242".
 *
 * Thread: any; pure. */
#ifndef LINNET_PIPELINE_PRIVACY_VIEW_H
#define LINNET_PIPELINE_PRIVACY_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* Bytes [from, to) of the text. */
struct text_span {
    uint32_t from, to;
};

/* A reading of `length` bytes; byte i came from span[i]. */
struct digit_view {
    char *text;
    struct text_span *span;
    size_t length;
};

/* Joined are digits of any script, the words for them (zero, oh, twelve, forty two, hundred), and
 * "double" and "triple" before one; between them up to three blanks, dashes, dots, slashes or
 * brackets are dropped. A date like 2026-11-21 stays as it is. The reading is never longer than
 * the text. */
enum status digit_view_create(const char *text, size_t length, struct digit_view *ret_view,
                              struct error *ret_error);
void digit_view_finish(struct digit_view *view);

enum { WORD_VIEW_BYTES = 32 };

struct word_view_item {
    struct text_span span;        /* without a final "'s" */
    char folded[WORD_VIEW_BYTES]; /* lower case, without accents, cut when longer */
};

struct word_view {
    struct word_view_item *word;
    size_t count;
};

enum status word_view_create(const char *text, size_t length, struct word_view *ret_view,
                             struct error *ret_error);
void word_view_finish(struct word_view *view);

#endif
