/* Benches: each measures one part and adds rows to a report; medians of several runs.
 *
 * Thread: control, for all functions. */
#ifndef LINNET_TOOLS_BENCH_H
#define LINNET_TOOLS_BENCH_H

#include <stdbool.h>

#include "asr_recogniser.h"
#include "status.h"

enum { BENCH_ROWS_MAX = 64, BENCH_RUNS = 3 };

struct bench_row {
    char name[56];
    double value;
    const char *unit;
};

struct bench_report {
    const char *models; /* folder, NULL for the built-in one */
    int count;
    struct bench_row rows[BENCH_ROWS_MAX];
};

/* What the parts that read a folder of recordings with a manifest (manifest.h) are told. */
struct bench_request {
    const char *models; /* folder, NULL for the built-in one */
    const char *dir;
    const char *plots;    /* folder for PNG files, NULL for none */
    const char *language; /* of the recogniser: "general" or "assistant" */
    const char *typed;    /* a typed wake word, NULL for none */
};

/* A recogniser with the models of a folder (NULL: the built-in one). */
enum status bench_recogniser(struct asr_recogniser *ret_recogniser, const char *models,
                             const char *language, struct error *ret_error);

void bench_add(struct bench_report *report, const char *unit, double value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Seconds on the machine's monotonic clock. */
double bench_now(void);

/* Median of `count` values (they are sorted in place). */
double bench_median(double *values, int count);

/* Value below which `part` (0..1) of them lie, nearest rank. */
double bench_percentile(double *values, int count, double part);

/* Speech to work on, 16 kHz mono: what the recordings hold, or else what the own voice says. */
struct bench_sound {
    float *samples;
    size_t count;
};

/* Front end, wake word and recogniser over the sound. */
enum status bench_ears(struct bench_report *report, const struct bench_sound *sound,
                       struct error *ret_error);

/* The language model: prefill and decode. */
enum status bench_mind(struct bench_report *report, struct error *ret_error);

/* llama.cpp beside it: rows only where its llama-bench is on the PATH. */
void bench_peer(struct bench_report *report);

/* The voice: real-time factor and time to the first samples; its sound, for bench_ears, to
 * *ret_sound. */
enum status bench_voice(struct bench_report *report, struct bench_sound *ret_sound,
                        struct error *ret_error);

/* Start to listening, and resident memory with everything loaded. */
enum status bench_start(struct bench_report *report, struct error *ret_error);

/* End of speech to first sound: each recording of the folder is played to a live engine in real
 * time. */
enum status bench_latency(struct bench_report *report, const char *dir, struct error *ret_error);

/* Word errors through the endpointer and without it, cost, how late partials are; pocketsphinx
 * beside it where it is installed. */
enum status bench_asr(struct bench_report *report, const struct bench_request *request,
                      struct error *ret_error);

/* Requests pushed through the whole engine: cut-offs, and the delay from the end of speech to the
 * endpoint. */
enum status bench_endpoint(struct bench_report *report, const struct bench_request *request,
                           struct error *ret_error);

/* Wake words: misses against false alarms, clean and under noise, and what listening costs. */
enum status bench_wake(struct bench_report *report, const struct bench_request *request,
                       struct error *ret_error);

#endif
