#include "zone.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ZONE_BYTES_MAX = 64 * 1024, HEADER_BYTES = 44 };

/* Counts in a TZif header, RFC 8536 section 3.1. */
struct tzif {
    const uint8_t *data;
    size_t size;
    uint32_t utc_count, std_count, leap_count, time_count, type_count, char_count;
};

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t read_i64(const uint8_t *p)
{
    return (int64_t)((uint64_t)read_u32(p) << 32 | read_u32(p + 4));
}

static bool tzif_header(struct tzif *t, const uint8_t *data, size_t size)
{
    if (size < HEADER_BYTES || memcmp(data, "TZif", 4) != 0)
        return false;
    *t = (struct tzif){
        .data = data,
        .size = size,
        .utc_count = read_u32(data + 20),
        .std_count = read_u32(data + 24),
        .leap_count = read_u32(data + 28),
        .time_count = read_u32(data + 32),
        .type_count = read_u32(data + 36),
        .char_count = read_u32(data + 40),
    };
    const uint32_t limit = ZONE_BYTES_MAX;
    return t->utc_count < limit && t->std_count < limit && t->leap_count < limit &&
           t->time_count < limit && t->type_count > 0 && t->type_count < limit &&
           t->char_count < limit;
}

static size_t tzif_body_bytes(const struct tzif *t, size_t time_bytes)
{
    return (size_t)t->time_count * (time_bytes + 1) + (size_t)t->type_count * 6 + t->char_count +
           (size_t)t->leap_count * (time_bytes + 4) + t->std_count + t->utc_count;
}

/* The offset in force: of the last transition not after `unix_time`, or of the first type before
 * any. */
static bool tzif_offset(const struct tzif *t, int64_t unix_time, int *seconds)
{
    if (HEADER_BYTES + tzif_body_bytes(t, 8) > t->size)
        return false;
    const uint8_t *times = t->data + HEADER_BYTES;
    const uint8_t *kinds = times + (size_t)t->time_count * 8;
    const uint8_t *types = kinds + t->time_count;
    uint32_t low = 0, high = t->time_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (read_i64(times + (size_t)middle * 8) <= unix_time)
            low = middle + 1;
        else
            high = middle;
    }
    uint32_t type = low ? kinds[low - 1] : 0;
    if (type >= t->type_count)
        return false;
    *seconds = (int32_t)read_u32(types + (size_t)type * 6);
    return true;
}

/* Version 2 and later files repeat themselves with 64-bit times behind the first body. */
static bool tzif_parse(const uint8_t *data, size_t size, int64_t unix_time, int *seconds)
{
    struct tzif first, second;
    if (!tzif_header(&first, data, size) || data[4] < '2')
        return false;
    size_t skip = HEADER_BYTES + tzif_body_bytes(&first, 4);
    return skip < size && tzif_header(&second, data + skip, size - skip) &&
           tzif_offset(&second, unix_time, seconds);
}

static enum status read_zone_file(const char *path, uint8_t *data, size_t *size,
                                  struct error *ret_error)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return error_set(ret_error, STATUS_NOT_FOUND, "%s: %s", path, strerror(errno));
    *size = fread(data, 1, ZONE_BYTES_MAX, file);
    fclose(file);
    return STATUS_OK;
}

static bool zone_name_is_safe(const char *zone)
{
    return strlen(zone) < 64 && zone[0] != '/' && !strstr(zone, "..");
}

enum status zone_offset(const char *zone, int64_t unix_time, int *ret_seconds,
                        struct error *ret_error)
{
    uint8_t data[ZONE_BYTES_MAX];
    size_t size;
    char path[128];
    if (strcmp(zone, "UTC") == 0) {
        *ret_seconds = 0;
        return STATUS_OK;
    }
    if (!zone_name_is_safe(zone))
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "time zone \"%s\": not a zone name",
                         zone);
    if (*zone)
        snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
    else
        snprintf(path, sizeof(path), "/etc/localtime");
    TRY(read_zone_file(path, data, &size, ret_error));
    if (!tzif_parse(data, size, unix_time, ret_seconds))
        return error_set(ret_error, STATUS_FORMAT, "%s: not a TZif version 2 file", path);
    return STATUS_OK;
}

enum status zone_local_time(const char *zone, int64_t unix_time, struct tm *ret_tm,
                            struct error *ret_error)
{
    int offset = 0;
    enum status status = zone_offset(zone, unix_time, &offset, ret_error);
    time_t shifted = (time_t)(unix_time + offset);
    gmtime_r(&shifted, ret_tm);
    return status;
}

enum status zone_unix_time(const char *zone, const struct tm *local, int64_t *ret_unix,
                           struct error *ret_error)
{
    struct tm copy = *local;
    int64_t as_utc = timegm(&copy);
    int offset = 0;
    TRY(zone_offset(zone, as_utc, &offset, ret_error));
    /* Near a change of offset the first guess may use the wrong side; the second is right except in
     * a gap. */
    TRY(zone_offset(zone, as_utc - offset, &offset, ret_error));
    *ret_unix = as_utc - offset;
    return STATUS_OK;
}
