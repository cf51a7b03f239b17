/* The thread that does the longer work of serving: ends of transcriptions, answers, speech. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_serve.h"
#include "lm.h"
#include "models_dir.h"
#include "opus_codec.h"
#include "serve_impl.h"
#include "tts.h"

enum {
    PATH_BYTES = 600,
    FRAME_SAMPLES = LINK_RATE_DOWN / 1000 * LINK_FRAME_MS,
    SPEECH_BITRATE = 24000,
};

struct serve_mind {
    struct lm_model *lm;
    struct lm_session *session;
    struct tts_model *tts;
    struct tts_session *voice;
};

static enum status open_lm(struct serve_mind *mind, const char *dir, struct error *ret_error)
{
    char path[PATH_BYTES];
    models_dir_file(dir, "lm.gguf", path, sizeof(path));
    TRY(lm_model_create(path, &mind->lm, ret_error));
    return lm_session_create(mind->lm, &mind->session, ret_error);
}

static enum status open_voice(struct serve_mind *mind, const char *dir, struct error *ret_error)
{
    char voice[PATH_BYTES], text[PATH_BYTES];
    models_dir_file(dir, "tts.gguf", voice, sizeof(voice));
    models_dir_file(dir, "en-us.gguf", text, sizeof(text));
    TRY(tts_model_create(&(struct tts_files){voice, text}, &mind->tts, ret_error));
    return tts_session_create(mind->tts, NULL, &mind->voice, ret_error);
}

enum status serve_mind_create(struct serve *serve, const char *models_dir, unsigned stages,
                              struct serve_mind **ret_mind, struct error *ret_error)
{
    (void)serve;
    struct serve_mind *mind = calloc(1, sizeof(*mind));
    if (!mind)
        return error_set(ret_error, STATUS_NO_MEMORY, "serve: out of memory");
    enum status status = stages & LINK_ANSWER ? open_lm(mind, models_dir, ret_error) : STATUS_OK;
    if (status == STATUS_OK && stages & LINK_SAY)
        status = open_voice(mind, models_dir, ret_error);
    if (status != STATUS_OK) {
        serve_mind_destroy(mind);
        return status;
    }
    *ret_mind = mind;
    return STATUS_OK;
}

void serve_mind_destroy(struct serve_mind *mind)
{
    if (!mind)
        return;
    tts_session_destroy(mind->voice);
    tts_model_destroy(mind->tts);
    lm_session_destroy(mind->session);
    lm_model_destroy(mind->lm);
    free(mind);
}

static void tell(struct serve *serve, const struct serve_job *job, enum link_kind kind,
                 const char *text)
{
    serve_send(serve, job->id,
               &(struct link_message){.kind = kind, .turn = job->turn, .text = text});
}

/* ---- speech ---- */

/* One packet of what the voice says next; false at the end or when nobody listens any more. */
static bool say_packet(struct serve *serve, const struct serve_job *job,
                       struct opus_codec_encoder *encoder)
{
    float samples[FRAME_SAMPLES] = {0};
    uint8_t packet[OPUS_CODEC_PACKET_MAX], bytes[LINK_SOUND_MAX];
    size_t size;
    if (tts_pull(serve->mind->voice, samples, FRAME_SAMPLES) == 0 ||
        !serve_is_open(serve, job->id, job->turn) ||
        opus_codec_encode(encoder, samples, packet, &size, NULL) != STATUS_OK)
        return false;
    size = wire_link_sound(job->turn, packet, size, bytes);
    return ws_server_send(serve->server, job->id, bytes, size, false) == STATUS_OK;
}

static enum status say(struct serve *serve, const struct serve_job *job, const char *text)
{
    const struct opus_codec_config config = {.rate = LINK_RATE_DOWN, .bitrate = SPEECH_BITRATE};
    struct opus_codec_encoder *encoder;
    TRY(tts_begin(serve->mind->voice, text, NULL));
    TRY(opus_codec_encoder_create(&config, &encoder, NULL));
    while (say_packet(serve, job, encoder))
        ;
    opus_codec_encoder_destroy(encoder);
    tts_reset(serve->mind->voice);
    return STATUS_OK;
}

