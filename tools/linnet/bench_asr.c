#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench.h"
#include "bench_asr_peer.h"
#include "cli.h"
#include "ears.h"
#include "linnet.h"
#include "manifest.h"
#include "models_dir.h"
#include "option.h"
#include "plot.h"
#include "source.h"
#include "word_errors.h"

/* Each recording is heard twice, as it would come from a microphone: through the endpointer, which
 * cuts it into sentences, and as a whole, to see when each word is shown. A word is late by the
 * time from its end (as the final result has it) to the frame whose partial first shows it together
 * with all words before it. */

enum {
    HOP = LINNET_INPUT_RATE / 100,
    SECONDS_MAX = 120,
    TAIL_HOPS = 120,
    TEXT_BYTES = 8192,
    LATE_MAX = 1 << 16,
    SHOWN_SLOTS = 1 << 16,
    SHOWN_MAX = SHOWN_SLOTS / 4 * 3
};
#define FIRST_KEY UINT64_C(14695981039346656037)

struct shown;

struct run {
    const struct bench_request *request;
    struct front *front;
    struct ears *ears;
    struct asr_recogniser whole;
    struct mel *mel;
    struct bench_asr_peer *peer;
    float *samples; /* of the recording, then TAIL_HOPS of its quietest hop */
    size_t hops, speech_hops;
    char text[TEXT_BYTES];
    struct word_errors cut, uncut, theirs;
    struct shown *shown; /* of this recording */
    double *late;        /* [LATE_MAX] seconds */
    int late_count;
    double sound_s, ears_s, whole_s, peer_s; /* length of sound; processor times */
};

static double processor_time(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + 1e-6 * (double)usage.ru_utime.tv_usec;
}

static enum status load(struct run *r, const char *path, struct error *ret_error)
{
    struct source *source;
    size_t count = 0, got, room = (size_t)SECONDS_MAX * LINNET_INPUT_RATE;
    TRY(source_create(path, &source, ret_error));
    enum status status;
    while ((status = source_read(source, r->samples + count, room - count, &got, ret_error)) ==
           STATUS_OK)
        count += got;
    source_destroy(source);
    r->speech_hops = count / HOP;
    return status == STATUS_END ? STATUS_OK : status;
}

static double power_of(const float *samples)
{
    double power = 0;
    for (int i = 0; i < HOP; i++)
        power += (double)samples[i] * (double)samples[i];
    return power;
}

/* A microphone does not fall silent with the recording: its quietest hop goes on. */
static void add_tail(struct run *r)
{
    const float *quiet = r->samples;
    for (size_t h = 1; h < r->speech_hops; h++)
        if (power_of(r->samples + h * HOP) < power_of(quiet))
            quiet = r->samples + h * HOP;
    r->hops = r->speech_hops + TAIL_HOPS;
    for (size_t h = r->speech_hops; h < r->hops; h++)
        memcpy(r->samples + h * HOP, quiet, HOP * sizeof(float));
}

static void append(char *text, const char *more)
{
    size_t used = strlen(text);
    if (*more)
        snprintf(text + used, TEXT_BYTES - used, "%s%s", used ? " " : "", more);
}

/* One frame further; a finished sentence goes to the text and the next one begins. */
static void hear(struct run *r, const struct front_frame *frame)
{
    struct ears_result result;
    ears_hear(r->ears, frame);
    if (ears_decision(r->ears) == ENDPOINT_WAIT)
        return;
    ears_finish(r->ears, &result);
    append(r->text, result.text);
    ears_listen(r->ears, frame->index + 1);
}

