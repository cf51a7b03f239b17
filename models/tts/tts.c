#include "tts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "normalise.h"
#include "tts_phrase.h"
#include "vocoder.h"

enum {
    WORDS_SIZE = 4 * TTS_TEXT_MAX,
    FEATURES_MAX = TTS_BANDS_MAX + TTS_EXTRA,
    CHUNK = 32,             /* frames decoded at a time */
    OPENING_FRAMES = 5,     /* silence before the first word */
    BETWEEN_SENTENCES = 16, /* frames added to the silence between two sentences */
    PHONE_FRAMES_MAX = 150,
    RISE_FRAMES = 36 /* a question rises over its last 0.4 s */
};

/* The recordings hold no questions: their rise is ours. */
static const float rise_octaves = 0.5f;

struct tts_model {
    struct gguf *voice_file, *text_file;
    struct lexicon *lexicon;
    struct g2p *g2p;
    struct tts_weights weights;
    float sharpen;     /* post-filter, see sharpen() */
    float melody_gain; /* on log F0 around its mean: regression flattens it */
};

struct tts_session {
    const struct tts_model *model;
    struct tts_options options;
    struct tts_net *net;
    struct vocoder *vocoder;
    struct tts_sentence sentence;
    char words[WORDS_SIZE];
    const char *cursor;                  /* what is still to be said of words */
    size_t sentence_frames, frames_done; /* of this sentence */
    size_t chunk, chunk_used;            /* decoded frames, and those of them spoken */
    size_t pushed;                       /* frames given to the vocoder */
    size_t drained;                      /* of VOCODER_DELAY, at the end */
    size_t block_left;                   /* samples of block not yet pulled */
    bool speaking;
    struct vocoder_frame frame;
    float block[TTS_BLOCK];
    float features[CHUNK * FEATURES_MAX];
    uint16_t durations[TTS_PHONES_MAX];
};

/* ---- model ---- */

static enum status check_voice(const struct tts_model *m, struct error *ret_error)
{
    const struct tts_weights *w = &m->weights;
    struct gguf_string vocoder;
    TRY(gguf_get_string(m->voice_file, "linnet-tts.vocoder", &vocoder, ret_error));
    if (vocoder.length != 5 || memcmp(vocoder.data, "pulse", 5) != 0 || w->bands != VOCODER_BANDS ||
        w->hop != VOCODER_HOP || w->rate != VOCODER_RATE)
        return error_set(ret_error, STATUS_UNSUPPORTED,
                         "%s: expected the vocoder \"pulse\" with %d bands, hop %d, %d Hz",
                         gguf_name(m->voice_file), VOCODER_BANDS, VOCODER_HOP, VOCODER_RATE);
    return STATUS_OK;
}

static enum status open_model(const struct tts_files *files, struct tts_model *m,
                              struct error *ret_error)
{
    TRY(gguf_create_from_file(files->text, &m->text_file, ret_error));
    TRY(lexicon_create(m->text_file, &m->lexicon, ret_error));
    TRY(g2p_create(m->text_file, m->lexicon, &m->g2p, ret_error));
    TRY(gguf_create_from_file(files->voice, &m->voice_file, ret_error));
    TRY(tts_weights_init(&m->weights, m->voice_file, ret_error));
    m->sharpen = gguf_f32_or(m->voice_file, "linnet-tts.sharpen", 0.0f);
    m->melody_gain = gguf_f32_or(m->voice_file, "linnet-tts.melody_gain", 1.0f);
    return check_voice(m, ret_error);
}

enum status tts_model_create(const struct tts_files *files, struct tts_model **ret_model,
                             struct error *ret_error)
{
    struct tts_model *m = calloc(1, sizeof(*m));
    if (m == NULL)
        return error_set(ret_error, STATUS_NO_MEMORY, "voice: out of memory");
    enum status s = open_model(files, m, ret_error);
    if (s != STATUS_OK) {
        tts_model_destroy(m);
        return s;
    }
    *ret_model = m;
    return STATUS_OK;
}

