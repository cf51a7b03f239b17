#include "outside.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloud_plan.h"
#include "cloud_send.h"
#include "json_tools.h"

enum { ENDPOINT_BYTES = 3 * CONFIG_TEXT_BYTES };

struct outside {
    struct outside_config config;
    struct outside_host host;
    struct ledger *ledger;
    struct conversation *conversation;
    struct cloud_send *send;
    struct cloud *cloud;
    char *tools;
    int speaker;      /* whose sound is being played; -1 for nobody's */
    char session[48]; /* when this run began, and which: turns count from 1 in each */
    int64_t provider_per_day[CLOUD_PROVIDERS_MAX];
    int warmed[CLOUD_PROVIDERS_MAX]; /* connections opened ahead, not written down yet */
    struct {
        uint32_t first_tokens, round_trips; /* samples written down so far */
    } kept[CLOUD_PROVIDERS_MAX];
};

/* ---- the cloud's host: sending here, the rest in the mind ---- */

static enum status ask(void *context, int place, uint32_t id, const char *spoken,
                       struct error *ret_error)
{
    struct outside *o = context;
    return cloud_send_ask(o->send, place, id, spoken, ret_error);
}

static enum status reply(void *context, int place, const struct cloud_tool *calls,
                         const struct provider_tool_result *results, size_t count,
                         struct error *ret_error)
{
    struct outside *o = context;
    return cloud_send_reply(o->send, place, calls, results, count, ret_error);
}

static void cancel(void *context, int place, int64_t heard_ms)
{
    struct outside *o = context;
    cloud_send_cancel(o->send, place, heard_ms);
}

static void settle(void *context, int place, const struct cloud_bill *bill)
{
    struct outside *o = context;
    cloud_send_settle(o->send, place, bill);
}

static void say(void *context, const char *text)
{
    const struct outside *o = context;
    bool is_heard = cloud_send_plays(o->send, cloud_winner(o->cloud));
    (is_heard ? o->host.show : o->host.say)(o->host.context, text);
}

static void sound(void *context, const void *pcm, size_t bytes)
{
    struct outside *o = context;
    o->speaker = cloud_winner(o->cloud);
    o->host.sound(o->host.context, pcm, bytes);
}

static void heard(void *context, const char *text)
{
    const struct outside *o = context;
    o->host.heard(o->host.context, text);
}

static char *run_tool(void *context, const struct cloud_tool *call)
{
    const struct outside *o = context;
    return o->host.run_tool(o->host.context, call);
}

static void fill(void *context)
{
    const struct outside *o = context;
    o->host.fill(o->host.context);
}

static void use_device(void *context)
{
    const struct outside *o = context;
    o->host.use_device(o->host.context);
}

static void excuse(void *context, enum cloud_excuse why)
{
    const struct outside *o = context;
    o->host.excuse(o->host.context, why);
}

static void trouble(void *context, int place, const char *text)
{
    const struct outside *o = context;
    o->host.trouble(o->host.context, place, text);
}

static void end(void *context)
{
    const struct outside *o = context;
    o->host.end(o->host.context);
}

static int round_trip_ms(void *context, int place)
{
    const struct outside *o = context;
    return provider_round_trip_ms(o->config.providers[place]);
}

static enum status create_cloud(struct outside *o, struct error *ret_error)
{
    const struct cloud_host host = {
        .context = o,
        .ask = ask,
        .reply = reply,
        .cancel = cancel,
        .settle = settle,
        .say = say,
        .sound = sound,
        .heard = heard,
        .run_tool = run_tool,
        .fill = fill,
        .use_device = use_device,
        .excuse = excuse,
        .trouble = trouble,
        .end = end,
        .round_trip_ms = round_trip_ms,
    };
    return cloud_create(o->config.clock, o->config.events, &host, &o->cloud, ret_error);
}

/* ---- parts ---- */

