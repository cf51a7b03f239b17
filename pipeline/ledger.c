#include "ledger.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger_impl.h"
#include "zone.h"

/* One order may hold so much at the most; then sums over millions of lines cannot overflow. */
#define ORDER_MAX (INT64_C(1000000) * LEDGER_UNIT)

enum status ledger_fail(struct ledger *ledger, struct error *ret_error, const char *what)
{
    int code = sqlite3_errcode(ledger->db);
    enum status status = code == SQLITE_NOMEM    ? STATUS_NO_MEMORY
                         : code == SQLITE_NOTADB ? STATUS_FORMAT
                                                 : STATUS_IO;
    return error_set(ret_error, status, "%s: %s: %s", ledger->path, what,
                     sqlite3_errmsg(ledger->db));
}

static enum status prepare_schema(struct ledger *ledger, struct error *ret_error)
{
    /* synchronous=FULL: what was reserved is on the disk before a byte is sent. `counts` is what a
     * line weighs against the caps: the reservation, then the bill, nothing once released. */
    static const char schema[] =
        "PRAGMA busy_timeout=2000;"
        "PRAGMA journal_mode=WAL;"
        "PRAGMA synchronous=FULL;"
        "CREATE TABLE IF NOT EXISTS ledger_entry("
        " id INTEGER PRIMARY KEY, day INTEGER NOT NULL, at INTEGER NOT NULL,"
        " session TEXT NOT NULL, turn INTEGER NOT NULL, provider TEXT NOT NULL,"
        " state INTEGER NOT NULL, reserved INTEGER NOT NULL, counts INTEGER NOT NULL,"
        " price_input INTEGER NOT NULL, price_cached INTEGER NOT NULL,"
        " price_output INTEGER NOT NULL, price_audio_input INTEGER NOT NULL,"
        " price_audio_output INTEGER NOT NULL,"
        " input_tokens INTEGER NOT NULL DEFAULT 0, cached_tokens INTEGER NOT NULL DEFAULT 0,"
        " output_tokens INTEGER NOT NULL DEFAULT 0, input_seconds REAL NOT NULL DEFAULT 0,"
        " output_seconds REAL NOT NULL DEFAULT 0, latency_ms INTEGER);"
        "CREATE INDEX IF NOT EXISTS ledger_entry_day ON ledger_entry(day, provider);"
        "CREATE INDEX IF NOT EXISTS ledger_entry_turn ON ledger_entry(session, turn);"
        "CREATE TABLE IF NOT EXISTS ledger_local("
        " day INTEGER PRIMARY KEY, turns INTEGER NOT NULL, saved INTEGER NOT NULL);"
        "CREATE TABLE IF NOT EXISTS ledger_warm("
        " day INTEGER NOT NULL, provider TEXT NOT NULL, count INTEGER NOT NULL,"
        " PRIMARY KEY(day, provider));"
        "CREATE TABLE IF NOT EXISTS ledger_latency("
        " id INTEGER PRIMARY KEY, provider TEXT NOT NULL, endpoint TEXT NOT NULL,"
        " kind INTEGER NOT NULL, ms INTEGER NOT NULL);"
        "CREATE INDEX IF NOT EXISTS ledger_latency_of ON ledger_latency(provider, kind, id);";
    if (sqlite3_exec(ledger->db, schema, NULL, NULL, NULL) != SQLITE_OK)
        return ledger_fail(ledger, ret_error, "cannot prepare the ledger");
    return STATUS_OK;
}