void tts_model_destroy(struct tts_model *m)
{
    if (m == NULL)
        return;
    tts_weights_finish(&m->weights);
    g2p_destroy(m->g2p);
    lexicon_destroy(m->lexicon);
    gguf_destroy(m->voice_file);
    gguf_destroy(m->text_file);
    free(m);
}

/* ---- session ---- */

static bool take_option(float given, float low, float high, float *ret)
{
    if (given == 0.0f)
        return true;
    *ret = given;
    return given >= low && given <= high;
}

enum status tts_session_create(const struct tts_model *model, const struct tts_options *options,
                               struct tts_session **ret_session, struct error *ret_error)
{
    struct tts_options o = {1.0f, 1.0f, 1.0f};
    if (options != NULL && !(take_option(options->speed, 0.5f, 2.0f, &o.speed) &&
                             take_option(options->pitch, 0.7f, 1.4f, &o.pitch) &&
                             take_option(options->volume, 0.0f, 2.0f, &o.volume)))
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "voice: expected speed 0.5 to 2, pitch 0.7 to 1.4, volume 0 to 2");
    struct tts_session *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return error_set(ret_error, STATUS_NO_MEMORY, "voice: out of memory");
    s->model = model;
    s->options = o;
    enum status status = tts_net_create(&model->weights, &s->net, ret_error);
    if (status == STATUS_OK)
        status = vocoder_create(&s->vocoder, ret_error);
    if (status != STATUS_OK) {
        tts_session_destroy(s);
        return status;
    }
    tts_reset(s);
    *ret_session = s;
    return STATUS_OK;
}

void tts_session_destroy(struct tts_session *s)
{
    if (s == NULL)
        return;
    tts_net_destroy(s->net);
    vocoder_destroy(s->vocoder);
    free(s);
}

void tts_reset(struct tts_session *s)
{
    s->words[0] = '\0';
    s->cursor = s->words;
    s->sentence_frames = s->frames_done = 0;
    s->chunk = s->chunk_used = 0;
    s->pushed = s->drained = s->block_left = 0;
    s->speaking = false;
    vocoder_reset(s->vocoder);
}

enum status tts_begin(struct tts_session *s, const char *text, struct error *ret_error)
{
    tts_reset(s);
    TRY(normalise_text(text, s->words, sizeof(s->words), ret_error));
    s->speaking = true;
    return STATUS_OK;
}

/* ---- durations ---- */

static bool more_words(const char *cursor)
{
    return cursor[strspn(cursor, " ,.?!")] != '\0';
}

/* Whole frames for each phone at this stretch; the rounding error is carried on. Returns the sum.
 */
static size_t round_durations(struct tts_session *s, float stretch)
{
    const float *logs = tts_net_durations(s->net);
    size_t total = 0;
    float carry = 0.0f;
    for (size_t i = 0; i < s->sentence.count; i++) {
        float wanted = expf(logs[i]) * stretch;
        wanted = wanted < PHONE_FRAMES_MAX ? wanted : PHONE_FRAMES_MAX;
        float frames = floorf(wanted + carry + 0.5f);
        frames = frames < 1.0f ? 1.0f : frames;
        carry = fmaxf(-1.0f, fminf(1.0f, carry + wanted - frames));
        s->durations[i] = (uint16_t)frames;
        total += s->durations[i];
    }
    return total;
}

static size_t plan_durations(struct tts_session *s)
{
    size_t last = s->sentence.count - 1;
    size_t reserve = BETWEEN_SENTENCES + 1;
    float stretch = 1.0f / s->options.speed;
    size_t total = round_durations(s, stretch);
    for (int i = 0; i < 4 && total + reserve > TTS_FRAMES_MAX; i++) {
        stretch *= 0.95f * (float)(TTS_FRAMES_MAX - reserve) / (float)total;
        total = round_durations(s, stretch);
    }
    if (s->pushed == 0 && s->durations[0] > OPENING_FRAMES) {
        total -= s->durations[0] - OPENING_FRAMES;
        s->durations[0] = OPENING_FRAMES;
    }
    size_t extra = more_words(s->cursor) ? BETWEEN_SENTENCES : 0;
    extra += (total + extra) % TTS_PAIR;
    s->durations[last] = (uint16_t)(s->durations[last] + extra);
    return total + extra;
}

