/* Words of the user's own: names of people, rooms and playlists that must be heard although the
 * lexicon lacks them or the language model hardly expects them.
 *
 * They form a class. After any state it may come by backing off, and a word has its share of it:
 *
 *     ln P(word | state) = back-off weights of the state down to the empty one + weight of the word
 *
 * A word that the lexicon has keeps its number; it is as likely as the class says or as the model
 * says plus a boost, whichever is more. All others are numbered from `first` on. Their sounds are a
 * second prefix tree beside the lexicon's. Both the share of the class and the boost are bounded,
 * so that a word that was not said stays out; short words, which much else sounds like, weigh less.
 *
 * Thread: control for create and destroy; any for the others (read-only, audio-rt safe). */
#ifndef LINNET_MODELS_ASR_OWN_H
#define LINNET_MODELS_ASR_OWN_H

#include <stdint.h>

#include "asr_lexicon.h"
#include "asr_ngram.h"
#include "status.h"

/* Most ways to say own words, most bytes of a text, most phones of a way. */
enum { ASR_OWN_SAYINGS = 20000, ASR_OWN_TEXT = 128, ASR_OWN_PHONES = 128 };

/* One way to say one own word or phrase; the same text again is another way. */
struct asr_saying {
    const char *text;      /* as it is written: UTF-8, single spaces */
    const uint8_t *phones; /* without silence; NULL: as the lexicon has it */
    uint32_t count;
};

struct asr_own_node {
    uint32_t child, sibling; /* 0: none */
    uint32_t ending;         /* first of a list; 0: none */
    float best;              /* largest weight of a word below */
    uint8_t phone;
};

struct asr_own_ending {
    uint32_t word; /* number */
    uint32_t next; /* 0: none */
};

struct asr_own_word {
    const char *text;
    uint32_t number; /* in the lexicon, or first + its place here */
    uint32_t after;  /* state after a new word: its last part, if the lexicon has that, or EMPTY */
    float weight;    /* ln of its share of all words */
};

struct asr_own {
    uint32_t first; /* new words are numbered from here on */
    uint32_t words, nodes, endings;
    struct asr_own_word *word;     /* sorted by text */
    struct asr_own_node *node;     /* 0 is the root */
    struct asr_own_ending *ending; /* from 1 on */
    uint16_t *place;               /* [words of the lexicon] index into word + 1; 0: not own */
    char *text;
    float boost;
};

/* Bounds, chosen by measurement: docs/internals/asr.md. 0 stands for the default. */
struct asr_own_limits {
    float share; /* of all words together, and of one of them at most (a fifth of it) */
    float boost; /* ln; of words that the lexicon has */
};

/* Copies what it needs of `sayings`; `phones` is the size of the phone set. Errors:
 * INVALID_ARGUMENT (an empty or malformed text, an unknown phone, no phones for a new word), LIMIT,
 * NO_MEMORY. */
enum status asr_own_create(const struct asr_lexicon *lexicon, uint32_t phones,
                           const struct asr_saying *sayings, uint32_t count,
                           const struct asr_own_limits *limits, struct asr_own **ret_own,
                           struct error *ret_error);
void asr_own_destroy(struct asr_own *own);

/* The own word with this number, or NULL. */
const struct asr_own_word *asr_own_find(const struct asr_own *own, uint32_t number);

/* ln P(own word | state) and the state after it (ret_next may be NULL). */
float asr_own_score(const struct asr_own *own, const struct asr_ngram *ngram, uint32_t state,
                    const struct asr_own_word *word, uint32_t *ret_next);

/* Weight of backing off from a state to the empty one: what a weight is added to. */
float asr_own_back_off(const struct asr_ngram *ngram, uint32_t state);

#endif
