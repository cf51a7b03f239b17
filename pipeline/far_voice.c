#include "far_voice.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opus_codec.h"
#include "stage_line.h"

enum {
    RATE = LINNET_VOICE_RATE,
    PACKET = RATE / 50,
    FIRST_ROOM = 4 * RATE,
    SAMPLES_MAX = 60 * RATE, /* no clause is that long */
};

struct far_voice {
    struct far_voice_config config;
    struct stage_line line;
    struct opus_codec_decoder *decoder;
    struct far_clause *clause; /* NULL: nothing is asked */
    int place;
    uint32_t id;
    int64_t deadline_ns;
};

void far_clause_finish(struct far_clause *clause)
{
    free(clause->sound);
    *clause = (struct far_clause){0};
}

enum status far_voice_create(const struct far_voice_config *config, struct far_voice **ret_voice,
                             struct error *ret_error)
{
    struct far_voice *voice = calloc(1, sizeof(*voice));
    if (!voice)
        return error_set(ret_error, STATUS_NO_MEMORY, "voice: out of memory");
    voice->config = *config;
    stage_line_init(&voice->line, &config->cloud->order[STAGE_SYNTHESIZE]);
    *ret_voice = voice;
    return STATUS_OK;
}

void far_voice_destroy(struct far_voice *voice)
{
    if (!voice)
        return;
    far_voice_stop(voice);
    free(voice);
}

bool far_voice_is_free(const struct far_voice *voice)
{
    return voice->clause == NULL;
}

static int64_t now(const struct far_voice *v)
{
    return clock_now_ns(v->config.clock);
}

static const struct cloud_provider *provider_of(const struct far_voice *v, int place)
{
    return &v->config.cloud->providers[place];
}

static void tell(const struct far_voice *v, uint32_t turn, int place, const char *text)
{
    char line[LINNET_TEXT_BYTES];
    snprintf(line, sizeof(line), "%.63s: voice: %.400s", provider_of(v, place)->name, text);
    event_send_text(&v->config.post, LINNET_EVENT_CLOUD, turn, line);
}

/* ---- one that is asked ---- */

static bool may_open(const struct far_voice *v, int place)
{
    return v->config.providers[place] && !atomic_load(v->config.is_private);
}

/* A text of which a part must be hidden is not said there: nobody hears "[number]" gladly. */
static bool may_say(const struct far_voice *v, int place, const char *text)
{
    struct privacy_ruling ruling = {0};
    if (!may_open(v, place) || privacy_judge(v->config.privacy, provider_of(v, place)->name, text,
                                             &ruling, NULL) != STATUS_OK)
        return false;
    bool allowed = ruling.verdict == PRIVACY_ALLOWED;
    privacy_ruling_finish(&ruling);
    return allowed;
}

static enum status start(struct far_voice *v, const char *text, struct error *ret_error)
{
    const struct provider_message message = {.role = PROVIDER_USER, .text = text};
    const struct provider_turn turn = {
        .turn = ++v->id, .messages = &message, .message_count = 1, .want_audio = true};
    TRY(opus_codec_decoder_create(RATE, &v->decoder, ret_error));
    return provider_start(v->config.providers[v->place], &turn, ret_error);
}

static void forget_asked(struct far_voice *v)
{
    opus_codec_decoder_destroy(v->decoder);
    v->decoder = NULL;
    v->clause = NULL;
}

static void refuse(struct far_voice *v, const char *why, bool refused)
{
    tell(v, v->clause->turn, v->place, why);
    stage_line_fail(&v->line, v->place, v->clause->turn, now(v), refused);
    provider_cancel(v->config.providers[v->place], -1);
    forget_asked(v);
}

/* True when the clause is on its way from there. */
static bool ask(struct far_voice *v, struct far_clause *clause, int place)
{
    struct error error;
    v->place = place;
    v->clause = clause;
    clause->way = FAR_ASKED;
    clause->count = 0;
    v->deadline_ns = now(v) + provider_of(v, place)->deadline_ms * CLOCK_NS_PER_MS;
    stage_line_begin(&v->line, place, now(v));
    if (start(v, clause->text, &error) == STATUS_OK)
        return true;
    refuse(v, error.text, false);
    return false;
}

