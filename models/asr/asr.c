#include "asr.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "asr_ahead.h"
#include "asr_lexicon.h"
#include "asr_nbest.h"
#include "asr_net.h"
#include "asr_ngram.h"
#include "asr_search.h"
#include "mel_gain.h"

enum { LANGUAGES = 2, WORDS = 8192, TEXT = 1 << 16 };

/* What differs from language model to language model; chosen on held-out speech, see
 * docs/internals/asr.md. An utterance is rejected as not understood when its match plus a quarter
 * of the logarithm of its confidence is below `reject_below`; dictation would rather err than
 * drop. */
static const struct language {
    const char *name;
    float lm_weight, word_bonus, reject_below;
} languages[LANGUAGES] = {
    {"assistant", 1.1f, -0.4f, -0.95f},
    {"general", 0.8f, -1.3f, -1.7f},
};

struct asr_model {
    struct asr_net *net;
    struct asr_lexicon lexicon;
    struct asr_ngram ngram[LANGUAGES];
    struct asr_ahead_base ahead_base[LANGUAGES];
};

struct asr_session {
    const struct asr_model *model;
    unsigned language;
    struct asr_encoder *encoder;
    struct asr_search *search;
    struct asr_own *own; /* NULL: none */
    struct asr_nbest *nbest;
    float scale;
    struct mel_gain gain;
    float *lifted; /* [ASR_FEED_FRAMES][mel_bins] */
    float *rows;   /* [ASR_FEED_ROWS][outputs] */
    bool listed;   /* nbest holds the alternatives of this utterance */
    struct asr_lattice_word path[WORDS];
    struct asr_word word[WORDS];
    char text[TEXT];
    float sorted[WORDS];
};

/* `only` the named one, or all: what a model looks ahead touches all of its pages. */
static enum status read_languages(struct asr_model *m, const struct gguf *language,
                                  const char *only, struct error *ret_error)
{
    uint32_t words;
    TRY(gguf_get_u32(language, "linnet-asr-lm.words", &words, ret_error));
    TRY(asr_lexicon_init(&m->lexicon, language, words, asr_net_info(m->net)->phones, ret_error));
    for (unsigned i = 0; i < LANGUAGES; i++) {
        if (only && strcmp(only, languages[i].name) != 0)
            continue;
        TRY(asr_ngram_init(&m->ngram[i], language, languages[i].name, words, ret_error));
        TRY(asr_ahead_base_init(&m->ahead_base[i], &m->lexicon, &m->ngram[i], ret_error));
    }
    return STATUS_OK;
}

enum status asr_model_create(const struct gguf *acoustic, const struct gguf *language,
                             const char *only, struct asr_model **ret_model,
                             struct error *ret_error)
{
    struct asr_model *m = calloc(1, sizeof *m);
    if (!m)
        return error_set(ret_error, STATUS_NO_MEMORY, "recogniser");
    enum status status = asr_net_create(acoustic, &m->net, ret_error);
    if (status == STATUS_OK)
        status = read_languages(m, language, only, ret_error);
    if (status != STATUS_OK) {
        asr_model_destroy(m);
        return status;
    }
    *ret_model = m;
    return STATUS_OK;
}

void asr_model_destroy(struct asr_model *model)
{
    if (!model)
        return;
    for (unsigned i = 0; i < LANGUAGES; i++)
        asr_ahead_base_finish(&model->ahead_base[i]);
    asr_lexicon_finish(&model->lexicon);
    asr_net_destroy(model->net);
    free(model);
}

float asr_model_lookahead(const struct asr_model *model)
{
    return 0.01f * (float)asr_net_info(model->net)->lookahead;
}

uint32_t asr_model_mel_bins(const struct asr_model *model)
{
    return asr_net_info(model->net)->mel_bins;
}

bool asr_model_knows(const struct asr_model *model, const char *word)
{
    return asr_lexicon_find(&model->lexicon, word) < model->lexicon.words;
}

struct asr_options asr_options_defaults(void)
{
    return (struct asr_options){.language = "assistant"};
}

static enum status find_language(const struct asr_model *model, const char *name,
                                 unsigned *ret_language, struct error *ret_error)
{
    for (unsigned i = 0; i < LANGUAGES; i++) {
        if (strcmp(name, languages[i].name) != 0)
            continue;
        if (!model->ahead_base[i].node)
            return error_set(ret_error, STATUS_NOT_FOUND,
                             "language model '%s': the recogniser was opened for another", name);
        *ret_language = i;
        return STATUS_OK;
    }
    return error_set(ret_error, STATUS_NOT_FOUND,
                     "language model '%s': expected assistant or general", name);
}

