/* Phone scores made from text, to test the search without a net: every phone lasts one to four
 * frames, silence lies between some words, all under noise. Thread: the test's main thread. */
#ifndef LINNET_TESTS_ASR_SYNTHETIC_H
#define LINNET_TESTS_ASR_SYNTHETIC_H

#include "asr_lexicon.h"
#include "harness.h"

enum { SYNTHETIC_FRAMES = 2000, SYNTHETIC_PHONES = 40 };

struct synthetic {
    float scores[SYNTHETIC_FRAMES][SYNTHETIC_PHONES];
    uint32_t frames;
    uint32_t begin[128], end[128]; /* frames of each word */
};

/* Scores of a sentence of known words; `margin` is the true phone's lead over the others, whose
 * noise lies in [-noise, noise]. Fails the test when a word is not in the lexicon. */
void synthetic_speak(struct synthetic *out, const struct asr_lexicon *lexicon, const char *text,
                     const float margin_noise[2], struct test_random *random);

/* Frames of pure noise, or (phone >= 0) of one phone. */
void synthetic_hold(struct synthetic *out, int phone, uint32_t frames, const float margin_noise[2],
                    struct test_random *random);

#endif
