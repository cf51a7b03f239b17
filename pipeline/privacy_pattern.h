/* Regular expressions in Perl's form (PCRE2), letter case ignored, with a bound on the work that a
 * match may cost.
 *
 * Thread: any for next (a pattern does not change); create and destroy: control. */
#ifndef LINNET_PIPELINE_PRIVACY_PATTERN_H
#define LINNET_PIPELINE_PRIVACY_PATTERN_H

#include <stddef.h>

#include "status.h"

enum { PATTERN_BYTES_MAX = 2048 };

struct pattern;

/* INVALID_ARGUMENT: what is wrong with it, and where; LIMIT: too long. */
enum status pattern_create(const char *expression, struct pattern **ret_pattern,
                           struct error *ret_error);
void pattern_destroy(struct pattern *pattern);

/* The first match at or after `at` that is not empty: OK, END (none), LIMIT (gave up), NO_MEMORY.
 */
enum status pattern_next(const struct pattern *pattern, const char *text, size_t length, size_t at,
                         size_t *ret_from, size_t *ret_to);

#endif
