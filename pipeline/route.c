#include "route.h"

struct route_decision route_decide(const struct route_features *f, const struct route_policy *p)
{
    if (f->words_confidence < p->min_words_confidence)
        return (struct route_decision){ROUTE_UNHEARD, REASON_WORDS_UNSURE};
    if (f->model_route == ROUTE_CLOUD)
        return (struct route_decision){ROUTE_CLOUD, REASON_MODEL_CLOUD};
    if (f->model_confidence < p->min_model_confidence) {
        if (p->offline_first && !f->cloud_available)
            return (struct route_decision){f->model_route, REASON_OFFLINE_FIRST};
        return (struct route_decision){ROUTE_CLOUD, REASON_MODEL_UNSURE};
    }
    if (f->model_route == ROUTE_TOOL)
        return (struct route_decision){ROUTE_TOOL, REASON_MODEL_TOOL};
    return (struct route_decision){ROUTE_REPLY, REASON_MODEL_REPLY};
}

const char *route_name(enum route route)
{
    static const char *const names[] = {"tool", "reply", "cloud", "unheard"};
    return (unsigned)route < ROUTE_COUNT ? names[route] : "unknown";
}

const char *route_reason_text(enum route_reason reason)
{
    static const char *const texts[] = {
        "the model chose a tool of the device",
        "the model answers this itself",
        "the model finds this too hard for the device",
        "the model is not sure enough to answer on the device",
        "the words are too uncertain to act on",
        "the model is not sure, but the policy is offline-first and no cloud is there",
    };
    return (unsigned)reason < REASON_COUNT ? texts[reason] : "unknown";
}
