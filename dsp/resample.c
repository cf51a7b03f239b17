#include "resample.h"

#include "fault.h"
#include "ops.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const double PASS_EDGE = 0.95;
static const double STOP_DB = 90.0;

enum { TABLE_MAX = 1 << 22, BLOCK = 1024 };

struct resampler {
    const struct ops *ops;
    unsigned in_rate;
    /* out / in as a reduced fraction up / down. */
    unsigned up;
    unsigned down;
    /* Each output looks at `taps` inputs, `before` of them before its own moment. */
    size_t taps;
    size_t before;
    float *rows;
    float *history;
    size_t fill;
    /* Where the next output's taps begin in history, and its phase in 0..up-1. */
    size_t start;
    unsigned phase;
    uint64_t taken;
    uint64_t made;
};

static unsigned gcd(unsigned a, unsigned b)
{
    return b ? gcd(b, a % b) : a;
}

/* Modified Bessel function of order 0, by its series. */
static double bessel_i0(double x)
{
    double sum = 1.0;
    double term = 1.0;
    for (int k = 1; term > sum * 1e-17; k++) {
        term *= (x / (2.0 * k)) * (x / (2.0 * k));
        sum += term;
    }
    return sum;
}

static double kaiser(double position, double beta)
{
    double inside = 1.0 - position * position;
    return inside > 0.0 ? bessel_i0(beta * sqrt(inside)) / bessel_i0(beta) : 0.0;
}

static double sinc(double x)
{
    return fabs(x) < 1e-12 ? 1.0 : sin(M_PI * x) / (M_PI * x);
}

/* Taps for one phase, their sum exactly 1 so that no phase has a gain of its own. */
static void row_design(const struct resampler *r, unsigned phase, float *ret_row)
{
    double ratio = fmin(1.0, (double)r->up / r->down);
    double cutoff = ratio * (1.0 + PASS_EDGE) / 2.0;
    double beta = 0.1102 * (STOP_DB - 8.7);
    double half = (double)r->taps / 2.0;
    double sum = 0.0;
    for (int pass = 0; pass < 2; pass++) {
        double gain = pass ? 1.0 / sum : 1.0;
        for (size_t k = 0; k < r->taps; k++) {
            double distance = (double)k - (double)r->before - (double)phase / r->up;
            double tap = sinc(cutoff * distance) * kaiser(distance / half, beta);
            sum += pass ? 0.0 : tap;
            ret_row[k] = (float)(tap * gain);
        }
    }
}

/* Kaiser's estimate of the length for the transition between PASS_EDGE and 1 of the lower Nyquist.
 */
static void taps_choose(struct resampler *r)
{
    double transition = M_PI * (1.0 - PASS_EDGE) * fmin(1.0, (double)r->up / r->down);
    double length = (STOP_DB - 8.0) / (2.285 * transition);
    size_t half = (size_t)ceil(length / 2.0);
    bool copy = r->up == r->down;
    r->taps = copy ? 1 : 2 * half;
    r->before = copy ? 0 : half - 1;
}

static enum status tables_make(struct resampler *r, struct error *ret_error)
{
    if (r->up * r->taps > TABLE_MAX)
        return error_set(ret_error, STATUS_UNSUPPORTED,
                         "resample: the ratio %u:%u needs a table of %zu taps: expected at most %d",
                         r->up, r->down, r->up * r->taps, TABLE_MAX);
    r->rows = mem_calloc(r->up * r->taps, sizeof(*r->rows));
    r->history = mem_calloc(r->taps + BLOCK, sizeof(*r->history));
    if (!r->rows || !r->history)
        return error_set(ret_error, STATUS_NO_MEMORY, "resample: out of memory");
    if (r->taps == 1)
        r->rows[0] = 1.0f;
    else
        for (unsigned phase = 0; phase < r->up; phase++)
            row_design(r, phase, r->rows + phase * r->taps);
    return STATUS_OK;
}

