/* Local time of a place, read from the system's zone files (TZif, RFC 8536) without touching the
 * process's TZ.
 *
 * Thread: any, for all functions (they read files: not on audio threads). */
#ifndef LINNET_PIPELINE_ZONE_H
#define LINNET_PIPELINE_ZONE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "status.h"

/* Seconds east of UTC at `unix_time` in the named zone ("Europe/London", "UTC"); "" is the
 * machine's own zone. */
enum status zone_offset(const char *zone, int64_t unix_time, int *ret_seconds,
                        struct error *ret_error);

/* Broken-down local time. Falls back to UTC when the zone cannot be read (the error says why). */
enum status zone_local_time(const char *zone, int64_t unix_time, struct tm *ret_tm,
                            struct error *ret_error);

/* Unix time of a local date and clock time in the zone (fields year.. minute of `local` are used).
 */
enum status zone_unix_time(const char *zone, const struct tm *local, int64_t *ret_unix,
                           struct error *ret_error);

/* Zone of a city or country by its spoken name ("new york", "japan"), or NULL. */
const char *zone_of_place(const char *place);

#endif
