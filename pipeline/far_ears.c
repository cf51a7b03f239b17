#include "far_ears.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opus_codec.h"
#include "stage_line.h"

enum {
    PACKET = SOUND_LOG_RATE / 50, /* samples of an Opus packet */
    BITRATE = 32000,
};

enum phase {
    IDLE,
    LISTENING, /* the request is being spoken */
    WAITING,   /* it is over, somebody makes words of it */
    KNOWN,
};

struct far_ears {
    struct far_ears_config config;
    struct stage_line line;
    struct opus_codec_encoder *encoder; /* of the one that is asked */
    enum phase phase;
    uint32_t turn;
    uint64_t from, to, sent;         /* samples of the log; to: once it is over */
    int place, at;                   /* who is asked, CLOUD_DEVICE for nobody; the next in line */
    uint32_t id;                     /* of the provider's turn */
    bool ended;                      /* it has all of the sound */
    bool answered;                   /* somebody who may listen did */
    int64_t waits_from, deadline_ns; /* waits_from: the end of the request */
    struct ears_result here, best, incoming;
};

enum status far_ears_create(const struct far_ears_config *config, struct far_ears **ret_ears,
                            struct error *ret_error)
{
    struct far_ears *ears = calloc(1, sizeof(*ears));
    if (!ears)
        return error_set(ret_error, STATUS_NO_MEMORY, "ears: out of memory");
    ears->config = *config;
    ears->place = CLOUD_DEVICE;
    stage_line_init(&ears->line, &config->cloud->order[STAGE_TRANSCRIBE]);
    *ret_ears = ears;
    return STATUS_OK;
}

void far_ears_destroy(struct far_ears *ears)
{
    if (!ears)
        return;
    far_ears_stop(ears);
    free(ears);
}

static int64_t now(const struct far_ears *e)
{
    return clock_now_ns(e->config.clock);
}

static const struct cloud_provider *provider_of(const struct far_ears *e, int place)
{
    return &e->config.cloud->providers[place];
}

static void tell(const struct far_ears *e, int place, const char *text)
{
    char line[LINNET_TEXT_BYTES];
    snprintf(line, sizeof(line), "%.63s: ears: %.400s", provider_of(e, place)->name, text);
    event_send_text(&e->config.post, LINNET_EVENT_CLOUD, e->turn, line);
}

/* ---- one that is asked ---- */

static void forget_asked(struct far_ears *e)
{
    opus_codec_encoder_destroy(e->encoder);
    e->encoder = NULL;
    e->place = CLOUD_DEVICE;
}

static void drop_asked(struct far_ears *e)
{
    provider_cancel(e->config.providers[e->place], -1);
    forget_asked(e);
}

/* Fed whole packets; the last one is filled up with silence. */
static enum status send_packet(struct far_ears *e, size_t count, struct error *ret_error)
{
    float samples[PACKET] = {0};
    uint8_t packet[OPUS_CODEC_PACKET_MAX];
    size_t size;
    if (sound_log_read(e->config.sound_log, e->sent, count, samples) != STATUS_OK)
        return error_set(ret_error, STATUS_END, "the sound of the request is not kept any more");
    TRY(opus_codec_encode(e->encoder, samples, packet, &size, ret_error));
    enum status status = provider_feed(e->config.providers[e->place], packet, size);
    if (status != STATUS_OK)
        return error_set(ret_error, status, "takes no more sound");
    e->sent += count;
    return STATUS_OK;
}

/* CANCELLED means that the turn has failed over there; the event that says why comes. */
static enum status send_sound(struct far_ears *e, struct error *ret_error)
{
    bool over = e->phase == WAITING;
    uint64_t until = over ? e->to : sound_log_written(e->config.sound_log);
    while (e->sent + PACKET <= until)
        TRY(send_packet(e, PACKET, ret_error));
    if (!over || e->ended)
        return STATUS_OK;
    if (e->sent < until)
        TRY(send_packet(e, (size_t)(until - e->sent), ret_error));
    e->ended = true;
    return provider_end_feed(e->config.providers[e->place]);
}

static enum status start(struct far_ears *e, int place, struct error *ret_error)
{
    const struct opus_codec_config opus = {.rate = SOUND_LOG_RATE, .bitrate = BITRATE};
    const struct provider_turn turn = {.turn = ++e->id, .send_audio = true};
    TRY(opus_codec_encoder_create(&opus, &e->encoder, ret_error));
    e->place = place;
    e->sent = e->from;
    e->ended = false;
    e->incoming = (struct ears_result){0};
    return provider_start(e->config.providers[place], &turn, ret_error);
}

static bool may_hear(const struct far_ears *e, int place)
{
    const struct cloud_provider *provider = provider_of(e, place);
    return e->config.providers[place] && provider->send_audio &&
           !atomic_load(e->config.is_private) && !privacy_binds(e->config.privacy, provider->name);
}

static void set_deadline(struct far_ears *e)
{
    int64_t end = e->waits_from + e->config.total_wait_ms * CLOCK_NS_PER_MS;
    int64_t own = now(e) + provider_of(e, e->place)->deadline_ms * CLOCK_NS_PER_MS;
    e->deadline_ns = own < end ? own : end;
}

