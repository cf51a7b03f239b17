/* Where a request is answered, as a pure function of measured features and the policy, with the
 * rule and the reason in words. Everything that is looked at stands in struct route_features, and
 * everything in there is a whole number, so that a decision that was written down (json_decision.h)
 * can be taken again, bit for bit.
 *
 * Thread: any, for all functions; no allocation. */
#ifndef LINNET_PIPELINE_ROUTE_H
#define LINNET_PIPELINE_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "breaker.h"

enum {
    ROUTE_PROVIDERS_MAX = 8,
    ROUTE_NAME_BYTES = 64,
    ROUTE_REASON_BYTES = 192,
    ROUTE_DEVICE = -1,  /* a place that is no provider */
    ROUTE_UNKNOWN = -1, /* a number that was not measured */
    ROUTE_ONE = 10000,  /* probabilities and complexity are parts of this */
};

enum route {
    ROUTE_TOOL,  /* a skill on the device */
    ROUTE_REPLY, /* a short answer by the language model on the device */
    ROUTE_CLOUD, /* a provider; without one in .place: too hard for the device, and nobody to ask */
    ROUTE_UNHEARD, /* the words are too uncertain to act on */
    ROUTE_REFUSED, /* the device cannot, and no provider may be asked: said in words */
    ROUTE_COUNT
};

enum route_policy_kind {
    POLICY_PREFER_DEVICE, /* what the device is sure of stays */
    POLICY_LATENCY_AWARE, /* the fastest provider first; none that is too slow */
    POLICY_COMPLEXITY,    /* hard requests go out, whatever the device thinks of itself */
    POLICY_OFFLINE_FIRST, /* nothing leaves */
    POLICY_COUNT
};

/* What the privacy rules say of this text going to one provider. */
enum route_privacy { ROUTE_OPEN, ROUTE_REDACTED, ROUTE_DENIED };

struct route_provider {
    char name[ROUTE_NAME_BYTES];
    enum breaker_state breaker;
    enum route_privacy privacy;
    int samples;                    /* of first-token times */
    int first_token_p50_ms, p95_ms; /* or ROUTE_UNKNOWN */
    int round_trip_ms;              /* median, or ROUTE_UNKNOWN */
    int deadline_ms;                /* for the first token */
    int64_t cost;                   /* the most this turn may cost there, millionths */
    int64_t left;                   /* what may still be spent there; INT64_MAX: no cap */
};

struct route_features {
    enum route model_route; /* what the model's first token says: TOOL, REPLY or CLOUD */
    int model_confidence;   /* probability of that token, of ROUTE_ONE */
    int words_confidence;   /* of the recogniser, of ROUTE_ONE; all of it for typed text */
    int words;              /* of the request */
    int complexity;         /* of ROUTE_ONE, see complexity.h */
    int battery_percent;    /* or ROUTE_UNKNOWN: no battery */
    bool on_battery;        /* nothing charges it */
    int temperature_c;      /* of the processor, or ROUTE_UNKNOWN */
    int provider_count;
    struct route_provider provider[ROUTE_PROVIDERS_MAX];
    int order_count; /* who generates, first to last, as it is configured */
    int order[ROUTE_PROVIDERS_MAX + 1];
    bool fixed; /* the order is one place, and no policy moves it */
};

struct route_policy {
    enum route_policy_kind kind;
    int min_model_confidence; /* of ROUTE_ONE; below: to the cloud */
    int min_words_confidence; /* of ROUTE_ONE; below: ask again */
    int max_complexity;       /* of ROUTE_ONE; POLICY_COMPLEXITY: above: to the cloud */
    int patience_ms;          /* POLICY_LATENCY_AWARE: a first token later than this is too late */
    bool hedge;               /* a second one may start when the first is late */
    int hedge_ms;             /* how late, while nothing is known of the first */
};

/* Why no provider is asked although the rule sends the request out. */
enum route_obstacle {
    OBSTACLE_NONE,
    OBSTACLE_NO_PROVIDER, /* none is configured for this stage, or the policy asks none */
    OBSTACLE_PRIVATE,     /* a privacy rule keeps it from all of them */
    OBSTACLE_BUDGET,      /* it may cost more than is left */
    OBSTACLE_UNREACHABLE, /* the breakers of all are open */
    OBSTACLE_SLOW,        /* POLICY_LATENCY_AWARE: all usually take too long */
    OBSTACLE_COUNT
};

struct route_decision {
    enum route route;
    int rule; /* number in the policy's table, for people */
    enum route_obstacle obstacle;
    int place_count; /* for ROUTE_CLOUD: whom to ask, first to last; ROUTE_DEVICE: its own answer */
    int place[ROUTE_PROVIDERS_MAX + 1];
    bool hedge; /* start the second when the first gave nothing for hedge_after_ms */
    int hedge_after_ms;
    char reason[ROUTE_REASON_BYTES]; /* in words, with the measured values */
};

void route_decide(const struct route_features *features, const struct route_policy *policy,
                  struct route_decision *ret_decision);

const char *route_name(enum route route); /* "tool", "reply", "cloud", "unheard", "refused" */
const char *route_policy_name(enum route_policy_kind kind);
const char *route_obstacle_name(enum route_obstacle obstacle);

/* False for a name that is no policy. */
bool route_policy_kind_of(const char *name, enum route_policy_kind *ret_kind);

#endif