static enum status create_send(struct outside *o, struct error *ret_error)
{
    const struct config *options = o->config.options;
    const struct cloud_send_config send = {
        .cloud = o->config.cloud,
        .providers = o->config.providers,
        .privacy = o->config.privacy,
        .ledger = o->ledger,
        .conversation = o->conversation,
        .per_turn = ledger_micro(options->budget_per_turn),
        .per_day = ledger_micro(options->budget_per_day),
        .provider_per_day = o->provider_per_day,
        .clock = o->config.clock,
        .zone = options->zone,
        .session = o->session,
        .tools = o->tools,
        .sound_log = o->config.sound_log,
    };
    for (int i = 0; i < o->config.cloud->provider_count; i++)
        o->provider_per_day[i] = ledger_micro(o->config.cloud->providers[i].budget);
    return cloud_send_create(&send, &o->send, ret_error);
}

/* ---- what was measured ---- */

static int64_t now_unix(const struct outside *o)
{
    return clock_wall_ns(o->config.clock) / CLOCK_NS_PER_S;
}

static void endpoint_of(const struct cloud_provider *provider, char *text, size_t size)
{
    snprintf(text, size, "%s %s %s", provider->kind, provider->url, provider->model);
}

static void note_kept(struct outside *o, int place)
{
    const struct provider_history *history = cloud_history(o->cloud, place);
    o->kept[place].first_tokens = history->first_token.added;
    o->kept[place].round_trips = history->round_trip.added;
}

static enum status load_histories(struct outside *o, struct error *ret_error)
{
    for (int i = 0; i < o->config.cloud->provider_count; i++) {
        const struct cloud_provider *provider = &o->config.cloud->providers[i];
        char endpoint[ENDPOINT_BYTES];
        struct provider_history history;
        history_init(&history);
        endpoint_of(provider, endpoint, sizeof(endpoint));
        TRY(ledger_load_history(o->ledger, provider->name, endpoint, &history, ret_error));
        cloud_set_history(o->cloud, i, &history);
        note_kept(o, i);
    }
    return STATUS_OK;
}

static void keep_warmed(struct outside *o)
{
    for (int i = 0; i < o->config.cloud->provider_count; i++) {
        if (o->warmed[i])
            ledger_note_warm(o->ledger, now_unix(o), o->config.cloud->providers[i].name,
                             o->warmed[i], NULL);
        o->warmed[i] = 0;
    }
}

/* Latencies that cannot be written are measured anew next time. */
static void keep_histories(struct outside *o)
{
    for (int i = 0; i < o->config.cloud->provider_count; i++) {
        const struct cloud_provider *provider = &o->config.cloud->providers[i];
        const struct provider_history *history = cloud_history(o->cloud, i);
        char endpoint[ENDPOINT_BYTES];
        endpoint_of(provider, endpoint, sizeof(endpoint));
        ledger_keep_history(o->ledger, provider->name, endpoint, history,
                            (int)(history->first_token.added - o->kept[i].first_tokens),
                            (int)(history->round_trip.added - o->kept[i].round_trips), NULL);
        note_kept(o, i);
    }
}

static enum status prepare(struct outside *o, struct error *ret_error)
{
    const struct config *options = o->config.options;
    const struct conversation_config talk = {
        .budget_tokens = (int)options->conversation_tokens,
        .forget_after_s = (int)options->forget_s,
    };
    snprintf(o->session, sizeof(o->session), "%lld.%ld", (long long)clock_wall_ns(o->config.clock),
             (long)getpid());
    TRY(ledger_create(o->config.state_path, options->zone, &o->ledger, ret_error));
    TRY(conversation_create(&talk, &o->conversation, ret_error));
    TRY(json_tools_describe(&o->tools, ret_error));
    TRY(create_send(o, ret_error));
    TRY(create_cloud(o, ret_error));
    return load_histories(o, ret_error);
}

enum status outside_create(const struct outside_config *config, const struct outside_host *host,
                           struct outside **ret_outside, struct error *ret_error)
{
    struct outside *o = calloc(1, sizeof(*o));
    if (!o)
        return error_set(ret_error, STATUS_NO_MEMORY, "cloud: out of memory");
    o->config = *config;
    o->host = *host;
    enum status status = prepare(o, ret_error);
    if (status != STATUS_OK) {
        outside_destroy(o);
        return status;
    }
    *ret_outside = o;
    return STATUS_OK;
}

void outside_destroy(struct outside *o)
{
    if (!o)
        return;
    if (o->cloud) {
        cloud_stop(o->cloud, -1);
        keep_warmed(o);
    }
    cloud_destroy(o->cloud);
    cloud_send_destroy(o->send);
    conversation_destroy(o->conversation);
    ledger_destroy(o->ledger);
    free(o->tools);
    free(o);
}

