#include "cloud.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "continuation.h"
#include "strbuf.h"

/* What has come is looked at before the time, so that nobody is too late because we were; but not
 * for ever. */
enum { UNTICKED_MAX = 64 };

/* One request to one provider. */
struct attempt {
    bool open; /* asked and not settled */
    bool resumed;
    uint32_t id;
    bool begun; /* its first token came at first_ns */
    int64_t asked_ns, first_ns;
    struct provider_usage usage;
    bool has_usage;
    size_t came; /* bytes of words and tools */
};

struct cloud {
    const struct clock *clock;
    struct mailbox *events;
    struct cloud_host host;
    struct cloud_fsm fsm;
    bool busy;
    int unticked;     /* events taken since the table saw the time */
    int64_t heard_ms; /* for cancels */
    uint32_t last_id;
    struct attempt attempts[ROUTE_PROVIDERS_MAX];
    struct breaker breakers[ROUTE_PROVIDERS_MAX];
    struct provider_history histories[ROUTE_PROVIDERS_MAX];
    struct cloud_tool tools[CLOUD_TOOLS_MAX];
    int tool_count;
    struct continuation continuation;
    struct strbuf spoken;
    char words[CONTINUATION_BYTES + PROVIDER_DATA_BYTES + 1];
};

enum status cloud_create(const struct clock *clock, struct mailbox *events,
                         const struct cloud_host *host, struct cloud **ret_cloud,
                         struct error *ret_error)
{
    struct cloud *cloud = calloc(1, sizeof(*cloud));
    if (!cloud)
        return error_set(ret_error, STATUS_NO_MEMORY, "cloud: out of memory");
    cloud->clock = clock;
    cloud->events = events;
    cloud->host = *host;
    strbuf_init(&cloud->spoken, CLOUD_SPOKEN_BYTES);
    *ret_cloud = cloud;
    return STATUS_OK;
}

void cloud_destroy(struct cloud *cloud)
{
    if (!cloud)
        return;
    strbuf_finish(&cloud->spoken);
    free(cloud);
}

static int64_t now(const struct cloud *c)
{
    return clock_now_ns(c->clock);
}

static int64_t ms_since(const struct cloud *c, int64_t then_ns)
{
    return (now(c) - then_ns) / CLOCK_NS_PER_MS;
}

/* ---- a request to one provider ---- */

static struct cloud_bill bill_of(const struct cloud *c, const struct attempt *a,
                                 enum cloud_outcome outcome)
{
    return (struct cloud_bill){
        .outcome = outcome,
        .has_usage = a->has_usage,
        .usage = a->usage,
        .first_token_ms = a->begun ? (a->first_ns - a->asked_ns) / CLOCK_NS_PER_MS : -1,
        .ran_ms = ms_since(c, a->asked_ns),
        .came = a->came,
    };
}

static void settle(struct cloud *c, int place, const struct cloud_bill *bill)
{
    struct attempt *a = &c->attempts[place];
    if (!a->open)
        return;
    a->open = false;
    c->host.settle(c->host.context, place, bill);
}

static bool ask(struct cloud *c, int place, bool resume)
{
    struct attempt *a = &c->attempts[place];
    struct error error;
    const char *spoken = resume ? strbuf_text(&c->spoken) : "";
    *a = (struct attempt){.id = ++c->last_id, .asked_ns = now(c), .resumed = resume};
    if (c->host.ask(c->host.context, place, a->id, spoken, &error) != STATUS_OK) {
        c->host.trouble(c->host.context, place, error.text);
        return false;
    }
    a->open = true;
    breaker_begin(&c->breakers[place], a->asked_ns);
    return true;
}

/* One that is too slow counts with the time it was given, so that its history tells. */
static void drop(struct cloud *c, int place, bool blame)
{
    const struct attempt *a = &c->attempts[place];
    if (blame)
        breaker_fail(&c->breakers[place], now(c), false);
    else
        breaker_abandon(&c->breakers[place]);
    if (blame && !a->begun)
        history_add_first_token(&c->histories[place], ms_since(c, a->asked_ns));
    c->histories[place].failed += blame;
    if (blame)
        c->host.trouble(c->host.context, place, "the deadline passed without a word");
    c->host.cancel(c->host.context, place, c->heard_ms);
    struct cloud_bill bill = bill_of(c, a, CLOUD_DROPPED);
    bill.cancelled = !blame;
    settle(c, place, &bill);
}

/* ---- tools ---- */

/* False when the results could not be sent. */
static bool run_tools(struct cloud *c, int place)
{
    char *texts[CLOUD_TOOLS_MAX];
    struct provider_tool_result results[CLOUD_TOOLS_MAX];
    struct error error;
    for (int i = 0; i < c->tool_count; i++) {
        texts[i] = c->host.run_tool(c->host.context, &c->tools[i]);
        results[i] = (struct provider_tool_result){c->tools[i].call_id, texts[i] ? texts[i] : "{}"};
    }
    enum status status =
        c->host.reply(c->host.context, place, c->tools, results, (size_t)c->tool_count, &error);
    for (int i = 0; i < c->tool_count; i++)
        free(texts[i]);
    c->tool_count = 0;
    if (status != STATUS_OK)
        c->host.trouble(c->host.context, place, error.text);
    return status == STATUS_OK;
}

