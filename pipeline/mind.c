#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complexity.h"
#include "machine_state.h"
#include "mind_impl.h"

static enum status prepare(struct mind *mind, struct error *ret_error)
{
    TRY(lm_model_create(mind->config.model_path, &mind->model, ret_error));
    TRY(lm_session_create(mind->model, &mind->session, ret_error));
    TRY(store_create(mind->config.state_path, &mind->store, ret_error));
    return mind_cloud_prepare(mind, ret_error);
}

enum status mind_create(const struct mind_config *config, struct mind **ret_mind,
                        struct error *ret_error)
{
    struct mind *mind = calloc(1, sizeof(*mind));
    if (!mind)
        return error_set(ret_error, STATUS_NO_MEMORY, "mind: out of memory");
    mind->config = *config;
    snprintf(mind->state_path, sizeof(mind->state_path), "%s", config->state_path);
    clause_init(&mind->splitter);
    enum status status = prepare(mind, ret_error);
    if (status != STATUS_OK) {
        mind_destroy(mind);
        return status;
    }
    *ret_mind = mind;
    return STATUS_OK;
}

static void keep_record(struct mind *mind);

/* ---- counters ---- */

void mind_count(struct mind *mind, enum telemetry_counter counter)
{
    mind->counts[counter]++;
    mind->counted = true;
}

/* Counters that cannot be written are lost: nobody shall be bothered with that. */
static void keep_counts(struct mind *mind)
{
    if (!mind->counted)
        return;
    mind->counted = false;
    if (!mind->telemetry && telemetry_create(mind->state_path, &mind->telemetry, NULL) != STATUS_OK)
        return;
    for (int i = 0; i < TELEMETRY_COUNT; i++) {
        if (mind->counts[i])
            telemetry_add(mind->telemetry, (enum telemetry_counter)i, mind->counts[i], NULL);
        mind->counts[i] = 0;
    }
}

void mind_destroy(struct mind *mind)
{
    if (!mind)
        return;
    mind_cloud_finish(mind);
    keep_counts(mind);
    telemetry_destroy(mind->telemetry);
    if (mind->store)
        keep_record(mind);
    store_destroy(mind->store);
    lm_session_destroy(mind->session);
    lm_model_destroy(mind->model);
    free(mind);
}

static int64_t now_unix(const struct mind *mind)
{
    return clock_wall_ns(mind->config.events.clock) / CLOCK_NS_PER_S;
}

static void report(struct mind *mind, enum mind_report_kind kind)
{
    const struct mind_report message = {.kind = kind, .turn = mind->turn};
    mailbox_post(mind->config.reports, &message);
}

void mind_report_speaks(struct mind *mind)
{
    if (!mind->spoke)
        report(mind, MIND_SPEAKS);
    mind->spoke = true;
}

bool mind_say_clause(struct mind *mind, const char *clause)
{
    if (!voice_say(mind->config.voice, mind->turn, clause))
        return false;
    event_send_text(&mind->config.events, LINNET_EVENT_REPLY, mind->turn, clause);
    mind_report_speaks(mind);
    return true;
}

/* Text of the reply as it grows; clauses go out as soon as they are whole. */
static void say_part(struct mind *mind, const char *text, bool at_end)
{
    char clause[LINNET_TEXT_BYTES];
    clause_feed(&mind->splitter, text);
    while (clause_next(&mind->splitter, at_end, clause, sizeof(clause)))
        mind_say_clause(mind, clause);
}

void mind_say(struct mind *mind, const char *text)
{
    snprintf(mind->last_reply, sizeof(mind->last_reply), "%s", text);
    say_part(mind, text, true);
}

static void send_route(struct mind *mind, enum linnet_event_kind kind,
                       const struct route_decision *decision, float confidence)
{
    struct linnet_event event = event_make(&mind->config.events, kind, mind->turn);
    snprintf(event.route.route, sizeof(event.route.route), "%s", route_name(decision->route));
    snprintf(event.route.reason, sizeof(event.route.reason), "%s", decision->reason);
    event.route.confidence = confidence;
    event_send(&mind->config.events, &event);
}

