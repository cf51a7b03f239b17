/* Vector operations on samples, in four versions: C, AVX2, AVX-512, NEON.
 *
 * The operations are written once (ops_impl.h) and compiled per instruction set; a table is chosen
 * once, at start:
 *
 *     const struct ops *ops = ops_best();
 *     ops->mix(out, voice, 0.5f, count);
 *
 * All versions give the same bits: sums run in one order, and no multiply is fused with an add. No
 * alignment is asked for and any count is allowed, 0 too. Buffers are the same or do not overlap.
 *
 * Thread: any, audio-rt safe; ops_best reads the environment (see cpu.h): call it at create time.
 */
#ifndef LINNET_DSP_OPS_H
#define LINNET_DSP_OPS_H

#include "cpu.h"

#include <stddef.h>
#include <stdint.h>

struct ops {
    enum cpu_isa isa;
    /* out[i] += a[i] */
    void (*add)(float *out, const float *a, size_t count);
    /* out[i] += gain * a[i] */
    void (*mix)(float *out, const float *a, float gain, size_t count);
    /* out[i] = a[i] * b[i] */
    void (*multiply)(float *out, const float *a, const float *b, size_t count);
    /* out[i] = gain * a[i] */
    void (*scale)(float *out, const float *a, float gain, size_t count);
    /* out[i] = a[i] limited to [-limit, limit] */
    void (*clip)(float *out, const float *a, float limit, size_t count);
    /* sum of a[i] * b[i] */
    float (*dot)(const float *a, const float *b, size_t count);
    /* largest |a[i]|, 0 for count 0 */
    float (*peak)(const float *a, size_t count);
    /* out[i] = a[i] / 32768 */
    void (*from_s16)(float *out, const int16_t *a, size_t count);
    /* out[i] = a[i] * 32768, rounded to nearest even and saturated */
    void (*to_s16)(int16_t *out, const float *a, size_t count);
};

/* The table of a level, or NULL when this build has none or this machine (under LINNET_CPU) cannot
 * run it. */
const struct ops *ops_of(enum cpu_isa isa);

/* The fastest table here. */
const struct ops *ops_best(void);

#endif
