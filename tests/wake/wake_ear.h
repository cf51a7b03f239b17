/* The listening end of the wake tests: sound of a file or a speech engine through mel, net and
 * detector. Thread: the test's main thread. */
#ifndef LINNET_TESTS_WAKE_EAR_H
#define LINNET_TESTS_WAKE_EAR_H

#include "mel.h"
#include "wake_detector.h"

#include <stddef.h>

enum { EAR_MAX_EVENTS = 64 };

/* What a stretch of sound gave. */
struct heard {
    size_t count; /* detections, even beyond EAR_MAX_EVENTS */
    struct wake_event events[EAR_MAX_EVENTS];
    double seconds;
    double speech_seconds; /* steps with speech >= 0.5 */
};

struct ear {
    struct mel *mel;
    struct wake_model *model;
    struct wake_session *session;
    struct wake_detector detector;
};

/* The committed F16 weights, and the Q8_0 ones that the build makes of them and that ship. Valid
 * until the next call. */
const char *ear_trained(void);
const char *ear_shipped(void);

/* Listen with a model; ends the test as failed when it cannot be read. */
void ear_init(struct ear *ear, const char *model);
void ear_finish(struct ear *ear);

/* Forget the stream. */
void ear_reset(struct ear *ear);

/* Hear `count` more samples of the stream, adding to *heard. */
void ear_hear(struct ear *ear, const float *samples, size_t count, struct heard *heard);

/* Sound of a file in any format that ffmpeg reads, mono at 16 kHz; the caller frees it. NULL when
 * that failed. */
float *ear_load(const char *path, size_t *ret_count);

/* Run a shell command made by printf; its exit status. */
int ear_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Is there such a program? */
bool ear_has(const char *program);

/* Detections of `word` in the stream after `lead` seconds of faint noise and before one second of
 * it; the stream is reset first. */
size_t ear_count_word(struct ear *ear, const float *samples, size_t count, int word);

#endif