static void send_tool(struct mind *mind, const struct tool_call *call)
{
    struct linnet_event event = event_make(&mind->config.events, LINNET_EVENT_TOOL, mind->turn);
    snprintf(event.tool.name, sizeof(event.tool.name), "%s", call->name);
    event.tool.arg_count = call->arg_count;
    for (int i = 0; i < call->arg_count; i++) {
        snprintf(event.tool.args[i].name, sizeof(event.tool.args[i].name), "%s",
                 call->args[i].name);
        snprintf(event.tool.args[i].value, sizeof(event.tool.args[i].value), "%s",
                 call->args[i].value);
    }
    event_send(&mind->config.events, &event);
}

static void set_volume(struct mind *mind, int volume)
{
    struct linnet_event event = event_make(&mind->config.events, LINNET_EVENT_VOLUME, mind->turn);
    atomic_store(mind->config.volume, volume);
    event.volume = volume;
    event_send(&mind->config.events, &event);
}

static void speak(struct mind *mind, const struct skill_reply *reply)
{
    if (reply->effect == SKILL_REPEAT)
        say_part(mind, *mind->last_reply ? mind->last_reply : "I haven't said anything yet.", true);
    else if (*reply->text)
        mind_say(mind, reply->text);
}

bool mind_run_skill(struct mind *mind, const struct tool_call *call, struct skill_reply *reply)
{
    const struct skill_context context = {
        .store = mind->store,
        .zone = mind->config.options->zone,
        .now = now_unix(mind),
        .volume = atomic_load(mind->config.volume),
    };
    struct error error;
    send_tool(mind, call);
    if (skill_run(&context, call, reply, &error) != STATUS_OK) {
        event_send_text(&mind->config.events, LINNET_EVENT_ERROR, mind->turn, error.text);
        snprintf(reply->text, sizeof(reply->text), "%s", error.text);
        return false;
    }
    if (reply->effect == SKILL_VOLUME)
        set_volume(mind, reply->volume);
    return true;
}

void mind_run_tool(struct mind *mind, const struct tool_call *call)
{
    struct skill_reply reply;
    if (mind_run_skill(mind, call, &reply))
        speak(mind, &reply);
    else
        mind_say(mind, "Sorry, that went wrong.");
}

/* ---- the language model ---- */

static int parts(double probability)
{
    return (int)(probability * ROUTE_ONE);
}

static struct route_policy policy_of(const struct config *options)
{
    struct route_policy policy = {
        .min_model_confidence = parts(options->min_model_confidence),
        .min_words_confidence = parts(options->min_words_confidence),
        .max_complexity = parts(options->max_complexity),
        .patience_ms = (int)options->patience_ms,
        .hedge = options->hedge,
        .hedge_ms = (int)options->hedge_ms,
    };
    route_policy_kind_of(options->routing, &policy.kind);
    return policy;
}

/* What the callbacks of one answer share. */
struct answer {
    struct mind *mind;
    const struct mind_request *request;
    struct route_features features;
    struct route_decision decision;
    bool routed;
    bool wanted; /* the device's own reply, perhaps later */
};

static enum route route_of(enum lm_route route)
{
    static const enum route routes[] = {[LM_ROUTE_TOOL] = ROUTE_TOOL,
                                        [LM_ROUTE_REPLY] = ROUTE_REPLY,
                                        [LM_ROUTE_CLOUD] = ROUTE_CLOUD};
    return routes[route];
}

