#include "route.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum {
    GUESSED_FIRST_TOKEN_MS = 900,
    SAMPLES_ENOUGH = 5,
    HEDGE_MIN_MS = 100,
    BATTERY_LOW = 20,
    HOT_C = 90
};

/* The features with what follows from them, made once for all rules. */
struct view {
    const struct route_features *f;
    const struct route_policy *p;
    int reach_count; /* providers that may be asked, in the order to ask them */
    int reach[ROUTE_PROVIDERS_MAX];
    enum route_obstacle obstacle; /* when there are none */
};

enum outcome { TO_DEVICE, TO_CLOUD, TO_NOBODY };

/* Measured values that a reason shows. */
enum shown { SHOW_MODEL = 1, SHOW_WORDS = 2, SHOW_COMPLEXITY = 4, SHOW_LATENCY = 8 };

struct rule {
    int number;
    bool (*holds)(const struct view *view);
    enum outcome outcome;
    const char *text;
    unsigned shown;
};

/* ---- what rules ask ---- */

static bool always(const struct view *v)
{
    (void)v;
    return true;
}

static bool words_unsure(const struct view *v)
{
    return v->f->words_confidence < v->p->min_words_confidence;
}

static bool sure(const struct view *v)
{
    return v->f->model_route != ROUTE_CLOUD && v->f->model_confidence >= v->p->min_model_confidence;
}

static bool sure_of_tool(const struct view *v)
{
    return sure(v) && v->f->model_route == ROUTE_TOOL;
}

static bool sure_of_reply(const struct view *v)
{
    return sure(v) && v->f->model_route == ROUTE_REPLY;
}

static bool model_gives_up(const struct view *v)
{
    return v->f->model_route == ROUTE_CLOUD;
}

static bool has_own_answer(const struct view *v)
{
    return v->f->model_route != ROUTE_CLOUD;
}

/* As a last resort an answer will do that is less sure; a tool must be half as sure as it should,
 * because it does something. */
static bool device_can(const struct view *v)
{
    if (v->f->model_route == ROUTE_REPLY)
        return true;
    return v->f->model_route == ROUTE_TOOL &&
           v->f->model_confidence >= v->p->min_model_confidence / 2;
}

static bool provider_first(const struct view *v)
{
    return v->f->order_count > 0 && v->f->order[0] != ROUTE_DEVICE;
}

static bool provider_only(const struct view *v)
{
    return provider_first(v) && v->f->fixed;
}

static bool reply_but_provider_first(const struct view *v)
{
    return v->f->model_route == ROUTE_REPLY && provider_first(v);
}

static bool complex_request(const struct view *v)
{
    return v->f->complexity > v->p->max_complexity;
}

static bool plain_request(const struct view *v)
{
    return device_can(v) && v->f->complexity <= v->p->max_complexity / 4;
}

/* An answer of the device that is not quite sure beats one that comes too late. */
static bool providers_slow(const struct view *v)
{
    return v->obstacle == OBSTACLE_SLOW;
}

/* ---- the policies ---- */

#define UNSURE_WORDS                                                                               \
    {                                                                                              \
        1, words_unsure, TO_NOBODY, "the words are too uncertain to act on", SHOW_WORDS            \
    }
#define FIXED_PROVIDER                                                                             \
    {                                                                                              \
        2, provider_only, TO_CLOUD, "the configuration leaves this stage to a provider", 0         \
    }
#define SURE_TOOL                                                                                  \
    {                                                                                              \
        3, sure_of_tool, TO_DEVICE, "the model chose a tool of the device", SHOW_MODEL             \
    }
#define PREFERRED_PROVIDER                                                                         \
    {                                                                                              \
        4, reply_but_provider_first, TO_CLOUD, "the configuration prefers a provider", SHOW_MODEL  \
    }
#define SURE_REPLY                                                                                 \
    {                                                                                              \
        5, sure_of_reply, TO_DEVICE, "the model answers this itself", SHOW_MODEL                   \
    }
#define GIVES_UP                                                                                   \
    {                                                                                              \
        6, model_gives_up, TO_CLOUD, "the model finds this too hard for the device", SHOW_MODEL    \
    }
#define UNSURE_MODEL                                                                               \
    {                                                                                              \
        7, always, TO_CLOUD, "the model is not sure enough to answer on the device", SHOW_MODEL    \
    }
#define COMPLEX                                                                                    \
    {                                                                                              \
        8, complex_request, TO_CLOUD, "the request is complex", SHOW_COMPLEXITY                    \
    }
#define PLAIN                                                                                      \
    {                                                                                              \
        9, plain_request, TO_DEVICE, "the model is not sure, but the request is plain",            \
            SHOW_MODEL | SHOW_COMPLEXITY                                                           \
    }
#define TOO_SLOW                                                                                   \
    {                                                                                              \
        10, providers_slow, TO_DEVICE, "the model is not sure, but the providers are too slow",    \
            SHOW_MODEL | SHOW_LATENCY                                                              \
    }
#define FASTEST                                                                                    \
    {                                                                                              \
        11, always, TO_CLOUD, "the device is not sure; the fastest provider is asked",             \
            SHOW_MODEL | SHOW_LATENCY                                                              \
    }
