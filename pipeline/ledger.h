/* The ledger: what every turn cost, in tables of the SQLite file that the store keeps too, and caps
 * that cannot be passed.
 *
 *     ledger_reserve(ledger, &order, &id, &error);      before a byte is sent; LIMIT: too dear
 *     ledger_settle(ledger, id, &usage, latency, &error);    its usage is known
 *     ledger_release(ledger, id, &error);                    or nothing was sent at all
 *
 * A reservation holds the most that the turn can cost. It counts against the caps until it is
 * settled; one that is never settled (a crash, a lost connection) counts in full for ever. A turn
 * that was cancelled before its bill came is settled by an estimate that is rather high. So what
 * has been spent never passes a cap as long as the provider keeps to max_output_tokens; a bill
 * above the reservation is recorded as it is and marked.
 *
 * Money is whole micro-units (millionths) of the currency the prices are in, always rounded up.
 * Days begin at midnight in the user's zone. Several processes may share the file.
 *
 * Thread: mind, or any one thread. Errors carry the file's name and SQLite's reason. */
#ifndef LINNET_PIPELINE_LEDGER_H
#define LINNET_PIPELINE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "provider.h"
#include "status.h"

enum { LEDGER_NAME_BYTES = 64, LEDGER_PROVIDERS_MAX = 32 };
#define LEDGER_UNIT INT64_C(1000000)
#define LEDGER_NO_CAP INT64_C(-1)

/* Micro-units; zero is free of charge. */
struct ledger_price {
    int64_t input, cached, output;     /* per million tokens */
    int64_t audio_input, audio_output; /* per minute of sound */
};

/* Micro-units, LEDGER_NO_CAP for none. */
struct ledger_caps {
    int64_t per_turn, per_day; /* over all providers */
    int64_t provider_per_day;  /* of the one in question */
};

/* What the ledger is asked for before a turn leaves. One turn may reserve several times: a hedge, a
 * second provider, each round of tools. */
struct ledger_order {
    int64_t now; /* unix seconds */
    uint32_t turn;
    const char *session; /* turns of one number and session are one turn; a run's start will do */
    const char *provider;
    struct ledger_price price;
    struct ledger_caps caps;
    struct provider_usage most; /* see ledger_worst_case */
};

struct ledger;

/* `zone` as in zone.h. ":memory:" keeps nothing. */
enum status ledger_create(const char *path, const char *zone, struct ledger **ret_ledger,
                          struct error *ret_error);
void ledger_destroy(struct ledger *ledger);

/* LIMIT: a cap would be passed; the text says which one, in words fit to be spoken. Nothing is
 * written then. */
enum status ledger_reserve(struct ledger *ledger, const struct ledger_order *order, int64_t *ret_id,
                           struct error *ret_error);

/* Replace the reservation by what was really used. `latency_ms`: to the first token, negative when
 * none came. NOT_FOUND: no open reservation has this id. */
enum status ledger_settle(struct ledger *ledger, int64_t id, const struct provider_usage *usage,
                          int64_t latency_ms, struct error *ret_error);

/* The same for a turn that was cancelled and whose bill never comes: what it has likely used, see
 * ledger_cancelled. The report tells how much of it all is estimated. */
enum status ledger_settle_estimated(struct ledger *ledger, int64_t id,
                                    const struct provider_usage *usage, int64_t latency_ms,
                                    struct error *ret_error);

/* The turn never left this machine (no connection): it costs nothing. */
enum status ledger_release(struct ledger *ledger, int64_t id, struct error *ret_error);

/* A turn was answered here; `saved` is what the same turn would have cost at the provider that
 * comes first (ledger_cost of an estimate), for the break-even. */
enum status ledger_note_local(struct ledger *ledger, int64_t now, int64_t saved,
                              struct error *ret_error);

/* `count` connections to a provider were opened ahead of a request. */
enum status ledger_note_warm(struct ledger *ledger, int64_t now, const char *provider, int count,
                             struct error *ret_error);

/* What can still be spent now: the least over the caps, INT64_MAX without any. `provider` may be
 * NULL. */
