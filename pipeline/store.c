#include "store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct store {
    sqlite3 *db;
    char path[256];
};

static enum status fail(struct store *store, struct error *ret_error, const char *what)
{
    int code = sqlite3_errcode(store->db);
    enum status status = code == SQLITE_NOMEM    ? STATUS_NO_MEMORY
                         : code == SQLITE_NOTADB ? STATUS_FORMAT
                                                 : STATUS_IO;
    return error_set(ret_error, status, "%s: %s: %s", store->path, what, sqlite3_errmsg(store->db));
}

static enum status prepare_schema(struct store *store, struct error *ret_error)
{
    /* synchronous=FULL: a timer is on the disk before it is confirmed aloud. */
    static const char schema[] =
        "PRAGMA busy_timeout=2000;"
        "PRAGMA journal_mode=WAL;"
        "PRAGMA synchronous=FULL;"
        "CREATE TABLE IF NOT EXISTS reminder("
        " id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, due INTEGER NOT NULL,"
        " duration REAL NOT NULL, name TEXT NOT NULL);"
        "CREATE INDEX IF NOT EXISTS reminder_due ON reminder(due);"
        "CREATE TABLE IF NOT EXISTS decision(id INTEGER PRIMARY KEY, json TEXT NOT NULL);"
        "PRAGMA user_version=1;";
    if (sqlite3_exec(store->db, schema, NULL, NULL, NULL) != SQLITE_OK)
        return fail(store, ret_error, "cannot prepare the state file");
    return STATUS_OK;
}

enum status store_create(const char *path, struct store **ret_store, struct error *ret_error)
{
    struct store *store = calloc(1, sizeof(*store));
    if (!store)
        return error_set(ret_error, STATUS_NO_MEMORY, "store: out of memory");
    snprintf(store->path, sizeof(store->path), "%s", path);
    enum status status = STATUS_OK;
    if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
        SQLITE_OK)
        status = fail(store, ret_error, "cannot open the state file");
    if (status == STATUS_OK)
        status = prepare_schema(store, ret_error);
    if (status != STATUS_OK) {
        store_destroy(store);
        return status;
    }
    *ret_store = store;
    return STATUS_OK;
}

void store_destroy(struct store *store)
{
    if (!store)
        return;
    sqlite3_close(store->db);
    free(store);
}

static int reminder_count(struct store *store)
{
    sqlite3_stmt *statement;
    int count = 0;
    if (sqlite3_prepare_v2(store->db, "SELECT count(*) FROM reminder", -1, &statement, NULL) !=
        SQLITE_OK)
        return 0;
    if (sqlite3_step(statement) == SQLITE_ROW)
        count = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return count;
}

enum status store_add(struct store *store, const struct reminder *reminder, struct error *ret_error)
{
    if (reminder_count(store) >= REMINDERS_MAX)
        return error_set(ret_error, STATUS_LIMIT, "%s: already %d timers and alarms", store->path,
                         REMINDERS_MAX);
    sqlite3_stmt *statement;
    static const char sql[] = "INSERT INTO reminder(kind, due, duration, name) VALUES(?,?,?,?)";
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return fail(store, ret_error, "cannot add a reminder");
    sqlite3_bind_int(statement, 1, reminder->kind);
    sqlite3_bind_int64(statement, 2, reminder->due);
    sqlite3_bind_double(statement, 3, reminder->duration);
    sqlite3_bind_text(statement, 4, reminder->name, -1, SQLITE_TRANSIENT);
    int code = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? STATUS_OK : fail(store, ret_error, "cannot add a reminder");
}

static void read_row(sqlite3_stmt *statement, struct reminder *reminder)
{
    reminder->id = sqlite3_column_int64(statement, 0);
    reminder->kind = (enum reminder_kind)sqlite3_column_int(statement, 1);
    reminder->due = sqlite3_column_int64(statement, 2);
    reminder->duration = sqlite3_column_double(statement, 3);
    const unsigned char *name = sqlite3_column_text(statement, 4);
    snprintf(reminder->name, sizeof(reminder->name), "%s", name ? (const char *)name : "");
}

