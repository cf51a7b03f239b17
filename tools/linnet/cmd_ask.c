#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "commands.h"
#include "engine_options.h"
#include "linnet.h"

struct options {
    struct engine_options engine;
    bool json;
};

static const struct cli_option rows[] = {
    {"json", 'j', CLI_FLAG, offsetof(struct options, json), NULL, "One JSON object."},
    ENGINE_OPTION_ROWS(struct options, engine, "Where timers and alarms are kept."),
    {0},
};

/* Everything the events of one turn said. */
struct answer {
    struct linnet_event route, tool;
    char reply[2 * LINNET_TEXT_BYTES];
    char error[LINNET_TEXT_BYTES];
    bool done;
};

static void collect(struct answer *answer, const struct linnet_event *event)
{
    size_t used = strlen(answer->reply);
    if (event->kind == LINNET_EVENT_ROUTE)
        answer->route = *event;
    else if (event->kind == LINNET_EVENT_TOOL)
        answer->tool = *event;
    else if (event->kind == LINNET_EVENT_REPLY)
        snprintf(answer->reply + used, sizeof(answer->reply) - used, "%s%s", used ? " " : "",
                 event->text);
    else if (event->kind == LINNET_EVENT_ERROR)
        snprintf(answer->error, sizeof(answer->error), "%s", event->text);
    answer->done = answer->done || event->kind == LINNET_EVENT_DONE;
}

static void show(const struct answer *answer, bool json)
{
    if (!json) {
        printf("%s\n", answer->reply);
        return;
    }
    json_t *args = json_object();
    for (int i = 0; i < answer->tool.tool.arg_count; i++)
        json_object_set_new(args, answer->tool.tool.args[i].name,
                            json_string(answer->tool.tool.args[i].value));
    json_t *tool = *answer->tool.tool.name ? json_string(answer->tool.tool.name) : json_null();
    json_t *object =
        json_pack("{s:s, s:s, s:o, s:o, s:s}", "route", answer->route.route.route, "reason",
                  answer->route.route.reason, "tool", tool, "args", args, "reply", answer->reply);
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
}

/* The voice is drained unheard; a minute is more than any reply needs. */
static void wait_for_answer(struct linnet *linnet, struct answer *answer)
{
    static const float silence[LINNET_INPUT_RATE / 100];
    float voice[LINNET_VOICE_RATE / 100];
    struct linnet_event event;
    for (int hop = 0; hop < 6000 && !answer->done; hop++) {
        while (linnet_poll(linnet, &event))
            collect(answer, &event);
        linnet_push(linnet, silence, sizeof(silence) / sizeof(silence[0]));
        linnet_pull(linnet, voice, sizeof(voice) / sizeof(voice[0]));
    }
}

static int run(int argc, char **argv)
{
    struct options options = {0};
    int count, exit_status;
    if (!cli_parse(&command_ask, &options, argc, argv, &count, &exit_status))
        return exit_status;
    struct linnet_config config = engine_options_config(&options.engine, time(NULL));
    struct linnet *linnet;
    struct error error;
    if (linnet_create(&config, &linnet, &error) != STATUS_OK)
        return cli_fail("%s", error.text);
    struct answer answer = {0};
    enum status status = linnet_ask(linnet, argv[0], &error);
    if (status == STATUS_OK)
        wait_for_answer(linnet, &answer);
    linnet_destroy(linnet);
    if (status != STATUS_OK)
        return cli_fail("%s", error.text);
    show(&answer, options.json);
    return *answer.error ? cli_fail("%s", answer.error) : EXIT_DONE;
}

const struct cli_command command_ask = {
    .name = "ask",
    .arguments = "TEXT",
    .summary = "Ask in writing; the answer is printed.",
    .options = rows,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
