/* The acoustic net at work: phones of one sentence -> durations -> frames of features. Inside of
 * models/tts.
 *
 *     tts_net_encode(net, rows, count);                  whole sentence at once
 *     ... tts_net_durations(net) -> the caller rounds them ...
 *     tts_net_begin(net, durations);
 *     while ((n = tts_net_decode(net, features, max)) > 0)       in order, a few frames at a time
 *         ...
 *
 * Decoding is lazy: every layer computes only the rows that the next frames need and keeps them, so
 * a frame's values never depend on how many were asked for at a time.
 *
 * Thread: one at a time a net; worker. Nothing allocates but create. */
#ifndef LINNET_MODELS_TTS_NET_H
#define LINNET_MODELS_TTS_NET_H

#include "tts_model.h"

enum {
    TTS_PHONES_MAX = 512, /* of a sentence, silences included */
    TTS_FRAMES_MAX = 3072 /* of a sentence: 32.8 s */
};

/* The inputs of one phone; the columns are named in tts_phrase.h. */
struct tts_phone {
    uint8_t column[TTS_COLUMNS];
};

struct tts_net;

/* `weights` must outlive the net. Errors: NO_MEMORY. */
enum status tts_net_create(const struct tts_weights *weights, struct tts_net **ret_net,
                           struct error *ret_error);

/* Accepts NULL. */
void tts_net_destroy(struct tts_net *net);

/* Run the encoder over 1..TTS_PHONES_MAX phones; ends any decoding under way. */
void tts_net_encode(struct tts_net *net, const struct tts_phone *phones, size_t count);

/* Predicted natural logarithm of each phone's frames; valid until the next encode. */
const float *tts_net_durations(const struct tts_net *net);

/* Encoder states, count x width: for tests. */
const float *tts_net_states(const struct tts_net *net);

/* Start decoding with whole numbers of frames a phone (each >= 1). The sum must be even and at most
 * TTS_FRAMES_MAX: otherwise INVALID_ARGUMENT. */
enum status tts_net_begin(struct tts_net *net, const uint16_t *durations);

/* The next frames, at most `max` (>= 2), always an even number, 0 at the end: rows of
 * tts_features() values: log envelope, log F0, voicing 0..1, aperiodicities 0..1. */
size_t tts_net_decode(struct tts_net *net, float *ret_features, size_t max);

#endif
