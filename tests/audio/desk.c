#include "desk.h"

#include "harness.h"

#include <math.h>
#include <string.h>

enum { TONE_HZ = 500, HEAR_TIMEOUT_MS = 8000, TONE_TRIES = 10, TONE_PIECES = 12, PIECE = 320 };

void desk_init(struct desk *desk, bool real_clock)
{
    const struct playout_config playout = {.rate = 24000, .capacity = 1 << 18};
    if (real_clock)
        clock_init_real(&desk->clock);
    else
        clock_init_virtual(&desk->clock, 0);
    CHECK_OK(ring_init(&desk->ring, 1 << 18, NULL));
    CHECK_OK(ring_init(&desk->reference, 1 << 18, NULL));
    CHECK_OK(playout_init(&desk->playout, &playout, NULL));
}

void desk_finish(struct desk *desk)
{
    ring_finish(&desk->ring);
    ring_finish(&desk->reference);
    playout_finish(&desk->playout);
}

struct audio_device *desk_device(struct desk *desk, enum audio_direction direction,
                                 const char *backend, const char *target)
{
    struct audio_device_config config = audio_device_config_default(direction, &desk->clock);
    struct audio_device *d = NULL;
    struct error error;
    config.backend = backend;
    config.target = target;
    if (direction == AUDIO_CAPTURE) {
        config.ring = &desk->ring;
    } else {
        config.playout = &desk->playout;
        config.reference = &desk->reference;
    }
    if (audio_device_create(&config, &d, &error) != STATUS_OK)
        test_fail(__FILE__, __LINE__, "%s", error.text);
    return d;
}

void desk_sleep_ms(struct desk *desk, int ms)
{
    clock_sleep_until(&desk->clock, clock_now_ns(&desk->clock) + ms * CLOCK_NS_PER_MS);
}

void desk_play_tone(struct desk *desk, int ms)
{
    float tone[480];
    desk_sine(tone, 480, TONE_HZ, 24000);
    for (int i = 0; i < ms; i += 20) {
        while (playout_written(&desk->playout) - playout_rendered(&desk->playout) < 4800)
            playout_write(&desk->playout, tone, 480);
        desk_sleep_ms(desk, 20);
        ring_drop(&desk->ring);
        ring_drop(&desk->reference);
    }
}

void desk_hear(struct desk *desk, float *ret_samples, size_t count)
{
    int64_t end_ns = clock_now_ns(&desk->clock) + HEAR_TIMEOUT_MS * CLOCK_NS_PER_MS;
    for (size_t done = 0; done < count;) {
        done += ring_read(&desk->ring, ret_samples + done, count - done);
        ring_drop(&desk->reference);
        if (clock_now_ns(&desk->clock) > end_ns)
            test_fail(__FILE__, __LINE__, "%zu of %zu samples heard in %d ms", done, count,
                      HEAR_TIMEOUT_MS);
        desk_sleep_ms(desk, 5);
    }
}

/* 20 ms are pure tone at its level. */
static bool is_tone(const float *samples, size_t count)
{
    double level = desk_level(samples, count),
           amplitude = desk_amplitude(samples, count, TONE_HZ, 16000);
    return fabs(amplitude - 0.5) < 0.02 && fabs(level - 0.5 / sqrt(2.0)) < 0.02;
}

/* How many of the pieces of a quarter of a second, cut from the middle of more, are tone. */
static int pieces_heard(struct desk *desk)
{
    static float heard[TONE_PIECES * PIECE], tone[12000];
    int good = 0;
    desk_play_tone(desk, 600);
    desk_sine(tone, 12000, TONE_HZ, 24000);
    playout_write(&desk->playout, tone, 12000);
    desk_hear(desk, heard, TONE_PIECES * PIECE);
    for (int i = 0; i < TONE_PIECES; i++)
        good += is_tone(heard + i * PIECE, PIECE);
    test_note("%d of %d pieces are tone, level %.4f", good, TONE_PIECES,
              desk_level(heard, TONE_PIECES * PIECE));
    return good;
}

/* On a machine that is busy with other tests gaps are heard: not in most pieces, and not every
 * time. */
void desk_check_tone(struct desk *desk)
{
    int good = 0;
    for (int i = 0; i < TONE_TRIES && good < TONE_PIECES * 2 / 3; i++)
        good = pieces_heard(desk);
    CHECK(good >= TONE_PIECES * 2 / 3);
}

void desk_expect_event(struct desk *desk, struct audio_device *device, enum audio_event_kind kind,
                       int timeout_ms)
{
    struct audio_event event;
    for (int i = 0; i < timeout_ms; i += 10) {
        if (audio_device_poll(device, &event)) {
            test_note("event %d: %s", event.kind, event.text);
            CHECK_EQ(event.kind, kind);
            return;
        }
        desk_sleep_ms(desk, 10);
    }
    test_fail(__FILE__, __LINE__, "no event %d within %d ms", kind, timeout_ms);
}

void desk_sine(float *samples, size_t count, double frequency, double rate)
{
    for (size_t i = 0; i < count; i++)
        samples[i] = (float)(0.5 * sin(2.0 * M_PI * frequency * (double)i / rate));
}

double desk_amplitude(const float *samples, size_t count, double frequency, double rate)
{
    double re = 0.0, im = 0.0;
    for (size_t i = 0; i < count; i++) {
        double angle = 2.0 * M_PI * frequency * (double)i / rate;
        re += samples[i] * cos(angle);
        im += samples[i] * sin(angle);
    }
    return 2.0 * hypot(re, im) / (double)count;
}

double desk_level(const float *samples, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += (double)samples[i] * samples[i];
    return sqrt(sum / (double)count);
}
