#include "vocoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fft.h"
#include "nn.h"

enum {
    BINS = VOCODER_FFT / 2 + 1,
    RING = 4096, /* samples under construction; a power of two above HOP * DELAY + FFT */
    LEAD = 240,  /* samples of a response before its pulse */
    UNVOICED_F0 = 200,
    SEED = 0x2545f491
};

static const float f0_floor = 90.0f, f0_ceiling = 500.0f;
static const float aperiodic_floor = 1e-3f;
/* Noise sounds right at the square root of what the analysis calls aperiodicity
 * (docs/models/tts.md).
 */
static const float aperiodic_power = 0.5f;
static const float aperiodic_hz[VOCODER_APERIODIC + 2] = {0.0f, 1500.0f, 4500.0f, 8000.0f,
                                                          12000.0f};

/* Where a bin lies between two points of a coarser axis. */
struct spot {
    uint16_t index;
    float fraction;
};

/* A pulse whose interval is not over yet. */
struct pulse {
    bool alive, voiced;
    uint64_t position;       /* sample at or behind the pulse */
    float late;              /* samples between the pulse and that sample, 0..1 */
    float period;            /* samples */
    float amplitude[BINS];   /* natural logarithm */
    float noise_share[BINS]; /* natural logarithm of the noise's share of the amplitude */
};

struct vocoder {
    struct fft *fft;
    const struct nn_ops *ops;
    struct spot band_of[BINS], aperiodic_of[BINS];
    struct vocoder_frame last, next;
    uint64_t frames;   /* pushed */
    uint64_t position; /* samples run through */
    double phase;      /* cycles, 0..1 */
    uint32_t noise;
    struct pulse pulse;
    float ring[RING];
    float time[VOCODER_FFT], work[BINS];
    struct fft_bin spectrum[BINS], response[BINS];
};

/* ---- creation ---- */

static float mel(float hz)
{
    return 2595.0f * log10f(1.0f + hz / 700.0f);
}

static struct spot spot_at(float position, size_t points)
{
    float top = (float)(points - 1);
    float p = position < 0.0f ? 0.0f : position > top ? top : position;
    size_t index = (size_t)p < points - 2 ? (size_t)p : points - 2;
    return (struct spot){(uint16_t)index, p - (float)index};
}

static void place_bins(struct vocoder *v)
{
    float low = mel(40.0f), step = (mel(VOCODER_RATE / 2.0f) - low) / (VOCODER_BANDS - 1);
    for (size_t k = 0; k < BINS; k++) {
        float hz = (float)k * VOCODER_RATE / VOCODER_FFT;
        size_t i = 0;
        while (i + 2 < VOCODER_APERIODIC + 2 && hz >= aperiodic_hz[i + 1])
            i++;
        v->band_of[k] = spot_at((mel(hz) - low) / step, VOCODER_BANDS);
        v->aperiodic_of[k] = (struct spot){
            (uint16_t)i, (hz - aperiodic_hz[i]) / (aperiodic_hz[i + 1] - aperiodic_hz[i])};
    }
}

enum status vocoder_create(struct vocoder **ret_vocoder, struct error *ret_error)
{
    struct vocoder *v = calloc(1, sizeof(*v));
    if (v == NULL)
        return error_set(ret_error, STATUS_NO_MEMORY, "vocoder: out of memory");
    enum status s = fft_create(VOCODER_FFT, &v->fft, ret_error);
    if (s != STATUS_OK) {
        vocoder_destroy(v);
        return s;
    }
    v->ops = nn_ops_best();
    place_bins(v);
    vocoder_reset(v);
    *ret_vocoder = v;
    return STATUS_OK;
}

void vocoder_destroy(struct vocoder *vocoder)
{
    if (vocoder == NULL)
        return;
    fft_destroy(vocoder->fft);
    free(vocoder);
}

void vocoder_reset(struct vocoder *v)
{
    v->frames = v->position = 0;
    v->phase = 0.0;
    v->noise = SEED;
    v->pulse.alive = false;
    memset(v->ring, 0, sizeof(v->ring));
}

/* ---- one pulse ---- */

static float between(float a, float b, float fraction)
{
    return a + (b - a) * fraction;
}

static float held(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}

/* Set up the pulse at the present position, `at` = 0..1 between the last two frames. */
static void open_pulse(struct vocoder *v, float at, float f0, bool voiced)
{
    struct pulse *p = &v->pulse;
    float bands[VOCODER_BANDS], shares[VOCODER_APERIODIC + 2];
    for (size_t i = 0; i < VOCODER_BANDS; i++)
        bands[i] = between(v->last.envelope[i], v->next.envelope[i], at);
    shares[0] = logf(aperiodic_floor);
    shares[VOCODER_APERIODIC + 1] = 0.0f;
    for (size_t i = 0; i < VOCODER_APERIODIC; i++) {
        float share = between(v->last.aperiodicity[i], v->next.aperiodicity[i], at);
        shares[i + 1] = logf(held(share, aperiodic_floor, 1.0f));
    }
    p->alive = true;
    p->voiced = voiced;
    p->position = v->position;
    p->period = VOCODER_RATE / f0;
    p->late = (float)v->phase * p->period;
    for (size_t k = 0; k < BINS; k++) {
        struct spot b = v->band_of[k], a = v->aperiodic_of[k];
        p->amplitude[k] = 0.5f * between(bands[b.index], bands[b.index + 1], b.fraction);
        p->noise_share[k] =
            voiced ? aperiodic_power * between(shares[a.index], shares[a.index + 1], a.fraction)
                   : 0.0f;
    }
}