#define STAYS                                                                                      \
    {                                                                                              \
        12, has_own_answer, TO_DEVICE, "the policy is offline-first: the device answers",          \
            SHOW_MODEL                                                                             \
    }
#define END                                                                                        \
    {                                                                                              \
        0                                                                                          \
    }

static const struct rule prefer_device[] = {
    UNSURE_WORDS, FIXED_PROVIDER, SURE_TOOL,    PREFERRED_PROVIDER,
    SURE_REPLY,   GIVES_UP,       UNSURE_MODEL, END};
static const struct rule latency_aware[] = {
    UNSURE_WORDS, FIXED_PROVIDER, SURE_TOOL, PREFERRED_PROVIDER,
    SURE_REPLY,   TOO_SLOW,       FASTEST,   END};
static const struct rule complexity[] = {
    UNSURE_WORDS, FIXED_PROVIDER, COMPLEX, SURE_TOOL,    PREFERRED_PROVIDER,
    SURE_REPLY,   GIVES_UP,       PLAIN,   UNSURE_MODEL, END};
static const struct rule offline_first[] = {UNSURE_WORDS, STAYS, GIVES_UP, END};

static const struct rule *const tables[] = {prefer_device, latency_aware, complexity,
                                            offline_first};

/* ---- whom to ask ---- */

/* The median of a provider of which nothing is known yet is a guess, so that it gets its chance. */
static int expected_ms(const struct route_provider *provider)
{
    return provider->first_token_p50_ms == ROUTE_UNKNOWN ? GUESSED_FIRST_TOKEN_MS
                                                         : provider->first_token_p50_ms;
}

/* Slowness counts only where the device has something to say instead. */
static enum route_obstacle obstacle_of(const struct view *v, const struct route_provider *provider)
{
    if (provider->privacy == ROUTE_DENIED)
        return OBSTACLE_PRIVATE;
    if (provider->cost > provider->left)
        return OBSTACLE_BUDGET;
    if (provider->breaker == BREAKER_OPEN)
        return OBSTACLE_UNREACHABLE;
    if (v->p->kind == POLICY_LATENCY_AWARE && device_can(v) &&
        expected_ms(provider) > v->p->patience_ms)
        return OBSTACLE_SLOW;
    return OBSTACLE_NONE;
}

/* One that has just been failing comes after all others; latency-aware puts the fast ones first. */
static bool comes_before(const struct view *v, int a, int b)
{
    const struct route_provider *x = &v->f->provider[a], *y = &v->f->provider[b];
    if ((x->breaker == BREAKER_HALF_OPEN) != (y->breaker == BREAKER_HALF_OPEN))
        return y->breaker == BREAKER_HALF_OPEN;
    return v->p->kind == POLICY_LATENCY_AWARE && expected_ms(x) < expected_ms(y);
}

static void insert(struct view *v, int provider)
{
    int at = v->reach_count++;
    while (at > 0 && comes_before(v, provider, v->reach[at - 1])) {
        v->reach[at] = v->reach[at - 1];
        at--;
    }
    v->reach[at] = provider;
}

/* When nobody can be asked, the obstacle that is the easiest to overcome is told: the last of the
 * list above. */
static void find_reachable(struct view *v)
{
    v->obstacle = OBSTACLE_NO_PROVIDER;
    if (v->p->kind == POLICY_OFFLINE_FIRST)
        return;
    for (int i = 0; i < v->f->order_count; i++) {
        if (v->f->order[i] == ROUTE_DEVICE)
            continue;
        enum route_obstacle obstacle = obstacle_of(v, &v->f->provider[v->f->order[i]]);
        if (obstacle == OBSTACLE_NONE)
            insert(v, v->f->order[i]);
        else if (obstacle > v->obstacle)
            v->obstacle = obstacle;
    }
    if (v->reach_count)
        v->obstacle = OBSTACLE_NONE;
}

static int64_t cost_of(const struct view *v, int place)
{
    return place == ROUTE_DEVICE ? 0 : v->f->provider[place].cost;
}

/* Both of a hedge must be affordable, each within its own cap. */
static bool can_afford_both(const struct view *v, int first, int second)
{
    int64_t left = v->f->provider[first].left;
    if (second != ROUTE_DEVICE && v->f->provider[second].left < left)
        left = v->f->provider[second].left;
    return cost_of(v, second) <= left - cost_of(v, first);
}

/* A machine that should save its strength does nothing twice. */
static bool is_weak(const struct route_features *f)
{
    bool empty = f->on_battery && f->battery_percent >= 0 && f->battery_percent < BATTERY_LOW;
    return empty || f->temperature_c >= HOT_C;
}

static void decide_hedge(const struct view *v, struct route_decision *d)
{
    if (!v->p->hedge || d->place_count < 2)
        return;
    const struct route_provider *first = &v->f->provider[d->place[0]];
    if (is_weak(v->f) || !can_afford_both(v, d->place[0], d->place[1]))
        return;
    int after = first->samples >= SAMPLES_ENOUGH ? first->p95_ms : v->p->hedge_ms;
    after = after < HEDGE_MIN_MS ? HEDGE_MIN_MS : after;
    d->hedge_after_ms = after < first->deadline_ms ? after : first->deadline_ms;
    d->hedge = true;
}