static void measure(struct mind *mind, const struct mind_request *request,
                    const struct lm_result *result, struct route_features *features)
{
    struct machine_state machine;
    const char *root = mind->config.machine_root;
    machine_state_read(root ? root : "/sys/class", &machine);
    *features = (struct route_features){
        .model_route = route_of(result->route),
        .model_confidence = parts((double)result->confidence),
        .words_confidence = parts((double)request->confidence),
        .words = complexity_words(request->text),
        .complexity = complexity_of(request->text),
        .battery_percent = machine.battery_percent,
        .on_battery = machine.on_battery,
        .temperature_c = machine.temperature_c,
    };
    if (mind->outside)
        outside_measure(mind->outside, features);
}

static bool asks_device(const struct route_decision *decision)
{
    return decision->place_count > 0 && decision->place[decision->place_count - 1] == ROUTE_DEVICE;
}

/* Written down later: a disk is slow, and somebody waits for an answer. */
static void keep_record(struct mind *mind)
{
    char *json;
    struct error error;
    if (!mind->has_record)
        return;
    mind->has_record = false;
    enum status status = decision_to_json(&mind->record, &json, &error);
    if (status == STATUS_OK) {
        status = store_add_decision(mind->store, json, &error);
        free(json);
    }
    if (status != STATUS_OK)
        event_send_text(&mind->config.events, LINNET_EVENT_ERROR, mind->turn, error.text);
}

static void remember(struct mind *mind, const struct answer *answer)
{
    keep_record(mind);
    mind->record = (struct decision_record){
        .time = now_unix(mind),
        .turn = mind->turn,
        .features = answer->features,
        .policy = policy_of(mind->config.options),
        .decision = answer->decision,
    };
    snprintf(mind->record.request, sizeof(mind->record.request), "%s",
             mind->is_private ? "" : answer->request->text);
    mind->has_record = true;
}

static void compare(struct mind *mind, const struct answer *answer, float confidence)
{
    struct route_policy policy = policy_of(mind->config.options);
    struct route_decision decision;
    if (!mind->config.compare || !route_policy_kind_of(mind->config.compare, &policy.kind))
        return;
    route_decide(&answer->features, &policy, &decision);
    send_route(mind, LINNET_EVENT_BESIDE, &decision, confidence);
}

/* The model's first token is known: decide, and tell. */
static void on_route(void *context, const struct lm_result *so_far)
{
    struct answer *answer = context;
    struct mind *mind = answer->mind;
    const struct route_policy policy = policy_of(mind->config.options);
    measure(mind, answer->request, so_far, &answer->features);
    route_decide(&answer->features, &policy, &answer->decision);
    answer->routed = true;
    answer->wanted = answer->decision.route == ROUTE_REPLY || asks_device(&answer->decision);
    send_route(mind, LINNET_EVENT_ROUTE, &answer->decision, so_far->confidence);
    compare(mind, answer, so_far->confidence);
    remember(mind, answer);
}

/* Part of a reply: spoken when that is the route. False ends an answer nobody waits for any more.
 */
static bool on_piece(void *context, struct lm_piece piece)
{
    struct answer *answer = context;
    struct mind *mind = answer->mind;
    char text[LM_MAX_WORD + 1];
    if (mind->turn != atomic_load(mind->config.turn) || !answer->wanted)
        return false;
    if (answer->decision.route != ROUTE_REPLY)
        return true;
    snprintf(text, sizeof(text), "%.*s", (int)piece.length, piece.data);
    say_part(mind, text, false);
    voice_step(mind->config.voice); /* the first clause is spoken while the rest is written */
    return true;
}

static void to_tool_call(const struct lm_result *result, struct tool_call *call)
{
    memset(call, 0, sizeof(*call));
    snprintf(call->name, sizeof(call->name), "%.31s", result->tool);
    for (uint32_t i = 0; i < result->n_arguments && call->arg_count < TOOL_ARGS_MAX; i++) {
        struct tool_arg *arg = &call->args[call->arg_count++];
        snprintf(arg->name, sizeof(arg->name), "%.31s", result->arguments[i].name);
        snprintf(arg->value, sizeof(arg->value), "%.127s", result->arguments[i].value);
    }
}

