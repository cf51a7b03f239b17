/* From acoustic features to sound: pulses and noise through the spectral envelope, 24 kHz.
 *
 * At every glottal pulse (every 5 ms where there is no voice) one short response is built in the
 * spectral domain and added to the output: the periodic part in minimum phase (cepstral folding, A.
 * V. Oppenheim and R. W. Schafer, "Discrete-Time Signal Processing", 1989), the noise of the
 * interval until the next pulse through the same envelope in zero phase. The split between the two
 * comes from the band aperiodicities, as in WORLD (M. Morise et al., 2016). No weights: a learned
 * vocoder over the same features can take this one's place behind this header.
 *
 *     vocoder_reset(v);
 *     for each frame: vocoder_push(v, frame, samples)     VOCODER_HOP samples out for each frame
 * in, VOCODER_DELAY frames late
 *
 * To get the last samples out, push the last frame VOCODER_DELAY times more. The noise comes from a
 * generator that vocoder_reset seeds: the same features give the same samples.
 *
 * Twin: tools/train/tts/vocoder.py.
 * Thread: control for create and destroy; worker, one at a time, for the others (no allocation). */
#ifndef LINNET_MODELS_VOCODER_H
#define LINNET_MODELS_VOCODER_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

enum {
    VOCODER_RATE = 24000,
    VOCODER_HOP = 256,
    VOCODER_FFT = 1024,
    VOCODER_BANDS = 80,
    VOCODER_DELAY = 3, /* frames between a frame and its sound */
    VOCODER_APERIODIC = 3
};

/* One frame. The envelope's bands are centred at equal steps of mel (2595 log10(1 + f / 700)) from
 * 40 Hz to 12 kHz: natural logarithm of the power response to an excitation of unit variance. */
struct vocoder_frame {
    float envelope[VOCODER_BANDS];
    float f0;                              /* Hz, held to 90..500 */
    bool voiced;                           /* false: noise only */
    float aperiodicity[VOCODER_APERIODIC]; /* share of noise, 0..1, around 1.5, 4.5 and 8 kHz */
};

struct vocoder;

/* Errors: NO_MEMORY. */
enum status vocoder_create(struct vocoder **ret_vocoder, struct error *ret_error);

/* Accepts NULL. */
void vocoder_destroy(struct vocoder *vocoder);

/* Forget all sound, seed the noise. */
void vocoder_reset(struct vocoder *vocoder);

/* Take the next frame; write the next VOCODER_HOP samples (zeros for the first VOCODER_DELAY). */
void vocoder_push(struct vocoder *vocoder, const struct vocoder_frame *frame, float *ret_samples);

#endif