static enum status hear_cut(struct run *r, const char *said, struct error *ret_error)
{
    struct front_frame frame;
    struct ears_result result;
    const float *samples = r->samples;
    uint64_t next = 0;
    double begin = processor_time();
    r->text[0] = '\0';
    for (size_t left = r->hops * HOP; left > 0;) {
        size_t taken = front_feed(r->front, samples, left);
        samples += taken;
        left -= taken;
        while (front_poll(r->front, &frame)) {
            if (next++ == 0)
                ears_listen(r->ears, frame.index);
            hear(r, &frame);
        }
    }
    ears_finish(r->ears, &result);
    append(r->text, result.text);
    r->ears_s += processor_time() - begin;
    return word_errors_add(&r->cut, said, r->text, ret_error);
}

/* Which beginnings of sentences were shown, and when first. */
struct shown {
    uint64_t key[SHOWN_SLOTS];
    uint32_t frame[SHOWN_SLOTS];
    uint32_t count; /* at most SHOWN_MAX; later ones are not noted */
};

static uint64_t longer(uint64_t key, const char *word)
{
    for (; *word; word++)
        key = (key ^ (unsigned char)*word) * 1099511628211u;
    return (key ^ ' ') * 1099511628211u;
}

/* The slot of a beginning, or the free one where it belongs. */
static uint32_t slot_of(const struct shown *shown, uint64_t key)
{
    uint32_t at = (uint32_t)(key >> 40) % SHOWN_SLOTS;
    while (shown->key[at] && shown->key[at] != key)
        at = (at + 1) % SHOWN_SLOTS;
    return at;
}

static void note_partial(struct shown *shown, const struct asr_result *partial, uint32_t frame)
{
    uint64_t key = FIRST_KEY;
    for (uint32_t i = 0; i < partial->count; i++) {
        key = longer(key, partial->words[i].text);
        uint32_t at = slot_of(shown, key);
        if (!shown->key[at] && shown->count < SHOWN_MAX) {
            shown->count++;
            shown->key[at] = key;
            shown->frame[at] = frame;
        }
    }
}

/* A frame is there 25 ms after it began. */
static void note_delays(struct run *r, const struct asr_result *final)
{
    uint64_t key = FIRST_KEY;
    for (uint32_t i = 0; i < final->count && r->late_count < LATE_MAX; i++) {
        key = longer(key, final->words[i].text);
        uint32_t at = slot_of(r->shown, key);
        if (r->shown->key[at])
            r->late[r->late_count++] =
                0.01 * r->shown->frame[at] + 0.025 - (double) final->words[i].end;
    }
}

static enum status hear_whole(struct run *r, const char *said, struct error *ret_error)
{
    float mel[MEL_BANDS];
    const float *samples = r->samples;
    uint32_t frame = 0;
    double begin = processor_time();
    memset(r->shown, 0, sizeof(*r->shown));
    mel_reset(r->mel);
    asr_session_reset(r->whole.session);
    for (size_t left = r->hops * HOP; left > 0;) {
        size_t taken = mel_feed(r->mel, samples, left);
        samples += taken;
        left -= taken;
        while (mel_poll(r->mel, mel, NULL)) {
            asr_session_feed(r->whole.session, mel, 1);
            struct asr_result partial = asr_session_partial(r->whole.session);
            note_partial(r->shown, &partial, frame++);
        }
    }
    struct asr_result final = asr_session_finish(r->whole.session);
    r->whole_s += processor_time() - begin;
    if (!final.rejected)
        note_delays(r, &final);
    return word_errors_add(&r->uncut, said, final.rejected ? "" : final.text, ret_error);
}

static enum status hear_recording(struct run *r, const struct manifest *manifest, size_t number,
                                  struct error *ret_error)
{
    char path[512];
    const char *said = manifest->rows[number].text;
    TRY(manifest_path(manifest, number, path, sizeof(path), ret_error));
    TRY(load(r, path, ret_error));
    if (r->speech_hops == 0)
        return error_set(ret_error, STATUS_FORMAT, "%s: no sound", path);
    add_tail(r);
    r->sound_s += (double)r->hops / 100;
    TRY(hear_cut(r, said, ret_error));
    TRY(hear_whole(r, said, ret_error));
    if (r->peer)
        TRY(bench_asr_peer_add(r->peer, r->samples, r->speech_hops * HOP, ret_error));
    return STATUS_OK;
}

