/* The user's own words for the recogniser: from text as people write it to ways to say it.
 *
 * A list has one entry a line:
 *
 *     Jellyfin
 *     Siobhan = shi vawn          (written so = sounds so)
 *     Room 12
 *     # a remark
 *
 * What comes out of the recogniser is the entry's left side as all its text is: lower case, numbers
 * spelt out, accents dropped ("room twelve"). A single word that the recogniser's lexicon has keeps
 * its pronunciations there; all else is said as the voice would say it, right side or else left,
 * and as the second and third guess of its letter-to-sound model where the word is new.
 *
 * Thread: control, for all functions; a new word takes some milliseconds. */
#ifndef LINNET_PIPELINE_PERSONAL_WORDS_H
#define LINNET_PIPELINE_PERSONAL_WORDS_H

#include "status.h"

enum { PERSONAL_WORDS_MAX = 1000 };

struct asr_model;
struct asr_session;

/* Teach a session a list (empty: none), instead of what it was taught before. `lexicon_path` is the
 * voice's en-us.gguf; it is opened only when there is something to say. Errors: those of that file;
 * INVALID_ARGUMENT for an entry without anything to say, LIMIT for too many or too long ones, both
 * with the entry. */
enum status personal_words_teach(const char *list, const char *lexicon_path,
                                 const struct asr_model *model, struct asr_session *session,
                                 struct error *ret_error);

#endif
