/* What every test of a sound device needs around it: a clock, rings, a playout, and ears for sines.
 */
#ifndef LINNET_TESTS_DESK_H
#define LINNET_TESTS_DESK_H

#include "device.h"

struct desk {
    struct clock clock;
    struct ring ring, reference;
    struct playout playout;
};

void desk_init(struct desk *desk, bool real_clock);
void desk_finish(struct desk *desk);

/* A device joined to the desk; the test fails when it cannot be created. */
struct audio_device *desk_device(struct desk *desk, enum audio_direction direction,
                                 const char *backend, const char *target);

void desk_sleep_ms(struct desk *desk, int ms);

/* Keep a 500 Hz tone of amplitude 0.5 playing for `ms`, and throw away what the microphone brings.
 */
void desk_play_tone(struct desk *desk, int ms);

/* The next `count` captured samples; the test fails when they do not come within a few seconds. */
void desk_hear(struct desk *desk, float *ret_samples, size_t count);

/* The tone played is the tone heard: at its level, with nothing beside it. */
void desk_check_tone(struct desk *desk);

/* Wait for an event of that kind; the test fails when it does not come in time. */
void desk_expect_event(struct desk *desk, struct audio_device *device, enum audio_event_kind kind,
                       int timeout_ms);

/* A sine of amplitude 0.5. */
void desk_sine(float *samples, size_t count, double frequency, double rate);

/* Amplitude of one frequency in the samples, by direct sums. */
double desk_amplitude(const float *samples, size_t count, double frequency, double rate);

/* Root of the mean square. */
double desk_level(const float *samples, size_t count);

#endif
