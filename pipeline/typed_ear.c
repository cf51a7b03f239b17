#include "typed_ear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "asr_net.h"
#include "g2p.h"
#include "gguf.h"
#include "lexicon.h"
#include "mel_gain.h"
#include "phrase_rate.h"
#include "typed_spotter.h"

/* One step of faint speech opens the gate; 60 frames are more than the net's look-ahead and than
 * the pause between two words of a phrase. */
#define GATE_OPEN 0.3f
#define GATE_STAY 0.2f
#define SAID_TOO_OFTEN 0.5f /* times an hour of speech */
enum { PRE_ROLL = 40, GATE_CLOSE = 60 };

struct typed_ear {
    struct gguf *acoustic;
    struct asr_net *net;
    struct asr_encoder *encoder;
    struct typed_spotter *spotter;
    struct typed_phrase phrase;
    struct typed_outlook outlook;
    bool open;
    uint32_t quiet;       /* frames without speech since the gate opened */
    uint64_t start, next; /* first frame of this stretch; first one not yet fed */
    uint64_t heard;
    float threshold, score;
    struct mel_gain gain;
    float *rows;                         /* ASR_FEED_ROWS of the net */
    float pre_roll[PRE_ROLL][MEL_BANDS]; /* frame t at t % PRE_ROLL */
};

static enum status spell(struct typed_ear *ear, const struct typed_ear_config *config,
                         struct error *ret_error)
{
    struct gguf *file = NULL;
    struct lexicon *lexicon = NULL;
    struct g2p *g2p = NULL;
    TRY(gguf_create_from_file(config->lexicon_path, &file, ret_error));
    enum status status = lexicon_create(file, &lexicon, ret_error);
    if (status == STATUS_OK)
        status = g2p_create(file, lexicon, &g2p, ret_error);
    if (status == STATUS_OK)
        status = typed_phrase_init(&ear->phrase, config->phrase, g2p, ret_error);
    g2p_destroy(g2p);
    lexicon_destroy(lexicon);
    gguf_destroy(file);
    return status;
}

static enum status judge(struct typed_ear *ear, const struct typed_ear_config *config,
                         struct error *ret_error)
{
    struct typed_outlook *outlook = &ear->outlook;
    *outlook = typed_phrase_outlook(&ear->phrase);
    if (config->language_path)
        TRY(phrase_rate(config->language_path, ear->phrase.text, &outlook->said, ret_error));
    if (!outlook->weakness && outlook->said > SAID_TOO_OFTEN)
        outlook->weakness = "too common: people say it anyway, every other hour or more";
    if (!ear->outlook.weakness || config->force)
        return STATUS_OK;
    return error_set(ret_error, STATUS_INVALID_ARGUMENT, "wake word \"%s\": %s", ear->phrase.text,
                     ear->outlook.weakness);
}

static enum status prepare(struct typed_ear *ear, const struct typed_ear_config *config,
                           struct error *ret_error)
{
    TRY(spell(ear, config, ret_error));
    TRY(judge(ear, config, ret_error));
    TRY(gguf_create_from_file(config->acoustic_path, &ear->acoustic, ret_error));
    TRY(asr_net_create(ear->acoustic, &ear->net, ret_error));
    TRY(asr_encoder_create(ear->net, &ear->encoder, ret_error));
    const struct asr_net_info *info = asr_net_info(ear->net);
    if (info->mel_bins != MEL_BANDS)
        return error_set(ret_error, STATUS_UNSUPPORTED, "%s: hears %u bands, expected %d",
                         config->acoustic_path, info->mel_bins, MEL_BANDS);
    ear->rows = calloc((size_t)ASR_FEED_ROWS * info->outputs, sizeof(float));
    if (!ear->rows)
        return error_set(ret_error, STATUS_NO_MEMORY, "typed wake word: out of memory");
    ear->threshold = config->threshold != 0 ? config->threshold : ear->outlook.threshold;
    return typed_spotter_create(&ear->phrase, ear->threshold, info, &ear->spotter, ret_error);
}

enum status typed_ear_create(const struct typed_ear_config *config, struct typed_ear **ret_ear,
                             struct error *ret_error)
{
    struct typed_ear *ear = calloc(1, sizeof(*ear));
    if (!ear)
        return error_set(ret_error, STATUS_NO_MEMORY, "typed wake word: out of memory");
    enum status status = prepare(ear, config, ret_error);
    if (status != STATUS_OK) {
        typed_ear_destroy(ear);
        return status;
    }
    *ret_ear = ear;
    return STATUS_OK;
}

void typed_ear_destroy(struct typed_ear *ear)
{
    if (!ear)
        return;
    typed_spotter_destroy(ear->spotter);
    asr_encoder_destroy(ear->encoder);
    asr_net_destroy(ear->net);
    gguf_destroy(ear->acoustic);
    free(ear->rows);
    free(ear);
}

/* One frame through the net and what comes out of it through the spotter. */
static bool feed(struct typed_ear *ear, const float *mel, struct typed_ear_hit *ret_hit)
{
    const struct asr_net_info *info = asr_net_info(ear->net);
    bool found = false;
    float lifted[MEL_BANDS];
    mel_gain_apply(&ear->gain, mel, 1, MEL_BANDS, lifted);
    uint32_t rows = asr_encoder_feed(ear->encoder, lifted, 1, ear->rows);
    ear->heard++;
    for (uint32_t r = 0; r < rows; r++) {
        struct typed_hit hit;
        if (typed_spotter_step(ear->spotter, ear->rows + (size_t)r * info->outputs, &hit)) {
            ret_hit->score = hit.score;
            ret_hit->end = ear->start + hit.end * info->subsampling - 1;
            found = true;
        }
        ear->score = fmaxf(ear->score, typed_spotter_score(ear->spotter));
    }
    return found;
}

static void open_gate(struct typed_ear *ear, uint64_t index)
{
    ear->open = true;
    ear->start = index >= PRE_ROLL ? index - PRE_ROLL + 1 : 0;
    if (ear->start < ear->next)
        ear->start = ear->next;
    mel_gain_reset(&ear->gain);
    asr_encoder_reset(ear->encoder);
    typed_spotter_reset(ear->spotter, 0);
    ear->next = ear->start;
}

bool typed_ear_hear(struct typed_ear *ear, uint64_t index, const float mel[MEL_BANDS], float speech,
                    struct typed_ear_hit *ret_hit)
{
    bool found = false;
    ear->score = -INFINITY;
    memcpy(ear->pre_roll[index % PRE_ROLL], mel, sizeof(ear->pre_roll[0]));
    if (!ear->open && speech >= GATE_OPEN)
        open_gate(ear, index);
    ear->quiet = speech >= GATE_STAY ? 0 : ear->quiet + 1;
    if (!ear->open)
        return false;
    for (; ear->next <= index; ear->next++)
        found |= feed(ear, ear->pre_roll[ear->next % PRE_ROLL], ret_hit);
    ear->open = ear->quiet < GATE_CLOSE;
    return found;
}

const struct typed_phrase *typed_ear_phrase(const struct typed_ear *ear)
{
    return &ear->phrase;
}

const struct typed_outlook *typed_ear_outlook(const struct typed_ear *ear)
{
    return &ear->outlook;
}

float typed_ear_score(const struct typed_ear *ear)
{
    return ear->score;
}

float typed_ear_threshold(const struct typed_ear *ear)
{
    return ear->threshold;
}

uint64_t typed_ear_heard(const struct typed_ear *ear)
{
    return ear->heard;
}