enum status ledger_create(const char *path, const char *zone, struct ledger **ret_ledger,
                          struct error *ret_error)
{
    struct ledger *ledger = calloc(1, sizeof(*ledger));
    if (!ledger)
        return error_set(ret_error, STATUS_NO_MEMORY, "ledger: out of memory");
    snprintf(ledger->path, sizeof(ledger->path), "%s", path);
    snprintf(ledger->zone, sizeof(ledger->zone), "%s", zone);
    enum status status = STATUS_OK;
    if (sqlite3_open_v2(path, &ledger->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
        SQLITE_OK)
        status = ledger_fail(ledger, ret_error, "cannot open the ledger");
    if (status == STATUS_OK)
        status = prepare_schema(ledger, ret_error);
    if (status != STATUS_OK) {
        ledger_destroy(ledger);
        return status;
    }
    *ret_ledger = ledger;
    return STATUS_OK;
}

void ledger_destroy(struct ledger *ledger)
{
    if (!ledger)
        return;
    sqlite3_close(ledger->db);
    free(ledger);
}

int ledger_day(const struct ledger *ledger, int64_t now)
{
    struct tm local;
    zone_local_time(ledger->zone, now, &local, NULL); /* else UTC: still a day */
    return (local.tm_year + 1900) * 10000 + (local.tm_mon + 1) * 100 + local.tm_mday;
}

/* ---- sums ---- */

/* One number from a prepared statement, which is used up. */
static bool take_number(sqlite3_stmt *statement, int64_t *ret_number)
{
    bool ok = sqlite3_step(statement) == SQLITE_ROW;
    if (ok)
        *ret_number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return ok;
}

static bool sum_of_turn(struct ledger *ledger, const struct ledger_order *order, int64_t *ret_sum)
{
    static const char sql[] =
        "SELECT coalesce(sum(counts), 0) FROM ledger_entry WHERE session = ? AND turn = ?";
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_text(statement, 1, order->session, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(statement, 2, order->turn);
    return take_number(statement, ret_sum);
}

/* Of one provider, or of all for NULL. */
static bool sum_of_day(struct ledger *ledger, int day, const char *provider, int64_t *ret_sum)
{
    static const char sql[] = "SELECT coalesce(sum(counts), 0) FROM ledger_entry"
                              " WHERE day = ?1 AND (?2 IS NULL OR provider = ?2)";
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_int(statement, 1, day);
    if (provider)
        sqlite3_bind_text(statement, 2, provider, -1, SQLITE_TRANSIENT);
    return take_number(statement, ret_sum);
}

/* ---- reservations ---- */

static enum status check_cap(int64_t cap, int64_t spent, int64_t cost, const char *what,
                             struct error *ret_error)
{
    char text[32];
    if (cap < 0 || cost == 0 || (cost <= cap && spent <= cap - cost))
        return STATUS_OK;
    ledger_money_text(cap, text, sizeof(text));
    return error_set(ret_error, STATUS_LIMIT, "that could cost more than the budget of %s %s", text,
                     what);
}

static enum status check_caps(struct ledger *ledger, const struct ledger_order *order, int day,
                              int64_t cost, struct error *ret_error)
{
    int64_t turn, all, provider;
    char what[LEDGER_NAME_BYTES + 24];
    if (!sum_of_turn(ledger, order, &turn) || !sum_of_day(ledger, day, NULL, &all) ||
        !sum_of_day(ledger, day, order->provider, &provider))
        return ledger_fail(ledger, ret_error, "cannot add up what was spent");
    snprintf(what, sizeof(what), "a day for %s", order->provider);
    TRY(check_cap(ORDER_MAX, 0, cost, "that the ledger can hold", ret_error));
    TRY(check_cap(order->caps.per_turn, turn, cost, "a turn", ret_error));
    TRY(check_cap(order->caps.per_day, all, cost, "a day", ret_error));
    return check_cap(order->caps.provider_per_day, provider, cost, what, ret_error);
}

static void bind_price(sqlite3_stmt *statement, int at, const struct ledger_price *price)
{
    sqlite3_bind_int64(statement, at, price->input);
    sqlite3_bind_int64(statement, at + 1, price->cached);
    sqlite3_bind_int64(statement, at + 2, price->output);
    sqlite3_bind_int64(statement, at + 3, price->audio_input);
    sqlite3_bind_int64(statement, at + 4, price->audio_output);
}

static bool insert(struct ledger *ledger, const struct ledger_order *order, int day, int64_t cost)
{
    static const char sql[] = "INSERT INTO ledger_entry(day, at, session, turn, provider, state, "
                              "reserved, counts, price_input,"
                              " price_cached, price_output, price_audio_input, price_audio_output)"
                              " VALUES(?1, ?2, ?3, ?4, ?5, 0, ?6, ?6, ?7, ?8, ?9, ?10, ?11)";
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_int(statement, 1, day);
    sqlite3_bind_int64(statement, 2, order->now);
    sqlite3_bind_text(statement, 3, order->session, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(statement, 4, order->turn);
    sqlite3_bind_text(statement, 5, order->provider, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(statement, 6, cost);
    bind_price(statement, 7, &order->price);
    bool ok = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_finalize(statement);
    return ok;
}

static enum status reserve(struct ledger *ledger, const struct ledger_order *order, int64_t *ret_id,
                           struct error *ret_error)
{
    int day = ledger_day(ledger, order->now);
    int64_t cost = ledger_cost(&order->price, &order->most);
    TRY(check_caps(ledger, order, day, cost, ret_error));
    if (!insert(ledger, order, day, cost))
        return ledger_fail(ledger, ret_error, "cannot reserve");
    *ret_id = sqlite3_last_insert_rowid(ledger->db);
    return STATUS_OK;
}

enum status ledger_reserve(struct ledger *ledger, const struct ledger_order *order, int64_t *ret_id,
                           struct error *ret_error)
{
    int64_t id = 0;
    /* From here on no other process can spend, so that the sums still hold at the insert. */
    if (sqlite3_exec(ledger->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return ledger_fail(ledger, ret_error, "cannot begin");
    enum status status = reserve(ledger, order, &id, ret_error);
    if (status == STATUS_OK && sqlite3_exec(ledger->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        status = ledger_fail(ledger, ret_error, "cannot keep the reservation");
    if (status == STATUS_OK)
        *ret_id = id;
    else
        sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* ---- bills ---- */

static enum status find_price(struct ledger *ledger, int64_t id, struct ledger_price *ret_price,
                              struct error *ret_error)
{
    static const char sql[] =
        "SELECT price_input, price_cached, price_output, price_audio_input, price_audio_output"
        " FROM ledger_entry WHERE id = ? AND state = 0";
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return ledger_fail(ledger, ret_error, "cannot find a reservation");
    sqlite3_bind_int64(statement, 1, id);
    int step = sqlite3_step(statement);
    if (step == SQLITE_ROW)
        *ret_price = (struct ledger_price){
            sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1),
            sqlite3_column_int64(statement, 2), sqlite3_column_int64(statement, 3),
            sqlite3_column_int64(statement, 4)};
    sqlite3_finalize(statement);
    if (step == SQLITE_DONE)
        return error_set(ret_error, STATUS_NOT_FOUND, "%s: no open reservation %lld", ledger->path,
                         (long long)id);
    return step == SQLITE_ROW ? STATUS_OK
                              : ledger_fail(ledger, ret_error, "cannot find a reservation");
}

static void bind_usage(sqlite3_stmt *statement, int at, const struct provider_usage *usage)
{
    sqlite3_bind_int64(statement, at, usage->input_tokens);
    sqlite3_bind_int64(statement, at + 1, usage->cached_tokens);
    sqlite3_bind_int64(statement, at + 2, usage->output_tokens);
    sqlite3_bind_double(statement, at + 3, usage->input_seconds);
    sqlite3_bind_double(statement, at + 4, usage->output_seconds);
}

/* Money beyond ORDER_MAX is no bill but a mistake of the sender; it is kept as that much. */
static int64_t bill_of(const struct ledger_price *price, const struct provider_usage *usage)
{
    int64_t cost = ledger_cost(price, usage);
    return cost < ORDER_MAX ? cost : ORDER_MAX;
}

static enum status close_entry(struct ledger *ledger, int64_t id, enum ledger_state state,
                               int64_t cost, const struct provider_usage *usage, int64_t latency_ms,
                               struct error *ret_error)
{
    static const char sql[] =
        "UPDATE ledger_entry SET state = ?2, counts = ?3, input_tokens = ?4, cached_tokens = ?5,"
        " output_tokens = ?6, input_seconds = ?7, output_seconds = ?8, latency_ms = ?9"
        " WHERE id = ?1 AND state = 0";
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return ledger_fail(ledger, ret_error, "cannot settle");
    sqlite3_bind_int64(statement, 1, id);
    sqlite3_bind_int(statement, 2, state);
    sqlite3_bind_int64(statement, 3, cost);
    bind_usage(statement, 4, usage);
    if (latency_ms >= 0)
        sqlite3_bind_int64(statement, 9, latency_ms);
    int step = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return step == SQLITE_DONE ? STATUS_OK : ledger_fail(ledger, ret_error, "cannot settle");
}

static enum status close_as(struct ledger *ledger, int64_t id, enum ledger_state state,
                            const struct provider_usage *usage, int64_t latency_ms,
                            struct error *ret_error)
{
    struct ledger_price price;
    TRY(find_price(ledger, id, &price, ret_error));
    return close_entry(ledger, id, state, bill_of(&price, usage), usage, latency_ms, ret_error);
}

enum status ledger_settle(struct ledger *ledger, int64_t id, const struct provider_usage *usage,
                          int64_t latency_ms, struct error *ret_error)
{
    return close_as(ledger, id, LEDGER_SETTLED, usage, latency_ms, ret_error);
}

enum status ledger_settle_estimated(struct ledger *ledger, int64_t id,
                                    const struct provider_usage *usage, int64_t latency_ms,
                                    struct error *ret_error)
{
    return close_as(ledger, id, LEDGER_ESTIMATED, usage, latency_ms, ret_error);
}

enum status ledger_release(struct ledger *ledger, int64_t id, struct error *ret_error)
{
    static const struct provider_usage nothing = {0};
    struct ledger_price price;
    TRY(find_price(ledger, id, &price, ret_error));
    return close_entry(ledger, id, LEDGER_RELEASED, 0, &nothing, -1, ret_error);
}

enum status ledger_note_local(struct ledger *ledger, int64_t now, int64_t saved,
                              struct error *ret_error)
{
    static const char sql[] =
        "INSERT INTO ledger_local(day, turns, saved) VALUES(?1, 1, ?2)"
        " ON CONFLICT(day) DO UPDATE SET turns = turns + 1, saved = saved + ?2";
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return ledger_fail(ledger, ret_error, "cannot count a turn");
    sqlite3_bind_int(statement, 1, ledger_day(ledger, now));
    sqlite3_bind_int64(statement, 2, saved < ORDER_MAX ? saved : ORDER_MAX);
    int step = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return step == SQLITE_DONE ? STATUS_OK : ledger_fail(ledger, ret_error, "cannot count a turn");
}

enum status ledger_note_warm(struct ledger *ledger, int64_t now, const char *provider, int count,
                             struct error *ret_error)
{
    static const char sql[] = "INSERT INTO ledger_warm(day, provider, count) VALUES(?1, ?2, ?3)"
                              " ON CONFLICT(day, provider) DO UPDATE SET count = count + ?3";
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return ledger_fail(ledger, ret_error, "cannot count a connection");
    sqlite3_bind_int(statement, 1, ledger_day(ledger, now));
    sqlite3_bind_text(statement, 2, provider, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(statement, 3, count);
    int step = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return step == SQLITE_DONE ? STATUS_OK
                               : ledger_fail(ledger, ret_error, "cannot count a connection");
}

static int64_t left_of(int64_t cap, int64_t spent)
{
    if (cap < 0)
        return INT64_MAX;
    return cap > spent ? cap - spent : 0;
}

int64_t ledger_left(struct ledger *ledger, int64_t now, const char *provider,
                    const struct ledger_caps *caps)
{
    int64_t all = 0, own = 0;
    int day = ledger_day(ledger, now);
    if (!sum_of_day(ledger, day, NULL, &all) ||
        (provider && !sum_of_day(ledger, day, provider, &own)))
        return 0;
    int64_t left = left_of(caps->per_turn, 0);
    int64_t of_day = left_of(caps->per_day, all);
    int64_t of_provider = provider ? left_of(caps->provider_per_day, own) : INT64_MAX;
    left = of_day < left ? of_day : left;
    return of_provider < left ? of_provider : left;
}
