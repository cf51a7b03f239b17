#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "ledger_impl.h"

/* Lines from `first` to `last` day; a provider's or, for the empty group, all of them. */
static const char line_sql[] =
    "SELECT provider, count(DISTINCT session || ' ' || turn),"
    " sum(counts), coalesce(sum(CASE WHEN state = 0 THEN counts END), 0),"
    " sum(input_tokens), sum(cached_tokens), sum(output_tokens),"
    " sum(input_seconds), sum(output_seconds),"
    " coalesce(round(avg(latency_ms)), -1), sum(counts > reserved),"
    " coalesce(sum(CASE WHEN state = 3 THEN counts END), 0)"
    " FROM ledger_entry WHERE day BETWEEN ?1 AND ?2 AND state <> 2";

static void read_line(sqlite3_stmt *statement, bool is_sum, struct ledger_line *ret_line)
{
    const char *name = (const char *)sqlite3_column_text(statement, 0);
    *ret_line = (struct ledger_line){
        .turns = sqlite3_column_int64(statement, 1),
        .spent = sqlite3_column_int64(statement, 2),
        .open = sqlite3_column_int64(statement, 3),
        .input_tokens = sqlite3_column_int64(statement, 4),
        .cached_tokens = sqlite3_column_int64(statement, 5),
        .output_tokens = sqlite3_column_int64(statement, 6),
        .input_seconds = sqlite3_column_double(statement, 7),
        .output_seconds = sqlite3_column_double(statement, 8),
        .latency_ms = sqlite3_column_int64(statement, 9),
        .overruns = sqlite3_column_int64(statement, 10),
        .estimated = sqlite3_column_int64(statement, 11),
    };
    snprintf(ret_line->provider, sizeof(ret_line->provider), "%s", is_sum || !name ? "" : name);
}

static enum status sum_days(struct ledger *ledger, int first, int last,
                            struct ledger_line *ret_line, struct error *ret_error)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(ledger->db, line_sql, -1, &statement, NULL) != SQLITE_OK)
        return ledger_fail(ledger, ret_error, "cannot add up");
    sqlite3_bind_int(statement, 1, first);
    sqlite3_bind_int(statement, 2, last);
    bool ok = sqlite3_step(statement) == SQLITE_ROW;
    if (ok)
        read_line(statement, true, ret_line);
    sqlite3_finalize(statement);
    return ok ? STATUS_OK : ledger_fail(ledger, ret_error, "cannot add up");
}

static enum status list_providers(struct ledger *ledger, int first, int last,
                                  struct ledger_report *report, struct error *ret_error)
{
    char sql[sizeof(line_sql) + 64];
    sqlite3_stmt *statement;
    snprintf(sql, sizeof(sql), "%s GROUP BY provider ORDER BY 3 DESC, 1 LIMIT %d", line_sql,
             LEDGER_PROVIDERS_MAX);
    if (sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return ledger_fail(ledger, ret_error, "cannot list providers");
    sqlite3_bind_int(statement, 1, first);
    sqlite3_bind_int(statement, 2, last);
    int step;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW)
        read_line(statement, false, &report->providers[report->provider_count++]);
    sqlite3_finalize(statement);
    return step == SQLITE_DONE ? STATUS_OK
                               : ledger_fail(ledger, ret_error, "cannot list providers");
}

static enum status sum_warm(struct ledger *ledger, int first, int last, int64_t *ret_count,
                            struct error *ret_error)
{
    static const char sql[] =
        "SELECT coalesce(sum(count), 0) FROM ledger_warm WHERE day BETWEEN ? AND ?";
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return ledger_fail(ledger, ret_error, "cannot add up connections");
    sqlite3_bind_int(statement, 1, first);
    sqlite3_bind_int(statement, 2, last);
    bool ok = sqlite3_step(statement) == SQLITE_ROW;
    if (ok)
        *ret_count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return ok ? STATUS_OK : ledger_fail(ledger, ret_error, "cannot add up connections");
}

static enum status sum_local(struct ledger *ledger, int first, int last, int64_t *ret_turns,
                             int64_t *ret_saved, struct error *ret_error)
{
    static const char sql[] =
        "SELECT coalesce(sum(turns), 0), coalesce(sum(saved), 0) FROM ledger_local"
        " WHERE day BETWEEN ? AND ?";
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return ledger_fail(ledger, ret_error, "cannot add up local turns");
    sqlite3_bind_int(statement, 1, first);
    sqlite3_bind_int(statement, 2, last);
    bool ok = sqlite3_step(statement) == SQLITE_ROW;
    if (ok) {
        *ret_turns = sqlite3_column_int64(statement, 0);
        *ret_saved = sqlite3_column_int64(statement, 1);
    }
    sqlite3_finalize(statement);
    return ok ? STATUS_OK : ledger_fail(ledger, ret_error, "cannot add up local turns");
}

enum status ledger_report(struct ledger *ledger, int64_t now, struct ledger_report *ret_report,
                          struct error *ret_error)
{
    struct ledger_report report = {.day = ledger_day(ledger, now)};
    int day = report.day, first = day / 100 * 100;
    TRY(sum_days(ledger, day, day, &report.today, ret_error));
    TRY(sum_days(ledger, first, first + 99, &report.month, ret_error));
    TRY(sum_local(ledger, day, day, &report.local_today, &report.saved_today, ret_error));
    TRY(sum_local(ledger, first, first + 99, &report.local_month, &report.saved_month, ret_error));
    TRY(sum_warm(ledger, day, day, &report.warmed_today, ret_error));
    TRY(sum_warm(ledger, first, first + 99, &report.warmed_month, ret_error));
    TRY(list_providers(ledger, first, first + 99, &report, ret_error));
    *ret_report = report;
    return STATUS_OK;
}