/* ---- whoever is next ---- */

static bool is_good(const struct far_ears *e, const struct ears_result *result)
{
    return *result->text && result->confidence >= e->config.min_confidence;
}

/* Words are in; true when they end the search. */
static bool consider(struct far_ears *e, const struct ears_result *result)
{
    e->answered = true;
    if (*result->text && (!*e->best.text || result->confidence > e->best.confidence))
        e->best = *result;
    return is_good(e, result);
}

static void know(struct far_ears *e)
{
    e->phase = KNOWN;
}

/* While the user speaks, only those before the device are asked: it listens anyway. */
static void ask_next(struct far_ears *e)
{
    int place;
    while ((place = stage_line_next(&e->line, e->turn, now(e), &e->at)) != STAGE_NOBODY) {
        struct error error;
        if (place == CLOUD_DEVICE) {
            if (e->phase == LISTENING)
                return;
            if (e->config.device_hears && consider(e, &e->here))
                break;
            continue;
        }
        bool late = e->phase == WAITING &&
                    now(e) >= e->waits_from + e->config.total_wait_ms * CLOCK_NS_PER_MS;
        if (late || !may_hear(e, place))
            continue;
        stage_line_begin(&e->line, place, now(e));
        if (start(e, place, &error) == STATUS_OK) {
            set_deadline(e);
            return;
        }
        tell(e, place, error.text);
        stage_line_fail(&e->line, place, e->turn, now(e), false);
        forget_asked(e);
    }
    if (e->phase == WAITING)
        know(e);
}

static void fail(struct far_ears *e, const char *why, bool refused)
{
    tell(e, e->place, why);
    stage_line_fail(&e->line, e->place, e->turn, now(e), refused);
    drop_asked(e);
    ask_next(e);
}

/* ---- what comes ---- */

static void on_heard(struct far_ears *e, const struct provider_event *event)
{
    size_t used = strlen(e->incoming.text);
    snprintf(e->incoming.text + used, sizeof(e->incoming.text) - used, "%s", event->data);
    e->incoming.confidence = (float)event->confidence;
}

/* One that ends before all of the sound is there has not heard the request. */
static void on_done(struct far_ears *e)
{
    if (!e->ended) {
        fail(e, "stopped listening", false);
        return;
    }
    stage_line_succeed(&e->line, e->place);
    forget_asked(e);
    if (consider(e, &e->incoming))
        know(e);
    else
        ask_next(e);
}

static void take_events(struct far_ears *e)
{
    struct provider_event event;
    while (mailbox_take(e->config.events, &event) == STATUS_OK) {
        if (e->place == CLOUD_DEVICE || event.provider != e->place || event.turn != e->id)
            continue;
        if (event.kind == PROVIDER_EVENT_HEARD)
            on_heard(e, &event);
        else if (event.kind == PROVIDER_EVENT_DONE)
            on_done(e);
        else if (event.kind == PROVIDER_EVENT_FAILED)
            fail(e, event.data, event.failure == PROVIDER_REFUSED);
    }
}

/* ---- the turn ---- */

void far_ears_begin(struct far_ears *e, uint32_t turn, uint64_t from)
{
    if (!e)
        return;
    far_ears_stop(e);
    e->turn = turn;
    e->from = from;
    e->at = 0;
    e->answered = false;
    e->best = e->here = (struct ears_result){0};
    e->phase = LISTENING;
    ask_next(e);
}

void far_ears_step(struct far_ears *e)
{
    struct error error;
    if (!e || e->phase == IDLE)
        return;
    take_events(e);
    if (e->place == CLOUD_DEVICE)
        return;
    enum status status = send_sound(e, &error);
    if (status != STATUS_OK && status != STATUS_CANCELLED)
        fail(e, error.text, false);
    else if (e->phase == WAITING && now(e) >= e->deadline_ns)
        fail(e, "the deadline passed without a word", false);
}

void far_ears_end(struct far_ears *e, uint64_t to, const struct ears_result *here)
{
    if (!e)
        return;
    e->here = *here;
    e->to = to;
    e->waits_from = now(e);
    e->phase = WAITING;
    if (e->place == CLOUD_DEVICE) {
        e->at = 0; /* those that failed while he spoke are passed over in this turn */
        ask_next(e);
    } else {
        set_deadline(e);
    }
    far_ears_step(e);
}

bool far_ears_result(struct far_ears *e, struct ears_result *ret_result)
{
    if (!e || e->phase != KNOWN)
        return false;
    e->phase = IDLE;
    *ret_result = e->best;
    return true;
}

bool far_ears_answered(const struct far_ears *e)
{
    return !e || e->answered;
}

void far_ears_stop(struct far_ears *e)
{
    if (!e)
        return;
    if (e->place != CLOUD_DEVICE) {
        stage_line_abandon(&e->line, e->place);
        drop_asked(e);
    }
    e->phase = IDLE;
}

int far_ears_fd(const struct far_ears *e)
{
    bool waits = e && e->phase == WAITING && e->place != CLOUD_DEVICE;
    return waits ? mailbox_fd(e->config.events) : -1;
}