static void keep_text(void *context, size_t number, const char *text)
{
    char **heard = context;
    free(heard[number]);
    heard[number] = strdup(text);
}

static enum status hear_peer(struct run *r, const struct manifest *manifest,
                             struct error *ret_error)
{
    char **heard = calloc(manifest->count + 1, sizeof(*heard));
    if (!heard)
        return error_set(ret_error, STATUS_NO_MEMORY, "bench: out of memory");
    enum status status = bench_asr_peer_run(r->peer, keep_text, heard, &r->peer_s, ret_error);
    for (size_t i = 0; i < manifest->count; i++) {
        if (status == STATUS_OK)
            status = word_errors_add(&r->theirs, manifest->rows[i].text, heard[i] ? heard[i] : "",
                                     ret_error);
        free(heard[i]);
    }
    free(heard);
    return status;
}

static void add_errors(struct bench_report *report, const char *who, const struct word_errors *e)
{
    double words = fmax(e->said, 1);
    bench_add(report, "%", word_errors_percent(e), "%s: words wrong", who);
    bench_add(report, "%", 100 * e->substituted / words, "%s: substituted", who);
    bench_add(report, "%", 100 * e->deleted / words, "%s: deleted", who);
    bench_add(report, "%", 100 * e->inserted / words, "%s: inserted", who);
    bench_add(report, "%", 100.0 * e->right / fmax(e->sentences, 1), "%s: recordings without error",
              who);
}

static void add_rows(struct bench_report *report, struct run *r)
{
    bench_add(report, "", r->cut.sentences, "recordings");
    bench_add(report, "", r->cut.said, "words said");
    add_errors(report, "through the endpointer", &r->cut);
    add_errors(report, "whole recordings", &r->uncut);
    bench_add(report, "x real time", r->whole_s / r->sound_s, "front end and recogniser, cost");
    bench_add(report, "% of a core", 100 * r->ears_s / r->sound_s,
              "the same with wake word, voice activity, endpointer");
    for (int percent = 50; percent <= 95 && r->late_count; percent += percent == 50 ? 40 : 5)
        bench_add(report, "ms", 1e3 * bench_percentile(r->late, r->late_count, percent / 100.0),
                  "end of a word to its partial, p%d", percent);
    if (!r->peer)
        return;
    add_errors(report, bench_asr_peer_name(r->peer), &r->theirs);
    bench_add(report, "x real time", r->peer_s / r->sound_s, "%s: cost",
              bench_asr_peer_name(r->peer));
}

static enum status plot_errors(const struct run *r, const char *path, struct error *ret_error)
{
    static const char *const groups[] = {"words wrong", "substituted", "deleted", "inserted"};
    const char *const series[] = {"Linnet, through the endpointer", "Linnet, whole recordings",
                                  r->peer ? bench_asr_peer_name(r->peer) : NULL};
    const struct word_errors *all[] = {&r->cut, &r->uncut, &r->theirs};
    double values[3 * 4];
    for (int s = 0; s < 3; s++) {
        double share = 100 / fmax(all[s]->said, 1);
        values[4 * s] = word_errors_percent(all[s]);
        values[4 * s + 1] = share * all[s]->substituted;
        values[4 * s + 2] = share * all[s]->deleted;
        values[4 * s + 3] = share * all[s]->inserted;
    }
    const struct plot plot = {.title = "Word errors", .y = {.label = "% of the words said"}};
    const struct plot_bars bars = {groups, series, 4, r->peer ? 3 : 2, values};
    return plot_bars(path, &plot, &bars, ret_error);
}

