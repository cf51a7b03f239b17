/* The way of a request to a provider: the conversation is laid out, the privacy gate lets it pass
 * or not, the ledger holds the most it can cost, and only then it is started. Before that, the same
 * steps without sending tell the router what a request would cost and whether it may leave.
 *
 * Thread: mind, for all functions. */
#ifndef LINNET_PIPELINE_CLOUD_SEND_H
#define LINNET_PIPELINE_CLOUD_SEND_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "cloud.h"
#include "cloud_config.h"
#include "conversation.h"
#include "ledger.h"
#include "privacy.h"
#include "provider.h"
#include "route.h"
#include "sound_send.h"
#include "status.h"

struct cloud_send_config {
    const struct cloud_config *cloud;
    struct provider *const *providers; /* by index; NULL: it could not be made */
    const struct privacy *privacy;
    struct ledger *ledger;
    struct conversation *conversation;
    int64_t per_turn, per_day;       /* caps of ledger.h */
    const int64_t *provider_per_day; /* by index */
    const struct clock *clock;
    const char *zone;
    const char *session;               /* of this run, for the ledger */
    const char *tools;                 /* JSON for the providers */
    const struct sound_log *sound_log; /* of the microphone; NULL: requests go out as words */
};

struct cloud_send;

/* Everything in config outlives it. */
enum status cloud_send_create(const struct cloud_send_config *config, struct cloud_send **ret_send,
                              struct error *ret_error);
void cloud_send_destroy(struct cloud_send *send);

/* A turn begins; its request is the last of the conversation. `is_private`: nothing leaves. */
void cloud_send_open(struct cloud_send *send, uint32_t turn, bool is_private);

/* The turn has been answered: what was put off while somebody waited is written down. */
void cloud_send_close(struct cloud_send *send);

/* The sound of the turn's request: for providers with `send_audio`, if its words may go there as
 * they are; the others get the words. */
void cloud_send_set_sound(struct cloud_send *send, struct sound_range sound);

/* Does this provider answer the turn with a voice of its own? False for a negative place. */
bool cloud_send_plays(const struct cloud_send *send, int place);

/* Fill privacy, cost and left of a provider for the turn as it stands. A provider that cannot be
 * used has an open breaker. */
void cloud_send_measure(struct cloud_send *send, int place, struct route_provider *provider);

/* What the turn would likely cost at a provider: for the ledger's comparison. */
int64_t cloud_send_estimate(struct cloud_send *send, int place);

/* The host's part of struct cloud_host. Failures: CANCELLED (the gate, with its rule), LIMIT (the
 * ledger, in words), NOT_FOUND (no such provider), those of the provider. */
enum status cloud_send_ask(struct cloud_send *send, int place, uint32_t id, const char *spoken,
                           struct error *ret_error);
enum status cloud_send_reply(struct cloud_send *send, int place, const struct cloud_tool *calls,
                             const struct provider_tool_result *results, size_t count,
                             struct error *ret_error);
void cloud_send_cancel(struct cloud_send *send, int place, int64_t heard_ms);
void cloud_send_settle(struct cloud_send *send, int place, const struct cloud_bill *bill);

#endif
