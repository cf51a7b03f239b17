/* Everything of a turn that may leave this house, in one piece for the mind: the conversation so
 * far, the gate, the ledger, the requests to providers. Made only when providers are configured.
 *
 * Thread: mind, for all functions but create and destroy (control). */
#ifndef LINNET_PIPELINE_OUTSIDE_H
#define LINNET_PIPELINE_OUTSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud.h"
#include "cloud_config.h"
#include "option.h"
#include "privacy.h"
#include "provider.h"
#include "route.h"
#include "sound_send.h"
#include "status.h"

/* All of it outlives what is made from it. */
struct outside_config {
    const struct cloud_config *cloud;
    const struct config *options;
    struct provider *const *providers; /* by index; NULL: it could not be made */
    struct mailbox *events;            /* of struct provider_event: theirs */
    const struct privacy *privacy;
    const char *state_path; /* file of the ledger; needed during create only */
    const struct clock *clock;
    const struct sound_log *sound_log; /* of the microphone, or NULL */
};

/* What the mind does for an answer: see struct cloud_host. */
struct outside_host {
    void *context;
    void (*say)(void *context, const char *text);
    void (*show)(void *context, const char *text); /* words that are heard as sound */
    void (*sound)(void *context, const void *pcm, size_t bytes);
    void (*heard)(void *context, const char *text);
    char *(*run_tool)(void *context, const struct cloud_tool *call);
    void (*fill)(void *context);
    void (*use_device)(void *context);
    void (*excuse)(void *context, enum cloud_excuse why);
    void (*trouble)(void *context, int place, const char *text);
    void (*end)(void *context);
};

struct outside;

enum status outside_create(const struct outside_config *config, const struct outside_host *host,
                           struct outside **ret_outside, struct error *ret_error);
void outside_destroy(struct outside *outside);

/* A request opens a turn. */
enum status outside_open(struct outside *outside, uint32_t turn, const char *text, bool is_private,
                         struct error *ret_error);

/* The request's own sound, for providers that may have it. */
void outside_set_sound(struct outside *outside, struct sound_range sound);

/* What is known of the providers, for this request. */
void outside_measure(struct outside *outside, struct route_features *features);

/* Ask as decided. `spoken`: what the device has said of the answer before it gave up, or "". */
void outside_begin(struct outside *outside, const struct route_decision *decision,
                   const struct route_features *features, const char *spoken);

/* A request may come, and not in private mode: open the connection to the provider that would be
 * asked first, if it may cost anything today, does not go on failing, and no privacy rule binds it:
 * a request that is kept here shall not leave a connection either. The ledger counts it. */
void outside_warm(struct outside *outside);

/* See to what has come, and to the time; true when something had come. */
bool outside_step(struct outside *outside);
bool outside_is_busy(const struct outside *outside);

/* The user does not want it any more: see provider_cancel. */
void outside_stop(struct outside *outside, int64_t heard_ms);

/* What the open turn was answered; `here`: by the device, which could. */
void outside_answered(struct outside *outside, const char *text, bool here);

/* All that was said of an answer from outside. */
const char *outside_spoken(const struct outside *outside);

/* Readable while a provider has said something: for poll(2). */
int outside_fd(const struct outside *outside);

const char *outside_name(const struct outside *outside, int place);

#endif