static enum status plot_all(struct run *r, struct error *ret_error)
{
    char path[512];
    const char *folder = r->request->plots;
    snprintf(path, sizeof(path), "%s/asr-words.png", folder);
    TRY(plot_errors(r, path, ret_error));
    if (r->late_count == 0)
        return STATUS_OK;
    for (int i = 0; i < r->late_count; i++)
        r->late[i] *= 1e3;
    const struct plot_mark marks[] = {
        {"median", bench_percentile(r->late, r->late_count, 0.5)},
        {"95 %", bench_percentile(r->late, r->late_count, 0.95)},
    };
    const struct plot plot = {
        .title = "How long after a word's end the partial shows it",
        .x = {.label = "ms (outside: at the ends)", .low = -200, .high = 1000},
        .y = {.label = "words"}};
    const struct plot_values values = {r->late, (size_t)r->late_count, 60, marks, 2};
    snprintf(path, sizeof(path), "%s/asr-partials.png", folder);
    return plot_histogram(path, &plot, &values, ret_error);
}

static enum status measure(struct bench_report *report, struct run *r,
                           const struct manifest *manifest, struct error *ret_error)
{
    for (size_t i = 0; i < manifest->count; i++) {
        TRY(hear_recording(r, manifest, i, ret_error));
        cli_progress("asr", (double)(i + 1) / (double)manifest->count);
    }
    if (r->peer)
        TRY(hear_peer(r, manifest, ret_error));
    add_rows(report, r);
    return r->request->plots ? plot_all(r, ret_error) : STATUS_OK;
}

static enum status create_ears(struct run *r, struct error *ret_error)
{
    char wake[512], acoustic[512], words[512];
    struct config config;
    config_defaults(&config);
    models_dir_file(r->request->models, "wake.gguf", wake, sizeof(wake));
    models_dir_file(r->request->models, "asr.gguf", acoustic, sizeof(acoustic));
    models_dir_file(r->request->models, "asr-lm.gguf", words, sizeof(words));
    const struct front_config front = {.model_path = wake, .word = "any"};
    const struct ears_config ears = {
        .model_path = acoustic,
        .language_path = words,
        .language = r->request->language,
        .endpoint = {.short_pause_ms = (int)config.short_pause_ms,
                     .long_pause_ms = (int)config.long_pause_ms,
                     .no_speech_ms = 1000 * SECONDS_MAX,
                     .max_turn_ms = 1000 * SECONDS_MAX},
    };
    TRY(front_create(&front, &r->front, ret_error));
    return ears_create(&ears, &r->ears, ret_error);
}

static enum status create_parts(struct run *r, struct error *ret_error)
{
    const size_t hops = (size_t)SECONDS_MAX * 100 + TAIL_HOPS;
    r->samples = calloc(hops * HOP, sizeof(float));
    r->late = calloc(LATE_MAX, sizeof(double));
    r->shown = calloc(1, sizeof(*r->shown));
    if (!r->samples || !r->late || !r->shown)
        return error_set(ret_error, STATUS_NO_MEMORY, "bench: out of memory");
    TRY(create_ears(r, ret_error));
    TRY(mel_create(&r->mel, ret_error));
    TRY(bench_recogniser(&r->whole, r->request->models, r->request->language, ret_error));
    return bench_asr_peer_create(&r->peer, ret_error);
}

static void destroy_parts(struct run *r)
{
    bench_asr_peer_destroy(r->peer);
    asr_recogniser_finish(&r->whole);
    mel_destroy(r->mel);
    ears_destroy(r->ears);
    front_destroy(r->front);
    free(r->samples);
    free(r->late);
    free(r->shown);
}

enum status bench_asr(struct bench_report *report, const struct bench_request *request,
                      struct error *ret_error)
{
    struct run run = {.request = request};
    struct manifest manifest;
    TRY(manifest_init(&manifest, request->dir, ret_error));
    enum status status = create_parts(&run, ret_error);
    if (status == STATUS_OK)
        status = measure(report, &run, &manifest, ret_error);
    destroy_parts(&run);
    manifest_finish(&manifest);
    return status;
}
