/* Arithmetic as it is spoken: "fifteen percent of two hundred", "three plus four times five",
 * "square root of 81". Usual precedence: power before times and over, those before plus and minus;
 * "all" or brackets are not spoken.
 *
 * Thread: any; no allocation. */
#ifndef LINNET_PIPELINE_EXPRESSION_H
#define LINNET_PIPELINE_EXPRESSION_H

#include "status.h"

/* Value of the expression in `text`. STATUS_FORMAT when it cannot be read, STATUS_LIMIT for a
 * division by zero, a root of a negative number or a result that is not finite. */
enum status expression_evaluate(const char *text, double *ret_value);

#endif
