#include "voice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linnet.h"
#include "playout.h"
#include "tts.h"
#include "voice_feed.h"

enum { CLAUSES_MAX = 16, PIECE_SAMPLES = 2 * TTS_BLOCK, QUEUE_SAMPLES = 2 * LINNET_VOICE_RATE };

struct clause {
    uint32_t turn;
    char text[LINNET_TEXT_BYTES];
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
    tts_session_destroy(voice->session);
    tts_model_destroy(voice->model);
    playout_finish(&voice->playout);
    voice_feed_finish(&voice->feed);
    free(voice);
}

bool voice_say(struct voice *voice, uint32_t turn, const char *text)
{
    if (voice->clause_count == CLAUSES_MAX)
        return false;
    struct clause *clause =
        &voice->clauses[(voice->clause_first + voice->clause_count) % CLAUSES_MAX];
    clause->turn = turn;
    snprintf(clause->text, sizeof(clause->text), "%s", text);
    voice->clause_count++;
    atomic_fetch_add(&voice->pending, 1);
    return true;
}

static void drop_first(struct voice *voice)
{
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

static enum voice_work synthesise(struct voice *voice, const struct clause *clause)
{
    if (!voice->synthesising) {
        begin_turn(voice, clause->turn);
        if (tts_begin(voice->session, clause->text, NULL) != STATUS_OK) {
            drop_first(voice);
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
    if (voice->clause_count == 0 && !voice->feeding)
        playout_end(&voice->playout);
    return VOICE_WORKED;
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
    const struct clause *clause = &voice->clauses[voice->clause_first];
    if (is_stale(voice, clause->turn)) {
        drop_first(voice);
        return VOICE_WORKED;
    }
    if (!flush_piece(voice))
        return VOICE_BLOCKED;
    uint32_t turn = clause->turn;
    enum voice_work work = synthesise(voice, clause);
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
    return voice->clause_count > 0 ? step_clause(voice) : step_feed(voice);
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
