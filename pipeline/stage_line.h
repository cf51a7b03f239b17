/* Who does a stage of a turn, first to last: the device and other Linnets, as the configuration
 * orders them. One that fails is left alone for the rest of its turn, and by its breaker for longer
 * when it goes on failing. The device is always there, as far as this knows.
 *
 *     stage_line_init(&line, &config->order[STAGE_TRANSCRIBE]);
 *     int at = 0, place;
 *     while ((place = stage_line_next(&line, turn, now_ns, &at)) != STAGE_NOBODY)
 *         ... stage_line_begin(&line, place, now_ns), then stage_line_succeed or stage_line_fail
 *
 * Pure: time is passed in. Thread: one at a time, for all functions; no allocation. */
#ifndef LINNET_PIPELINE_STAGE_LINE_H
#define LINNET_PIPELINE_STAGE_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "breaker.h"
#include "cloud_config.h"

enum { STAGE_NOBODY = -2 };

struct stage_line {
    struct cloud_order order;
    struct breaker breakers[CLOUD_PROVIDERS_MAX];
    uint32_t failed_in[CLOUD_PROVIDERS_MAX]; /* turn; 0 for none */
};

void stage_line_init(struct stage_line *line, const struct cloud_order *order);

/* The first place from index *at on that may be tried now, CLOUD_DEVICE among them, and *at behind
 * it; STAGE_NOBODY when there is none. */
int stage_line_next(const struct stage_line *line, uint32_t turn, int64_t now_ns, int *at);

/* Is the device one of them? */
bool stage_line_has_device(const struct stage_line *line);

/* A provider is asked, and how it went; abandon: we changed our mind. */
void stage_line_begin(struct stage_line *line, int place, int64_t now_ns);
void stage_line_succeed(struct stage_line *line, int place);
void stage_line_fail(struct stage_line *line, int place, uint32_t turn, int64_t now_ns,
                     bool refused);
void stage_line_abandon(struct stage_line *line, int place);

#endif
