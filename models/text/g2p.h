/* From a written word to phones: the lexicon where it knows the word, rules for what is built from
 * a known word ("linnet's"), and a letter-to-sound model for all others.
 *
 *     struct g2p *g2p;
 *     TRY(g2p_create(file, lexicon, &g2p, ret_error));
 *     uint8_t phones[PRONUNCIATION_MAX];
 *     size_t count = g2p_word(g2p, "linnet", phones, PRONUNCIATION_MAX);   (L IH N AH T)
 *
 * The model is a joint n-gram over (letter, phones) units, searched with a beam: J. Bisani and H.
 * Ney, "Joint-sequence models for grapheme-to-phoneme conversion", 2008. Built by
 * tools/train/tts/lexicon.py; measured accuracy in docs/models/tts.md. `file` and `lexicon` must
 * outlive the object.
 *
 * Thread: control for create and destroy; any for the others (read-only, no allocation; about a
 * millisecond for a word that needs the model, with some 20 KB of stack). */
#ifndef LINNET_MODELS_G2P_H
#define LINNET_MODELS_G2P_H

#include <stdbool.h>

#include "lexicon.h"

struct g2p;

/* `lexicon` may be NULL: then every word is spelt by the model. Errors: NOT_FOUND, FORMAT,
 * NO_MEMORY. */
enum status g2p_create(const struct gguf *file, const struct lexicon *lexicon, struct g2p **ret_g2p,
                       struct error *ret_error);

/* Accepts NULL. */
void g2p_destroy(struct g2p *g2p);

/* The most usual pronunciation of a lower-case word, as phone codes with stress (phones.h). Returns
 * how many were written, at most `max`; 0 when the word holds no letter a-z. */
size_t g2p_word(const struct g2p *g2p, const char *word, uint8_t *ret_phones, size_t max);

/* All pronunciations known, or the model's one. Returns how many were written, at most `max`. */
size_t g2p_variants(const struct g2p *g2p, const char *word, struct pronunciation *ret_found,
                    size_t max);

/* The model alone, lexicon and rules left aside. */
size_t g2p_guess(const struct g2p *g2p, const char *word, uint8_t *ret_phones, size_t max);

/* The same, up to `max` guesses that differ in more than stress, the likeliest first. */
size_t g2p_guesses(const struct g2p *g2p, const char *word, struct pronunciation *ret_found,
                   size_t max);

/* The same phones, stress aside? */
bool pronunciation_same(const struct pronunciation *a, const struct pronunciation *b);

#endif
