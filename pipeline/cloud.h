/* One request at a time to the world outside: carries out what cloud_fsm decides, keeps what is
 * known of each provider (breaker, history), and hands the answer on as it comes. How a request is
 * sent and where words go is the affair of the host.
 *
 *     cloud_begin(cloud, &plan, "");
 *     while (cloud_is_busy(cloud)) {
 *         mailbox_wait or poll on the events; any time passes
 *         cloud_step(cloud);                      calls the host
 *     }
 *
 * Thread: mind, for all functions. */
#ifndef LINNET_PIPELINE_CLOUD_H
#define LINNET_PIPELINE_CLOUD_H

#include <stdbool.h>
#include <stdint.h>

#include "breaker.h"
#include "clock.h"
#include "cloud_fsm.h"
#include "latency_history.h"
#include "mailbox.h"
#include "provider.h"
#include "status.h"

enum { CLOUD_TOOLS_MAX = 8, CLOUD_ARGUMENTS_BYTES = 4096, CLOUD_SPOKEN_BYTES = 8192 };

struct cloud_tool {
    char name[PROVIDER_NAME_BYTES];
    char call_id[PROVIDER_NAME_BYTES];
    char arguments[CLOUD_ARGUMENTS_BYTES]; /* JSON */
    size_t length;
    bool cut;  /* longer than the room */
    bool open; /* more comes */
};

enum cloud_outcome { CLOUD_ANSWERED, CLOUD_FAILED, CLOUD_DROPPED };

/* What one request to one provider came to. */
struct cloud_bill {
    enum cloud_outcome outcome;
    bool has_usage;
    struct provider_usage usage;
    int64_t first_token_ms; /* negative: none came */
    bool unbilled;          /* it was turned down, or nothing of it arrived */
    bool cancelled;         /* by us while it was doing well: its bill never comes */
    int64_t ran_ms;         /* since it was asked */
    size_t came;            /* bytes of its words and tools that came */
};

/* All with `context` first; none may call back into the cloud. */
struct cloud_host {
    void *context;
    /* Guard, reserve money and start a turn with this id; `spoken`: "" or what was said already and
     * is to be gone on from. A failure is no fault of the provider's. */
    enum status (*ask)(void *context, int place, uint32_t id, const char *spoken,
                       struct error *ret_error);
    /* Send the results of tools. `calls` and `results` go together. */
    enum status (*reply)(void *context, int place, const struct cloud_tool *calls,
                         const struct provider_tool_result *results, size_t count,
                         struct error *ret_error);
    void (*cancel)(void *context, int place, int64_t heard_ms);
    /* Once for each `ask` that went well. */
    void (*settle)(void *context, int place, const struct cloud_bill *bill);
    void (*say)(void *context, const char *text);                    /* next part of the answer */
    void (*sound)(void *context, const void *pcm, size_t bytes);     /* the same as sound */
    void (*heard)(void *context, const char *text);                  /* what the provider heard */
    char *(*run_tool)(void *context, const struct cloud_tool *call); /* result; free() */
    void (*fill)(void *context);                                     /* "let me look that up" */
    void (*use_device)(void *context);                               /* the device's own answer */
    void (*excuse)(void *context, enum cloud_excuse why);
    void (*trouble)(void *context, int place, const char *text); /* for people who look */
    void (*end)(void *context);                                  /* nothing more comes */
    /* The provider's last round trip in ms, 0: not measured. May be NULL. */
    int (*round_trip_ms)(void *context, int place);
};

struct cloud;

/* `events`: of struct provider_event, that of the providers. Both outlive the cloud. */
enum status cloud_create(const struct clock *clock, struct mailbox *events,
                         const struct cloud_host *host, struct cloud **ret_cloud,
                         struct error *ret_error);
void cloud_destroy(struct cloud *cloud);

/* Begin a request; one that is still open is stopped. `spoken`: what the device said of the answer
 * before it gave up, or "". */
void cloud_begin(struct cloud *cloud, const struct cloud_plan *plan, const char *spoken);

/* Take what has come and see to the time; false when nothing had come. */
bool cloud_step(struct cloud *cloud);

bool cloud_is_busy(const struct cloud *cloud);

/* The user does not want it any more; `heard_ms` as in provider_cancel. The host hears of no end.
 */
void cloud_stop(struct cloud *cloud, int64_t heard_ms);

/* Whose answer is being said; -1 while nobody's is. */
int cloud_winner(const struct cloud *cloud);

/* All that was said of the answer so far, filler left out. */
const char *cloud_spoken(const struct cloud *cloud);

const struct breaker *cloud_breaker(const struct cloud *cloud, int provider);
const struct provider_history *cloud_history(const struct cloud *cloud, int provider);

/* What was known of it before this run. */
void cloud_set_history(struct cloud *cloud, int provider, const struct provider_history *history);

#endif
