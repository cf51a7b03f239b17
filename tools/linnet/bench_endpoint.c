#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cli.h"
#include "engine.h"
#include "linnet.h"
#include "manifest.h"
#include "plot.h"
#include "source.h"

/* Each recording is a request after a button press, pushed through the engine on virtual time, with
 * noise of the background's level behind it. A request is cut off when the endpoint comes while
 * speech goes on; the delay of the others runs from the end of speech to the endpoint. */

enum {
    HOP = LINNET_INPUT_RATE / 100,
    VOICE_HOP = LINNET_VOICE_RATE / 100,
    SECONDS_MAX = 60,
    TAIL_HOPS = 300,
    SETTLE_HOPS_MAX = 6000,
    /* Speech behind the endpoint that counts as cut off: less is the last consonant's decay. */
    CUT_OFF_HOPS = 10
};

struct utterance {
    float *samples; /* whole hops */
    double *levels; /* of each hop; the second half of the memory is for sorting them */
    size_t hops;
    size_t end; /* hop behind the last one with speech */
    double background;
};

struct results {
    double *delays;
    int count, recordings, cut_off, unheard;
};

static enum status load(const char *path, struct utterance *u, struct error *ret_error)
{
    struct source *source;
    size_t count = 0, got, room = (size_t)SECONDS_MAX * LINNET_INPUT_RATE;
    TRY(source_create(path, &source, ret_error));
    enum status status = STATUS_OK;
    while (count < room && (status = source_read(source, u->samples + count, room - count, &got,
                                                 ret_error)) == STATUS_OK)
        count += got;
    source_destroy(source);
    u->hops = count / HOP;
    return status == STATUS_END ? STATUS_OK : status;
}

static double level_of(const float *samples)
{
    double power = 0;
    for (int i = 0; i < HOP; i++)
        power += (double)samples[i] * (double)samples[i];
    return sqrt(power / HOP);
}

/* Speech ends with the last hop that is louder than 3 % of the loudest and twice the background,
 * which is the level that a tenth of the hops stay below. */
static void find_end(struct utterance *u)
{
    double loudest = 0;
    double *sorted = u->levels + u->hops;
    for (size_t h = 0; h < u->hops; h++) {
        u->levels[h] = level_of(u->samples + h * HOP);
        loudest = fmax(loudest, u->levels[h]);
    }
    memcpy(sorted, u->levels, u->hops * sizeof(double));
    u->background = u->hops ? bench_percentile(sorted, (int)u->hops, 0.1) : 0;
    double least = fmax(0.03 * loudest, fmin(2 * u->background, 0.3 * loudest));
    for (u->end = u->hops; u->end > 0 && u->levels[u->end - 1] <= least; u->end--)
        ;
}

/* One hop in, its events looked through; true when the request was taken (then with *ret_words) or
 * given up. */
static bool advance(struct linnet *linnet, const float *hop, bool *ret_words)
{
    float voice[VOICE_HOP];
    struct linnet_event event;
    bool over = false;
    linnet_push(linnet, hop, HOP);
    linnet_pull(linnet, voice, VOICE_HOP);
    while (linnet_poll(linnet, &event)) {
        *ret_words |= event.kind == LINNET_EVENT_FINAL;
        over |= event.kind == LINNET_EVENT_FINAL || event.kind == LINNET_EVENT_DONE;
    }
    return over;
}

static void settle(struct linnet *linnet)
{
    static const float silence[HOP];
    bool words;
    for (int i = 0; i < SETTLE_HOPS_MAX && !linnet_is_idle(linnet); i++)
        advance(linnet, silence, &words);
}

/* White noise of the background's level (a uniform value has a third of its peak's power). */
static void make_noise(float *hop, double level, uint32_t *seed)
{
    for (int i = 0; i < HOP; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        hop[i] = (float)(level * sqrt(3) * ((double)*seed / 2147483648.0 - 1));
    }
}

/* The count of hops heard when the request was over. */
static size_t listen(struct linnet *linnet, const struct utterance *u, bool *ret_words)
{
    float noise[HOP];
    uint32_t seed = 1;
    linnet_talk(linnet);
    for (size_t h = 0; h < u->hops + TAIL_HOPS; h++) {
        make_noise(noise, u->background, &seed);
        if (advance(linnet, h < u->hops ? u->samples + h * HOP : noise, ret_words))
            return h + 1;
    }
    return u->hops + TAIL_HOPS;
}

