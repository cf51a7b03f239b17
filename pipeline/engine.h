/* The parts of an engine and how they hang together; for engine.c and live.c only.
 * Thread: see each part. */
#ifndef LINNET_PIPELINE_ENGINE_H
#define LINNET_PIPELINE_ENGINE_H

#include <stdatomic.h>

#include "clock.h"
#include "cloud_config.h"
#include "control.h"
#include "ears.h"
#include "front.h"
#include "linnet.h"
#include "mailbox.h"
#include "mind.h"
#include "option.h"
#include "voice.h"

struct linnet {
    struct config options;
    struct cloud_config cloud;
    struct clock clock;
    struct mailbox *events, *requests, *reports;
    struct front *front;
    struct ears *ears;
    struct voice *voice;
    struct mind *mind;
    struct control control;
    uint64_t frames; /* heard so far */
    atomic_uint turn;
    atomic_int volume;
};

#endif