static struct asr_search_config search_config(const struct asr_model *model, unsigned language,
                                              const struct asr_options *o)
{
    const struct asr_net_info *info = asr_net_info(model->net);
    struct asr_search_config c = asr_search_defaults();
    c.lexicon = &model->lexicon;
    c.ngram = &model->ngram[language];
    c.ahead_base = &model->ahead_base[language];
    c.phones = info->phones;
    c.outputs = info->outputs;
    c.left_class = info->left_class;
    c.lm_weight = o->lm_weight > 0 ? o->lm_weight : languages[language].lm_weight;
    c.word_bonus = o->word_bonus != 0 ? o->word_bonus : languages[language].word_bonus;
    c.beam = o->beam > 0 ? o->beam : c.beam;
    c.word_beam = o->word_beam > 0 ? o->word_beam : c.word_beam;
    c.max_tokens = o->max_tokens > 0 ? o->max_tokens : c.max_tokens;
    return c;
}

static enum status create_parts(struct asr_session *s, const struct asr_options *options,
                                struct error *ret_error)
{
    const struct asr_net_info *info = asr_net_info(s->model->net);
    TRY(find_language(s->model, options->language, &s->language, ret_error));
    s->scale = options->acoustic_scale > 0 ? options->acoustic_scale : info->acoustic_scale;
    s->rows = malloc((size_t)ASR_FEED_ROWS * info->outputs * sizeof(float));
    s->lifted = malloc((size_t)ASR_FEED_FRAMES * info->mel_bins * sizeof(float));
    if (!s->rows || !s->lifted)
        return error_set(ret_error, STATUS_NO_MEMORY, "recogniser session");
    TRY(asr_encoder_create(s->model->net, &s->encoder, ret_error));
    TRY(asr_nbest_create(&s->nbest, ret_error));
    struct asr_search_config config = search_config(s->model, s->language, options);
    return asr_search_create(&config, &s->search, ret_error);
}

enum status asr_session_create(const struct asr_model *model, const struct asr_options *options,
                               struct asr_session **ret_session, struct error *ret_error)
{
    struct asr_session *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(ret_error, STATUS_NO_MEMORY, "recogniser session");
    s->model = model;
    enum status status = create_parts(s, options, ret_error);
    if (status != STATUS_OK) {
        asr_session_destroy(s);
        return status;
    }
    *ret_session = s;
    return STATUS_OK;
}

void asr_session_destroy(struct asr_session *session)
{
    if (!session)
        return;
    asr_search_destroy(session->search);
    asr_own_destroy(session->own);
    asr_nbest_destroy(session->nbest);
    asr_encoder_destroy(session->encoder);
    free(session->rows);
    free(session->lifted);
    free(session);
}

enum status asr_session_use_words(struct asr_session *session, const struct asr_saying *sayings,
                                  uint32_t count, const struct asr_own_limits *limits,
                                  struct error *ret_error)
{
    static const struct asr_own_limits defaults;
    const struct asr_model *model = session->model;
    struct asr_own *own = NULL;
    if (count > 0)
        TRY(asr_own_create(&model->lexicon, asr_net_info(model->net)->phones, sayings, count,
                           limits ? limits : &defaults, &own, ret_error));
    asr_search_use_own(session->search, own);
    asr_own_destroy(session->own);
    session->own = own;
    asr_session_reset(session);
    return STATUS_OK;
}

void asr_session_reset(struct asr_session *session)
{
    mel_gain_reset(&session->gain);
    asr_encoder_reset(session->encoder);
    asr_search_reset(session->search);
    session->listed = false;
}

/* Log-posteriors to scores, and on into the search. */
static void search_rows(struct asr_session *s, uint32_t rows)
{
    const struct asr_net_info *info = asr_net_info(s->model->net);
    for (uint32_t r = 0; r < rows; r++) {
        float *row = s->rows + (size_t)r * info->outputs;
        for (uint32_t o = 0; o < info->outputs; o++)
            row[o] = s->scale * (row[o] - info->prior[o]);
        asr_search_step(s->search, row);
    }
}