static void judge(struct linnet *linnet, const struct utterance *u, struct results *results)
{
    bool words = false;
    size_t over = listen(linnet, u, &words);
    results->recordings++;
    if (!words)
        results->unheard++;
    else if (over + CUT_OFF_HOPS < u->end)
        results->cut_off++;
    else
        results->delays[results->count++] = ((double)over - (double)u->end) / 100;
    settle(linnet);
}

static enum status hear_all(struct linnet *linnet, const struct manifest *manifest,
                            struct utterance *u, struct results *results, struct error *ret_error)
{
    char path[512];
    for (size_t i = 0; i < manifest->count; i++) {
        TRY(manifest_path(manifest, i, path, sizeof(path), ret_error));
        TRY(load(path, u, ret_error));
        find_end(u);
        judge(linnet, u, results);
        cli_progress("endpoint", (double)(i + 1) / (double)manifest->count);
    }
    return STATUS_OK;
}

static void add_rows(struct bench_report *report, struct results *r)
{
    bench_add(report, "", r->recordings, "requests");
    bench_add(report, "%", 100.0 * r->cut_off / fmax(r->recordings, 1), "cut off");
    bench_add(report, "%", 100.0 * r->unheard / fmax(r->recordings, 1), "without words");
    for (int percent = 50; percent <= 95 && r->count; percent += percent == 50 ? 40 : 5)
        bench_add(report, "ms", 1e3 * bench_percentile(r->delays, r->count, percent / 100.0),
                  "end of speech to endpoint, p%d", percent);
}

/* The delays as endpoint-delay.png, with the promise marked. */
static enum status draw(struct results *r, const char *folder, struct error *ret_error)
{
    char path[512];
    if (!folder || r->count == 0)
        return STATUS_OK;
    const struct plot_mark marks[] = {{"median", bench_percentile(r->delays, r->count, 0.5)},
                                      {"promise", 0.35}};
    const struct plot plot = {.title = "From the end of speech to the endpoint",
                              .x = {.label = "s", .low = 0, .high = 1.5},
                              .y = {.label = "requests"}};
    const struct plot_values values = {r->delays, (size_t)r->count, 50, marks, 2};
    snprintf(path, sizeof(path), "%s/endpoint-delay.png", folder);
    return plot_histogram(path, &plot, &values, ret_error);
}

static enum status measure(struct bench_report *report, struct linnet *linnet,
                           const struct manifest *manifest, const char *plots,
                           struct error *ret_error)
{
    const size_t hops = (size_t)SECONDS_MAX * 100;
    struct results results = {.delays = calloc(manifest->count + 1, sizeof(double))};
    struct utterance u = {.samples = calloc(hops * HOP, sizeof(float)),
                          .levels = calloc(2 * hops, sizeof(double))};
    enum status status = STATUS_NO_MEMORY;
    if (results.delays && u.samples && u.levels)
        status = hear_all(linnet, manifest, &u, &results, ret_error);
    else
        error_set(ret_error, status, "bench: out of memory");
    if (status == STATUS_OK) {
        struct mind_ahead ahead = mind_ahead(linnet->mind);
        add_rows(report, &results);
        bench_add(report, "%", 100.0 * (double)ahead.discarded / fmax((double)ahead.computed, 1),
                  "of the tokens computed ahead, discarded");
        status = draw(&results, plots, ret_error);
    }
    free(results.delays);
    free(u.samples);
    free(u.levels);
    return status;
}

enum status bench_endpoint(struct bench_report *report, const struct bench_request *request,
                           struct error *ret_error)
{
    struct manifest manifest;
    struct linnet *linnet;
    struct linnet_config config;
    TRY(manifest_init(&manifest, request->dir, ret_error));
    linnet_config_defaults(&config);
    config.models_dir = request->models;
    config.state = ":memory:";
    enum status status = linnet_create(&config, &linnet, ret_error);
    if (status == STATUS_OK) {
        status = measure(report, linnet, &manifest, request->plots, ret_error);
        linnet_destroy(linnet);
    }
    manifest_finish(&manifest);
    return status;
}