static bool begin_sentence(struct tts_session *s)
{
    if (!tts_phrase_next(s->model->g2p, &s->cursor, &s->sentence))
        return false;
    tts_net_encode(s->net, s->sentence.phones, s->sentence.count);
    s->sentence_frames = plan_durations(s);
    s->frames_done = 0;
    return tts_net_begin(s->net, s->durations) == STATUS_OK;
}

/* ---- frames ---- */

/* Regression blurs the envelope: push each band away from the mean of its neighbours, keeping the
 * frame's level. */
static void sharpen(const float *envelope, float amount, float *ret)
{
    float shift = 0.0f;
    for (size_t i = 0; i < VOCODER_BANDS; i++) {
        float sum = 0.0f;
        size_t count = 0;
        for (size_t k = i < 5 ? 0 : i - 5; k <= i + 5 && k < VOCODER_BANDS; k++, count++)
            sum += envelope[k];
        ret[i] = envelope[i] + amount * (envelope[i] - sum / (float)count);
        shift += envelope[i] - ret[i];
    }
    for (size_t i = 0; i < VOCODER_BANDS; i++)
        ret[i] += shift / VOCODER_BANDS;
}

/* How far into its final rise a question is, 0..1: up to the closing silence. */
static float rise_at(const struct tts_session *s)
{
    size_t end = s->sentence_frames - s->durations[s->sentence.count - 1];
    if (s->sentence.ending != TTS_ENDING_RISE || s->frames_done + RISE_FRAMES < end)
        return 0.0f;
    float course = (float)(s->frames_done + RISE_FRAMES - end) / RISE_FRAMES;
    return course < 1.0f ? course : 1.0f;
}

static void shape_frame(struct tts_session *s, const float *features)
{
    struct vocoder_frame *f = &s->frame;
    const float *rest = features + VOCODER_BANDS;
    float mean = s->model->weights.mean[VOCODER_BANDS];
    float melody =
        mean + s->model->melody_gain * (rest[0] - mean) + rise_octaves * (float)M_LN2 * rise_at(s);
    sharpen(features, s->model->sharpen, f->envelope);
    f->f0 = expf(melody) * s->options.pitch;
    f->voiced = rest[1] > 0.5f;
    memcpy(f->aperiodicity, rest + 2, sizeof(f->aperiodicity));
}

/* Next frame of the text into s->frame; false at the end. */
static bool next_frame(struct tts_session *s)
{
    if (s->chunk_used == s->chunk) {
        s->chunk = s->chunk_used = 0;
        if (s->frames_done == s->sentence_frames && !begin_sentence(s))
            return false;
        s->chunk = tts_net_decode(s->net, s->features, CHUNK);
        if (s->chunk == 0)
            return false;
    }
    shape_frame(s, s->features + s->chunk_used * tts_features(&s->model->weights));
    s->chunk_used++;
    s->frames_done++;
    return true;
}

static void finish_block(struct tts_session *s)
{
    for (size_t i = 0; i < TTS_BLOCK; i++) {
        float x = s->block[i] * s->options.volume;
        s->block[i] = x < -1.0f ? -1.0f : x > 1.0f ? 1.0f : x;
    }
    s->block_left = TTS_BLOCK;
}

/* Make the next block; false when all is said. */
static bool make_block(struct tts_session *s)
{
    while (s->speaking) {
        if (!next_frame(s)) {
            if (s->drained == VOCODER_DELAY || s->pushed == 0) {
                s->speaking = false;
                return false;
            }
            s->drained++;
        }
        vocoder_push(s->vocoder, &s->frame, s->block);
        if (s->pushed++ >= VOCODER_DELAY) {
            finish_block(s);
            return true;
        }
    }
    return false;
}

size_t tts_pull(struct tts_session *s, float *ret_samples, size_t count)
{
    size_t given = 0;
    while (given < count && (s->block_left > 0 || make_block(s))) {
        size_t n = count - given < s->block_left ? count - given : s->block_left;
        memcpy(ret_samples + given, s->block + TTS_BLOCK - s->block_left, n * sizeof(float));
        s->block_left -= n;
        given += n;
    }
    return given;
}
