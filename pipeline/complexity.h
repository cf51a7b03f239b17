/* How hard a request looks, without asking any model: its length, and words that ask for
 * explaining, comparing, writing or weighing.
 *
 * Thread: any; no allocation. */
#ifndef LINNET_PIPELINE_COMPLEXITY_H
#define LINNET_PIPELINE_COMPLEXITY_H

enum { COMPLEXITY_MAX = 10000 };

/* 0 for "what time is it" .. COMPLEXITY_MAX. Letter case does not matter. */
int complexity_of(const char *text);

/* Words of a text, parted by white space. */
int complexity_words(const char *text);

#endif
