/* Telemetry: counters of turns, kept in the state file, and sent only when the user has enabled it
 * and named an endpoint. The payload is those counters and the version, nothing else: no
 * identifier, no text, no time. What telemetry_payload gives is what is sent, byte for byte.
 *
 * Thread: mind, or any one thread. Errors carry the file's name and SQLite's reason. */
#ifndef LINNET_PIPELINE_TELEMETRY_H
#define LINNET_PIPELINE_TELEMETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

/* One list gives the order, the names in the payload, and what they count. */
#define TELEMETRY_MAP(X)                                                                           \
    X(DEVICE_TURNS, "device_turns", "requests answered here")                                      \
    X(CLOUD_TURNS, "cloud_turns", "requests answered by a provider")                               \
    X(UNHEARD_TURNS, "unheard_turns", "requests not understood")                                   \
    X(KEPT_PRIVATE, "kept_private", "requests that a privacy rule kept here")                      \
    X(OVER_BUDGET, "over_budget", "requests that the budget kept here")                            \
    X(PROVIDER_FAILURES, "provider_failures", "providers that did not answer")                     \
    X(INTERRUPTED, "interrupted", "answers of providers that the user interrupted")

enum telemetry_counter {
#define TELEMETRY_ENUM(name, key, help) TELEMETRY_##name,
    TELEMETRY_MAP(TELEMETRY_ENUM)
#undef TELEMETRY_ENUM
        TELEMETRY_COUNT
};

enum { TELEMETRY_PERIOD_S = 86400, TELEMETRY_PAYLOAD_BYTES = 512 };

struct telemetry;

/* In the state file of store.h; ":memory:" keeps nothing. */
enum status telemetry_create(const char *path, struct telemetry **ret_telemetry,
                             struct error *ret_error);
void telemetry_destroy(struct telemetry *telemetry);

enum status telemetry_add(struct telemetry *telemetry, enum telemetry_counter counter, int64_t n,
                          struct error *ret_error);
enum status telemetry_get(struct telemetry *telemetry, int64_t ret_counts[TELEMETRY_COUNT],
                          struct error *ret_error);

const char *telemetry_counter_help(enum telemetry_counter counter);

/* Off until it is enabled. */
bool telemetry_is_enabled(struct telemetry *telemetry);
enum status telemetry_enable(struct telemetry *telemetry, bool enabled, struct error *ret_error);

/* Enabled, and the last sending is a day or more ago (or the clock went back). */
bool telemetry_is_due(struct telemetry *telemetry, int64_t now);

/* {"linnet":"0.1","device_turns":3,...} */
void telemetry_payload(const char *version, const int64_t counts[TELEMETRY_COUNT],
                       char text[TELEMETRY_PAYLOAD_BYTES]);

/* These counts arrived: they are taken off, so that none is sent twice. */
enum status telemetry_sent(struct telemetry *telemetry, int64_t now,
                           const int64_t counts[TELEMETRY_COUNT], struct error *ret_error);

#endif
