#define PCRE2_CODE_UNIT_WIDTH 8
#include "privacy_pattern.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum { MATCH_STEPS = 1000000, DEPTH_MAX = 10000, HEAP_KIB = 4096, NESTING_MAX = 50 };

struct pattern {
    pcre2_code *code;
    pcre2_match_context *limits;
};

static enum status compile(struct pattern *pattern, const char *expression, struct error *ret_error)
{
    int code;
    PCRE2_SIZE offset;
    const uint32_t flags =
        PCRE2_CASELESS | PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!context)
        return error_set(ret_error, STATUS_NO_MEMORY, "privacy: out of memory");
    pcre2_set_parens_nest_limit(context, NESTING_MAX);
    pattern->code = pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED, flags, &code,
                                  &offset, context);
    pcre2_compile_context_free(context);
    if (pattern->code)
        return STATUS_OK;
    PCRE2_UCHAR text[128];
    pcre2_get_error_message(code, text, sizeof(text));
    return error_set(ret_error, STATUS_INVALID_ARGUMENT, "\"%.100s\": character %zu: %s",
                     expression, (size_t)offset + 1, (const char *)text);
}

enum status pattern_create(const char *expression, struct pattern **ret_pattern,
                           struct error *ret_error)
{
    if (strlen(expression) > PATTERN_BYTES_MAX)
        return error_set(ret_error, STATUS_LIMIT, "an expression is longer than %d bytes",
                         PATTERN_BYTES_MAX);
    struct pattern *pattern = calloc(1, sizeof(*pattern));
    if (pattern)
        pattern->limits = pcre2_match_context_create(NULL);
    if (!pattern || !pattern->limits) {
        pattern_destroy(pattern);
        return error_set(ret_error, STATUS_NO_MEMORY, "privacy: out of memory");
    }
    pcre2_set_match_limit(pattern->limits, MATCH_STEPS);
    pcre2_set_depth_limit(pattern->limits, DEPTH_MAX);
    pcre2_set_heap_limit(pattern->limits, HEAP_KIB);
    enum status status = compile(pattern, expression, ret_error);
    if (status != STATUS_OK) {
        pattern_destroy(pattern);
        return status;
    }
    *ret_pattern = pattern;
    return STATUS_OK;
}

void pattern_destroy(struct pattern *pattern)
{
    if (!pattern)
        return;
    pcre2_code_free(pattern->code);
    pcre2_match_context_free(pattern->limits);
    free(pattern);
}

enum status pattern_next(const struct pattern *pattern, const char *text, size_t length, size_t at,
                         size_t *ret_from, size_t *ret_to)
{
    pcre2_match_data *match = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    if (!match)
        return STATUS_NO_MEMORY;
    int found = pcre2_match(pattern->code, (PCRE2_SPTR)text, length, at, PCRE2_NOTEMPTY, match,
                            pattern->limits);
    const PCRE2_SIZE *place = pcre2_get_ovector_pointer(match);
    enum status status = found > 0                       ? STATUS_OK
                         : found == PCRE2_ERROR_NOMATCH  ? STATUS_END
                         : found == PCRE2_ERROR_NOMEMORY ? STATUS_NO_MEMORY
                                                         : STATUS_LIMIT;
    if (status == STATUS_OK && place[0] >= place[1])
        status = STATUS_LIMIT; /* \K inside a lookahead turned it round */
    if (status == STATUS_OK) {
        *ret_from = place[0];
        *ret_to = place[1];
    }
    pcre2_match_data_free(match);
    return status;
}
