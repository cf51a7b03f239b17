/* Units of measure by their spoken names, and conversion between them.
 *
 * Thread: any, for all functions; no allocation. */
#ifndef LINNET_PIPELINE_UNIT_WORDS_H
#define LINNET_PIPELINE_UNIT_WORDS_H

#include "status.h"

struct unit;

/* The unit called `name` ("miles", "kilometres per hour", "celsius"), or NULL. */
const struct unit *unit_find(const char *name);

/* Name for one ("mile") or for many ("miles"). */
const char *unit_name(const struct unit *unit, double amount);

/* Convert an amount; STATUS_INVALID_ARGUMENT when the units measure different things. */
enum status unit_convert(double amount, const struct unit *from, const struct unit *to,
                         double *ret_amount);

#endif
