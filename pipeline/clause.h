/* Clause splitter: a reply that grows token by token is handed to the voice clause by clause, so
 * that speech starts before the reply is finished.
 *
 *     clause_init(&splitter);
 *     clause_feed(&splitter, token_text);
 *     while (clause_next(&splitter, false, clause, sizeof(clause)))
 *         voice_say(clause);
 *     ...
 *     clause_next(&splitter, true, ...) after the last token gives the rest.
 *
 * A clause ends behind . ! ? ; : or a comma, when the next character is known to be a space (so
 * "3.5" and "6:25" stay whole) and, for weak marks, at least CLAUSE_MIN_BYTES were collected.
 * Abbreviations ("Mr.") do not end one.
 *
 * Thread: mind, for all functions; no allocation. */
#ifndef LINNET_PIPELINE_CLAUSE_H
#define LINNET_PIPELINE_CLAUSE_H

#include <stdbool.h>
#include <stddef.h>

enum { CLAUSE_BUFFER_BYTES = 1024, CLAUSE_MIN_BYTES = 24 };

struct clause_splitter {
    size_t used;
    char text[CLAUSE_BUFFER_BYTES];
};

void clause_init(struct clause_splitter *splitter);

/* Append text; what does not fit is cut off at the buffer's end (false then). */
bool clause_feed(struct clause_splitter *splitter, const char *text);

/* Take the next whole clause; with `at_end` also the unfinished rest. False when there is none. */
bool clause_next(struct clause_splitter *splitter, bool at_end, char *ret_clause, size_t size);

/* Take the whole words collected so far although no clause is complete; false when they have fewer
 * than `enough` bytes. A word is whole when a space follows it. */
bool clause_words(struct clause_splitter *splitter, size_t enough, char *ret_clause, size_t size);

#endif
