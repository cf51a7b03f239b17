#include "ears.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asr.h"
#include "asr_recogniser.h"
#include "personal_words.h"

/* Requests are more regular than dictation, and a wrong word in one costs a wrong action: lean on
 * the language model more than the recogniser's default does. */
#define REQUEST_LM_WEIGHT 1.1f

/* Speech that counts as words where there is no recogniser. */
enum { WORDS_MS = 200, FRAME_MS = 10 };

struct ears {
    struct asr_recogniser recogniser;
    struct asr_session *session; /* of the recogniser; NULL: none */
    struct endpoint_config endpoint_config;
    struct endpoint endpoint;
    enum endpoint_decision decision;
    bool listening;
    int pause_ms;                  /* length of the pause so far, 0 in speech */
    int speech_ms;                 /* of the request */
    bool judged;                   /* end_score is about the partial last handed out */
    float end_score;               /* of the language model, log-odds */
    char shown[LINNET_TEXT_BYTES]; /* partial last handed out */
    uint64_t next;                 /* index of the frame that comes next */
    float pre_roll[EARS_PRE_ROLL_FRAMES][MEL_BANDS]; /* frame t at t % EARS_PRE_ROLL_FRAMES */
};

static enum status prepare(struct ears *ears, const struct ears_config *config,
                           struct error *ret_error)
{
    if (!config->model && !config->model_path)
        return STATUS_OK;
    struct asr_options options = asr_options_defaults();
    if (config->language)
        options.language = config->language;
    if (strcmp(options.language, "assistant") == 0)
        options.lm_weight = REQUEST_LM_WEIGHT;
    const struct asr_model *model = config->model;
    if (model) {
        TRY(asr_session_create(model, &options, &ears->recogniser.session, ret_error));
    } else {
        TRY(asr_recogniser_init(&ears->recogniser, config->model_path, config->language_path,
                                &options, ret_error));
        model = ears->recogniser.model;
    }
    ears->session = ears->recogniser.session;
    uint32_t bins = asr_model_mel_bins(model);
    if (bins != MEL_BANDS)
        return error_set(ret_error, STATUS_UNSUPPORTED, "%s: hears %u bands, expected %d",
                         config->model_path ? config->model_path : "recogniser", bins, MEL_BANDS);
    if (!config->words)
        return STATUS_OK;
    return personal_words_teach(config->words, config->lexicon_path, model, ears->session,
                                ret_error);
}

enum status ears_create(const struct ears_config *config, struct ears **ret_ears,
                        struct error *ret_error)
{
    struct ears *ears = calloc(1, sizeof(*ears));
    if (!ears)
        return error_set(ret_error, STATUS_NO_MEMORY, "ears: out of memory");
    ears->endpoint_config = config->endpoint;
    enum status status = prepare(ears, config, ret_error);
    if (status != STATUS_OK) {
        ears_destroy(ears);
        return status;
    }
    *ret_ears = ears;
    return STATUS_OK;
}

void ears_destroy(struct ears *ears)
{
    if (!ears)
        return;
    asr_recogniser_finish(&ears->recogniser);
    free(ears);
}

/* The wake word may still sound at the beginning of the request; it is not part of it. */
static const char *skip_wake_words(const char *text)
{
    static const char *const words[] = {"hey", "jarvis", "computer"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t n = strlen(words[i]);
        if (strncmp(text, words[i], n) == 0 && (text[n] == ' ' || text[n] == '\0'))
            text += n + (text[n] == ' ');
    }
    return text;
}

/* How sure it is that the request is over, 0..1. The language model has read all of it: below
 * log-odds of -6 a request goes on; from -1 on, a pause is likelier its end than a hesitation.
 * Without its judgement (a model that cannot tell, or words too new) the recogniser's n-gram has to
 * do: it hears silence behind a whole word, and sentences end there. Where many go on ("set a
 * timer" ...) and some end, one in seven is plenty. */
static float sentence_end(const struct ears *ears, const struct asr_ending *ending)
{
    const float plenty = 0.15f, low = -6.0f, high = -1.0f;
    if (ending->words == 0)
        return 0;
    if (ears->judged)
        return fminf(fmaxf((ears->end_score - low) / (high - low), 0), 1);
    return ending->silence > 0 ? fminf(ending->end_probability / plenty, 1) : 0;
}

/* The pause is the frame's as the net saw it, not as the hangover smooths it. */
static void judge(struct ears *ears)
{
    struct asr_ending ending = {.words = ears->speech_ms >= WORDS_MS};
    if (ears->session)
        ending = asr_session_ending(ears->session);
    ears->decision = endpoint_step(&ears->endpoint, ears->pause_ms, ending.words > 0,
                                   sentence_end(ears, &ending));
}

void ears_hear(struct ears *ears, const struct front_frame *frame)
{
    memcpy(ears->pre_roll[frame->index % EARS_PRE_ROLL_FRAMES], frame->mel, sizeof(frame->mel));
    ears->next = frame->index + 1;
    if (!ears->listening)
        return;
    if (ears->session)
        asr_session_feed(ears->session, frame->mel, 1);
    ears->pause_ms = FRAME_MS * (int)frame->silent_frames;
    ears->speech_ms += ears->pause_ms == 0 ? FRAME_MS : 0;
    judge(ears);
}

void ears_listen(struct ears *ears, uint64_t from)
{
    uint64_t oldest = ears->next > EARS_PRE_ROLL_FRAMES ? ears->next - EARS_PRE_ROLL_FRAMES : 0;
    if (ears->session)
        asr_session_reset(ears->session);
    endpoint_init(&ears->endpoint, &ears->endpoint_config);
    ears->decision = ENDPOINT_WAIT;
    ears->shown[0] = '\0';
    ears->judged = false;
    ears->pause_ms = ears->speech_ms = 0;
    ears->listening = true;
    for (uint64_t t = from > oldest ? from : oldest; ears->session && t < ears->next; t++)
        asr_session_feed(ears->session, ears->pre_roll[t % EARS_PRE_ROLL_FRAMES], 1);
}

void ears_deafen(struct ears *ears)
{
    ears->listening = false;
    ears->decision = ENDPOINT_WAIT;
}

enum endpoint_decision ears_decision(const struct ears *ears)
{
    return ears->decision;
}

void ears_judge_end(struct ears *ears, float end_score)
{
    ears->judged = true;
    ears->end_score = end_score;
}

bool ears_partial(struct ears *ears, char *ret_text, size_t size)
{
    if (!ears->listening || !ears->session)
        return false;
    const char *text = skip_wake_words(asr_session_partial(ears->session).text);
    if (!*text || strcmp(text, ears->shown) == 0)
        return false;
    snprintf(ears->shown, sizeof(ears->shown), "%s", text);
    ears->judged = false;
    snprintf(ret_text, size, "%s", text);
    return true;
}

bool ears_has_words(const struct ears *ears)
{
    return ears->session != NULL;
}

void ears_finish(struct ears *ears, struct ears_result *ret_result)
{
    ears->listening = false;
    *ret_result = (struct ears_result){0};
    if (!ears->session)
        return;
    struct asr_result final = asr_session_finish(ears->session);
    const char *text = final.rejected ? "" : skip_wake_words(final.text);
    snprintf(ret_result->text, sizeof(ret_result->text), "%s", text);
    ret_result->confidence = final.confidence;
}
