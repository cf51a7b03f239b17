/* The device's tools as a model elsewhere sees them: described in JSON, called with JSON.
 *
 * Thread: mind, for all functions. */
#ifndef LINNET_PIPELINE_JSON_TOOLS_H
#define LINNET_PIPELINE_JSON_TOOLS_H

#include "skill.h"
#include "status.h"

/* The array for provider_turn.tools, made from skill_at(); free() it. */
enum status json_tools_describe(char **ret_tools, struct error *ret_error);

/* A call read strictly: a known tool, one object, only its arguments, each once, text or a number,
 * none that is required missing. The error is worded for the model that made the call. */
enum status json_tools_read(const char *name, const char *arguments, struct tool_call *ret_call,
                            struct error *ret_error);

/* {"ok":true,"said":TEXT} or {"ok":false,"error":TEXT}; free() it. */
enum status json_tools_result(bool ok, const char *text, char **ret_result,
                              struct error *ret_error);

#endif