int64_t ledger_left(struct ledger *ledger, int64_t now, const char *provider,
                    const struct ledger_caps *caps);

/* ---- arithmetic, pure ---- */

/* Rounded up to a micro-unit; INT64_MAX rather than an overflow. */
int64_t ledger_cost(const struct ledger_price *price, const struct provider_usage *usage);

/* The most that a turn can use: a token is a byte at the least, each message costs some more, and a
 * second of sound 50 tokens at the most. `sound_seconds`: length of the sound that is sent. Without
 * max_output_tokens an answer of 65536 is taken. */
struct provider_usage ledger_worst_case(const struct provider_turn *turn, double sound_seconds);

/* A likely use of the same turn: four bytes a token, ten tokens a second of sound, 60 tokens of
 * answer. */
struct provider_usage ledger_estimate(const struct provider_turn *turn, double sound_seconds);

/* What a turn that was sent has likely taken in: three bytes a token, where English has four. */
struct provider_usage ledger_sent(const struct provider_turn *turn, double sound_seconds);

/* What a turn has likely used that was cancelled `ran_ms` after it was asked: what was sent, and an
 * answer of a hundred tokens a second or of the `came` bytes that had come, the larger; each no
 * more than `most`. */
struct provider_usage ledger_cancelled(const struct provider_usage *sent,
                                       const struct provider_usage *most, int64_t ran_ms,
                                       size_t came);

/* Micro-units of an amount as the configuration holds it (0.50), rounded up; negative: no cap. */
int64_t ledger_micro(double amount);

/* "0.0523" for 52300: at least two decimals, no more than needed. */
void ledger_money_text(int64_t micro, char *text, size_t size);

/* Decimal text to micro-units ("0.50", "2", "1e-6" is refused); more than six decimals round up. */
enum status ledger_money_parse(const char *text, int64_t *ret_micro, struct error *ret_error);

/* ---- latencies ---- */

/* What was measured of providers outlives a run: the last HISTORY_SAMPLES of each kind stay.
 * `endpoint` tells whether it is still the same service; what was measured of another one under
 * this name goes. */
struct provider_history;

/* Write down the newest `first_tokens` and `round_trips` samples of a history. */
enum status ledger_keep_history(struct ledger *ledger, const char *provider, const char *endpoint,
                                const struct provider_history *history, int first_tokens,
                                int round_trips, struct error *ret_error);

/* Add what was kept, oldest first. */
enum status ledger_load_history(struct ledger *ledger, const char *provider, const char *endpoint,
                                struct provider_history *history, struct error *ret_error);

/* ---- report ---- */

struct ledger_line {
    char provider[LEDGER_NAME_BYTES]; /* "" for the sum of all */
    int64_t turns, spent, open;       /* open: reserved, not settled */
    int64_t estimated;                /* of what was spent: cancelled turns without a bill */
    int64_t input_tokens, cached_tokens, output_tokens;
    double input_seconds, output_seconds;
    int64_t latency_ms; /* mean to the first token, -1 for none */
    int64_t overruns;   /* bills above their reservation */
};

struct ledger_report {
    int day; /* yyyymmdd, local */
    struct ledger_line today, month;
    int64_t local_today, local_month;                   /* turns answered here */
    int64_t saved_today, saved_month;                   /* what those would have cost elsewhere */
    int64_t warmed_today, warmed_month;                 /* connections opened ahead */
    struct ledger_line providers[LEDGER_PROVIDERS_MAX]; /* of the month */
    int provider_count;
};

/* This month against sending everything out. */
struct ledger_break_even {
    int64_t everything;    /* what the month would have cost */
    int64_t saved;         /* of that, by answering here */
    int64_t gain;          /* saved less the device's own cost; negative: not yet paid for */
    int64_t turns_a_month; /* answered here, from which on the device pays; -1: unknown */
};

/* Pure. `device_per_month`: micro-units. */
struct ledger_break_even ledger_break_even(const struct ledger_report *report,
                                           int64_t device_per_month);

enum status ledger_report(struct ledger *ledger, int64_t now, struct ledger_report *ret_report,
                          struct error *ret_error);

#endif
