/* How words are pronounced: cmudict, compact, in assets/text/en-us.gguf.
 *
 *     struct gguf *file;
 *     struct lexicon *lexicon;
 *     TRY(gguf_create_from_file("assets/text/en-us.gguf", &file, ret_error));
 *     TRY(lexicon_create(file, &lexicon, ret_error));
 *     struct pronunciation found[8];
 *     size_t count = lexicon_find(lexicon, "record", found, 8);   (2: noun and verb)
 *
 * Words are lower-case ASCII: letters, apostrophe, and the dots and hyphens that cmudict has
 * ("a.m."). For words that are not in it see g2p.h. The file's layout (linnet-text) is described in
 * docs/models/tts.md. The lexicon reads the file's memory: `file` must outlive it.
 *
 * Thread: control for create and destroy; any for the others (read-only). */
#ifndef LINNET_MODELS_LEXICON_H
#define LINNET_MODELS_LEXICON_H

#include <stddef.h>
#include <stdint.h>

#include "gguf.h"
#include "phones.h"

enum { PRONUNCIATION_MAX = 48, LEXICON_WORD_MAX = 64, LEXICON_VARIANTS_MAX = 8 };

/* One way to say a word: phone codes with stress (phones.h). */
struct pronunciation {
    uint8_t count;
    uint8_t phones[PRONUNCIATION_MAX];
};

struct lexicon;

/* Checks the whole table once. Errors: NOT_FOUND or FORMAT (the file is not of that kind or
 * broken), NO_MEMORY. */
enum status lexicon_create(const struct gguf *file, struct lexicon **ret_lexicon,
                           struct error *ret_error);

/* Accepts NULL. */
void lexicon_destroy(struct lexicon *lexicon);

/* Number of different words. */
size_t lexicon_word_count(const struct lexicon *lexicon);

/* Up to `max` pronunciations of `word`, the most usual first, into ret_found. Returns how many
 * there are in the lexicon (may exceed `max`); 0 when the word is unknown. */
size_t lexicon_find(const struct lexicon *lexicon, const char *word,
                    struct pronunciation *ret_found, size_t max);

/* Called for each word in alphabetical (byte) order with all its pronunciations; both pointers are
 * valid during the call only. Return false to stop. */
typedef bool (*lexicon_visit)(void *user, const char *word, const struct pronunciation *variants,
                              size_t count);

void lexicon_walk(const struct lexicon *lexicon, lexicon_visit visit, void *user);

#endif
