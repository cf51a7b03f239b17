#include "telemetry.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct telemetry {
    sqlite3 *db;
    char path[256];
};

static const char *const keys[TELEMETRY_COUNT] = {
#define TELEMETRY_KEY(name, key, help) key,
    TELEMETRY_MAP(TELEMETRY_KEY)
#undef TELEMETRY_KEY
};

static const char *const helps[TELEMETRY_COUNT] = {
#define TELEMETRY_HELP(name, key, help) help,
    TELEMETRY_MAP(TELEMETRY_HELP)
#undef TELEMETRY_HELP
};

static enum status fail(struct telemetry *telemetry, struct error *ret_error, const char *what)
{
    int code = sqlite3_errcode(telemetry->db);
    enum status status = code == SQLITE_NOMEM    ? STATUS_NO_MEMORY
                         : code == SQLITE_NOTADB ? STATUS_FORMAT
                                                 : STATUS_IO;
    return error_set(ret_error, status, "%s: %s: %s", telemetry->path, what,
                     sqlite3_errmsg(telemetry->db));
}

static enum status prepare_schema(struct telemetry *telemetry, struct error *ret_error)
{
    /* Counters may be lost with the power; that is why these tables do not ask for FULL. */
    static const char schema[] = "PRAGMA busy_timeout=2000;"
                                 "PRAGMA journal_mode=WAL;"
                                 "CREATE TABLE IF NOT EXISTS telemetry("
                                 " name TEXT PRIMARY KEY, value INTEGER NOT NULL);";
    if (sqlite3_exec(telemetry->db, schema, NULL, NULL, NULL) != SQLITE_OK)
        return fail(telemetry, ret_error, "cannot prepare the counters");
    return STATUS_OK;
}

enum status telemetry_create(const char *path, struct telemetry **ret_telemetry,
                             struct error *ret_error)
{
    struct telemetry *telemetry = calloc(1, sizeof(*telemetry));
    if (!telemetry)
        return error_set(ret_error, STATUS_NO_MEMORY, "telemetry: out of memory");
    snprintf(telemetry->path, sizeof(telemetry->path), "%s", path);
    enum status status = STATUS_OK;
    if (sqlite3_open_v2(path, &telemetry->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
        SQLITE_OK)
        status = fail(telemetry, ret_error, "cannot open the counters");
    if (status == STATUS_OK)
        status = prepare_schema(telemetry, ret_error);
    if (status != STATUS_OK) {
        telemetry_destroy(telemetry);
        return status;
    }
    *ret_telemetry = telemetry;
    return STATUS_OK;
}

void telemetry_destroy(struct telemetry *telemetry)
{
    if (!telemetry)
        return;
    sqlite3_close(telemetry->db);
    free(telemetry);
}

/* ---- values by name ---- */

static bool change(struct telemetry *telemetry, const char *sql, const char *name, int64_t value)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(telemetry->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(statement, 2, value);
    bool ok = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_finalize(statement);
    return ok;
}

static bool add(struct telemetry *telemetry, const char *name, int64_t n)
{
    return change(telemetry,
                  "INSERT INTO telemetry(name, value) VALUES(?1, ?2)"
                  " ON CONFLICT(name) DO UPDATE SET value = max(value + ?2, 0)",
                  name, n);
}

static bool set(struct telemetry *telemetry, const char *name, int64_t value)
{
    return change(telemetry,
                  "INSERT INTO telemetry(name, value) VALUES(?1, ?2)"
                  " ON CONFLICT(name) DO UPDATE SET value = ?2",
                  name, value);
}

/* 0 for a name that is not there. */
static bool get(struct telemetry *telemetry, const char *name, int64_t *ret_value)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(telemetry->db, "SELECT value FROM telemetry WHERE name = ?", -1,
                           &statement, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_TRANSIENT);
    int step = sqlite3_step(statement);
    *ret_value = step == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return step == SQLITE_ROW || step == SQLITE_DONE;
}

/* ---- counters ---- */

enum status telemetry_add(struct telemetry *telemetry, enum telemetry_counter counter, int64_t n,
                          struct error *ret_error)
{
    if (!add(telemetry, keys[counter], n))
        return fail(telemetry, ret_error, "cannot count");
    return STATUS_OK;
}

enum status telemetry_get(struct telemetry *telemetry, int64_t ret_counts[TELEMETRY_COUNT],
                          struct error *ret_error)
{
    int64_t counts[TELEMETRY_COUNT];
    for (int i = 0; i < TELEMETRY_COUNT; i++) {
        if (!get(telemetry, keys[i], &counts[i]))
            return fail(telemetry, ret_error, "cannot read the counters");
    }
    memcpy(ret_counts, counts, sizeof(counts));
    return STATUS_OK;
}

const char *telemetry_counter_help(enum telemetry_counter counter)
{
    return helps[counter];
}

void telemetry_payload(const char *version, const int64_t counts[TELEMETRY_COUNT],
                       char text[TELEMETRY_PAYLOAD_BYTES])
{
    size_t used = (size_t)snprintf(text, TELEMETRY_PAYLOAD_BYTES, "{\"linnet\":\"%.32s\"", version);
    for (int i = 0; i < TELEMETRY_COUNT; i++)
        used += (size_t)snprintf(text + used, TELEMETRY_PAYLOAD_BYTES - used, ",\"%s\":%lld",
                                 keys[i], (long long)counts[i]);
    snprintf(text + used, TELEMETRY_PAYLOAD_BYTES - used, "}");
}

/* ---- consent ---- */

bool telemetry_is_enabled(struct telemetry *telemetry)
{
    int64_t enabled;
    return get(telemetry, "enabled", &enabled) && enabled == 1;
}

enum status telemetry_enable(struct telemetry *telemetry, bool enabled, struct error *ret_error)
{
    if (!set(telemetry, "enabled", enabled))
        return fail(telemetry, ret_error, "cannot keep the choice");
    return STATUS_OK;
}

bool telemetry_is_due(struct telemetry *telemetry, int64_t now)
{
    int64_t last;
    if (!telemetry_is_enabled(telemetry) || !get(telemetry, "sent", &last))
        return false;
    return now >= last + TELEMETRY_PERIOD_S || now < last;
}

static bool take_off(struct telemetry *telemetry, const int64_t counts[TELEMETRY_COUNT])
{
    for (int i = 0; i < TELEMETRY_COUNT; i++) {
        if (counts[i] && !add(telemetry, keys[i], -counts[i]))
            return false;
    }
    return true;
}

enum status telemetry_sent(struct telemetry *telemetry, int64_t now,
                           const int64_t counts[TELEMETRY_COUNT], struct error *ret_error)
{
    bool ok = sqlite3_exec(telemetry->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
              take_off(telemetry, counts) && set(telemetry, "sent", now) &&
              sqlite3_exec(telemetry->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
    if (ok)
        return STATUS_OK;
    enum status status = fail(telemetry, ret_error, "cannot note the sending");
    sqlite3_exec(telemetry->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}
