/* A wake word given as text: its ways to be said, and how well it will do.
 *
 *     struct typed_phrase phrase;
 *     TRY(typed_phrase_init(&phrase, "hey linnet", g2p, ret_error));
 *     struct typed_outlook outlook = typed_phrase_outlook(&phrase);
 *     if (outlook.weakness)
 *         printf("%s\n", outlook.weakness);
 *
 * A path is a row of phones, with optional pauses between words; there is one for every combination
 * of the words' pronunciations.
 *
 * Thread: any. */
#ifndef LINNET_MODELS_TYPED_PHRASE_H
#define LINNET_MODELS_TYPED_PHRASE_H

#include <stddef.h>
#include <stdint.h>

#include "g2p.h"
#include "status.h"

enum {
    TYPED_TEXT_BYTES = 64,
    TYPED_PATHS_MAX = 12,
    TYPED_STATES_MAX = 48,
    TYPED_PAUSE = 255 /* in a path: silence that may be left out */
};

struct typed_path {
    uint8_t states, phones; /* pauses counted; not counted */
    uint8_t state[TYPED_STATES_MAX];
};

struct typed_phrase {
    char text[TYPED_TEXT_BYTES]; /* lower case, single spaces */
    uint32_t count;
    struct typed_path paths[TYPED_PATHS_MAX];
};

/* Spell the phrase: letters, spaces and apostrophes. Errors: INVALID_ARGUMENT (nothing to say in
 * it), LIMIT (too long). */
enum status typed_phrase_init(struct typed_phrase *ret_phrase, const char *text,
                              const struct g2p *g2p, struct error *ret_error);

/* What to expect of a phrase, before anybody said it. */
struct typed_outlook {
    uint32_t phones;      /* of the shortest path */
    float surprise;       /* nats: how rare its phones are in a row in running English */
    float threshold;      /* score (typed_spotter.h) for one false alarm an hour of speech */
    float alarms;         /* false alarms an hour of speech expected at that threshold */
    float said;           /* times an hour of speech that people say it anyway; 0: not known */
    const char *weakness; /* why it should not be used, NULL when it may */
};

/* The constants were fitted on background speech, docs/models/wake.md. */
struct typed_outlook typed_phrase_outlook(const struct typed_phrase *phrase);

/* The path as text, "HH EY | L IH N AH T". Writes at most `size` bytes. */
void typed_path_write(const struct typed_path *path, char *ret_text, size_t size);

#endif
