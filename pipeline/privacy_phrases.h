/* A list of phrases found in the words of a text: "heart attack", "diabet*" (a star ends the
 * beginning of a word). Letter case and accents do not matter.
 *
 * Thread: any for find; the rest: control. */
#ifndef LINNET_PIPELINE_PRIVACY_PHRASES_H
#define LINNET_PIPELINE_PRIVACY_PHRASES_H

#include "privacy_view.h"
#include "status.h"

struct phrases {
    char **item; /* folded words with one blank between them, sorted */
    size_t count, room;
};

/* An empty list is a zeroed one. Texts without any word add nothing. LIMIT above 65536. */
enum status phrases_add(struct phrases *phrases, const char *text, struct error *ret_error);

/* A person: the whole name, and each of its parts that is no everyday word ("will", "may") and no
 * particle ("van"). */
enum status phrases_add_name(struct phrases *phrases, const char *name, struct error *ret_error);

/* To be called once after the last add. */
void phrases_sort(struct phrases *phrases);
void phrases_finish(struct phrases *phrases);

/* How many words from `first` on are a phrase, the longest one; 0 for none. */
size_t phrases_find(const struct phrases *phrases, const struct word_view *words, size_t first);

#endif
