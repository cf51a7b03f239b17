#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench.h"
#include "cli.h"
#include "front.h"
#include "linnet.h"
#include "manifest.h"
#include "models_dir.h"
#include "plot.h"
#include "source.h"

/* Misses against false alarms. The text column of the manifest says what a recording is: a wake
 * word ("jarvis", "hey jarvis"), "noise", or anything else, which is background. All background is
 * one stream; a recording of a word comes after 1.5 s of its own quietest hop and is missed when no
 * score in it reaches the threshold. Clean, and under noise: the recordings of noise, or where
 * there are none a pink one. Levels of noise are its louder half's power under that of the louder
 * tenth of the speech, 10 ms at a time. */

enum {
    HOP = LINNET_INPUT_RATE / 100,
    SECONDS_MAX = 120,
    LEAD_HOPS = 150,
    TAIL_HOPS = 60,
    REFRACTORY = 100,
    WORDS_MAX = 9,
    CONDITIONS = 3,
    POINTS_MAX = 512
};
static const struct {
    const char *name;
    double snr; /* dB; NAN: clean */
} conditions[CONDITIONS] = {{"clean", (double)NAN}, {"10 dB", 10}, {"5 dB", 5}};

struct numbers {
    float *value;
    size_t count, room;
};

/* What one word's scores were: of each frame of background, and the best of each recording. */
struct curve {
    struct numbers background, clips;
};

struct run {
    const struct bench_request *request;
    struct front *front;
    const char *typed;
    int words; /* of the model, and the typed one behind them */
    float *samples, *noise;
    size_t count, noise_count, noise_at;
    uint64_t frames;
    double seconds;
    struct curve curve[CONDITIONS][WORDS_MAX];
};

static double processor_time(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + 1e-6 * (double)usage.ru_utime.tv_usec;
}

static enum status push(struct numbers *numbers, float value, struct error *ret_error)
{
    if (numbers->count == numbers->room) {
        size_t room = numbers->room ? 2 * numbers->room : 4096;
        float *grown = realloc(numbers->value, room * sizeof(float));
        if (!grown)
            return error_set(ret_error, STATUS_NO_MEMORY, "bench: out of memory");
        numbers->value = grown;
        numbers->room = room;
    }
    numbers->value[numbers->count++] = value;
    return STATUS_OK;
}

static enum status load(const char *path, float *samples, size_t room, size_t *ret_count,
                        struct error *ret_error)
{
    struct source *source;
    size_t count = 0, got;
    TRY(source_create(path, &source, ret_error));
    enum status status;
    while (count < room && (status = source_read(source, samples + count, room - count, &got,
                                                 ret_error)) == STATUS_OK)
        count += got;
    source_destroy(source);
    *ret_count = count / HOP * HOP;
    return count >= room || status == STATUS_END ? STATUS_OK : status;
}