enum status outside_open(struct outside *o, uint32_t turn, const char *text, bool is_private,
                         struct error *ret_error)
{
    o->speaker = -1;
    cloud_send_open(o->send, turn, is_private);
    return conversation_ask(o->conversation, now_unix(o), text, is_private, ret_error);
}

void outside_set_sound(struct outside *o, struct sound_range sound)
{
    cloud_send_set_sound(o->send, sound);
}

void outside_measure(struct outside *o, struct route_features *features)
{
    cloud_plan_measure(o->config.cloud, o->cloud, o->send, clock_now_ns(o->config.clock), features);
}

void outside_begin(struct outside *o, const struct route_decision *decision,
                   const struct route_features *features, const char *spoken)
{
    const struct cloud_plan plan = cloud_plan_of(decision, features, o->config.options);
    cloud_begin(o->cloud, &plan, spoken);
}

static bool may_warm(struct outside *o, int place)
{
    const struct ledger_caps caps = {
        .per_turn = ledger_micro(o->config.options->budget_per_turn),
        .per_day = ledger_micro(o->config.options->budget_per_day),
        .provider_per_day = o->provider_per_day[place],
    };
    return o->config.providers[place] &&
           !privacy_binds(o->config.privacy, o->config.cloud->providers[place].name) &&
           breaker_state(cloud_breaker(o->cloud, place), clock_now_ns(o->config.clock)) ==
               BREAKER_CLOSED &&
           ledger_left(o->ledger, now_unix(o), o->config.cloud->providers[place].name, &caps) > 0;
}

/* The usual time of its first word, where the policy asks the fastest first; else they are alike.
 */
static int slowness(const struct outside *o, int place)
{
    bool by_time = strcmp(o->config.options->routing, "latency-aware") == 0;
    return by_time ? history_percentile(&cloud_history(o->cloud, place)->first_token, 50) : 0;
}

void outside_warm(struct outside *o)
{
    const struct cloud_order *order = &o->config.cloud->order[STAGE_GENERATE];
    int first = CLOUD_DEVICE;
    for (int i = 0; i < order->count; i++) {
        int place = order->place[i];
        if (place != CLOUD_DEVICE && may_warm(o, place) &&
            (first == CLOUD_DEVICE || slowness(o, place) < slowness(o, first)))
            first = place;
    }
    if (first != CLOUD_DEVICE && provider_warm(o->config.providers[first]))
        o->warmed[first]++;
}

bool outside_step(struct outside *o)
{
    return cloud_step(o->cloud);
}

bool outside_is_busy(const struct outside *o)
{
    return cloud_is_busy(o->cloud);
}

void outside_stop(struct outside *o, int64_t heard_ms)
{
    bool was_busy = cloud_is_busy(o->cloud);
    cloud_stop(o->cloud, heard_ms);
    /* All of it has come, and not all was heard: its speaker forgets the rest. */
    if (!was_busy && heard_ms >= 0 && o->speaker >= 0)
        cloud_send_cancel(o->send, o->speaker, heard_ms);
    o->speaker = -1;
}

/* The first provider of the order is what everything would have cost elsewhere. */
static int64_t cost_elsewhere(struct outside *o)
{
    const struct cloud_order *order = &o->config.cloud->order[STAGE_GENERATE];
    for (int i = 0; i < order->count; i++) {
        if (order->place[i] != CLOUD_DEVICE)
            return cloud_send_estimate(o->send, order->place[i]);
    }
    return 0;
}

void outside_answered(struct outside *o, const char *text, bool here)
{
    if (here)
        ledger_note_local(o->ledger, now_unix(o), cost_elsewhere(o), NULL);
    conversation_answer(o->conversation, text, NULL);
    cloud_send_close(o->send);
    keep_histories(o);
    keep_warmed(o);
}

const char *outside_spoken(const struct outside *o)
{
    return cloud_spoken(o->cloud);
}

int outside_fd(const struct outside *o)
{
    return mailbox_fd(o->config.events);
}

const char *outside_name(const struct outside *o, int place)
{
    return o->config.cloud->providers[place].name;
}
