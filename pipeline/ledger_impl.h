/* What the two halves of the ledger share: writing (ledger.c) and reading (ledger_report.c).
 * Thread: as in ledger.h. */
#ifndef LINNET_PIPELINE_LEDGER_IMPL_H
#define LINNET_PIPELINE_LEDGER_IMPL_H

#include "ledger.h"

struct sqlite3;

struct ledger {
    struct sqlite3 *db;
    char path[256];
    char zone[64];
};

/* What became of a line. Released ones cost nothing. */
enum ledger_state { LEDGER_OPEN, LEDGER_SETTLED, LEDGER_RELEASED, LEDGER_ESTIMATED };

/* yyyymmdd in the user's zone. */
int ledger_day(const struct ledger *ledger, int64_t now);

enum status ledger_fail(struct ledger *ledger, struct error *ret_error, const char *what);

#endif
