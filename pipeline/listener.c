#include "listener.h"

#include <pthread.h>
#include <stdlib.h>

#include "fault.h"
#include "mel.h"
#include "opus_codec.h"
#include "vad.h"
#include "wake.h"

enum { RATE = 16000, PACKET_SAMPLES = RATE / 50 };

struct listener {
    struct listener *next; /* in the pool */
    struct opus_codec_decoder *decoder;
    struct mel *mel;
    struct wake_session *net;
    struct vad vad;
    float speech;
    struct ears *ears;
};

struct listener_pool {
    struct listener_pool_config config;
    pthread_mutex_t lock;
    struct listener *idle;
    size_t in_use;
};

static void listener_destroy(struct listener *listener)
{
    if (!listener)
        return;
    opus_codec_decoder_destroy(listener->decoder);
    mel_destroy(listener->mel);
    wake_session_destroy(listener->net);
    ears_destroy(listener->ears);
    free(listener);
}

static enum status make_parts(struct listener *listener, const struct listener_pool_config *config)
{
    const struct ears_config ears = {.model = config->asr, .endpoint = config->endpoint};
    TRY(mel_create(&listener->mel, NULL));
    TRY(wake_session_create(&listener->net, config->wake, NULL));
    return ears_create(&ears, &listener->ears, NULL);
}

static struct listener *listener_create(const struct listener_pool_config *config)
{
    struct listener *listener = mem_calloc(1, sizeof(*listener));
    if (listener && make_parts(listener, config) != STATUS_OK) {
        listener_destroy(listener);
        return NULL;
    }
    return listener;
}

/* Opus remembers the stream before, so each stream has a decoder of its own. */
static bool begin_stream(struct listener *listener)
{
    struct vad_config vad = vad_config_default();
    opus_codec_decoder_destroy(listener->decoder);
    listener->decoder = NULL;
    if (opus_codec_decoder_create(RATE, &listener->decoder, NULL) != STATUS_OK)
        return false;
    mel_reset(listener->mel);
    wake_session_reset(listener->net, 0);
    vad_init(&listener->vad, &vad);
    listener->speech = 0;
    ears_listen(listener->ears, UINT64_MAX); /* from the frame to come, not from the pre-roll */
    return true;
}

enum status listener_pool_create(const struct listener_pool_config *config,
                                 struct listener_pool **ret_pool, struct error *ret_error)
{
    struct listener_pool *pool = mem_calloc(1, sizeof(*pool));
    if (!pool)
        return error_set(ret_error, STATUS_NO_MEMORY, "listeners: out of memory");
    pool->config = *config;
    pthread_mutex_init(&pool->lock, NULL);
    *ret_pool = pool;
    return STATUS_OK;
}

void listener_pool_destroy(struct listener_pool *pool)
{
    if (!pool)
        return;
    for (struct listener *listener = pool->idle, *next; listener; listener = next) {
        next = listener->next;
        listener_destroy(listener);
    }
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* An idle one, or leave to make another. */
static struct listener *reserve(struct listener_pool *pool, bool *ret_may_make)
{
    pthread_mutex_lock(&pool->lock);
    struct listener *listener = pool->idle;
    *ret_may_make = !listener && pool->in_use < pool->config.most;
    if (listener)
        pool->idle = listener->next;
    if (listener || *ret_may_make)
        pool->in_use++;
    pthread_mutex_unlock(&pool->lock);
    return listener;
}

static void unreserve(struct listener_pool *pool, struct listener *listener)
{
    pthread_mutex_lock(&pool->lock);
    pool->in_use--;
    if (listener) {
        listener->next = pool->idle;
        pool->idle = listener;
    }
    pthread_mutex_unlock(&pool->lock);
}

struct listener *listener_pool_take(struct listener_pool *pool)
{
    bool may_make;
    struct listener *listener = reserve(pool, &may_make);
    if (may_make)
        listener = listener_create(&pool->config);
    if (listener && begin_stream(listener))
        return listener;
    if (listener || may_make)
        unreserve(pool, listener);
    return NULL;
}

void listener_pool_give(struct listener_pool *pool, struct listener *listener)
{
    if (listener)
        unreserve(pool, listener);
}

static void hear_frames(struct listener *listener)
{
    struct front_frame frame = {.wake_word = -1};
    struct wake_scores scores;
    while (mel_poll(listener->mel, frame.mel, &frame.index)) {
        if (wake_session_process(listener->net, frame.mel, &scores))
            listener->speech = scores.speech;
        frame.speech = vad_step(&listener->vad, listener->speech);
        frame.silent_frames = (uint32_t)vad_silence_frames(&listener->vad);
        ears_hear(listener->ears, &frame);
    }
}

void listener_hear(struct listener *listener, const uint8_t *packet, size_t size)
{
    float samples[PACKET_SAMPLES] = {0};
    if (opus_codec_decode(listener->decoder, packet, size, samples, NULL) != STATUS_OK)
        opus_codec_conceal(listener->decoder, NULL, 0, samples, NULL);
    for (size_t at = 0; at < PACKET_SAMPLES;) {
        at += mel_feed(listener->mel, samples + at, PACKET_SAMPLES - at);
        hear_frames(listener);
    }
}

enum endpoint_decision listener_decision(const struct listener *listener)
{
    return ears_decision(listener->ears);
}

bool listener_partial(struct listener *listener, char *ret_text, size_t size)
{
    return ears_partial(listener->ears, ret_text, size);
}

void listener_finish(struct listener *listener, struct ears_result *ret_result)
{
    ears_finish(listener->ears, ret_result);
}
