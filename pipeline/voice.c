#include "voice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "far_voice.h"
#include "linnet.h"
#include "playout.h"
#include "tts.h"
#include "voice_feed.h"

enum { CLAUSES_MAX = 16, PIECE_SAMPLES = 2 * TTS_BLOCK, QUEUE_SAMPLES = 2 * LINNET_VOICE_RATE };

struct clause {
    uint32_t turn;
    char text[LINNET_TEXT_BYTES];
    struct far_clause far; /* who says it, and its sound when that is somebody else */
    size_t heard;          /* samples of that sound that went to the playout */
};

struct voice {
    struct voice_config config;
    struct tts_model *model;
    struct tts_session *session;
    struct playout playout;
    struct clause clauses[CLAUSES_MAX]; /* a queue: first is being or about to be spoken */
    int clause_first, clause_count;
    bool synthesising;
    float piece[PIECE_SAMPLES]; /* synthesised, not yet taken by the playout */
    size_t piece_used, piece_count;
    struct voice_feed feed; /* sound from elsewhere */
    bool feeding;           /* counted in `pending` */
    /* What other threads may see: */
    atomic_int pending;             /* clauses not wholly written */
    atomic_uint speaking;           /* turn whose samples are being written */
    atomic_uint_least64_t began_at; /* where in the playout they begin */
    atomic_uint fed_turn;           /* whose sound from elsewhere was written last */
    atomic_uint_least64_t fed_at;   /* where in the playout that begins */
    atomic_uint_least64_t fed;      /* how much of it there is */
};

static enum status prepare(struct voice *voice, struct error *ret_error)
{
    const struct playout_config playout = {.rate = LINNET_VOICE_RATE, .capacity = QUEUE_SAMPLES};
    TRY(playout_init(&voice->playout, &playout, ret_error));
    if (!voice->config.model_path)
        return STATUS_OK;
    const struct tts_files files = {.voice = voice->config.model_path,
                                    .text = voice->config.lexicon_path};
    TRY(tts_model_create(&files, &voice->model, ret_error));
    return tts_session_create(voice->model, NULL, &voice->session, ret_error);
}

enum status voice_create(const struct voice_config *config, struct voice **ret_voice,
                         struct error *ret_error)
{
    struct voice *voice = calloc(1, sizeof(*voice));
    if (!voice)
        return error_set(ret_error, STATUS_NO_MEMORY, "voice: out of memory");
    voice->config = *config;
    enum status status = prepare(voice, ret_error);
    if (status != STATUS_OK) {
        voice_destroy(voice);
        return status;
    }
    *ret_voice = voice;
    return STATUS_OK;
}

void voice_destroy(struct voice *voice)
{
    if (!voice)
        return;
    far_voice_stop(voice->config.far);
    for (int i = 0; i < CLAUSES_MAX; i++)
        far_clause_finish(&voice->clauses[i].far);
    tts_session_destroy(voice->session);
    tts_model_destroy(voice->model);
    playout_finish(&voice->playout);
    voice_feed_finish(&voice->feed);
    free(voice);
}

static struct clause *clause_at(struct voice *voice, int i)
{
    return &voice->clauses[(voice->clause_first + i) % CLAUSES_MAX];
}

bool voice_say(struct voice *voice, uint32_t turn, const char *text)
{
    if (voice->clause_count == CLAUSES_MAX)
        return false;
    struct clause *clause = clause_at(voice, voice->clause_count);
    clause->turn = turn;
    clause->heard = 0;
    clause->far = (struct far_clause){
        .way = voice->config.far ? FAR_NEW : FAR_HERE, .turn = turn, .text = clause->text};
    snprintf(clause->text, sizeof(clause->text), "%s", text);
    voice->clause_count++;
    atomic_fetch_add(&voice->pending, 1);
    return true;
}

static void drop_first(struct voice *voice)
{
    struct clause *clause = clause_at(voice, 0);
    if (clause->far.way == FAR_ASKED)
        far_voice_stop(voice->config.far);
    far_clause_finish(&clause->far);
    voice->clause_first = (voice->clause_first + 1) % CLAUSES_MAX;
    voice->clause_count--;
    voice->synthesising = false;
    voice->piece_used = voice->piece_count = 0;
    atomic_fetch_sub(&voice->pending, 1);
}

