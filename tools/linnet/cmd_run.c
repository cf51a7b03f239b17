#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "commands.h"
#include "engine_options.h"
#include "linnet.h"
#include "live.h"
#include "show.h"

struct options {
    struct engine_options engine;
    bool json;
};

static const struct cli_option rows[] = {
    ENGINE_OPTION_ROWS(struct options, engine, "Where timers and alarms are kept."),
    {"json", 'j', CLI_FLAG, offsetof(struct options, json), NULL,
     "Events as one JSON object a line."},
    {0},
};

/* Ctrl-C and SIGTERM are not delivered but asked for, so that no handler is needed. Before any
 * thread starts. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
}

static bool is_interrupted(const sigset_t *signals)
{
    static const struct timespec now = {0};
    return sigtimedwait(signals, NULL, &now) > 0;
}

static void show_until_interrupted(struct linnet *linnet, const sigset_t *signals, bool json)
{
    struct linnet_event event;
    double first = -1;
    while (!is_interrupted(signals)) {
        if (!linnet_wait(linnet, &event, 200 * INT64_C(1000000)))
            continue;
        first = first < 0 ? event.seconds : first;
        event.seconds -= first;
        if (json)
            show_event_json(stdout, &event);
        else
            show_event_text(stdout, &event);
        fflush(stdout);
    }
}

static int converse(struct linnet *linnet, const sigset_t *signals, bool json)
{
    struct live *live;
    struct error error;
    if (live_create(linnet, &live, &error) != STATUS_OK)
        return cli_fail("%s", error.text);
    fprintf(stderr, "listening on %s, speaking on %s; Ctrl-C ends\n", live_describe_input(live),
            live_describe_output(live));
    show_until_interrupted(linnet, signals, json);
    struct live_counters counters;
    live_counters(live, &counters);
    fprintf(stderr, "heard %.1f s; %llu frames dropped, %llu input and %llu output xruns\n",
            (double)counters.frames / 100, (unsigned long long)counters.frames_dropped,
            (unsigned long long)counters.input.xruns, (unsigned long long)counters.output.xruns);
    live_destroy(live);
    return EXIT_DONE;
}

static int run(int argc, char **argv)
{
    struct options options = {0};
    int count, exit_status;
    if (!cli_parse(&command_run, &options, argc, argv, &count, &exit_status))
        return exit_status;
    struct linnet_config config = engine_options_config(&options.engine, time(NULL));
    struct linnet *linnet;
    struct error error;
    sigset_t signals;
    block_signals(&signals);
    if (linnet_create(&config, &linnet, &error) != STATUS_OK)
        return cli_fail("%s", error.text);
    exit_status = converse(linnet, &signals, options.json);
    linnet_destroy(linnet);
    return exit_status;
}

const struct cli_command command_run = {
    .name = "run",
    .arguments = "",
    .summary = "The assistant on the microphone and the speaker.",
    .options = rows,
    .run = run,
};
