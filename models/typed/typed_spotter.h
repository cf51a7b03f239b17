/* Listens for typed phrases in the rows of the recogniser's acoustic net.
 *
 *     struct typed_spotter *spotter;
 *     TRY(typed_spotter_create(&phrase, threshold, asr_net_info(net), &spotter, ret_error));
 *     while (have rows)
 *         if (typed_spotter_step(spotter, row, &hit))
 *             ...
 *
 * Two things explain the sound at once, row by row, each by its best path: a filler, any phones in
 * any order, a change of phone costing TYPED_CHANGE; and the phrase, which begins where the filler
 * is and pays the same. The score of a moment is the phrase's path minus the filler's, a phone: 0
 * when nothing explains the sound better than the phrase, and the more negative the worse. People
 * call an assistant after a pause: a phrase that begins in the middle of speech pays TYPED_MIDDLE.
 * A hit is the first row at which the score reaches the threshold; then there is none for a second.
 *
 * Thread: control for create and destroy; audio-rt safe for the others. */
#ifndef LINNET_MODELS_TYPED_SPOTTER_H
#define LINNET_MODELS_TYPED_SPOTTER_H

#include <stdbool.h>
#include <stdint.h>

#include "asr_net.h"
#include "status.h"
#include "typed_phrase.h"

#define TYPED_CHANGE (-4.0f)
#define TYPED_MIDDLE (-6.0f)

enum { TYPED_REFRACTORY_ROWS = 33 };

struct typed_hit {
    float score;
    uint64_t begin, end; /* rows of the phrase: [begin, end) */
};

struct typed_spotter;

/* The phrase is copied; `info` must outlive the spotter. Errors: NO_MEMORY, UNSUPPORTED (the net
 * has other phones). */
enum status typed_spotter_create(const struct typed_phrase *phrase, float threshold,
                                 const struct asr_net_info *info,
                                 struct typed_spotter **ret_spotter, struct error *ret_error);

/* Accepts NULL. */
void typed_spotter_destroy(struct typed_spotter *spotter);

/* Forget; the next row has number `row`. */
void typed_spotter_reset(struct typed_spotter *spotter, uint64_t row);

/* One row of the encoder. True when the phrase was just said. */
bool typed_spotter_step(struct typed_spotter *spotter, const float *row, struct typed_hit *ret_hit);

/* The score of the last row, for curves of misses against false alarms. */
float typed_spotter_score(const struct typed_spotter *spotter);

#endif