static double power_of(const float *samples)
{
    double power = 0;
    for (int i = 0; i < HOP; i++)
        power += (double)samples[i] * (double)samples[i];
    return power;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Mean power of the loudest `share` of the hops. */
static enum status loud_power(const float *samples, size_t count, double share, double *ret_power,
                              struct error *ret_error)
{
    size_t hops = count / HOP, from = (size_t)((1 - share) * (double)hops);
    double *power = calloc(hops + 1, sizeof(*power)), sum = 0;
    if (!power)
        return error_set(ret_error, STATUS_NO_MEMORY, "bench: out of memory");
    for (size_t h = 0; h < hops; h++)
        power[h] = power_of(samples + h * HOP);
    qsort(power, hops, sizeof(*power), by_size);
    for (size_t h = from; h < hops; h++)
        sum += power[h];
    free(power);
    *ret_power = hops > from ? sum / (double)(hops - from) : 0;
    return STATUS_OK;
}

/* The noise goes on from recording to recording, so that each is under another stretch of it. */
static enum status add_noise(struct run *r, double snr, struct error *ret_error)
{
    double speech, noise;
    if (isnan(snr) || r->count == 0)
        return STATUS_OK;
    TRY(loud_power(r->samples, r->count, 0.1, &speech, ret_error));
    TRY(loud_power(r->noise, r->noise_count, 0.5, &noise, ret_error));
    float gain = (float)sqrt(speech / fmax(noise, 1e-12) / pow(10, snr / 10));
    for (size_t i = 0; i < r->count; i++) {
        r->samples[i] += gain * r->noise[r->noise_at];
        r->noise_at = (r->noise_at + 1) % r->noise_count;
    }
    return STATUS_OK;
}

/* Kellet's filter on uniform noise; a minute. */
static enum status make_pink(struct run *r, struct error *ret_error)
{
    uint32_t random = 1;
    float b[3] = {0};
    r->noise_count = (size_t)60 * LINNET_INPUT_RATE;
    r->noise = calloc(r->noise_count, sizeof(float));
    if (!r->noise)
        return error_set(ret_error, STATUS_NO_MEMORY, "bench: out of memory");
    for (size_t i = 0; i < r->noise_count; i++) {
        random = random * 1664525 + 1013904223;
        float white = (float)(random >> 8) / (float)(1 << 23) - 1;
        b[0] = 0.99765f * b[0] + 0.0990460f * white;
        b[1] = 0.96300f * b[1] + 0.2965164f * white;
        b[2] = 0.57000f * b[2] + 1.0526913f * white;
        r->noise[i] = 0.05f * (b[0] + b[1] + b[2] + 0.1848f * white);
    }
    return STATUS_OK;
}

static enum status load_noise(struct run *r, const struct manifest *manifest,
                              struct error *ret_error)
{
    char path[512];
    for (size_t i = 0; i < manifest->count; i++) {
        if (strcmp(manifest->rows[i].text, "noise") != 0)
            continue;
        TRY(manifest_path(manifest, i, path, sizeof(path), ret_error));
        TRY(load(path, r->samples, (size_t)SECONDS_MAX * LINNET_INPUT_RATE, &r->count, ret_error));
        float *grown = realloc(r->noise, (r->noise_count + r->count) * sizeof(float) + 1);
        if (!grown)
            return error_set(ret_error, STATUS_NO_MEMORY, "bench: out of memory");
        r->noise = grown;
        memcpy(r->noise + r->noise_count, r->samples, r->count * sizeof(float));
        r->noise_count += r->count;
    }
    return r->noise_count ? STATUS_OK : make_pink(r, ret_error);
}

/* Which of the words a recording holds; -1 for background. */
static int word_of(const struct run *r, const char *text)
{
    const char *word = strncmp(text, "hey ", 4) == 0 ? text + 4 : text;
    for (int w = 0; w < r->words; w++)
        if (strcmp(front_word(r->front, w), text) == 0 ||
            strcmp(front_word(r->front, w), word) == 0)
            return w;
    return -1;
}

/* All samples through the front. Scores of the frames go to the curves (word < 0), or their highest
 * to *ret_best. */
static enum status hear(struct run *r, int condition, int word, float *ret_best,
                        struct error *ret_error)
{
    struct front_frame frame;
    const float *samples = r->samples;
    double begin = processor_time();
    for (size_t left = r->count; left > 0;) {
        size_t taken = front_feed(r->front, samples, left);
        samples += taken;
        left -= taken;
        while (front_poll(r->front, &frame)) {
            r->frames++;
            for (int w = 0; w < r->words; w++) {
                float score = front_score(r->front, w);
                if (word < 0)
                    TRY(push(&r->curve[condition][w].background, score, ret_error));
                else if (w == word)
                    *ret_best = fmaxf(*ret_best, score);
            }
        }
    }
    r->seconds += processor_time() - begin;
    return STATUS_OK;
}

/* 1.5 s of the quietest hop before the word, a little of it behind. */
static void surround(struct run *r)
{
    float quiet[HOP];
    size_t hops = r->count / HOP, best = 0;
    for (size_t h = 1; h < hops; h++)
        if (power_of(r->samples + h * HOP) < power_of(r->samples + best * HOP))
            best = h;
    memcpy(quiet, r->samples + best * HOP, sizeof(quiet));
    memmove(r->samples + LEAD_HOPS * HOP, r->samples, r->count * sizeof(float));
    for (size_t h = 0; h < LEAD_HOPS; h++)
        memcpy(r->samples + h * HOP, quiet, sizeof(quiet));
    for (size_t h = 0; h < TAIL_HOPS; h++)
        memcpy(r->samples + (LEAD_HOPS + hops + h) * HOP, quiet, sizeof(quiet));
    r->count = (LEAD_HOPS + hops + TAIL_HOPS) * HOP;
}

static enum status hear_row(struct run *r, const struct manifest *manifest, size_t number,
                            int condition, struct error *ret_error)
{
    char path[512];
    float best = -1e30f;
    const char *text = manifest->rows[number].text;
    int word = word_of(r, text);
    if (strcmp(text, "noise") == 0)
        return STATUS_OK;
    TRY(manifest_path(manifest, number, path, sizeof(path), ret_error));
    TRY(load(path, r->samples, (size_t)SECONDS_MAX * LINNET_INPUT_RATE, &r->count, ret_error));
    if (r->count == 0)
        return STATUS_OK;
    if (word >= 0)
        surround(r);
    TRY(add_noise(r, conditions[condition].snr, ret_error));
    TRY(hear(r, condition, word, &best, ret_error));
    return word >= 0 ? push(&r->curve[condition][word].clips, best, ret_error) : STATUS_OK;
}

/* ---- figures ---- */

/* How often a detector with this threshold fires. */
static size_t alarms(const struct numbers *scores, float threshold)
{
    size_t count = 0, deaf = 0;
    for (size_t i = 0; i < scores->count; i++)
        if (scores->value[i] >= threshold && i >= deaf) {
            count++;
            deaf = i + REFRACTORY;
        }
    return count;
}

static double hours_of(const struct curve *curve)
{
    return fmax((double)curve->background.count / 360000, 1e-6);
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* One point per recording: the threshold that just misses it, and what it lets through. */
struct points {
    double alarms[POINTS_MAX], misses[POINTS_MAX];
    size_t count;
};

static void trace(struct curve *curve, struct points *ret_points)
{
    struct numbers *clips = &curve->clips;
    size_t step = clips->count / POINTS_MAX + 1;
    qsort(clips->value, clips->count, sizeof(float), by_value);
    ret_points->count = 0;
    for (size_t i = 0; i < clips->count && ret_points->count < POINTS_MAX; i += step) {
        float threshold = clips->value[i];
        ret_points->alarms[ret_points->count] =
            (double)alarms(&curve->background, threshold) / hours_of(curve);
        ret_points->misses[ret_points->count++] = (double)i / (double)clips->count;
    }
}

/* Misses where no more than `rate` false alarms an hour are left. */
static double misses_at(const struct points *points, double rate)
{
    for (size_t i = 0; i < points->count; i++)
        if (points->alarms[i] <= rate)
            return points->misses[i];
    return 1;
}

static void add_word(struct bench_report *report, struct run *r, int condition, int word,
                     const struct points *points)
{
    static const double rates[] = {0.1, 0.5, 1};
    const struct curve *curve = &r->curve[condition][word];
    const char *name = front_word(r->front, word), *where = conditions[condition].name;
    float threshold = front_threshold(r->front, word);
    size_t missed = 0;
    for (size_t i = 0; i < curve->clips.count; i++)
        missed += curve->clips.value[i] < threshold;
    bench_add(report, "%", 100 * (double)missed / (double)curve->clips.count,
              "%s, %s: missed as shipped", name, where);
    bench_add(report, "an hour", (double)alarms(&curve->background, threshold) / hours_of(curve),
              "%s, %s: false alarms as shipped", name, where);
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
        bench_add(report, "%", 100 * misses_at(points, rates[i]), "%s, %s: missed at %g an hour",
                  name, where, rates[i]);
}

static enum status plot_curves(const struct run *r, const struct points *points,
                               struct error *ret_error)
{
    struct plot_line lines[CONDITIONS * WORDS_MAX];
    char names[CONDITIONS * WORDS_MAX][64], path[512];
    size_t count = 0;
    for (int c = 0; c < CONDITIONS; c++)
        for (int w = 0; w < r->words; w++) {
            const struct points *p = &points[c * WORDS_MAX + w];
            if (p->count == 0)
                continue;
            snprintf(names[count], sizeof(names[count]), "%s, %s", front_word(r->front, w),
                     conditions[c].name);
            lines[count] = (struct plot_line){
                .name = names[count], .x = p->alarms, .y = p->misses, .count = p->count};
            count++;
        }
    const struct plot plot = {
        .title = "Wake words: misses against false alarms",
        .x = {.label = "false alarms an hour of speech", .low = 0, .high = 4},
        .y = {.label = "missed", .low = 0, .high = 0.5},
    };
    snprintf(path, sizeof(path), "%s/wake-det.png", r->request->plots);
    return plot_lines(path, &plot, lines, count, ret_error);
}

static enum status add_rows(struct bench_report *report, struct run *r, struct error *ret_error)
{
    struct points *points = calloc(CONDITIONS * WORDS_MAX, sizeof(*points));
    if (!points)
        return error_set(ret_error, STATUS_NO_MEMORY, "bench: out of memory");
    bench_add(report, "h", hours_of(&r->curve[0][0]), "background");
    for (int w = 0; w < r->words; w++)
        if (r->curve[0][w].clips.count)
            bench_add(report, "", (double)r->curve[0][w].clips.count, "recordings of %s",
                      front_word(r->front, w));
    for (int c = 0; c < CONDITIONS; c++)
        for (int w = 0; w < r->words; w++)
            if (r->curve[c][w].clips.count) {
                trace(&r->curve[c][w], &points[c * WORDS_MAX + w]);
                add_word(report, r, c, w, &points[c * WORDS_MAX + w]);
            }
    bench_add(report, "% of a core", 100 * r->seconds / fmax((double)r->frames / 100, 1e-6),
              "front end, wake words, voice activity");
    enum status status = r->request->plots ? plot_curves(r, points, ret_error) : STATUS_OK;
    free(points);
    return status;
}

static enum status measure(struct bench_report *report, struct run *r,
                           const struct manifest *manifest, struct error *ret_error)
{
    TRY(load_noise(r, manifest, ret_error));
    for (int c = 0; c < CONDITIONS; c++)
        for (size_t i = 0; i < manifest->count; i++) {
            TRY(hear_row(r, manifest, i, c, ret_error));
            cli_progress("wake", (double)((size_t)c * manifest->count + i + 1) /
                                     (double)(CONDITIONS * manifest->count));
        }
    return add_rows(report, r, ret_error);
}

static enum status create_front(struct run *r, struct error *ret_error)
{
    char wake[512], acoustic[512], lexicon[512];
    models_dir_file(r->request->models, "wake.gguf", wake, sizeof(wake));
    models_dir_file(r->request->models, "asr.gguf", acoustic, sizeof(acoustic));
    models_dir_file(r->request->models, "en-us.gguf", lexicon, sizeof(lexicon));
    const struct front_config config = {
        .model_path = wake,
        .word = "any",
        .typed = {.acoustic_path = acoustic,
                  .lexicon_path = lexicon,
                  .phrase = r->request->typed,
                  .force = true},
    };
    TRY(front_create(&config, &r->front, ret_error));
    r->words = front_word_count(r->front);
    size_t hops = (size_t)SECONDS_MAX * 100 + LEAD_HOPS + TAIL_HOPS;
    r->samples = calloc(hops * HOP, sizeof(float));
    return r->samples ? STATUS_OK : error_set(ret_error, STATUS_NO_MEMORY, "bench: out of memory");
}

enum status bench_wake(struct bench_report *report, const struct bench_request *request,
                       struct error *ret_error)
{
    struct run *run = calloc(1, sizeof(*run));
    struct manifest manifest;
    if (!run)
        return error_set(ret_error, STATUS_NO_MEMORY, "bench: out of memory");
    run->request = request;
    enum status status = manifest_init(&manifest, request->dir, ret_error);
    if (status == STATUS_OK) {
        status = create_front(run, ret_error);
        if (status == STATUS_OK)
            status = measure(report, run, &manifest, ret_error);
        manifest_finish(&manifest);
    }
    for (int c = 0; c < CONDITIONS; c++)
        for (int w = 0; w < WORDS_MAX; w++) {
            free(run->curve[c][w].background.value);
            free(run->curve[c][w].clips.value);
        }
    front_destroy(run->front);
    free(run->samples);
    free(run->noise);
    free(run);
    return status;
}
