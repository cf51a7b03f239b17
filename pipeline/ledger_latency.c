#include <sqlite3.h>

#include "latency_history.h"
#include "ledger_impl.h"

enum latency_kind { LATENCY_FIRST_TOKEN, LATENCY_ROUND_TRIP };

/* Run a statement with the provider as ?1, the endpoint as ?2, the kind as ?3 and a number as ?4.
 */
static bool run(struct ledger *ledger, const char *sql, const char *provider, const char *endpoint,
                int kind, int64_t number)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_text(statement, 1, provider, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(statement, 2, endpoint, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(statement, 3, kind);
    sqlite3_bind_int64(statement, 4, number);
    bool ok = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_finalize(statement);
    return ok;
}

/* ---- writing ---- */

static bool add(struct ledger *ledger, const char *provider, const char *endpoint, int kind,
                const struct history_ring *ring, int count)
{
    static const char insert[] =
        "INSERT INTO ledger_latency(provider, endpoint, kind, ms) VALUES(?1, ?2, ?3, ?4)";
    static const char prune[] =
        "DELETE FROM ledger_latency WHERE provider = ?1 AND (endpoint <> ?2 OR kind = ?3 AND id NOT"
        " IN (SELECT id FROM ledger_latency WHERE provider = ?1 AND kind = ?3 AND endpoint = ?2"
        " ORDER BY id DESC LIMIT ?4))";
    count = count < ring->count ? count : ring->count;
    for (int back = count - 1; back >= 0; back--) {
        if (!run(ledger, insert, provider, endpoint, kind, history_sample(ring, back)))
            return false;
    }
    return count == 0 || run(ledger, prune, provider, endpoint, kind, HISTORY_SAMPLES);
}

enum status ledger_keep_history(struct ledger *ledger, const char *provider, const char *endpoint,
                                const struct provider_history *history, int first_tokens,
                                int round_trips, struct error *ret_error)
{
    if (first_tokens + round_trips == 0)
        return STATUS_OK;
    if (sqlite3_exec(ledger->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return ledger_fail(ledger, ret_error, "cannot begin");
    bool ok =
        add(ledger, provider, endpoint, LATENCY_FIRST_TOKEN, &history->first_token, first_tokens) &&
        add(ledger, provider, endpoint, LATENCY_ROUND_TRIP, &history->round_trip, round_trips) &&
        sqlite3_exec(ledger->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
    if (ok)
        return STATUS_OK;
    enum status status = ledger_fail(ledger, ret_error, "cannot keep latencies");
    sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* ---- reading ---- */

/* A hostile file cannot add more than a ring holds: the newest rows are read, oldest first. */
static const char select_sql[] =
    "SELECT kind, ms FROM (SELECT id, kind, ms FROM ledger_latency WHERE provider = ?1 AND"
    " endpoint = ?2 AND kind = ?3 ORDER BY id DESC LIMIT ?4) ORDER BY id";

static bool load(struct ledger *ledger, const char *provider, const char *endpoint, int kind,
                 struct provider_history *history)
{
    sqlite3_stmt *statement;
    int step;
    if (sqlite3_prepare_v2(ledger->db, select_sql, -1, &statement, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_text(statement, 1, provider, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(statement, 2, endpoint, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(statement, 3, kind);
    sqlite3_bind_int(statement, 4, HISTORY_SAMPLES);
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t ms = sqlite3_column_int64(statement, 1);
        if (kind == LATENCY_FIRST_TOKEN)
            history_add_first_token(history, ms);
        else
            history_add_round_trip(history, ms);
    }
    sqlite3_finalize(statement);
    return step == SQLITE_DONE;
}

enum status ledger_load_history(struct ledger *ledger, const char *provider, const char *endpoint,
                                struct provider_history *history, struct error *ret_error)
{
    bool ok = load(ledger, provider, endpoint, LATENCY_FIRST_TOKEN, history) &&
              load(ledger, provider, endpoint, LATENCY_ROUND_TRIP, history);
    return ok ? STATUS_OK : ledger_fail(ledger, ret_error, "cannot read latencies");
}
