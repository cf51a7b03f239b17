#include "json_tools.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status out_of_memory(struct error *ret_error)
{
    return error_set(ret_error, STATUS_NO_MEMORY, "tools: out of memory");
}

/* Takes `json` over; NULL is a lack of memory. */
static enum status print(json_t *json, char **ret_text, struct error *ret_error)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (!text)
        return out_of_memory(ret_error);
    *ret_text = text;
    return STATUS_OK;
}

/* JSON Schema of the arguments. */
static json_t *describe_parameters(const struct skill_info *skill)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    for (const struct skill_parameter *p = skill->parameters; p->name; p++) {
        json_object_set_new(
            properties, p->name,
            json_pack("{s:s, s:s}", "type", "string", "description", p->description));
        if (p->required)
            json_array_append_new(required, json_string(p->name));
    }
    return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties, "required",
                     required, "additionalProperties", 0);
}

enum status json_tools_describe(char **ret_tools, struct error *ret_error)
{
    json_t *tools = json_array();
    const struct skill_info *skill;
    for (size_t i = 0; (skill = skill_at(i)) != NULL; i++) {
        json_t *tool = json_pack("{s:s, s:s, s:o}", "name", skill->name, "description",
                                 skill->description, "parameters", describe_parameters(skill));
        if (json_array_append_new(tools, tool) != 0) {
            json_decref(tools);
            return out_of_memory(ret_error);
        }
    }
    return print(tools, ret_tools, ret_error);
}

/* ---- calls ---- */

static const struct skill_info *find_skill(const char *name)
{
    const struct skill_info *skill;
    for (size_t i = 0; (skill = skill_at(i)) != NULL; i++) {
        if (strcmp(skill->name, name) == 0)
            break;
    }
    return skill;
}

static bool has_parameter(const struct skill_info *skill, const char *name)
{
    for (const struct skill_parameter *p = skill->parameters; p->name; p++) {
        if (strcmp(p->name, name) == 0)
            return true;
    }
    return false;
}

/* Text, or a number written as one; "" for anything else. */
static void value_text(const json_t *value, char *text, size_t size, bool *ret_cut)
{
    int n = 0;
    text[0] = '\0';
    if (json_is_string(value))
        n = snprintf(text, size, "%s", json_string_value(value));
    else if (json_is_integer(value))
        n = snprintf(text, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        n = snprintf(text, size, "%.15g", json_real_value(value));
    *ret_cut = n < 0 || (size_t)n >= size;
}

static enum status read_argument(const struct skill_info *skill, const char *name,
                                 const json_t *value, struct tool_call *call,
                                 struct error *ret_error)
{
    if (!has_parameter(skill, name))
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: unknown argument \"%.40s\"",
                         skill->name, name);
    if (json_is_null(value))
        return STATUS_OK;
    if (!json_is_string(value) && !json_is_number(value))
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: \"%s\" must be text", skill->name,
                         name);
    struct tool_arg *arg = &call->args[call->arg_count];
    bool cut;
    snprintf(arg->name, sizeof(arg->name), "%s", name);
    value_text(value, arg->value, sizeof(arg->value), &cut);
    if (cut)
        return error_set(ret_error, STATUS_LIMIT, "%s: \"%s\" is longer than %d bytes", skill->name,
                         name, TOOL_VALUE_BYTES - 1);
    call->arg_count += *arg->value != '\0';
    return STATUS_OK;
}

static enum status check_required(const struct skill_info *skill, const struct tool_call *call,
                                  struct error *ret_error)
{
    for (const struct skill_parameter *p = skill->parameters; p->name; p++) {
        if (p->required && !*tool_call_arg(call, p->name))
            return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: \"%s\" is missing (%s)",
                             skill->name, p->name, p->description);
    }
    return STATUS_OK;
}

static enum status read_object(const struct skill_info *skill, json_t *object,
                               struct tool_call *call, struct error *ret_error)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        TRY(read_argument(skill, name, value, call, ret_error));
    }
    return check_required(skill, call, ret_error);
}

enum status json_tools_read(const char *name, const char *arguments, struct tool_call *ret_call,
                            struct error *ret_error)
{
    json_error_t problem;
    struct tool_call call = {0};
    const struct skill_info *skill = find_skill(name);
    if (!skill)
        return error_set(ret_error, STATUS_NOT_FOUND, "there is no tool \"%.40s\"", name);
    json_t *object = json_loads(*arguments ? arguments : "{}", JSON_REJECT_DUPLICATES, &problem);
    if (!object)
        return error_set(ret_error, STATUS_FORMAT, "%s: arguments are no JSON: %s", name,
                         problem.text);
    snprintf(call.name, sizeof(call.name), "%s", name);
    enum status status =
        json_is_object(object)
            ? read_object(skill, object, &call, ret_error)
            : error_set(ret_error, STATUS_FORMAT, "%s: arguments must be an object", name);
    json_decref(object);
    if (status == STATUS_OK)
        *ret_call = call;
    return status;
}

enum status json_tools_result(bool ok, const char *text, char **ret_result, struct error *ret_error)
{
    return print(json_pack("{s:b, s:s}", "ok", ok, ok ? "said" : "error", text), ret_result,
                 ret_error);
}