/* Calls may come in several events each; more than there is room for are not answered. */
static void collect_tool(struct cloud *c, const struct provider_event *event)
{
    struct cloud_tool *tool = c->tool_count ? &c->tools[c->tool_count - 1] : NULL;
    if (!tool || !tool->open) {
        if (c->tool_count == CLOUD_TOOLS_MAX)
            return;
        tool = &c->tools[c->tool_count++];
        memset(tool, 0, sizeof(*tool));
        memcpy(tool->name, event->name, sizeof(tool->name));
        memcpy(tool->call_id, event->call_id, sizeof(tool->call_id));
    }
    size_t room = sizeof(tool->arguments) - 1 - tool->length;
    tool->cut = tool->cut || event->length > room;
    size_t taken = event->length < room ? event->length : room;
    memcpy(tool->arguments + tool->length, event->data, taken);
    tool->length += taken;
    tool->open = event->more;
}

/* ---- what the table decides ---- */

static void perform_all(struct cloud *c, const struct cloud_actions *actions);

static void input(struct cloud *c, enum cloud_input kind, int place)
{
    struct cloud_actions actions = {0};
    cloud_fsm_input(&c->fsm, kind, place, now(c), &actions);
    perform_all(c, &actions);
}

static void finish(struct cloud *c)
{
    c->busy = false;
    c->host.end(c->host.context);
}

static void perform(struct cloud *c, const struct cloud_action *action)
{
    void *context = c->host.context;
    switch (action->act) {
    case CLOUD_START:
        if (!ask(c, action->place, action->resume))
            input(c, CLOUD_IN_FAILED, action->place);
        break;
    case CLOUD_CANCEL:
        drop(c, action->place, action->blame);
        break;
    case CLOUD_WIN:
        c->tool_count = 0;
        continuation_init(&c->continuation,
                          c->attempts[action->place].resumed ? strbuf_text(&c->spoken) : "");
        break;
    case CLOUD_FILL:
        c->host.fill(context);
        break;
    case CLOUD_RUN_TOOLS:
        if (!run_tools(c, action->place)) {
            drop(c, action->place, false);
            input(c, CLOUD_IN_FAILED, action->place);
        }
        break;
    case CLOUD_USE_DEVICE:
        c->host.use_device(context);
        break;
    case CLOUD_EXCUSE:
        c->host.excuse(context, action->excuse);
        break;
    case CLOUD_END:
        finish(c);
        break;
    }
}

static void perform_all(struct cloud *c, const struct cloud_actions *actions)
{
    for (int i = 0; i < actions->count; i++)
        perform(c, &actions->action[i]);
}

/* ---- what providers say ---- */