static void ask_providers(const struct view *v, struct route_decision *d)
{
    d->route = ROUTE_CLOUD;
    for (int i = 0; i < v->reach_count; i++)
        d->place[d->place_count++] = v->reach[i];
    if (device_can(v))
        d->place[d->place_count++] = ROUTE_DEVICE;
    decide_hedge(v, d);
}

/* The rule sends the request out: to whom, or what instead. */
static void go_out(const struct view *v, struct route_decision *d)
{
    d->obstacle = v->obstacle;
    if (v->obstacle == OBSTACLE_NONE)
        ask_providers(v, d);
    else if (v->obstacle == OBSTACLE_NO_PROVIDER)
        d->route = ROUTE_CLOUD;
    else
        d->route = device_can(v) ? v->f->model_route : ROUTE_REFUSED;
}

/* ---- the reason ---- */

static void add(struct route_decision *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add(struct route_decision *d, const char *format, ...)
{
    size_t used = strlen(d->reason);
    va_list args;
    va_start(args, format);
    vsnprintf(d->reason + used, sizeof(d->reason) - used, format, args);
    va_end(args);
}

static void add_part(struct route_decision *d, const char *name, int value, int limit)
{
    add(d, "; %s %d.%02d %s %d.%02d", name, value / ROUTE_ONE, value % ROUTE_ONE / 100,
        value < limit ? "<" : ">=", limit / ROUTE_ONE, limit % ROUTE_ONE / 100);
}

static void add_latency(const struct view *v, struct route_decision *d)
{
    for (int i = 0; i < v->f->order_count; i++) {
        if (v->f->order[i] == ROUTE_DEVICE)
            continue;
        const struct route_provider *provider = &v->f->provider[v->f->order[i]];
        if (provider->first_token_p50_ms == ROUTE_UNKNOWN)
            add(d, "; %.20s not measured", provider->name);
        else
            add(d, "; %.20s %d ms", provider->name, provider->first_token_p50_ms);
    }
}

static void explain(const struct view *v, const struct rule *rule, struct route_decision *d)
{
    static const char *const obstacles[] = {
        [OBSTACLE_PRIVATE] = "; but it is private",
        [OBSTACLE_BUDGET] = "; but it may cost more than is left",
        [OBSTACLE_UNREACHABLE] = "; but no provider can be reached",
        [OBSTACLE_SLOW] = "; but all providers are too slow",
    };
    add(d, "%s", rule->text);
    if (rule->shown & SHOW_MODEL)
        add_part(d, "model", v->f->model_confidence, v->p->min_model_confidence);
    if (rule->shown & SHOW_WORDS)
        add_part(d, "words", v->f->words_confidence, v->p->min_words_confidence);
    if (rule->shown & SHOW_COMPLEXITY)
        add_part(d, "complexity", v->f->complexity, v->p->max_complexity);
    if (rule->shown & SHOW_LATENCY)
        add_latency(v, d);
    if (d->obstacle > OBSTACLE_NO_PROVIDER)
        add(d, "%s", obstacles[d->obstacle]);
    if (d->hedge)
        add(d, "; hedged after %d ms", d->hedge_after_ms);
}

void route_decide(const struct route_features *features, const struct route_policy *policy,
                  struct route_decision *ret_decision)
{
    struct view view = {.f = features, .p = policy};
    const struct rule *rule = tables[policy->kind];
    memset(ret_decision, 0, sizeof(*ret_decision));
    find_reachable(&view);
    while (!rule->holds(&view))
        rule++;
    ret_decision->rule = rule->number;
    if (rule->outcome == TO_NOBODY)
        ret_decision->route = ROUTE_UNHEARD;
    else if (rule->outcome == TO_DEVICE)
        ret_decision->route = features->model_route;
    else
        go_out(&view, ret_decision);
    explain(&view, rule, ret_decision);
}

const char *route_name(enum route route)
{
    static const char *const names[] = {"tool", "reply", "cloud", "unheard", "refused"};
    return (unsigned)route < ROUTE_COUNT ? names[route] : "unknown";
}

static const char *const policy_names[] = {"prefer-device", "latency-aware", "complexity",
                                           "offline-first"};

const char *route_policy_name(enum route_policy_kind kind)
{
    return (unsigned)kind < POLICY_COUNT ? policy_names[kind] : "unknown";
}

bool route_policy_kind_of(const char *name, enum route_policy_kind *ret_kind)
{
    for (int i = 0; i < POLICY_COUNT; i++) {
        if (strcmp(policy_names[i], name) != 0)
            continue;
        *ret_kind = (enum route_policy_kind)i;
        return true;
    }
    return false;
}

const char *route_obstacle_name(enum route_obstacle obstacle)
{
    static const char *const names[] = {"none",   "no-provider", "private",
                                        "budget", "unreachable", "slow"};
    return (unsigned)obstacle < OBSTACLE_COUNT ? names[obstacle] : "unknown";
}