static bool is_stale(const struct voice *voice, uint32_t turn)
{
    return turn != atomic_load(voice->config.turn);
}

/* Hand the piece over; false while the playout has no room for all of it. */
static bool flush_piece(struct voice *voice)
{
    size_t left = voice->piece_count - voice->piece_used;
    voice->piece_used += playout_write(&voice->playout, voice->piece + voice->piece_used, left);
    return voice->piece_used == voice->piece_count;
}

static void begin_turn(struct voice *voice, uint32_t turn)
{
    if (atomic_load(&voice->speaking) == turn)
        return;
    atomic_store(&voice->began_at, playout_written(&voice->playout));
    atomic_store(&voice->speaking, turn);
}

/* Somebody else may be able to. */
static void give_up(struct voice *voice, struct clause *clause)
{
    if (voice->config.far)
        clause->far.way = FAR_NEW;
    else
        drop_first(voice);
}

static void end_if_last(struct voice *voice)
{
    if (voice->clause_count == 0 && !voice->feeding)
        playout_end(&voice->playout);
}

static enum voice_work synthesise(struct voice *voice, struct clause *clause)
{
    if (!voice->synthesising) {
        begin_turn(voice, clause->turn);
        if (tts_begin(voice->session, clause->text, NULL) != STATUS_OK) {
            give_up(voice, clause);
            return VOICE_WORKED;
        }
        voice->synthesising = true;
    }
    if (playout_writable(&voice->playout) < PIECE_SAMPLES)
        return VOICE_BLOCKED;
    voice->piece_used = 0;
    voice->piece_count = tts_pull(voice->session, voice->piece, PIECE_SAMPLES);
    if (voice->piece_count == 0)
        drop_first(voice);
    else
        flush_piece(voice);
    end_if_last(voice);
    return VOICE_WORKED;
}

/* ---- clauses said elsewhere ---- */

static enum voice_work play_clause(struct voice *voice, struct clause *clause)
{
    float samples[PIECE_SAMPLES];
    size_t left = clause->far.count - clause->heard;
    size_t count = left < PIECE_SAMPLES ? left : PIECE_SAMPLES;
    if (playout_writable(&voice->playout) < PIECE_SAMPLES)
        return VOICE_BLOCKED;
    begin_turn(voice, clause->turn);
    for (size_t i = 0; i < count; i++)
        samples[i] = (float)clause->far.sound[clause->heard + i] / 32767.0f;
    clause->heard += playout_write(&voice->playout, samples, count);
    if (clause->heard == clause->far.count)
        drop_first(voice);
    end_if_last(voice);
    return VOICE_WORKED;
}

static enum voice_work say_clause(struct voice *voice, struct clause *clause)
{
    switch (clause->far.way) {
    case FAR_HERE:
        return synthesise(voice, clause);
    case FAR_THERE:
        return play_clause(voice, clause);
    case FAR_NEVER:
        drop_first(voice);
        end_if_last(voice);
        return VOICE_WORKED;
    default:
        return VOICE_BLOCKED; /* on its way */
    }
}

/* Clauses are fetched one at a time, while earlier ones sound. */
static bool fetch(struct voice *voice)
{
    bool worked = far_voice_step(voice->config.far);
    for (int i = 0; i < voice->clause_count && far_voice_is_free(voice->config.far); i++) {
        struct clause *clause = clause_at(voice, i);
        if (clause->far.way != FAR_NEW || is_stale(voice, clause->turn))
            continue;
        far_voice_ask(voice->config.far, &clause->far);
        worked = true;
    }
    return worked;
}

int voice_waits_on(const struct voice *voice)
{
    return far_voice_fd(voice->config.far);
}

bool voice_warm(struct voice *voice)
{
    return far_voice_warm(voice->config.far);
}

/* ---- sound from elsewhere ---- */

