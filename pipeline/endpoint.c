#include "endpoint.h"

enum { FRAME_MS = 10, SPEECH_BEGINS_MS = 60 };

void endpoint_init(struct endpoint *endpoint, const struct endpoint_config *config)
{
    *endpoint = (struct endpoint){.config = *config};
}

enum endpoint_decision endpoint_step(struct endpoint *e, int pause_ms, bool has_words,
                                     float sentence_end)
{
    e->elapsed_ms += FRAME_MS;
    e->speech_ms += pause_ms == 0 ? FRAME_MS : 0;
    e->waiting_ms = pause_ms == 0 ? 0 : e->waiting_ms + FRAME_MS;
    /* Words count as speech too: the wake word's pre-roll may already hold the command. */
    e->heard = e->heard || e->speech_ms >= SPEECH_BEGINS_MS || has_words;
    if (e->elapsed_ms >= e->config.max_turn_ms)
        return has_words ? ENDPOINT_TOO_LONG : ENDPOINT_NO_SPEECH;
    if (!e->heard || !has_words)
        return e->waiting_ms >= e->config.no_speech_ms ? ENDPOINT_NO_SPEECH : ENDPOINT_WAIT;
    float patience = (float)e->config.long_pause_ms -
                     sentence_end * (float)(e->config.long_pause_ms - e->config.short_pause_ms);
    return (float)pause_ms >= patience ? ENDPOINT_DONE : ENDPOINT_WAIT;
}
