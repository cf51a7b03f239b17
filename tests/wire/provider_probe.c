/* Providers under remote control, for tests against servers in Python. Commands come as JSON
 * objects, one a line, on stdin; answers and events go out the same way:
 *
 *     {"do":"create","kind":...,"url":...,"model":...,...}    the clock is virtual, at 0
 *     {"do":"start","turn":1,"messages":[{"role":...,"text":...}],...}
 *     {"do":"feed","bytes":960}  {"do":"feed","sound":BASE64}  {"do":"end_feed"}
 *     {"do":"reply","results":[...]}
 *     {"do":"cancel","heard_ms":-1}  {"do":"advance","s":60}  {"do":"destroy"}
 *     each answered by {"did":...,"status":"OK","error":""}
 *     {"event":"TEXT","turn":1,"data":...} and so on, sound in base64
 */
#include "base64.h"
#include "net.h"
#include "provider_create.h"

#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVENTS = 64, MESSAGES_MAX = 1000, RESULTS_MAX = 16, LINE_MAX_BYTES = 1 << 20 };

struct probe {
    struct clock clock;
    struct net *net;
    struct mailbox *events;
    struct provider *provider;
    char key[200];
    struct error error;
};

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static long number_of(const json_t *object, const char *key)
{
    return (long)json_integer_value(json_object_get(object, key));
}

static void print_json(json_t *line)
{
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    fflush(stdout);
    json_decref(line);
}

static enum status do_create(struct probe *probe, const json_t *command)
{
    struct provider_config config = {.index = 3,
                                     .name = "peer",
                                     .url = text_of(command, "url"),
                                     .model = text_of(command, "model"),
                                     .voice = text_of(command, "voice"),
                                     .transcriber = text_of(command, "transcriber"),
                                     .byte_budget = (size_t)number_of(command, "budget"),
                                     .connect_timeout_ms = (int)number_of(command, "connect_ms"),
                                     .clock = &probe->clock,
                                     .net = probe->net,
                                     .events = probe->events};
    if (!provider_kind_of(text_of(command, "kind"), &config.kind))
        return error_set(&probe->error, STATUS_INVALID_ARGUMENT, "no such kind");
    if (text_of(command, "key")) {
        snprintf(probe->key, sizeof(probe->key), "%s", text_of(command, "key"));
        config.key = probe->key;
    }
    return provider_create(&config, &probe->provider, &probe->error);
}

static enum provider_role role_of(const char *name)
{
    return strcmp(name, "assistant") == 0 ? PROVIDER_ASSISTANT
           : strcmp(name, "call") == 0    ? PROVIDER_TOOL_CALL
           : strcmp(name, "result") == 0  ? PROVIDER_TOOL_RESULT
                                          : PROVIDER_USER;
}

static enum status do_start(struct probe *probe, const json_t *command)
{
    static struct provider_message messages[MESSAGES_MAX];
    size_t i;
    json_t *message, *tools = json_object_get(command, "tools");
    char *tools_text = tools ? json_dumps(tools, 0) : NULL;
    json_array_foreach(json_object_get(command, "messages"), i, message) messages[i] =
        (struct provider_message){role_of(text_of(message, "role")), text_of(message, "text"),
                                  text_of(message, "name"), text_of(message, "call_id")};
    const struct provider_turn turn = {
        .turn = (uint32_t)number_of(command, "turn"),
        .instructions = text_of(command, "instructions"),
        .messages = messages,
        .message_count = json_array_size(json_object_get(command, "messages")),
        .tools = tools_text,
        .max_output_tokens = (int)number_of(command, "max_output_tokens"),
        .send_audio = json_is_true(json_object_get(command, "send_audio")),
        .want_audio = json_is_true(json_object_get(command, "want_audio"))};
    enum status status = provider_start(probe->provider, &turn, &probe->error);
    free(tools_text);
    return status;
}

/* A pattern of "bytes", or what "sound" holds in base64. */
static enum status do_feed(struct probe *probe, const json_t *command)
{
    size_t bytes = (size_t)number_of(command, "bytes");
    const char *letters = text_of(command, "sound");
    unsigned char *sound = malloc(bytes + 1);
    for (size_t i = 0; i < bytes; i++)
        sound[i] = (unsigned char)(i * 7);
    if (letters) {
        free(sound);
        if (base64_decode(letters, strlen(letters), &sound, &bytes) != STATUS_OK)
            return STATUS_FORMAT;
    }
    enum status status = provider_feed(probe->provider, sound, bytes);
    free(sound);
    return status;
}

static enum status do_reply(struct probe *probe, const json_t *command)
{
    struct provider_tool_result results[RESULTS_MAX];
    size_t i;
    json_t *result, *list = json_object_get(command, "results");
    json_array_foreach(list, i, result) results[i] =
        (struct provider_tool_result){text_of(result, "call_id"), text_of(result, "output")};
    return provider_reply(probe->provider, results, json_array_size(list), &probe->error);
}

