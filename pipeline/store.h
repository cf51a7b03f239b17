/* What must survive a power cut: timers, alarms and why turns were routed, in one SQLite file.
 *
 * Thread: one at a time (the mind worker owns the store). Errors carry the file's name and SQLite's
 * reason. */
#ifndef LINNET_PIPELINE_STORE_H
#define LINNET_PIPELINE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

enum reminder_kind { REMINDER_TIMER, REMINDER_ALARM };

enum { REMINDER_NAME_BYTES = 64, REMINDERS_MAX = 64 };

struct reminder {
    int64_t id;
    enum reminder_kind kind;
    int64_t due;     /* unix seconds */
    double duration; /* seconds asked for; timers only */
    char name[REMINDER_NAME_BYTES];
};

struct store;

/* Open or create the store; ":memory:" keeps nothing. Every change is on the disk when the call
 * returns. */
enum status store_create(const char *path, struct store **ret_store, struct error *ret_error);
void store_destroy(struct store *store);

/* Add a reminder (its id is given by the store). STATUS_LIMIT above REMINDERS_MAX of them. */
enum status store_add(struct store *store, const struct reminder *reminder,
                      struct error *ret_error);

/* Reminders of a kind, soonest first; `name` narrows to one name ("" = all). Returns how many were
 * written. */
int store_list(struct store *store, enum reminder_kind kind, const char *name,
               struct reminder *ret_list, int max);

enum status store_remove(struct store *store, int64_t id, struct error *ret_error);

/* Is a reminder due at or before `now`? */
bool store_has_due(struct store *store, int64_t now);

/* Take the earliest reminder due at or before `now` out of the store; false when none is due. */
bool store_take_due(struct store *store, int64_t now, struct reminder *ret_reminder);

/* Decisions of the router, as json_decision.h writes them; the last STORE_DECISIONS_MAX stay. */
enum { STORE_DECISIONS_MAX = 2000 };

enum status store_add_decision(struct store *store, const char *json, struct error *ret_error);

/* The decision `back` turns ago, 1 for the last; free() it. NOT_FOUND: there are not so many. */
enum status store_decision(struct store *store, int back, char **ret_json, struct error *ret_error);

#endif
