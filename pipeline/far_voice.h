/* The voices of other Linnets, for the stage "synthesize": one clause at a time, which is there
 * whole before any of it is heard. So when whoever was asked fails, nothing was said twice or half,
 * and the next in line, the device's own voice among them, says the clause from its beginning. The
 * sound comes much faster than it is heard: the next clause is fetched while this one sounds.
 *
 *     struct far_clause clause = {.turn = turn, .text = text};       kept by the caller
 *     far_voice_ask(voice, &clause);                 whoever is next in line gets it
 *     while (clause.way == FAR_ASKED)
 *         far_voice_step(voice);                     often; looks at the time
 *     ... clause.sound, or say it here, or nobody can ...
 *     far_clause_finish(&clause);
 *
 * What is said must be allowed to leave as it is: not in private mode, not to a provider for which
 * a privacy rule keeps or redacts something of it.
 *
 * Thread: mind, for all functions but create and destroy (control). */
#ifndef LINNET_PIPELINE_FAR_VOICE_H
#define LINNET_PIPELINE_FAR_VOICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "cloud_config.h"
#include "event_post.h"
#include "privacy.h"
#include "provider.h"
#include "status.h"

/* All of it outlives what is made from it. */
struct far_voice_config {
    const struct cloud_config *cloud;
    struct provider *const *providers; /* by index; NULL: lends no voice, or cannot be used */
    struct mailbox *events;            /* of struct provider_event: theirs alone */
    const struct clock *clock;
    const struct privacy *privacy;
    const atomic_bool *is_private;
    struct event_post post; /* for people who look */
    bool device_speaks;     /* it has a voice of its own */
};

enum far_way {
    FAR_NEW,   /* nobody was asked */
    FAR_ASKED, /* the sound is on its way */
    FAR_THERE, /* all of it is in .sound */
    FAR_HERE,  /* the device shall say it */
    FAR_NEVER, /* nobody can */
};

struct far_clause {
    enum far_way way;
    uint32_t turn;
    const char *text; /* outlives the clause */
    int at;           /* next in line */
    int16_t *sound;   /* 24 kHz */
    size_t count, room;
};

struct far_voice;

enum status far_voice_create(const struct far_voice_config *config, struct far_voice **ret_voice,
                             struct error *ret_error);

/* Accepts NULL. */
void far_voice_destroy(struct far_voice *voice);

/* Nothing is asked of anybody: a new clause may be. */
bool far_voice_is_free(const struct far_voice *voice);

/* The next in line from clause->at on: .way becomes FAR_ASKED (then the clause is kept until it is
 * another), FAR_HERE or FAR_NEVER. Also for a clause that the device could not say. */
void far_voice_ask(struct far_voice *voice, struct far_clause *clause);

/* True when something had come. */
bool far_voice_step(struct far_voice *voice);

/* Nobody wants the clause that is asked for any more. Accepts NULL. */
void far_voice_stop(struct far_voice *voice);

/* Open the connection to whoever is first, if it may be used; true when one is being opened now.
 * Accepts NULL. */
bool far_voice_warm(struct far_voice *voice);

/* While a clause is on its way: a descriptor for poll(2); else -1. Accepts NULL. */
int far_voice_fd(const struct far_voice *voice);

/* Frees the sound; accepts a zeroed clause. */
void far_clause_finish(struct far_clause *clause);

#endif
