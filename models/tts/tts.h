/* The voice: text in, 24 kHz mono samples out, streamed.
 *
 *     struct tts_model *model;
 *     struct tts_session *voice;
 *     TRY(tts_model_create(&(struct tts_files){"tts-q8_0.gguf", "en-us.gguf"}, &model, ret_error));
 *     TRY(tts_session_create(model, NULL, &voice, ret_error));
 *     TRY(tts_begin(voice, "It's 6:25 pm.", ret_error));
 *     while ((n = tts_pull(voice, samples, 480)) > 0)
 *         play(samples, n);
 *     tts_session_destroy(voice);
 *     tts_model_destroy(model);
 *
 * Written text (digits, abbreviations, units: normalise.h) is pronounced by lexicon and
 * letter-to-sound rules (g2p.h), turned into acoustic features by a small non-autoregressive net
 * and into sound by the vocoder. The first samples need the encoder over the first sentence and
 * about a third of a second of frames: 10 to 20 ms on one x86 core; the rest is made as it is
 * pulled.
 *
 * The same text and options give the same samples, bit by bit, whatever sizes are pulled.
 * One model serves any number of sessions and must outlive them. */
#ifndef LINNET_MODELS_TTS_H
#define LINNET_MODELS_TTS_H

#include <stddef.h>

#include "status.h"

enum {
    TTS_RATE = 24000,    /* samples a second */
    TTS_TEXT_MAX = 4096, /* bytes of one tts_begin */
    TTS_BLOCK = 256      /* samples made at a time; pulls of a multiple avoid a copy */
};

struct tts_model;
struct tts_session;

struct tts_files {
    const char *voice; /* GGUF of architecture linnet-tts */
    const char *text;  /* GGUF of architecture linnet-text: assets/text/en-us.gguf */
};

/* How to speak; zeros mean the defaults. */
struct tts_options {
    float speed;  /* 0.5..2, 1 as recorded */
    float pitch;  /* 0.7..1.4, 1 as recorded */
    float volume; /* 0..2, 1 as recorded (about -22 dB) */
};

/* Map and check both files. Errors: IO, FORMAT, UNSUPPORTED, NOT_FOUND, NO_MEMORY.
 * Thread: control. */
enum status tts_model_create(const struct tts_files *files, struct tts_model **ret_model,
                             struct error *ret_error);

/* Accepts NULL. No session may be left. Thread: control. */
void tts_model_destroy(struct tts_model *model);

/* Some 12 MB of buffers; nothing is allocated afterwards. `options` may be NULL. Errors:
 * INVALID_ARGUMENT (an option out of range), NO_MEMORY. Thread: control. */
enum status tts_session_create(const struct tts_model *model, const struct tts_options *options,
                               struct tts_session **ret_session, struct error *ret_error);

/* Accepts NULL. Thread: control. */
void tts_session_destroy(struct tts_session *session);

/* Speak this text next; what was still to be said of an earlier one is dropped. Text without
 * anything to say is fine and gives no samples. Errors: LIMIT (text too long); the session is then
 * silent. Takes about 0.1 ms. Thread: worker, one at a time a session. */
enum status tts_begin(struct tts_session *session, const char *text, struct error *ret_error);

/* Write up to `count` samples in [-1, 1]; returns how many, fewer than `count` only at the end, 0
 * when all is said. The call makes what it gives: it returns after the computing. No allocation, no
 * locks. Thread: worker, one at a time a session. */
size_t tts_pull(struct tts_session *session, float *ret_samples, size_t count);

/* Fall silent now (barge-in); tts_pull gives 0 until the next tts_begin. Thread: as tts_pull. */
void tts_reset(struct tts_session *session);

#endif