enum status resample_create(unsigned in_rate, unsigned out_rate, struct resampler **ret_resampler,
                            struct error *ret_error)
{
    unsigned low = in_rate < out_rate ? in_rate : out_rate;
    unsigned high = in_rate < out_rate ? out_rate : in_rate;
    if (low < RESAMPLE_RATE_MIN || high > RESAMPLE_RATE_MAX)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "resample: %u Hz to %u Hz: expected %d to %d", in_rate, out_rate,
                         RESAMPLE_RATE_MIN, RESAMPLE_RATE_MAX);
    struct resampler *r = mem_calloc(1, sizeof(*r));
    if (!r)
        return error_set(ret_error, STATUS_NO_MEMORY, "resample: out of memory");
    unsigned common = gcd(in_rate, out_rate);
    r->ops = ops_best();
    r->in_rate = in_rate;
    r->up = out_rate / common;
    r->down = in_rate / common;
    taps_choose(r);
    enum status status = tables_make(r, ret_error);
    if (status != STATUS_OK) {
        resample_destroy(r);
        return status;
    }
    resample_reset(r);
    *ret_resampler = r;
    return STATUS_OK;
}

void resample_destroy(struct resampler *resampler)
{
    if (!resampler)
        return;
    free(resampler->rows);
    free(resampler->history);
    free(resampler);
}

/* The stream begins with silence, so that output 0 has its taps before input 0. */
void resample_reset(struct resampler *resampler)
{
    memset(resampler->history, 0, (resampler->taps + BLOCK) * sizeof(*resampler->history));
    resampler->fill = resampler->before;
    resampler->start = 0;
    resampler->phase = 0;
    resampler->taken = 0;
    resampler->made = 0;
}

/* Room for new input behind the history; what no output needs any more makes way. `start` may lie
 * beyond `fill` when the step between outputs is longer than the taps that are there. */
static size_t history_room(struct resampler *r)
{
    size_t capacity = r->taps + BLOCK;
    size_t drop = r->start < r->fill ? r->start : r->fill;
    if (r->fill == capacity && drop > 0) {
        r->fill -= drop;
        r->start -= drop;
        memmove(r->history, r->history + drop, r->fill * sizeof(*r->history));
    }
    return capacity - r->fill;
}

/* Append input (silence when `in` is NULL). */
static size_t history_take(struct resampler *r, const float *in, size_t count)
{
    size_t room = history_room(r);
    size_t taken = count < room ? count : room;
    if (in)
        memcpy(r->history + r->fill, in, taken * sizeof(*in));
    else
        memset(r->history + r->fill, 0, taken * sizeof(*r->history));
    r->fill += taken;
    return taken;
}

/* Make outputs whose taps are all there. */
static size_t outputs_make(struct resampler *r, float *out, size_t room)
{
    size_t made = 0;
    while (made < room && r->start + r->taps <= r->fill) {
        const float *row = r->rows + r->phase * r->taps;
        out[made++] = r->ops->dot(row, r->history + r->start, r->taps);
        r->phase += r->down;
        r->start += r->phase / r->up;
        r->phase %= r->up;
    }
    r->made += made;
    return made;
}

struct resample_step resample_process(struct resampler *resampler, const float *in, size_t in_count,
                                      float *out, size_t out_room)
{
    struct resample_step step = {0};
    size_t taken;
    do {
        step.made += outputs_make(resampler, out + step.made, out_room - step.made);
        taken = history_take(resampler, in + step.taken, in_count - step.taken);
        step.taken += taken;
    } while (taken > 0);
    resampler->taken += step.taken;
    return step;
}

size_t resample_flush(struct resampler *resampler, float *out, size_t out_room)
{
    struct resampler *r = resampler;
    uint64_t total = (r->taken * r->up + r->down - 1) / r->down;
    size_t wanted = total - r->made < out_room ? (size_t)(total - r->made) : out_room;
    size_t made = 0;
    while (made < wanted) {
        history_take(r, NULL, r->taps);
        made += outputs_make(r, out + made, wanted - made);
    }
    return made;
}

double resample_latency_s(const struct resampler *resampler)
{
    return (double)(resampler->taps - 1 - resampler->before) / resampler->in_rate;
}