/* The last part of a turn. */
static void conclude(struct serve *serve, const struct serve_job *job, const char *text)
{
    if (job->stages & LINK_SAY && *text && say(serve, job, text) != STATUS_OK)
        serve_fail(serve, job->id, job->turn, PROVIDER_REFUSED, "this cannot be spoken");
    else
        tell(serve, job, LINK_DONE, "");
}

/* ---- answers ---- */

struct answer {
    struct serve *serve;
    const struct serve_job *job;
};

/* Pieces may end inside a character; the reply is sent whole, some milliseconds later. */
static bool on_piece(void *context, struct lm_piece piece)
{
    const struct answer *answer = context;
    (void)piece;
    return serve_is_open(answer->serve, answer->job->id, answer->job->turn);
}

static bool is_offered(const struct serve_job *job, const char *tool)
{
    for (size_t i = 0; i < job->tool_count; i++)
        if (strcmp(job->tools[i], tool) == 0)
            return true;
    return false;
}

static void call_tool(struct serve *serve, const struct serve_job *job,
                      const struct lm_result *result)
{
    char arguments[LINK_TEXT_MAX + 1], id[32];
    if (!is_offered(job, result->tool) ||
        json_serve_arguments(result, arguments, sizeof(arguments)) != STATUS_OK) {
        serve_fail(serve, job->id, job->turn, PROVIDER_REFUSED,
                   "this needs a tool that was not offered");
        return;
    }
    snprintf(id, sizeof(id), "call-%u", job->turn);
    serve_send(serve, job->id,
               &(struct link_message){.kind = LINK_TOOL,
                                      .turn = job->turn,
                                      .call_id = id,
                                      .name = result->tool,
                                      .text = arguments});
    tell(serve, job, LINK_DONE, "");
}

static void give_answer(struct serve *serve, const struct serve_job *job, const char *text)
{
    tell(serve, job, LINK_TEXT, text);
    conclude(serve, job, text);
}

static void answer(struct serve *serve, const struct serve_job *job, const char *text)
{
    struct answer context = {serve, job};
    const struct lm_options options = {.piece = on_piece, .context = &context};
    struct lm_result result = {0};
    struct error error = {.text = ""};
    enum status status = lm_session_answer(serve->mind->session, text, &options, &result, &error);
    if (status == STATUS_CANCELLED)
        return;
    if (status != STATUS_OK)
        serve_fail(serve, job->id, job->turn, PROVIDER_REFUSED, error.text);
    else if (result.route == LM_ROUTE_TOOL)
        call_tool(serve, job, &result);
    else if (result.route == LM_ROUTE_REPLY)
        give_answer(serve, job, result.reply);
    else
        serve_fail(serve, job->id, job->turn, PROVIDER_REFUSED,
                   "this is beyond the mind that is lent here");
}

/* ---- jobs ---- */

static void finish_listening(struct serve *serve, struct serve_job *job)
{
    struct ears_result result;
    listener_finish(job->listener, &result);
    listener_pool_give(serve->listeners, job->listener);
    job->listener = NULL;
    snprintf(job->text, sizeof(job->text), "%s", result.text);
    serve_send(serve, job->id,
               &(struct link_message){.kind = LINK_HEARD,
                                      .turn = job->turn,
                                      .text = result.text,
                                      .confidence = (double)result.confidence});
}

/* What the device says of a tool that it ran is the answer. */
static void give_result(struct serve *serve, const struct serve_job *job)
{
    char text[LINK_TEXT_MAX + 1];
    json_serve_said(job->text, text, sizeof(text));
    give_answer(serve, job, text);
}

static void do_job(struct serve *serve, struct serve_job *job)
{
    if (!serve_is_open(serve, job->id, job->turn))
        return;
    bool transcribed = job->listener != NULL;
    if (transcribed)
        finish_listening(serve, job);
    if (job->is_result)
        give_result(serve, job);
    else if (job->stages & LINK_ANSWER && (*job->text || !transcribed))
        answer(serve, job, job->text);
    else if (transcribed)
        tell(serve, job, LINK_DONE, "");
    else
        conclude(serve, job, job->text);
}

void serve_mind_run(void *context)
{
    struct serve *serve = context;
    struct serve_job job;
    while (mailbox_wait(serve->jobs, &job, -1) == STATUS_OK) {
        do_job(serve, &job);
        if (job.listener)
            listener_pool_give(serve->listeners, job.listener);
    }
}
