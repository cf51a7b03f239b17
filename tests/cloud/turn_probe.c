/* An engine that is asked in writing, for tests from outside:
 *
 *     turn_probe CONFIG STATE [KEY=VALUE...]      requests on stdin, one a line; +N: N s of silence
 *
 * For each it prints one line of JSON: the real time (CLOCK_MONOTONIC, ms) of the request, of its
 * leaving (the device's own work on it is done), of the first sample of the answer's voice, of each
 * clause and of the end, and what was said; *_s are seconds on the engine's own clock. Time runs
 * as in linnet ask: each 10 ms frame takes 10 ms at least while somebody outside is asked. Events
 * are stamped by a thread of their own, when they happen and not when the frame is done, of which
 * the making of two seconds of voice is a part. */
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "linnet.h"
#include "mailbox.h"
#include "thread.h"

enum { FRAME = LINNET_INPUT_RATE / 100, VOICE = LINNET_VOICE_RATE / 100, FRAMES_MAX = 12000 };

enum { SEEN_MAX = 512, LOOK_NS = 20000000 };

/* An event and when it happened. */
struct seen {
    struct linnet_event event;
    int64_t at_ns;
};

struct probe {
    struct linnet *linnet;
    struct clock clock;
    struct mailbox *seen;
    struct thread watcher;
    atomic_bool over;
    json_t *line;
    bool done, sounded;
};

static void watch(void *context)
{
    struct probe *p = context;
    struct seen seen;
    while (!atomic_load(&p->over)) {
        if (!linnet_wait(p->linnet, &seen.event, LOOK_NS))
            continue;
        seen.at_ns = clock_now_ns(&p->clock);
        mailbox_post(p->seen, &seen);
    }
}

static json_t *ms_of(int64_t ns)
{
    return json_real((double)ns / 1e6);
}

static json_t *now_ms(const struct probe *p)
{
    return ms_of(clock_now_ns(&p->clock));
}

static void add(struct probe *p, const char *list, json_t *value)
{
    json_array_append_new(json_object_get(p->line, list), value);
}

static void look(struct probe *p, const struct seen *seen)
{
    const struct linnet_event *event = &seen->event;
    if (event->kind == LINNET_EVENT_REPLY) {
        add(p, "said", json_string(event->text));
        add(p, "said_ms", ms_of(seen->at_ns));
        add(p, "said_s", json_real(event->seconds));
    } else if (event->kind == LINNET_EVENT_ROUTE) {
        json_object_set_new(p->line, "route", json_string(event->route.route));
        json_object_set_new(p->line, "routed_s", json_real(event->seconds));
        json_object_set_new(p->line, "reason", json_string(event->route.reason));
    } else if (event->kind == LINNET_EVENT_CLOUD || event->kind == LINNET_EVENT_ERROR) {
        add(p, "trouble", json_string(event->text));
    } else if (event->kind == LINNET_EVENT_TOOL) {
        add(p, "tools", json_string(event->tool.name));
    }
    p->done = p->done || event->kind == LINNET_EVENT_DONE;
}

static void listen(struct probe *p)
{
    float voice[VOICE];
    linnet_pull(p->linnet, voice, VOICE);
    for (int i = 0; i < VOICE && !p->sounded; i++) {
        if (voice[i] == 0)
            continue;
        p->sounded = true;
        json_object_set_new(p->line, "sound_ms", now_ms(p));
    }
}

static void answer(struct probe *p, const char *text)
{
    static const float silence[FRAME];
    struct seen seen;
    struct error error;
    p->line = json_pack("{s:s, s:o, s:[], s:[], s:[], s:[], s:[]}", "asked", text, "asked_ms",
                        now_ms(p), "said", "said_ms", "said_s", "trouble", "tools");
    p->done = p->sounded = false;
    if (linnet_ask(p->linnet, text, &error) != STATUS_OK)
        add(p, "trouble", json_string(error.text));
    json_object_set_new(p->line, "sent_ms", now_ms(p));
    for (int i = 0; i < FRAMES_MAX && !p->done; i++) {
        linnet_push(p->linnet, silence, FRAME);
        while (mailbox_take(p->seen, &seen) == STATUS_OK)
            look(p, &seen);
        listen(p);
    }
    json_object_set_new(p->line, "end_ms", now_ms(p));
    json_object_set_new(p->line, "done", json_boolean(p->done));
    json_dumpf(p->line, stdout, JSON_COMPACT);
    putchar('\n');
    fflush(stdout);
    json_decref(p->line);
}

static void be_silent(struct probe *p, long seconds)
{
    static const float silence[FRAME];
    for (long i = 0; i < 100 * seconds; i++)
        linnet_push(p->linnet, silence, FRAME);
}

static enum status begin(struct probe *p, char **argv, struct error *ret_error)
{
    const struct thread_config watcher = {.name = "watcher", .run = watch, .context = p};
    struct linnet_config config;
    linnet_config_defaults(&config);
    config.file = argv[1];
    config.state = argv[2];
    config.set = (const char *const *)(argv + 3);
    config.start_unix = time(NULL);
    clock_init_real(&p->clock);
    TRY(mailbox_create(SEEN_MAX, sizeof(struct seen), &p->seen, ret_error));
    TRY(linnet_create(&config, &p->linnet, ret_error));
    return thread_start(&p->watcher, &watcher, ret_error);
}

static void end(struct probe *p)
{
    atomic_store(&p->over, true);
    thread_join(&p->watcher);
    linnet_destroy(p->linnet);
    mailbox_destroy(p->seen);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    struct probe probe = {.done = false};
    struct error error;
    char text[LINNET_TEXT_BYTES];
    if (begin(&probe, argv, &error) != STATUS_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    while (fgets(text, sizeof(text), stdin)) {
        text[strcspn(text, "\n")] = '\0';
        if (*text == '+')
            be_silent(&probe, strtol(text + 1, NULL, 10));
        else
            answer(&probe, text);
    }
    end(&probe);
    return 0;
}