void asr_session_feed(struct asr_session *session, const float *mel, uint32_t frames)
{
    uint32_t bins = asr_net_info(session->model->net)->mel_bins;
    while (frames > 0) {
        uint32_t part = frames < ASR_FEED_FRAMES ? frames : ASR_FEED_FRAMES;
        mel_gain_apply(&session->gain, mel, part, bins, session->lifted);
        search_rows(session,
                    asr_encoder_feed(session->encoder, session->lifted, part, session->rows));
        mel += (size_t)part * bins;
        frames -= part;
    }
}

/* Append a word to a text of `used` bytes; returns the new length. What does not fit is left out.
 */
static size_t append(char *text, size_t used, size_t size, const char *word)
{
    size_t length = strlen(word), space = used > 0;
    if (used + space + length + 1 > size)
        return used;
    if (space)
        text[used] = ' ';
    memcpy(text + used + space, word, length + 1);
    return used + space + length;
}

static const char *text_of(const struct asr_session *s, uint32_t word)
{
    const struct asr_own_word *own = s->own ? asr_own_find(s->own, word) : NULL;
    return own ? own->text : asr_lexicon_word(&s->model->lexicon, word);
}

static struct asr_result describe(struct asr_session *s, uint32_t count)
{
    float row = 0.01f * (float)asr_net_info(s->model->net)->subsampling;
    size_t used = 0;
    s->text[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        const struct asr_lattice_word *w = &s->path[i];
        s->word[i] = (struct asr_word){text_of(s, w->word), row * (float)w->begin,
                                       row * (float)w->end, w->confidence};
        used = append(s->text, used, sizeof s->text, s->word[i].text);
    }
    return (struct asr_result){.text = s->text, .words = s->word, .count = count, .settled = count};
}

struct asr_result asr_session_partial(struct asr_session *session)
{
    uint32_t settled;
    uint32_t count = asr_search_partial(session->search, session->path, WORDS, &settled);
    struct asr_result result = describe(session, count);
    result.settled = settled;
    return result;
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Mean confidence of the least certain third of the words. */
static float overall_confidence(struct asr_session *s, uint32_t count)
{
    float *sorted = s->sorted, sum = 0;
    uint32_t third = (count + 2) / 3;
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = s->word[i].confidence;
    qsort(sorted, count, sizeof *sorted, by_value);
    for (uint32_t i = 0; i < third; i++)
        sum += sorted[i];
    return third ? sum / (float)third : 0;
}

struct asr_result asr_session_finish(struct asr_session *session)
{
    struct asr_session *s = session;
    search_rows(s, asr_encoder_flush(s->encoder, s->rows));
    uint32_t count = asr_search_finish(s->search, s->path, WORDS);
    struct asr_result result = describe(s, count);
    result.confidence = overall_confidence(s, count);
    result.match = asr_search_match(s->search);
    float trust = result.match + 0.25f * logf(fmaxf(result.confidence, 1e-3f));
    result.rejected = count == 0 || trust < languages[s->language].reject_below;
    return result;
}

bool asr_session_alternative(struct asr_session *session, uint32_t index, char *ret_text,
                             size_t size, float *ret_score)
{
    struct asr_session *s = session;
    if (!s->listed) {
        uint32_t final;
        struct asr_lattice *lattice = asr_search_lattice(s->search, &final);
        asr_nbest_list(s->nbest, lattice, final);
        s->listed = true;
    }
    struct asr_nbest_sentence sentence;
    if (!asr_nbest_get(s->nbest, index, &sentence))
        return false;
    size_t used = 0;
    if (size > 0)
        ret_text[0] = '\0';
    for (uint32_t i = 0; i < sentence.count; i++)
        used = append(ret_text, used, size, text_of(s, sentence.words[i]));
    *ret_score = sentence.score;
    return true;
}

struct asr_ending asr_session_ending(const struct asr_session *session)
{
    float row = 0.01f * (float)asr_net_info(session->model->net)->subsampling;
    struct asr_search_ending e = asr_search_ending(session->search);
    return (struct asr_ending){e.end_probability, e.margin, row * (float)e.silence, e.words};
}

float asr_end_of_sentence_score(const struct asr_session *session)
{
    struct asr_ending ending = asr_session_ending(session);
    return ending.words ? ending.end_probability * expf(fmaxf(ending.margin, -30)) : 0;
}
