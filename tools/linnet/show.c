#include "show.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static const char *const kind_names[LINNET_EVENT_KIND_COUNT] = {
    [LINNET_EVENT_WAKE] = "wake",       [LINNET_EVENT_LISTENING] = "listening",
    [LINNET_EVENT_PARTIAL] = "partial", [LINNET_EVENT_FINAL] = "final",
    [LINNET_EVENT_ROUTE] = "route",     [LINNET_EVENT_TOOL] = "tool",
    [LINNET_EVENT_REPLY] = "reply",     [LINNET_EVENT_FIRST_SOUND] = "first-sound",
    [LINNET_EVENT_DONE] = "done",       [LINNET_EVENT_REMINDER] = "reminder",
    [LINNET_EVENT_VOLUME] = "volume",   [LINNET_EVENT_BESIDE] = "beside",
    [LINNET_EVENT_CLOUD] = "cloud",     [LINNET_EVENT_ERROR] = "error",
};

/* Three decimals are enough for people and keep lines short. */
static json_t *rounded(double value)
{
    return json_real(round(value * 1000) / 1000);
}

static void set(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
}

static json_t *args_of(const struct linnet_event *event)
{
    json_t *args = json_object();
    for (int i = 0; i < event->tool.arg_count; i++)
        set(args, event->tool.args[i].name, json_string(event->tool.args[i].value));
    return args;
}

static void add_fields(json_t *object, const struct linnet_event *event)
{
    switch (event->kind) {
    case LINNET_EVENT_WAKE:
        set(object, "word", json_string(event->wake.word));
        set(object, "score", rounded(event->wake.score));
        break;
    case LINNET_EVENT_FINAL:
        set(object, "confidence", rounded(event->words.confidence));
        /* fall through */
    case LINNET_EVENT_PARTIAL:
        set(object, "text", json_string(event->words.text));
        break;
    case LINNET_EVENT_ROUTE:
    case LINNET_EVENT_BESIDE:
        set(object, "route", json_string(event->route.route));
        set(object, "reason", json_string(event->route.reason));
        set(object, "confidence", rounded(event->route.confidence));
        break;
    case LINNET_EVENT_TOOL:
        set(object, "tool", json_string(event->tool.name));
        set(object, "args", args_of(event));
        break;
    case LINNET_EVENT_VOLUME:
        set(object, "volume", json_integer(event->volume));
        break;
    case LINNET_EVENT_LISTENING:
    case LINNET_EVENT_FIRST_SOUND:
        break;
    default:
        set(object, "text", json_string(event->text));
    }
}

void show_event_json(FILE *out, const struct linnet_event *event)
{
    json_t *object = json_object();
    set(object, "event", json_string(kind_names[event->kind]));
    set(object, "turn", json_integer(event->turn));
    set(object, "seconds", rounded(event->seconds));
    add_fields(object, event);
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(6));
    fprintf(out, "%s\n", text ? text : "{}");
    free(text);
    json_decref(object);
}

static void show_tool(FILE *out, const struct linnet_event *event)
{
    fprintf(out, "%s(", event->tool.name);
    for (int i = 0; i < event->tool.arg_count; i++)
        fprintf(out, "%s%s: \"%s\"", i ? ", " : "", event->tool.args[i].name,
                event->tool.args[i].value);
    fprintf(out, ")\n");
}

void show_event_text(FILE *out, const struct linnet_event *event)
{
    fprintf(out, "%8.3f s  %-12s", event->seconds, kind_names[event->kind]);
    switch (event->kind) {
    case LINNET_EVENT_WAKE:
        fprintf(out, "%s (score %.2f)\n", event->wake.word, (double)event->wake.score);
        break;
    case LINNET_EVENT_PARTIAL:
        fprintf(out, "%s\n", event->words.text);
        break;
    case LINNET_EVENT_FINAL:
        fprintf(out, "%s (confidence %.2f)\n", event->words.text, (double)event->words.confidence);
        break;
    case LINNET_EVENT_ROUTE:
    case LINNET_EVENT_BESIDE:
        fprintf(out, "%s: %s (%.2f)\n", event->route.route, event->route.reason,
                (double)event->route.confidence);
        break;
    case LINNET_EVENT_TOOL:
        show_tool(out, event);
        break;
    case LINNET_EVENT_VOLUME:
        fprintf(out, "%d %%\n", event->volume);
        break;
    case LINNET_EVENT_LISTENING:
    case LINNET_EVENT_FIRST_SOUND:
        fprintf(out, "\n");
        break;
    default:
        fprintf(out, "%s\n", event->text);
    }
}