static void set_feeding(struct voice *voice, bool feeding)
{
    if (voice->feeding != feeding)
        atomic_fetch_add(&voice->pending, feeding ? 1 : -1);
    voice->feeding = feeding;
}

enum status voice_play(struct voice *voice, uint32_t turn, const void *pcm, size_t bytes)
{
    if (voice->feed.turn != turn)
        voice_feed_begin(&voice->feed, turn);
    enum status status = voice_feed_add(&voice->feed, pcm, bytes);
    set_feeding(voice, voice->feed.count > 0);
    return status;
}

void voice_play_end(struct voice *voice, uint32_t turn)
{
    if (voice->feed.turn != turn)
        return;
    voice->feed.ended = true;
    if (voice->feed.count == 0)
        playout_end(&voice->playout);
}

static void begin_feed(struct voice *voice, uint32_t turn)
{
    begin_turn(voice, turn);
    if (atomic_load(&voice->fed_turn) == turn)
        return;
    atomic_store(&voice->fed, 0);
    atomic_store(&voice->fed_at, playout_written(&voice->playout));
    atomic_store(&voice->fed_turn, turn);
}

static enum voice_work step_feed(struct voice *voice)
{
    struct voice_feed *feed = &voice->feed;
    float samples[PIECE_SAMPLES];
    if (is_stale(voice, feed->turn))
        voice_feed_begin(feed, 0);
    size_t room = playout_writable(&voice->playout);
    if (feed->count > 0 && room < PIECE_SAMPLES)
        return VOICE_BLOCKED;
    if (feed->count > 0)
        begin_feed(voice, feed->turn);
    size_t count = voice_feed_take(feed, samples, PIECE_SAMPLES);
    playout_write(&voice->playout, samples, count);
    atomic_fetch_add(&voice->fed, count);
    if (feed->count == 0 && feed->ended)
        playout_end(&voice->playout);
    if (feed->turn && is_stale(voice, feed->turn))
        playout_cut(&voice->playout);
    set_feeding(voice, feed->count > 0);
    return VOICE_WORKED;
}

int64_t voice_heard_ms(const struct voice *voice, uint32_t turn)
{
    if (atomic_load(&voice->fed_turn) != turn)
        return 0;
    uint64_t begin = atomic_load(&voice->fed_at), fed = atomic_load(&voice->fed);
    uint64_t rendered = playout_rendered(&voice->playout);
    uint64_t heard = rendered > begin ? rendered - begin : 0;
    return (int64_t)((heard < fed ? heard : fed) * 1000 / LINNET_VOICE_RATE);
}

/* ---- work ---- */

static enum voice_work step_clause(struct voice *voice)
{
    struct clause *clause = clause_at(voice, 0);
    if (is_stale(voice, clause->turn)) {
        drop_first(voice);
        return VOICE_WORKED;
    }
    if (!flush_piece(voice))
        return VOICE_BLOCKED;
    uint32_t turn = clause->turn;
    enum voice_work work = say_clause(voice, clause);
    /* A cut that fell between the check and the write must not leave a scrap of the old turn. */
    if (is_stale(voice, turn))
        playout_cut(&voice->playout);
    return work;
}

enum voice_work voice_step(struct voice *voice)
{
    if (voice->clause_count == 0 && !voice->feeding)
        return VOICE_IDLE;
    playout_set_volume(&voice->playout, (float)atomic_load(voice->config.volume) / 100.0f);
    bool fetched = voice->config.far && fetch(voice);
    enum voice_work work = voice->clause_count > 0 ? step_clause(voice) : step_feed(voice);
    return fetched ? VOICE_WORKED : work;
}

void voice_cut(struct voice *voice)
{
    playout_cut(&voice->playout);
}

bool voice_has_sounded(const struct voice *voice, uint32_t turn)
{
    return atomic_load(&voice->speaking) == turn &&
           playout_rendered(&voice->playout) > atomic_load(&voice->began_at);
}

bool voice_is_silent(const struct voice *voice)
{
    return atomic_load(&voice->pending) == 0 && playout_is_idle(&voice->playout);
}

struct playout *voice_playout(struct voice *voice)
{
    return &voice->playout;
}
