/* Does the request end here? A small head on the language model's hidden state h after the last
 * word gives the log-odds that nothing follows (no exponential is needed to compare them):
 *
 *     output . relu(weight h + bias) + output_bias
 *
 * Trained by tools/train/lm/turn.py, kept in the metadata of the model's file (linnet.turn.*).
 *
 * Thread: control for init and finish; any for the rest. */
#ifndef LINNET_MODELS_LM_TURN_H
#define LINNET_MODELS_LM_TURN_H

#include <stdint.h>

#include "gguf.h"
#include "status.h"

struct lm_turn {
    uint32_t width, units; /* units 0: the file has no head */
    float *weight;         /* [units][width] */
    float *bias, *output;  /* [units] */
    float output_bias;
};

/* Copies the head out of the file; OK without one. Errors: FORMAT for other shapes, NO_MEMORY. */
enum status lm_turn_init(struct lm_turn *turn, const struct gguf *file, uint32_t width,
                         struct error *ret_error);
void lm_turn_finish(struct lm_turn *turn);

/* Log-odds that nothing follows; only for units > 0. `hidden` has width values. */
float lm_turn_score(const struct lm_turn *turn, const float *hidden);

#endif