/* A reply that ends before its end: the model gave up. Somebody else goes on behind the words that
 * were spoken, if the same request may be asked elsewhere at all. */
static bool go_on_outside(struct mind *mind, struct answer *answer, const struct lm_result *result)
{
    const struct route_policy policy = policy_of(mind->config.options);
    if (!result->cut || !mind->outside)
        return false;
    answer->features.model_route = ROUTE_CLOUD;
    route_decide(&answer->features, &policy, &answer->decision);
    if (answer->decision.place_count == 0)
        return false;
    send_route(mind, LINNET_EVENT_ROUTE, &answer->decision, result->confidence);
    remember(mind, answer);
    mind_cloud_begin(mind, &answer->decision, &answer->features, result->reply);
    return true;
}

static void conclude_reply(struct mind *mind, struct answer *answer, const struct lm_result *result)
{
    say_part(mind, "", true);
    snprintf(mind->last_reply, sizeof(mind->last_reply), "%s", result->reply);
    go_on_outside(mind, answer, result);
}

static void ask_outside(struct mind *mind, const struct answer *answer,
                        const struct lm_result *result)
{
    mind->local_route = answer->features.model_route;
    to_tool_call(result, &mind->local_tool);
    snprintf(mind->local_reply, sizeof(mind->local_reply), "%s", result->reply);
    mind_cloud_begin(mind, &answer->decision, &answer->features, "");
}

static void conclude(struct mind *mind, struct answer *answer, const struct lm_result *result)
{
    struct tool_call call;
    switch (answer->decision.route) {
    case ROUTE_TOOL:
        to_tool_call(result, &call);
        mind_run_tool(mind, &call);
        break;
    case ROUTE_REPLY:
        conclude_reply(mind, answer, result);
        break;
    case ROUTE_CLOUD:
        if (answer->decision.place_count)
            ask_outside(mind, answer, result);
        else
            mind_say(mind, "I need the cloud for that.");
        break;
    case ROUTE_REFUSED:
        mind_cloud_refuse(mind, &answer->decision);
        break;
    default:
        mind_say(mind, "Sorry, I didn't catch that.");
    }
    if (mind->stream.open)
        return;
    enum route route = answer->decision.route;
    bool here = route == ROUTE_TOOL || route == ROUTE_REPLY;
    if (here)
        mind_count(mind, TELEMETRY_DEVICE_TURNS);
    if (route == ROUTE_UNHEARD)
        mind_count(mind, TELEMETRY_UNHEARD_TURNS);
    if (mind->outside)
        outside_answered(mind->outside, mind->last_reply, here);
}

/* ---- ahead of the request ---- */

/* The user still speaks: the model reads along, so that little is left to do, and says whether the
 * request may be over. A revised partial makes it go back to where the texts part. */
static void prepare_ahead(struct mind *mind, const struct mind_request *request)
{
    struct lm_prefill done;
    if (lm_session_prefill(mind->session, request->text, &done, NULL) != STATUS_OK)
        return;
    mind->pending += done.n_tokens - done.n_reused;
    mind->ahead.computed += done.n_tokens - done.n_reused;
    if (!done.judges_end)
        return;
    const struct mind_report judged = {.kind = MIND_JUDGED,
                                       .turn = request->turn,
                                       .serial = request->serial,
                                       .end_score = done.end_score};
    mailbox_post(mind->config.reports, &judged);
}

/* Of what was computed ahead, the answer used what it found there. */
static void count_discarded(struct mind *mind, const struct lm_result *result)
{
    uint64_t used = result->n_reused;
    mind->ahead.discarded += mind->pending > used ? mind->pending - used : 0;
    mind->pending = 0;
}

struct mind_ahead mind_ahead(const struct mind *mind)
{
    return mind->ahead;
}

