#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "commands.h"
#include "engine_options.h"
#include "linnet.h"
#include "show.h"
#include "source.h"
#include "wav.h"

struct options {
    struct engine_options engine;
    const char *output, *now, *policy;
    bool json;
};

static const struct cli_option rows[] = {
    {"output", 'o', CLI_TEXT, offsetof(struct options, output), "FILE",
     "Write the spoken replies to a WAV file."},
    {"json", 'j', CLI_FLAG, offsetof(struct options, json), NULL, "One JSON object a line."},
    ENGINE_OPTION_ROWS(struct options, engine,
                       "Keep timers and alarms there; else they are forgotten."),
    {"now", 0, CLI_TEXT, offsetof(struct options, now), "TIME",
     "UTC time of the first sample, 2026-01-05T10:00:00 when not given."},
    {"policy", 0, CLI_TEXT, offsetof(struct options, policy), "NAME",
     "Show beside each decision what this routing policy would have done."},
    {0},
};

enum {
    HOP = LINNET_INPUT_RATE / 100,
    VOICE_HOP = LINNET_VOICE_RATE / 100,
    QUIET_HOPS = 150,
    TAIL_HOPS_MAX = 6000
};

struct replay {
    struct linnet *linnet;
    struct source *source;
    struct wav_writer *writer;
    const struct options *options;
    struct error error;
    uint64_t hops;
};

static void show_events(struct replay *r)
{
    struct linnet_event event;
    while (linnet_poll(r->linnet, &event)) {
        if (r->options->json)
            show_event_json(stdout, &event);
        else
            show_event_text(stdout, &event);
    }
}

static enum status advance(struct replay *r, const float *samples, size_t count)
{
    float voice[VOICE_HOP];
    size_t voice_count = count * VOICE_HOP / HOP;
    linnet_push(r->linnet, samples, count);
    linnet_pull(r->linnet, voice, voice_count);
    show_events(r);
    r->hops++;
    return r->writer ? wav_writer_write(r->writer, voice, voice_count, &r->error) : STATUS_OK;
}

/* Whole hops of 10 ms; the last one is filled up with silence. */
static enum status hear_file(struct replay *r)
{
    float hop[HOP];
    for (;;) {
        size_t used = 0;
        enum status status = STATUS_OK;
        while (used < HOP && status == STATUS_OK) {
            size_t count = 0;
            status = source_read(r->source, hop + used, HOP - used, &count, &r->error);
            used += status == STATUS_OK ? count : 0;
        }
        memset(hop + used, 0, (HOP - used) * sizeof(float));
        if (used)
            TRY(advance(r, hop, HOP));
        if (status == STATUS_END)
            return STATUS_OK;
        TRY(status);
        if (r->hops % 100 == 0)
            cli_progress("replay", source_progress(r->source));
    }
}

/* Silence after the recording, until the last reply has been spoken. */
static enum status hear_silence(struct replay *r)
{
    static const float silence[HOP];
    int quiet = 0;
    for (int i = 0; i < TAIL_HOPS_MAX && quiet < QUIET_HOPS; i++) {
        TRY(advance(r, silence, HOP));
        quiet = linnet_is_idle(r->linnet) ? quiet + 1 : 0;
    }
    return STATUS_OK;
}

static bool parse_now(const char *text, int64_t *unix_time)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!end || (*end && strcmp(end, "Z") != 0))
        return false;
    *unix_time = timegm(&tm);
    return true;
}

static enum status prepare(struct replay *r, const char *path, int64_t start)
{
    struct linnet_config config = engine_options_config(&r->options->engine, start);
    config.compare = r->options->policy;
    if (!config.state)
        config.state = ":memory:";
    const struct wav_format format = {
        .encoding = WAV_S16, .rate = LINNET_VOICE_RATE, .channels = 1};
    TRY(source_create(path, &r->source, &r->error));
    TRY(linnet_create(&config, &r->linnet, &r->error));
    return r->options->output
               ? wav_writer_create(r->options->output, &format, &r->writer, &r->error)
               : STATUS_OK;
}

static enum status replay(struct replay *r, const char *path, int64_t start)
{
    TRY(prepare(r, path, start));
    struct clock clock;
    clock_init_real(&clock);
    int64_t begin = clock_now_ns(&clock);
    TRY(hear_file(r));
    TRY(hear_silence(r));
    double seconds = (double)(clock_now_ns(&clock) - begin) / 1e9;
    double heard = (double)r->hops / 100;
    if (!r->options->json)
        fprintf(stderr, "%.2f s replayed in %.2f s: %.1f times faster than real time\n", heard,
                seconds, heard / seconds);
    return r->writer ? wav_writer_commit(r->writer, &r->error) : STATUS_OK;
}

static int run(int argc, char **argv)
{
    struct options options = {.now = "2026-01-05T10:00:00"};
    int count, exit_status;
    if (!cli_parse(&command_replay, &options, argc, argv, &count, &exit_status))
        return exit_status;
    int64_t start;
    if (!parse_now(options.now, &start)) {
        cli_fail("--now: \"%s\" is not a time such as 2026-01-05T10:00:00", options.now);
        return EXIT_USAGE;
    }
    struct replay r = {.options = &options};
    enum status status = replay(&r, argv[0], start);
    wav_writer_destroy(r.writer);
    linnet_destroy(r.linnet);
    source_destroy(r.source);
    return status == STATUS_OK ? EXIT_DONE : cli_fail("%s", r.error.text);
}

const struct cli_command command_replay = {
    .name = "replay",
    .arguments = "IN.wav",
    .summary = "Play one recording through the whole assistant, on virtual time.",
    .options = rows,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
