/* A decision written down: what was measured, the policy, and what came out, as one line of JSON
 * with its keys in a fixed order. Everything in it is a whole number, a name or a text, so reading
 * it back gives the same features bit for bit, and deciding again must give the same line.
 *
 * Thread: any, for all functions. */
#ifndef LINNET_PIPELINE_JSON_DECISION_H
#define LINNET_PIPELINE_JSON_DECISION_H

#include <stdint.h>

#include "route.h"
#include "status.h"

enum { DECISION_TEXT_BYTES = 512, DECISION_JSON_BYTES_MAX = 16384 };

struct decision_record {
    int64_t time;                      /* unix seconds */
    uint32_t turn;                     /* of the run */
    char request[DECISION_TEXT_BYTES]; /* "" when it was private */
    struct route_features features;
    struct route_policy policy;
    struct route_decision decision;
};

/* *ret_text is freed with free(). */
enum status decision_to_json(const struct decision_record *record, char **ret_text,
                             struct error *ret_error);

/* FORMAT: what is missing or out of range is named. */
enum status decision_from_json(const char *text, struct decision_record *ret_record,
                               struct error *ret_error);

/* Read a line, decide again from its features and policy, and write that down: *ret_same when it is
 * the same line to the last byte. The record is what was read. */
enum status decision_repeat(const char *text, struct decision_record *ret_record, bool *ret_same,
                            struct error *ret_error);

#endif
