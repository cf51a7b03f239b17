#include "status.h"

#include <stdio.h>
#include <string.h>

static const char *const names[] = {
#define STATUS_NAME(name, text) #name,
    STATUS_MAP(STATUS_NAME)
#undef STATUS_NAME
};

static const char *const texts[] = {
#define STATUS_TEXT(name, text) text,
    STATUS_MAP(STATUS_TEXT)
#undef STATUS_TEXT
};

enum { STATUS_COUNT = sizeof(names) / sizeof(names[0]) };

const char *status_name(enum status status)
{
    return (unsigned)status < STATUS_COUNT ? names[status] : "UNKNOWN";
}

const char *status_text(enum status status)
{
    return (unsigned)status < STATUS_COUNT ? texts[status] : "unknown status";
}

enum status error_set(struct error *ret_error, enum status status, const char *format, ...)
{
    if (!ret_error)
        return status;
    va_list args;
    va_start(args, format);
    vsnprintf(ret_error->text, sizeof(ret_error->text), format, args);
    va_end(args);
    ret_error->status = status;
    return status;
}

enum status error_prefix(struct error *ret_error, enum status status, const char *format, ...)
{
    if (!ret_error)
        return status;
    struct error inner = *ret_error;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(ret_error->text, sizeof(ret_error->text), format, args);
    va_end(args);
    size_t used = n < 0 ? 0 : (size_t)n;
    if (used + 3 < sizeof(ret_error->text)) {
        int room = (int)(sizeof(ret_error->text) - used - 3);
        snprintf(ret_error->text + used, sizeof(ret_error->text) - used, ": %.*s", room,
                 inner.text);
    }
    ret_error->status = status;
    return status;
}
