#include "mind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clause.h"
#include "complexity.h"
#include "lm.h"
#include "route.h"
#include "skill.h"

struct mind {
    struct mind_config config;
    struct lm_model *model;
    struct lm_session *session;
    struct store *store;
    uint32_t turn; /* of the request at hand, 0 for none */
    bool reported; /* control knows that something is due */
    char last_reply[LINNET_TEXT_BYTES];
    struct clause_splitter splitter;
    bool spoke; /* a clause of this turn was said */
};

static enum status prepare(struct mind *mind, struct error *ret_error)
{
    TRY(lm_model_create(mind->config.model_path, &mind->model, ret_error));
    TRY(lm_session_create(mind->model, &mind->session, ret_error));
    return store_create(mind->config.state_path, &mind->store, ret_error);
}

enum status mind_create(const struct mind_config *config, struct mind **ret_mind,
                        struct error *ret_error)
{
    struct mind *mind = calloc(1, sizeof(*mind));
    if (!mind)
        return error_set(ret_error, STATUS_NO_MEMORY, "mind: out of memory");
    mind->config = *config;
    clause_init(&mind->splitter);
    enum status status = prepare(mind, ret_error);
    if (status != STATUS_OK) {
        mind_destroy(mind);
        return status;
    }
    *ret_mind = mind;
    return STATUS_OK;
}

void mind_destroy(struct mind *mind)
{
    if (!mind)
        return;
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

static void say_clause(struct mind *mind, const char *clause)
{
    event_send_text(&mind->config.events, LINNET_EVENT_REPLY, mind->turn, clause);
    voice_say(mind->config.voice, mind->turn, clause);
    if (!mind->spoke)
        report(mind, MIND_SPEAKS);
    mind->spoke = true;
}

/* Text of the reply as it grows; clauses go out as soon as they are whole. */
static void say_part(struct mind *mind, const char *text, bool at_end)
{
    char clause[LINNET_TEXT_BYTES];
    clause_feed(&mind->splitter, text);
    while (clause_next(&mind->splitter, at_end, clause, sizeof(clause)))
        say_clause(mind, clause);
}

static void say(struct mind *mind, const char *text)
{
    snprintf(mind->last_reply, sizeof(mind->last_reply), "%s", text);
    say_part(mind, text, true);
}

static void send_route(struct mind *mind, const struct route_decision *decision, float confidence)
{
    struct linnet_event event = event_make(&mind->config.events, LINNET_EVENT_ROUTE, mind->turn);
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

static void apply(struct mind *mind, const struct skill_reply *reply)
{
    if (reply->effect == SKILL_VOLUME)
        set_volume(mind, reply->volume);
    if (reply->effect == SKILL_REPEAT)
        say_part(mind, *mind->last_reply ? mind->last_reply : "I haven't said anything yet.", true);
    else if (*reply->text)
        say(mind, reply->text);
}

static void run_tool(struct mind *mind, const struct tool_call *call)
{
    const struct skill_context context = {
        .store = mind->store,
        .zone = mind->config.options->zone,
        .now = now_unix(mind),
        .volume = atomic_load(mind->config.volume),
    };
    struct skill_reply reply;
    struct error error;
    send_tool(mind, call);
    if (skill_run(&context, call, &reply, &error) == STATUS_OK) {
        apply(mind, &reply);
        return;
    }
    event_send_text(&mind->config.events, LINNET_EVENT_ERROR, mind->turn, error.text);
    say(mind, "Sorry, that went wrong.");
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
    struct route_decision decision;
    bool routed;
};

static enum route route_of(enum lm_route route)
{
    static const enum route routes[] = {[LM_ROUTE_TOOL] = ROUTE_TOOL,
                                        [LM_ROUTE_REPLY] = ROUTE_REPLY,
                                        [LM_ROUTE_CLOUD] = ROUTE_CLOUD};
    return routes[route];
}

/* The model's first token is known: decide, and tell. */
static void on_route(void *context, const struct lm_result *so_far)
{
    struct answer *answer = context;
    const struct route_policy policy = policy_of(answer->mind->config.options);
    const struct route_features features = {
        .model_route = route_of(so_far->route),
        .model_confidence = parts(so_far->confidence),
        .words_confidence = parts(answer->request->confidence),
        .words = complexity_words(answer->request->text),
        .complexity = complexity_of(answer->request->text),
        .battery_percent = ROUTE_UNKNOWN,
        .temperature_c = ROUTE_UNKNOWN,
    };
    route_decide(&features, &policy, &answer->decision);
    answer->routed = true;
    send_route(answer->mind, &answer->decision, so_far->confidence);
}

/* Part of a reply: spoken when that is the route. False ends an answer nobody waits for any more.
 */
static bool on_piece(void *context, struct lm_piece piece)
{
    struct answer *answer = context;
    struct mind *mind = answer->mind;
    char text[LM_MAX_WORD + 1];
    if (mind->turn != atomic_load(mind->config.turn))
        return false;
    if (answer->decision.route != ROUTE_REPLY)
        return false;
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

static void conclude(struct mind *mind, const struct answer *answer, const struct lm_result *result)
{
    struct tool_call call;
    switch (answer->decision.route) {
    case ROUTE_TOOL:
        to_tool_call(result, &call);
        run_tool(mind, &call);
        break;
    case ROUTE_REPLY:
        say_part(mind, "", true);
        snprintf(mind->last_reply, sizeof(mind->last_reply), "%s", result->reply);
        break;
    case ROUTE_CLOUD:
        say(mind, "I need the cloud for that.");
        break;
    default:
        say(mind, "Sorry, I didn't catch that.");
    }
}

static void answer_request(struct mind *mind, const struct mind_request *request)
{
    struct answer answer = {.mind = mind, .request = request};
    const struct lm_options options = {.piece = on_piece, .route = on_route, .context = &answer};
    struct lm_result result = {0};
    struct error error;
    enum status status = lm_session_answer(mind->session, request->text, &options, &result, &error);
    /* A reply that the policy overrules is cancelled by on_piece; that is no failure. */
    bool overruled =
        status == STATUS_CANCELLED && answer.routed && answer.decision.route != ROUTE_REPLY;
    if (status == STATUS_OK || overruled) {
        conclude(mind, &answer, &result);
    } else if (status != STATUS_CANCELLED) {
        event_send_text(&mind->config.events, LINNET_EVENT_ERROR, mind->turn, error.text);
        say(mind, "Sorry, that went wrong.");
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
        say(mind, text);
    }
}

bool mind_step(struct mind *mind)
{
    struct mind_request request;
    enum voice_work work = voice_step(mind->config.voice);
    if (work == VOICE_WORKED)
        return true;
    if (mailbox_take(mind->config.requests, &request) != STATUS_OK)
        return false;
    if (request.turn != atomic_load(mind->config.turn))
        return true;
    mind->turn = request.turn;
    mind->spoke = false;
    clause_init(&mind->splitter);
    if (request.kind == MIND_ANNOUNCE)
        announce(mind);
    else
        answer_request(mind, &request);
    report(mind, MIND_FINISHED);
    return true;
}

void mind_check_reminders(struct mind *mind)
{
    if (mind->reported || !store_has_due(mind->store, now_unix(mind)))
        return;
    mind->reported = true;
    report(mind, MIND_REMINDER);
}
