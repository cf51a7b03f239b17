#include "phrase_rate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "asr_lexicon.h"
#include "asr_ngram.h"
#include "phones.h"

#define WORDS_AN_HOUR 9000.0f
#define UNKNOWN (-16.1f) /* ln 1e-7 */

enum { PHRASE_BYTES = 256 };

static float log_probability(const struct asr_lexicon *lexicon, const struct asr_ngram *ngram,
                             const char *phrase)
{
    char words[PHRASE_BYTES], *rest = NULL;
    uint32_t state = ASR_NGRAM_EMPTY;
    float total = 0;
    snprintf(words, sizeof(words), "%s", phrase);
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        uint32_t number = asr_lexicon_find(lexicon, word);
        bool known = number < lexicon->words;
        total += known ? asr_ngram_score(ngram, state, number, &state) : UNKNOWN;
        state = known ? state : ASR_NGRAM_EMPTY;
    }
    return total;
}

static enum status rate_in(const struct gguf *file, const char *phrase, float *ret_rate,
                           struct error *ret_error)
{
    uint32_t words;
    struct asr_lexicon lexicon;
    struct asr_ngram ngram;
    TRY(gguf_get_u32(file, "linnet-asr-lm.words", &words, ret_error));
    TRY(asr_ngram_init(&ngram, file, "general", words, ret_error));
    TRY(asr_lexicon_init(&lexicon, file, words, PHONE_COUNT, ret_error));
    *ret_rate = WORDS_AN_HOUR * expf(log_probability(&lexicon, &ngram, phrase));
    asr_lexicon_finish(&lexicon);
    return STATUS_OK;
}

enum status phrase_rate(const char *language_path, const char *phrase, float *ret_rate,
                        struct error *ret_error)
{
    struct gguf *file;
    TRY(gguf_create_from_file(language_path, &file, ret_error));
    enum status status = rate_in(file, phrase, ret_rate, ret_error);
    gguf_destroy(file);
    return status;
}
