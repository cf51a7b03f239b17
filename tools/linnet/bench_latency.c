#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "cli.h"
#include "linnet.h"
#include "live.h"
#include "wav.h"

/* A recording is played to a live engine by the file device, on the real clock, and the time from
 * the last loud moment of the request to the first sample of the answer is taken. */

enum { RESULTS_MAX = 128, FILE_SECONDS_MAX = 60, TAIL_SECONDS = 4 };

struct results {
    double total[RESULTS_MAX];   /* end of speech to first sound */
    double waiting[RESULTS_MAX]; /* of that: until the endpoint */
    int count;
};

/* The last moment before `until` (seconds) at which 10 ms are louder than 3 % of the loudest. */
static double end_of_speech(const struct wav_audio *audio, double until)
{
    size_t hop = audio->rate / 100;
    size_t hops = audio->count / hop;
    size_t last = (size_t)(until * 100);
    double loudest = 0, end = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t h = 0; h < hops && (pass == 0 || h < last); h++) {
            double power = 0;
            for (size_t i = 0; i < hop; i++)
                power += (double)audio->samples[h * hop + i] * (double)audio->samples[h * hop + i];
            double level = sqrt(power / (double)hop);
            if (pass == 0)
                loudest = fmax(loudest, level);
            else if (level > 0.03 * loudest)
                end = (double)(h + 1) / 100;
        }
    }
    return end;
}

/* Follow the events of one recording; times are relative to its first sample. */
static void follow(struct linnet *linnet, const struct wav_audio *audio, double begin,
                   struct results *results)
{
    double length = (double)audio->count / audio->rate + TAIL_SECONDS;
    double finals = 0;
    struct linnet_event event;
    while (bench_now() - begin < length) {
        if (!linnet_wait(linnet, &event, 50 * INT64_C(1000000)))
            continue;
        if (event.kind == LINNET_EVENT_FINAL)
            finals = event.seconds - begin;
        if (event.kind != LINNET_EVENT_FIRST_SOUND || results->count == RESULTS_MAX)
            continue;
        double end = end_of_speech(audio, finals);
        results->waiting[results->count] = finals - end;
        results->total[results->count++] = event.seconds - begin - end;
    }
}

static enum status play(const char *models, const char *path, struct results *results,
                        struct error *ret_error)
{
    char input[300];
    struct wav_audio audio;
    struct linnet *linnet;
    struct live *live;
    TRY(wav_load(path, (size_t)FILE_SECONDS_MAX * 96000, &audio, ret_error));
    snprintf(input, sizeof(input), "input=%s", path);
    const char *const set[] = {input, "output=null", NULL};
    struct linnet_config config;
    linnet_config_defaults(&config);
    config.models_dir = models;
    config.state = ":memory:";
    config.set = set;
    config.start_unix = time(NULL);
    enum status status = linnet_create(&config, &linnet, ret_error);
    if (status == STATUS_OK) {
        status = live_create(linnet, &live, ret_error);
        if (status == STATUS_OK) {
            follow(linnet, &audio, bench_now(), results);
            live_destroy(live);
        }
        linnet_destroy(linnet);
    }
    wav_audio_finish(&audio);
    return status;
}

static enum status play_all(struct bench_report *report, const glob_t *found,
                            struct results *results, struct error *ret_error)
{
    for (size_t i = 0; i < found->gl_pathc; i++) {
        if (strstr(found->gl_pathv[i], ".reply"))
            continue;
        TRY(play(report->models, found->gl_pathv[i], results, ret_error));
        cli_progress("latency", (double)(i + 1) / (double)found->gl_pathc);
    }
    return STATUS_OK;
}

enum status bench_latency(struct bench_report *report, const char *dir, struct error *ret_error)
{
    char pattern[512];
    glob_t found;
    struct results results = {.count = 0};
    snprintf(pattern, sizeof(pattern), "%s/*.wav", dir);
    if (glob(pattern, 0, NULL, &found) != 0)
        return error_set(ret_error, STATUS_NOT_FOUND, "%s: no recordings (*.wav) in this folder",
                         dir);
    enum status status = play_all(report, &found, &results, ret_error);
    globfree(&found);
    TRY(status);
    if (results.count == 0)
        return error_set(ret_error, STATUS_NOT_FOUND, "%s: no recording was answered", dir);
    bench_add(report, "", results.count, "answers timed");
    bench_add(report, "ms", 1e3 * bench_percentile(results.waiting, results.count, 0.5),
              "end of speech to endpoint, p50");
    bench_add(report, "ms", 1e3 * bench_percentile(results.total, results.count, 0.5),
              "end of speech to first sound, p50");
    bench_add(report, "ms", 1e3 * bench_percentile(results.total, results.count, 0.95),
              "end of speech to first sound, p95");
    return STATUS_OK;
}