static void note_first_token(struct cloud *c, int place)
{
    struct attempt *a = &c->attempts[place];
    if (a->begun)
        return;
    a->begun = true;
    a->first_ns = now(c);
    history_add_first_token(&c->histories[place], ms_since(c, a->asked_ns));
    int trip_ms = c->host.round_trip_ms ? c->host.round_trip_ms(c->host.context, place) : 0;
    if (trip_ms > 0)
        history_add_round_trip(&c->histories[place], trip_ms);
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

int cloud_winner(const struct cloud *c)
{
    bool has = c->fsm.phase == CLOUD_ANSWERING && c->fsm.live_count > 0;
    return has ? c->fsm.live[0].place : -1;
}

static void take_text(struct cloud *c, int place, const char *text)
{
    continuation_feed(&c->continuation, text, c->words, sizeof(c->words));
    if (!*c->words)
        return;
    strbuf_append(&c->spoken, c->words);
    if (strbuf_status(&c->spoken) == STATUS_OK)
        c->host.say(c->host.context, c->words);
    else
        input(c, CLOUD_IN_ENOUGH, place);
}

/* Spaces do not win a race, but belong to the answer of who has won. */
static void on_words(struct cloud *c, const struct provider_event *event)
{
    bool sound = event->kind == PROVIDER_EVENT_AUDIO;
    if (!sound && is_blank(event->data) && c->fsm.phase == CLOUD_WAITING)
        return;
    note_first_token(c, event->provider);
    if (!sound)
        c->attempts[event->provider].came += event->length;
    input(c, CLOUD_IN_TEXT, event->provider);
    if (sound)
        c->host.sound(c->host.context, event->data, event->length);
    else
        take_text(c, event->provider, event->data);
}

static void on_tool(struct cloud *c, const struct provider_event *event)
{
    note_first_token(c, event->provider);
    c->attempts[event->provider].came += event->length;
    input(c, CLOUD_IN_TOOL, event->provider);
    collect_tool(c, event);
}

static bool is_live(const struct cloud *c, int place)
{
    for (int i = 0; i < c->fsm.live_count; i++) {
        if (c->fsm.live[i].place == place)
            return true;
    }
    return false;
}

static bool cancels(const struct cloud_actions *actions, int place)
{
    for (int i = 0; i < actions->count; i++) {
        if (actions->action[i].act == CLOUD_CANCEL && actions->action[i].place == place)
            return true;
    }
    return false;
}

/* Settled before anything else is started, so that its money is free for the next. */
static void on_done(struct cloud *c, int place)
{
    struct cloud_actions actions = {0};
    bool answered = c->attempts[place].begun;
    cloud_fsm_input(&c->fsm, CLOUD_IN_DONE, place, now(c), &actions);
    if (answered)
        breaker_succeed(&c->breakers[place]);
    if (!is_live(c, place) && !cancels(&actions, place)) {
        c->histories[place].answered += answered;
        if (!answered)
            breaker_fail(&c->breakers[place], now(c), false);
        const struct cloud_bill bill =
            bill_of(c, &c->attempts[place], answered ? CLOUD_ANSWERED : CLOUD_FAILED);
        settle(c, place, &bill);
    }
    perform_all(c, &actions);
}

static bool is_unbilled(const struct provider_event *event, const struct attempt *a)
{
    return !a->begun &&
           (event->failure == PROVIDER_UNREACHABLE || event->failure == PROVIDER_REFUSED ||
            event->failure == PROVIDER_OVERLOADED);
}

static void on_failed(struct cloud *c, const struct provider_event *event)
{
    struct cloud_actions actions = {0};
    int place = event->provider;
    breaker_fail(&c->breakers[place], now(c), event->failure == PROVIDER_REFUSED);
    c->histories[place].failed++;
    c->host.trouble(c->host.context, place, event->data);
    cloud_fsm_input(&c->fsm, CLOUD_IN_FAILED, place, now(c), &actions);
    struct cloud_bill bill = bill_of(c, &c->attempts[place], CLOUD_FAILED);
    bill.unbilled = is_unbilled(event, &c->attempts[place]);
    settle(c, place, &bill);
    perform_all(c, &actions);
}

static void handle(struct cloud *c, const struct provider_event *event)
{
    struct attempt *a = &c->attempts[event->provider];
    switch (event->kind) {
    case PROVIDER_EVENT_TEXT:
    case PROVIDER_EVENT_AUDIO:
        on_words(c, event);
        break;
    case PROVIDER_EVENT_HEARD:
        c->host.heard(c->host.context, event->data);
        break;
    case PROVIDER_EVENT_TOOL:
        on_tool(c, event);
        break;
    case PROVIDER_EVENT_USAGE:
        a->usage = event->usage;
        a->has_usage = true;
        break;
    case PROVIDER_EVENT_DONE:
        on_done(c, event->provider);
        break;
    case PROVIDER_EVENT_FAILED:
        on_failed(c, event);
        break;
    }
}

/* Of a request that is still open; all else is late. */
static bool is_current(const struct cloud *c, const struct provider_event *event)
{
    if (event->provider < 0 || event->provider >= ROUTE_PROVIDERS_MAX)
        return false;
    const struct attempt *a = &c->attempts[event->provider];
    return a->open && a->id == event->turn;
}

void cloud_begin(struct cloud *c, const struct cloud_plan *plan, const char *spoken)
{
    struct cloud_actions actions = {0};
    cloud_stop(c, -1);
    strbuf_clear(&c->spoken);
    strbuf_append(&c->spoken, spoken);
    c->busy = true;
    c->heard_ms = -1;
    c->tool_count = 0;
    cloud_fsm_begin(&c->fsm, plan, *spoken != '\0', now(c), &actions);
    perform_all(c, &actions);
}

bool cloud_step(struct cloud *c)
{
    struct provider_event event;
    struct cloud_actions actions = {0};
    bool worked = mailbox_take(c->events, &event) == STATUS_OK;
    if (worked && is_current(c, &event))
        handle(c, &event);
    c->unticked = worked ? c->unticked + 1 : UNTICKED_MAX;
    if (!c->busy || c->unticked < UNTICKED_MAX)
        return worked;
    c->unticked = 0;
    cloud_fsm_tick(&c->fsm, now(c), &actions);
    perform_all(c, &actions);
    return worked;
}

bool cloud_is_busy(const struct cloud *c)
{
    return c->busy;
}

void cloud_stop(struct cloud *c, int64_t heard_ms)
{
    struct cloud_actions actions = {0};
    if (!c->busy)
        return;
    c->busy = false;
    c->heard_ms = heard_ms;
    cloud_fsm_stop(&c->fsm, &actions);
    for (int i = 0; i < actions.count; i++) {
        if (actions.action[i].act == CLOUD_CANCEL)
            drop(c, actions.action[i].place, false);
    }
}

const char *cloud_spoken(const struct cloud *c)
{
    return strbuf_text(&c->spoken);
}

const struct breaker *cloud_breaker(const struct cloud *c, int provider)
{
    return &c->breakers[provider];
}

const struct provider_history *cloud_history(const struct cloud *c, int provider)
{
    return &c->histories[provider];
}

void cloud_set_history(struct cloud *c, int provider, const struct provider_history *history)
{
    c->histories[provider] = *history;
}
