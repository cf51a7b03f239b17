/* The parts of an engine and how they hang together; for engine.c and live.c only.
 * Thread: see each part. */
#ifndef LINNET_PIPELINE_ENGINE_H
#define LINNET_PIPELINE_ENGINE_H

#include <stdatomic.h>

#include "clock.h"
#include "cloud_config.h"
#include "cloud_link.h"
#include "control.h"
#include "ears.h"
#include "far_ears.h"
#include "far_voice.h"
#include "front.h"
#include "linnet.h"
#include "mailbox.h"
#include "mind.h"
#include "option.h"
#include "outside.h"
#include "privacy.h"
#include "voice.h"

struct linnet {
    struct config options;
    struct cloud_config cloud;
    struct privacy *privacy;
    struct cloud_link link;
    struct sound_log *sound_log; /* NULL: nobody may have it */
    struct outside_config outside;
    const char *compare; /* name of a policy, or NULL */
    struct clock clock;
    struct mailbox *events, *requests, *reports;
    struct front *front;
    struct ears *ears;
    struct far_ears *far_ears;   /* NULL: nobody lends any */
    struct far_voice *far_voice; /* the same */
    struct voice *voice;
    struct mind *mind;
    struct control control;
    uint64_t frames;   /* heard so far */
    struct clock real; /* an answer from outside comes in real time, also in a replay */
    int64_t pace_ns;   /* on it: when the next frame is due; 0: as fast as can be */
    atomic_uint turn;
    atomic_int volume;
    atomic_bool is_private; /* private mode */
};

#endif