int store_list(struct store *store, enum reminder_kind kind, const char *name,
               struct reminder *ret_list, int max)
{
    sqlite3_stmt *statement;
    static const char sql[] = "SELECT id, kind, due, duration, name FROM reminder"
                              " WHERE kind=?1 AND (?2='' OR name=?2) ORDER BY due, id LIMIT ?3";
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return 0;
    sqlite3_bind_int(statement, 1, kind);
    sqlite3_bind_text(statement, 2, name, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(statement, 3, max);
    int count = 0;
    while (count < max && sqlite3_step(statement) == SQLITE_ROW)
        read_row(statement, &ret_list[count++]);
    sqlite3_finalize(statement);
    return count;
}

enum status store_remove(struct store *store, int64_t id, struct error *ret_error)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(store->db, "DELETE FROM reminder WHERE id=?", -1, &statement, NULL) !=
        SQLITE_OK)
        return fail(store, ret_error, "cannot remove a reminder");
    sqlite3_bind_int64(statement, 1, id);
    int code = sqlite3_step(statement);
    sqlite3_finalize(statement);
    if (code != SQLITE_DONE)
        return fail(store, ret_error, "cannot remove a reminder");
    return sqlite3_changes(store->db) ? STATUS_OK : STATUS_NOT_FOUND;
}

/* The earliest reminder due, left where it is. */
static bool find_due(struct store *store, int64_t now, struct reminder *reminder)
{
    sqlite3_stmt *statement;
    static const char sql[] = "SELECT id, kind, due, duration, name FROM reminder"
                              " WHERE due<=? ORDER BY due, id LIMIT 1";
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_int64(statement, 1, now);
    bool found = sqlite3_step(statement) == SQLITE_ROW;
    if (found)
        read_row(statement, reminder);
    sqlite3_finalize(statement);
    return found;
}

bool store_has_due(struct store *store, int64_t now)
{
    struct reminder reminder;
    return find_due(store, now, &reminder);
}

bool store_take_due(struct store *store, int64_t now, struct reminder *ret_reminder)
{
    return find_due(store, now, ret_reminder) &&
           store_remove(store, ret_reminder->id, NULL) == STATUS_OK;
}

/* ---- decisions ---- */

static void forget_old_decisions(struct store *store, int64_t newest)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(store->db, "DELETE FROM decision WHERE id<=?", -1, &statement, NULL) !=
        SQLITE_OK)
        return;
    sqlite3_bind_int64(statement, 1, newest - STORE_DECISIONS_MAX);
    sqlite3_step(statement);
    sqlite3_finalize(statement);
}

enum status store_add_decision(struct store *store, const char *json, struct error *ret_error)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(store->db, "INSERT INTO decision(json) VALUES(?)", -1, &statement,
                           NULL) != SQLITE_OK)
        return fail(store, ret_error, "cannot keep a decision");
    sqlite3_bind_text(statement, 1, json, -1, SQLITE_TRANSIENT);
    int code = sqlite3_step(statement);
    sqlite3_finalize(statement);
    if (code != SQLITE_DONE)
        return fail(store, ret_error, "cannot keep a decision");
    int64_t id = sqlite3_last_insert_rowid(store->db);
    if (id % 100 == 0)
        forget_old_decisions(store, id);
    return STATUS_OK;
}

enum status store_decision(struct store *store, int back, char **ret_json, struct error *ret_error)
{
    sqlite3_stmt *statement;
    char *json = NULL;
    if (sqlite3_prepare_v2(store->db, "SELECT json FROM decision ORDER BY id DESC LIMIT 1 OFFSET ?",
                           -1, &statement, NULL) != SQLITE_OK)
        return fail(store, ret_error, "cannot read decisions");
    sqlite3_bind_int(statement, 1, back - 1);
    bool found = back >= 1 && sqlite3_step(statement) == SQLITE_ROW;
    if (found)
        json = strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    if (!found)
        return error_set(ret_error, STATUS_NOT_FOUND, "%s: no turn %d turns back is known",
                         store->path, back);
    if (!json)
        return error_set(ret_error, STATUS_NO_MEMORY, "store: out of memory");
    *ret_json = json;
    return STATUS_OK;
}
