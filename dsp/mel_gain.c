#include "mel_gain.h"

/* ln power: the least level of speech, the most that is added, how far speech stands out. */
#define TARGET (-1.5f)
#define GAIN_MAX 8.0f
#define CONTRAST 3.0f
/* A frame of 10 ms: 2 dB a second up for the quietest, 1 dB a second down for the loudest. */
#define QUIETEST_RISE 0.005f
#define LOUDEST_FALL 0.002f
#define GAIN_RISE 0.1f

static float level_of(const float *frame, uint32_t bands)
{
    float level = frame[0];
    for (uint32_t k = 1; k < bands; k++)
        level = frame[k] > level ? frame[k] : level;
    return level;
}

static void follow(struct mel_gain *g, float level)
{
    g->quietest += QUIETEST_RISE;
    if (!g->heard || level < g->quietest)
        g->quietest = level;
    g->heard = true;
    g->loudest -= LOUDEST_FALL;
    if (level > g->quietest + CONTRAST && (!g->spoken || level > g->loudest)) {
        g->loudest = level;
        g->spoken = true;
    }
}

static void adapt(struct mel_gain *g, float level)
{
    float wanted = g->spoken ? TARGET - g->loudest : 0;
    wanted = wanted > GAIN_MAX ? GAIN_MAX : wanted;
    wanted = wanted > 0 ? wanted : 0;
    bool speaks = level > g->quietest + CONTRAST;
    float reached = g->added + (speaks ? GAIN_RISE : 0);
    g->added = wanted < reached ? wanted : reached;
}

void mel_gain_apply(struct mel_gain *gain, const float *frames, uint32_t count, uint32_t bands,
                    float *ret_frames)
{
    for (uint32_t f = 0; f < count; f++) {
        const float *frame = frames + (uint64_t)f * bands;
        float level = level_of(frame, bands);
        follow(gain, level);
        adapt(gain, level);
        for (uint32_t k = 0; k < bands; k++)
            ret_frames[(uint64_t)f * bands + k] = frame[k] + gain->added;
    }
}
