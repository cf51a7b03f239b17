/* Files of the recogniser as the tests use them. Everything stays open until the test's process
 * ends. Thread: the test's main thread. */
#ifndef LINNET_TESTS_ASR_FIXTURE_H
#define LINNET_TESTS_ASR_FIXTURE_H

#include "asr_ahead.h"
#include "asr_lexicon.h"
#include "asr_net.h"
#include "asr_ngram.h"
#include "asr_search.h"
#include "gguf.h"

/* A file of the source tree, such as "tests/data/asr_tiny.gguf"; the test fails when it cannot be
 * read. */
struct gguf *fixture_gguf(const char *relative);

/* A lexicon with one language model. */
struct fixture_language {
    struct gguf *gguf;
    struct asr_lexicon lexicon;
    struct asr_ngram ngram;
    struct asr_ahead_base base;
};
/* From the committed file, or from another of the source tree. */
void fixture_language(struct fixture_language *ret_language, const char *name);
void fixture_language_of(struct fixture_language *ret_language, const char *file, const char *name);

/* The search's defaults over a language, for scores of 40 phones (or 40 outputs a class). */
struct asr_search_config fixture_search(const struct fixture_language *language);

/* A dump of the training code: mel frames in, log-posteriors out. */
struct fixture_reference {
    uint32_t frames, bins, rows, outputs;
    float *mel, *logp;
};
struct fixture_reference fixture_reference(const char *relative);

#endif