void far_voice_ask(struct far_voice *v, struct far_clause *clause)
{
    int place;
    clause->way = FAR_NEVER;
    while ((place = stage_line_next(&v->line, clause->turn, now(v), &clause->at)) != STAGE_NOBODY) {
        if (place == CLOUD_DEVICE && v->config.device_speaks) {
            clause->way = FAR_HERE;
            return;
        }
        if (place != CLOUD_DEVICE && may_say(v, place, clause->text) && ask(v, clause, place))
            return;
    }
    clause->way = FAR_NEVER;
    event_send_text(&v->config.post, LINNET_EVENT_CLOUD, clause->turn,
                    "voice: there is nobody to say this");
}

static void fail(struct far_voice *v, const char *why, bool refused)
{
    struct far_clause *clause = v->clause;
    refuse(v, why, refused);
    far_voice_ask(v, clause);
}

/* ---- what comes ---- */

static bool make_room(struct far_clause *clause)
{
    size_t room = clause->room ? 2 * clause->room : FIRST_ROOM;
    if (clause->count + PACKET <= clause->room)
        return true;
    int16_t *sound = room <= SAMPLES_MAX ? realloc(clause->sound, room * sizeof(*sound)) : NULL;
    if (!sound)
        return false;
    clause->sound = sound;
    clause->room = room;
    return true;
}

/* A packet that is none is heard as a lost one. */
static void on_sound(struct far_voice *v, const struct provider_event *event)
{
    struct far_clause *clause = v->clause;
    float samples[PACKET] = {0};
    if (!make_room(clause)) {
        fail(v, "the sound of a clause does not end", false);
        return;
    }
    if (opus_codec_decode(v->decoder, (const uint8_t *)event->data, event->length, samples, NULL) !=
        STATUS_OK)
        opus_codec_conceal(v->decoder, NULL, 0, samples, NULL);
    for (int i = 0; i < PACKET; i++) {
        float scaled = fmaxf(-32767.0f, fminf(32767.0f, samples[i] * 32767.0f));
        clause->sound[clause->count++] = (int16_t)lrintf(scaled);
    }
}

static void on_done(struct far_voice *v)
{
    struct far_clause *clause = v->clause;
    if (clause->count == 0) {
        fail(v, "said nothing", false);
        return;
    }
    stage_line_succeed(&v->line, v->place);
    clause->way = FAR_THERE;
    forget_asked(v);
}

static void take(struct far_voice *v, const struct provider_event *event)
{
    if (!v->clause || event->provider != v->place || event->turn != v->id)
        return;
    if (event->kind == PROVIDER_EVENT_AUDIO)
        on_sound(v, event);
    else if (event->kind == PROVIDER_EVENT_DONE)
        on_done(v);
    else if (event->kind == PROVIDER_EVENT_FAILED)
        fail(v, event->data, event->failure == PROVIDER_REFUSED);
}

bool far_voice_step(struct far_voice *v)
{
    struct provider_event event;
    bool worked = false;
    while (mailbox_take(v->config.events, &event) == STATUS_OK) {
        take(v, &event);
        worked = true;
    }
    if (v->clause && now(v) >= v->deadline_ns) {
        fail(v, "the deadline passed before all of a clause was there", false);
        worked = true;
    }
    return worked;
}

void far_voice_stop(struct far_voice *v)
{
    if (!v || !v->clause)
        return;
    stage_line_abandon(&v->line, v->place);
    provider_cancel(v->config.providers[v->place], -1);
    forget_asked(v);
}

bool far_voice_warm(struct far_voice *v)
{
    int at = 0;
    int place = v ? stage_line_next(&v->line, UINT32_MAX, now(v), &at) : STAGE_NOBODY;
    return place >= 0 && may_open(v, place) &&
           !privacy_binds(v->config.privacy, provider_of(v, place)->name) &&
           provider_warm(v->config.providers[place]);
}

int far_voice_fd(const struct far_voice *v)
{
    return v && v->clause ? mailbox_fd(v->config.events) : -1;
}