/* Minimum-phase response to the periodic part: v->spectrum gets magnitude and phase, delayed so
 * that the pulse falls `late` samples before LEAD. */
static void periodic_response(struct vocoder *v)
{
    const struct pulse *p = &v->pulse;
    /* Logarithm of the magnitude sqrt(1 - share^2) * amplitude, and its cepstrum. */
    for (size_t k = 0; k < BINS; k++)
        v->work[k] = 2.0f * p->noise_share[k];
    v->ops->activate(NN_EXP, v->work, BINS);
    for (size_t k = 0; k < BINS; k++) {
        float periodic = 1.0f - v->work[k];
        v->work[k] = p->amplitude[k] + 0.5f * logf(periodic > 1e-8f ? periodic : 1e-8f);
        v->response[k] = (struct fft_bin){v->work[k], 0.0f};
    }
    fft_inverse(v->fft, v->response, v->time);
    for (size_t i = 1; i < VOCODER_FFT / 2; i++)
        v->time[i] *= 2.0f;
    memset(v->time + VOCODER_FFT / 2 + 1, 0, (VOCODER_FFT / 2 - 1) * sizeof(float));
    fft_forward(v->fft, v->time, v->response);
    v->ops->activate(NN_EXP, v->work, BINS);
    float scale = sqrtf(p->period),
          delay = ((float)LEAD - p->late) * 2.0f * (float)M_PI / VOCODER_FFT;
    for (size_t k = 0; k < BINS; k++) {
        float magnitude = v->work[k] * scale, angle = v->response[k].im - delay * (float)k;
        v->spectrum[k] = (struct fft_bin){magnitude * cosf(angle), magnitude * sinf(angle)};
    }
}

static float next_noise(struct vocoder *v)
{
    uint32_t x = v->noise;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    v->noise = x;
    return ((float)(x >> 8) / 16777216.0f - 0.5f) * 3.4641016f; /* unit variance */
}

/* The noise of the pulse's interval through the envelope, added to v->spectrum. */
static void noise_response(struct vocoder *v, size_t interval)
{
    const struct pulse *p = &v->pulse;
    memset(v->time, 0, sizeof(v->time));
    for (size_t i = 0; i < interval; i++)
        v->time[LEAD + i] = next_noise(v);
    fft_forward(v->fft, v->time, v->response);
    for (size_t k = 0; k < BINS; k++)
        v->work[k] = p->amplitude[k] + p->noise_share[k];
    v->ops->activate(NN_EXP, v->work, BINS);
    for (size_t k = 0; k < BINS; k++) {
        v->spectrum[k].re += v->response[k].re * v->work[k];
        v->spectrum[k].im += v->response[k].im * v->work[k];
    }
}

/* The next pulse is due: render the one before it into the ring. */
static void close_pulse(struct vocoder *v)
{
    struct pulse *p = &v->pulse;
    size_t interval = (size_t)(v->position - p->position);
    if (!p->alive)
        return;
    if (p->voiced)
        periodic_response(v);
    else
        memset(v->spectrum, 0, sizeof(v->spectrum));
    noise_response(v, interval);
    fft_inverse(v->fft, v->spectrum, v->time);
    size_t before_start = p->position < LEAD ? LEAD - (size_t)p->position : 0;
    for (size_t i = before_start; i < VOCODER_FFT; i++)
        v->ring[(size_t)(p->position + i - LEAD) & (RING - 1)] += v->time[i];
    p->alive = false;
}

/* ---- running ---- */

static void run_frame(struct vocoder *v)
{
    float last = logf(held(v->last.f0, f0_floor, f0_ceiling));
    float next = logf(held(v->next.f0, f0_floor, f0_ceiling));
    for (size_t i = 0; i < VOCODER_HOP; i++) {
        float at = (float)i / VOCODER_HOP;
        bool voiced = at < 0.5f ? v->last.voiced : v->next.voiced;
        float f0 = voiced ? expf(between(last, next, at)) : (float)UNVOICED_F0;
        v->phase += (double)f0 / VOCODER_RATE;
        if (v->phase >= 1.0) {
            v->phase -= 1.0;
            close_pulse(v);
            open_pulse(v, at, f0, voiced);
            v->pulse.late = (float)(v->phase * VOCODER_RATE / f0);
        }
        v->position++;
    }
}

/* Samples of the block that ended VOCODER_DELAY frames ago; its place in the ring becomes free. */
static void give(struct vocoder *v, float *ret_samples)
{
    size_t start = (size_t)((v->position - (VOCODER_DELAY)*VOCODER_HOP) & (RING - 1));
    memcpy(ret_samples, v->ring + start, VOCODER_HOP * sizeof(float));
    memset(v->ring + start, 0, VOCODER_HOP * sizeof(float));
}

void vocoder_push(struct vocoder *v, const struct vocoder_frame *frame, float *ret_samples)
{
    v->last = v->frames == 0 ? *frame : v->next;
    v->next = *frame;
    v->frames++;
    memset(ret_samples, 0, VOCODER_HOP * sizeof(float));
    if (v->frames == 1)
        return;
    run_frame(v);
    if (v->frames > VOCODER_DELAY)
        give(v, ret_samples);
}
