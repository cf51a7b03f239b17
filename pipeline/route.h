/* Where a request is answered, as a pure function of measured features and the policy, with the
 * reason in words.
 *
 * Thread: any; no allocation. */
#ifndef LINNET_PIPELINE_ROUTE_H
#define LINNET_PIPELINE_ROUTE_H

#include <stdbool.h>

enum route {
    ROUTE_TOOL,    /* a skill on the device */
    ROUTE_REPLY,   /* a short answer by the language model on the device */
    ROUTE_CLOUD,   /* too hard for the device */
    ROUTE_UNHEARD, /* the words are too uncertain to act on */
    ROUTE_COUNT
};

enum route_reason {
    REASON_MODEL_TOOL,    /* the model chose a tool */
    REASON_MODEL_REPLY,   /* the model chose to answer */
    REASON_MODEL_CLOUD,   /* the model sent it on */
    REASON_MODEL_UNSURE,  /* the model's choice is below the policy's confidence */
    REASON_WORDS_UNSURE,  /* the recogniser's confidence is below the policy's */
    REASON_OFFLINE_FIRST, /* the policy keeps it here although the model would send it on */
    REASON_COUNT
};

struct route_features {
    enum route model_route; /* what the model's first token says: TOOL, REPLY or CLOUD */
    float model_confidence; /* probability of that token, 0..1 */
    float words_confidence; /* of the recogniser, 0..1; 1 for typed text */
    bool cloud_available;   /* a provider is configured and reachable */
};

struct route_policy {
    float min_model_confidence; /* below: to the cloud */
    float min_words_confidence; /* below: ask again */
    bool offline_first;         /* without a cloud, prefer any local answer to none */
};

struct route_decision {
    enum route route;
    enum route_reason reason;
};

struct route_decision route_decide(const struct route_features *features,
                                   const struct route_policy *policy);

const char *route_name(enum route route);                /* "tool", "reply", "cloud", "unheard" */
const char *route_reason_text(enum route_reason reason); /* a sentence */

#endif