static void answer_request(struct mind *mind, const struct mind_request *request)
{
    struct answer answer = {.mind = mind, .request = request};
    const struct lm_options options = {.max_reply_tokens =
                                           (uint32_t)mind->config.options->answer_tokens,
                                       .piece = on_piece,
                                       .route = on_route,
                                       .context = &answer};
    struct lm_result result = {0};
    struct error error;
    enum status status = lm_session_answer(mind->session, request->text, &options, &result, &error);
    count_discarded(mind, &result);
    /* A reply that the policy overrules is cancelled by on_piece; that is no failure. */
    bool overruled = status == STATUS_CANCELLED && answer.routed && !answer.wanted;
    if (mind->turn != atomic_load(mind->config.turn))
        return; /* nobody waits for it any more */
    if (status == STATUS_OK || overruled) {
        conclude(mind, &answer, &result);
    } else if (status != STATUS_CANCELLED) {
        event_send_text(&mind->config.events, LINNET_EVENT_ERROR, mind->turn, error.text);
        mind_say(mind, "Sorry, that went wrong.");
    }
}

/* Speak all that is due; it leaves the store only now, so that a power cut before loses nothing. */
static void announce(struct mind *mind)
{
    struct reminder reminder;
    char text[LINNET_TEXT_BYTES];
    mind->reported = false;
    while (store_take_due(mind->store, now_unix(mind), &reminder)) {
        skill_reminder_text(&reminder, mind->config.options->zone, text, sizeof(text));
        event_send_text(&mind->config.events, LINNET_EVENT_REMINDER, mind->turn, text);
        mind_say(mind, text);
    }
}

static void take_request(struct mind *mind, const struct mind_request *request)
{
    struct error error;
    mind->turn = request->turn;
    mind->spoke = false;
    clause_init(&mind->splitter);
    if (request->kind == MIND_ANNOUNCE) {
        announce(mind);
        return;
    }
    if (request->kind == MIND_TELL) {
        mind_say(mind, request->text);
        return;
    }
    if (mind->outside && outside_open(mind->outside, request->turn, request->text, mind->is_private,
                                      &error) != STATUS_OK)
        event_send_text(&mind->config.events, LINNET_EVENT_ERROR, mind->turn, error.text);
    if (mind->outside)
        outside_set_sound(mind->outside, request->sound);
    if (!mind_cloud_wish(mind, request->text))
        answer_request(mind, request);
}

/* The answer from outside; true when there was work on it, or none may be begun beside it. */
static bool step_outside(struct mind *mind)
{
    bool over = false;
    if (mind->turn != atomic_load(mind->config.turn)) {
        mind_cloud_stop(mind);
        return true;
    }
    bool worked = mind_cloud_step(mind, &over);
    if (over)
        report(mind, MIND_FINISHED);
    return worked || over;
}

bool mind_step(struct mind *mind)
{
    struct mind_request request;
    enum voice_work work = voice_step(mind->config.voice);
    if (mind->stream.open)
        return step_outside(mind) || work == VOICE_WORKED;
    if (work == VOICE_WORKED)
        return true;
    if (mailbox_take(mind->config.requests, &request) != STATUS_OK) {
        keep_record(mind);
        keep_counts(mind);
        return false;
    }
    if (request.turn != atomic_load(mind->config.turn))
        return true;
    if (request.kind == MIND_PREPARE) {
        prepare_ahead(mind, &request);
        return true;
    }
    if (request.kind == MIND_WARM) {
        mind_cloud_warm(mind);
        return true;
    }
    take_request(mind, &request);
    if (!mind->stream.open)
        report(mind, MIND_FINISHED);
    return true;
}

int mind_waits_on(const struct mind *mind)
{
    return mind->stream.open && !mind->stream.ended ? outside_fd(mind->outside)
                                                    : voice_waits_on(mind->config.voice);
}

void mind_check_reminders(struct mind *mind)
{
    if (mind->reported || !store_has_due(mind->store, now_unix(mind)))
        return;
    mind->reported = true;
    report(mind, MIND_REMINDER);
}
