/* JSON inside the link's messages: arguments of a tool call, and what a tool has said.
 *
 * Thread: any. */
#ifndef LINNET_PIPELINE_JSON_SERVE_H
#define LINNET_PIPELINE_JSON_SERVE_H

#include <stddef.h>

#include "status.h"

struct lm_result;

/* {"name":"value",...}. LIMIT: longer than `size` - 1; FORMAT: not UTF-8. */
enum status json_serve_arguments(const struct lm_result *result, char *ret_text, size_t size);

/* What json_tools_result wrapped up: its "said", else its "error", else the text as it is. */
void json_serve_said(const char *text, char *ret_text, size_t size);

#endif