static enum status do_end_feed(struct probe *probe, const json_t *command)
{
    (void)command;
    return provider_end_feed(probe->provider);
}

static enum status do_cancel(struct probe *probe, const json_t *command)
{
    provider_cancel(probe->provider, number_of(command, "heard_ms"));
    return STATUS_OK;
}

static enum status do_advance(struct probe *probe, const json_t *command)
{
    clock_advance(&probe->clock, number_of(command, "s") * CLOCK_NS_PER_S);
    return STATUS_OK;
}

static enum status do_destroy(struct probe *probe, const json_t *command)
{
    (void)command;
    provider_destroy(probe->provider);
    probe->provider = NULL;
    return STATUS_OK;
}

static enum status run_command(struct probe *probe, const char *name, const json_t *command)
{
    static const struct {
        const char *name;
        enum status (*run)(struct probe *probe, const json_t *command);
    } table[] = {{"create", do_create},     {"start", do_start},    {"feed", do_feed},
                 {"end_feed", do_end_feed}, {"reply", do_reply},    {"cancel", do_cancel},
                 {"advance", do_advance},   {"destroy", do_destroy}};
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].run(probe, command);
    return error_set(&probe->error, STATUS_INVALID_ARGUMENT, "no such command");
}

static json_t *data_of(const struct provider_event *event)
{
    struct strbuf letters;
    if (event->kind != PROVIDER_EVENT_AUDIO)
        return json_string(event->data);
    strbuf_init(&letters, 2 * PROVIDER_DATA_BYTES);
    base64_append(&letters, event->data, event->length);
    json_t *text = json_string(strbuf_text(&letters));
    strbuf_finish(&letters);
    return text;
}

static void print_event(const struct provider_event *event)
{
    static const char *const kinds[] = {"TEXT",  "AUDIO", "HEARD", "TOOL",
                                        "USAGE", "DONE",  "FAILED"};
    static const char *const failures[] = {"UNREACHABLE", "CLOSED", "REFUSED", "GARBLED",
                                           "OVERLOADED"};
    const struct provider_usage *usage = &event->usage;
    print_json(json_pack("{s:s, s:i, s:i, s:o, s:s, s:s, s:b, s:s, s:[I, I, I, f, f]}", "event",
                         kinds[event->kind], "turn", (int)event->turn, "provider", event->provider,
                         "data", data_of(event), "name", event->name, "call_id", event->call_id,
                         "more", event->more, "failure", failures[event->failure], "usage",
                         (json_int_t)usage->input_tokens, (json_int_t)usage->cached_tokens,
                         (json_int_t)usage->output_tokens, usage->input_seconds,
                         usage->output_seconds));
}

static void obey(struct probe *probe, const char *line)
{
    json_t *command = json_loads(line, 0, NULL);
    const char *name = command ? text_of(command, "do") : NULL;
    if (!name) {
        fprintf(stderr, "provider_probe: not a command: %s\n", line);
        exit(2);
    }
    probe->error = (struct error){.text = ""};
    enum status status = run_command(probe, name, command);
    print_json(json_pack("{s:s, s:s, s:s}", "did", name, "status", status_name(status), "error",
                         probe->error.text));
    json_decref(command);
}

/* Lines that are complete in `line`; false at the end of the input. */
static bool read_commands(struct probe *probe, char *line, size_t *length)
{
    ssize_t got = read(STDIN_FILENO, line + *length, LINE_MAX_BYTES - 1 - *length);
    if (got <= 0)
        return false;
    *length += (size_t)got;
    line[*length] = '\0';
    for (char *end = strchr(line, '\n'); end; end = strchr(line, '\n')) {
        *end = '\0';
        obey(probe, line);
        *length -= (size_t)(end + 1 - line);
        memmove(line, end + 1, *length + 1);
    }
    return true;
}

static void serve(struct probe *probe)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = mailbox_fd(probe->events), .events = POLLIN}};
    char *line = calloc(1, LINE_MAX_BYTES);
    struct provider_event event;
    size_t length = 0;
    while (poll(fds, 2, -1) > 0) {
        while (mailbox_take(probe->events, &event) == STATUS_OK)
            print_event(&event);
        if (fds[0].revents && !read_commands(probe, line, &length))
            break;
    }
    free(line);
}

int main(void)
{
    struct probe probe = {0};
    clock_init_virtual(&probe.clock, 0);
    if (mailbox_create(EVENTS, sizeof(struct provider_event), &probe.events, NULL) != STATUS_OK ||
        net_create(&(struct net_config){.clock = &probe.clock}, &probe.net, &probe.error) !=
            STATUS_OK) {
        fprintf(stderr, "provider_probe: %s\n", probe.error.text);
        return 1;
    }
    serve(&probe);
    provider_destroy(probe.provider);
    net_destroy(probe.net);
    mailbox_destroy(probe.events);
    return 0;
}
