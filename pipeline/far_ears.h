/* The ears of other Linnets, for the stage "transcribe". Sound goes out as it is spoken, to whoever
 * comes before the device in the stage's order, while the device's own ears listen too: they judge
 * pauses, and when the one that was asked fails, nothing that was said is lost. Whoever is next is
 * given the whole request from the log of the microphone.
 *
 *     far_ears_begin(ears, turn, from);              a turn listens, from this sample on
 *     far_ears_step(ears);                           often: sends what was heard, looks at the time
 *     far_ears_end(ears, to, &heard_here);           the request is over
 *     while (!far_ears_result(ears, &result))        comes within the deadlines of those asked
 *         far_ears_step(ears);
 *
 * Nothing is sent in private mode, to a provider without `send_audio: true`, nor to one that some
 * privacy rule binds: of sound that has no words yet nobody can say what is in it.
 *
 * Thread: control, for all functions. */
#ifndef LINNET_PIPELINE_FAR_EARS_H
#define LINNET_PIPELINE_FAR_EARS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "cloud_config.h"
#include "ears.h"
#include "event_post.h"
#include "privacy.h"
#include "provider.h"
#include "sound_log.h"
#include "status.h"

/* All of it outlives what is made from it. */
struct far_ears_config {
    const struct cloud_config *cloud;
    struct provider *const *providers; /* by index; NULL: lends no ears, or cannot be used */
    struct mailbox *events;            /* of struct provider_event: theirs alone */
    const struct clock *clock;
    const struct privacy *privacy;
    const atomic_bool *is_private;
    const struct sound_log *sound_log;
    struct event_post post; /* for people who look */
    bool device_hears;      /* it has a recogniser */
    float min_confidence;   /* of words that are good enough */
    int total_wait_ms;      /* for all that are asked after the end */
};

struct far_ears;

enum status far_ears_create(const struct far_ears_config *config, struct far_ears **ret_ears,
                            struct error *ret_error);

/* Accepts NULL, as do the functions below, which then do nothing. */
void far_ears_destroy(struct far_ears *ears);

/* `from`: a sample of the log. */
void far_ears_begin(struct far_ears *ears, uint32_t turn, uint64_t from);

void far_ears_step(struct far_ears *ears);

/* The request ends before sample `to`. `here`: what the device's own ears made of it. */
void far_ears_end(struct far_ears *ears, uint64_t to, const struct ears_result *here);

/* True when it is known what was said, and by whom it was heard: the first in the order whose words
 * are good enough, else the surest. An empty text: nobody understood, or nobody answered. */
bool far_ears_result(struct far_ears *ears, struct ears_result *ret_result);

/* Did any of those that may listen answer in this turn? False: nobody could be asked, or all failed
 * that were. The device answers if it is in the order. */
bool far_ears_answered(const struct far_ears *ears);

/* Nobody wants to know any more. */
void far_ears_stop(struct far_ears *ears);

/* While somebody is waited for: a descriptor for poll(2) that is readable when something has come;
 * else -1. */
int far_ears_fd(const struct far_ears *ears);

#endif
