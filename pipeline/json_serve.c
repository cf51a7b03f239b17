#include "json_serve.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "lm.h"

enum status json_serve_arguments(const struct lm_result *result, char *ret_text, size_t size)
{
    enum status status = STATUS_OK;
    json_t *object = json_object();
    for (uint32_t i = 0; i < result->n_arguments; i++)
        if (json_object_set_new(object, result->arguments[i].name,
                                json_string(result->arguments[i].value)) != 0)
            status = STATUS_FORMAT;
    size_t length = json_dumpb(object, ret_text, size, JSON_COMPACT);
    if (status == STATUS_OK && (length == 0 || length >= size))
        status = STATUS_LIMIT;
    if (status == STATUS_OK)
        ret_text[length] = '\0';
    json_decref(object);
    return status;
}

void json_serve_said(const char *text, char *ret_text, size_t size)
{
    json_t *object = json_loads(text, 0, NULL);
    const char *said = json_string_value(json_object_get(object, "said"));
    const char *error = json_string_value(json_object_get(object, "error"));
    snprintf(ret_text, size, "%s", said ? said : error ? error : text);
    json_decref(object);
}
