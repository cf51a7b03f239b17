#include "asr_synthetic.h"

#include <stdio.h>
#include <string.h>

void synthetic_hold(struct synthetic *out, int phone, uint32_t frames, const float margin_noise[2],
                    struct test_random *random)
{
    for (uint32_t f = 0; f < frames; f++) {
        float *row = out->scores[out->frames];
        CHECK(out->frames < SYNTHETIC_FRAMES);
        for (int p = 0; p < SYNTHETIC_PHONES; p++)
            row[p] = margin_noise[1] * test_random_float(random) -
                     (p == phone || phone < 0 ? 0 : margin_noise[0]);
        out->frames++;
    }
}

/* Phones of a random pronunciation, from the first to the last. */
static uint32_t pronounce(const struct asr_lexicon *l, uint32_t word, uint8_t *phones,
                          struct test_random *random)
{
    uint32_t first = l->first_place[word], count = 0;
    uint32_t place = (uint32_t)test_random_range(random, first, l->first_place[word + 1] - 1);
    for (uint32_t n = l->place[place]; n != 0; n = l->parent[n])
        phones[count++] = l->phone[n];
    for (uint32_t i = 0; i < count / 2; i++) {
        uint8_t t = phones[i];
        phones[i] = phones[count - 1 - i];
        phones[count - 1 - i] = t;
    }
    return count;
}

void synthetic_speak(struct synthetic *out, const struct asr_lexicon *lexicon, const char *text,
                     const float margin_noise[2], struct test_random *random)
{
    char copy[1024], *rest = NULL;
    uint8_t phones[64], last = 0;
    uint32_t words = 0;
    out->frames = 0;
    CHECK(strlen(text) < sizeof copy);
    memcpy(copy, text, strlen(text) + 1);
    synthetic_hold(out, 0, (uint32_t)test_random_range(random, 2, 10), margin_noise, random);
    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
        uint32_t word = asr_lexicon_find(lexicon, w);
        if (word == lexicon->words)
            test_fail(__FILE__, __LINE__, "the word '%s' is not in the lexicon", w);
        uint32_t count = pronounce(lexicon, word, phones, random);
        /* Two equal phones in a row merge into one without the silence. */
        if (words > 0 && (phones[0] == last || test_random_range(random, 0, 3) == 0))
            synthetic_hold(out, 0, (uint32_t)test_random_range(random, 1, 8), margin_noise, random);
        CHECK(words < 128);
        out->begin[words] = out->frames;
        for (uint32_t i = 0; i < count; i++)
            synthetic_hold(out, phones[i], (uint32_t)test_random_range(random, 1, 4), margin_noise,
                           random);
        last = phones[count - 1];
        out->end[words++] = out->frames;
    }
    synthetic_hold(out, 0, (uint32_t)test_random_range(random, 3, 12), margin_noise, random);
}
