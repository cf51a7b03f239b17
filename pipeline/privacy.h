/* Privacy rules: what of a text may leave this device, and to whom. A pure function of the rules,
 * the name of the target and the text.
 *
 *     privacy_create(rules, count, &privacy, &error);
 *     privacy_judge(privacy, "cloud", text, &ruling, &error);
 *     if (ruling.verdict != PRIVACY_DENIED)
 *         send(ruling.text);                        with the secrets replaced, if there were any
 *     privacy_ruling_finish(&ruling);
 *
 * A rule matches a class of this table or a regular expression (PCRE2, letter case ignored):
 *
 *     names     words of the rule's list (the address book), whole names and their parts
 *     numbers   card, account and phone together; each is a class too
 *     health    words about illness, treatment and the body's state
 *     location  street addresses, post codes, coordinates, "I live at ..."
 *
 * Numbers are looked for both as they stand and with spoken or grouped digits joined ("four two
 * double one", "4242-1111"), so that the words of a recogniser are as well guarded as digits.
 * Rules are read from the top. A match that lies wholly inside a piece of text an earlier rule
 * decided about is passed over; of all other matches the strictest counts: deny, then redact. A
 * match replaced by redaction becomes its class in brackets: [number], [name], [health], [place],
 * [private]. An expression that gives up (its match limit) denies.
 *
 * Thread: any for judge (rules do not change); create and destroy: control. */
#ifndef LINNET_PIPELINE_PRIVACY_H
#define LINNET_PIPELINE_PRIVACY_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

enum { PRIVACY_RULES_MAX = 64, PRIVACY_RULE_BYTES = 96, PRIVACY_TEXT_BYTES_MAX = 1 << 20 };

enum privacy_action { PRIVACY_ALLOW, PRIVACY_REDACT, PRIVACY_DENY };

enum privacy_verdict { PRIVACY_ALLOWED, PRIVACY_REDACTED, PRIVACY_DENIED };

/* Strings are copied by create. */
struct privacy_rule {
    const char *match;          /* a class or an expression */
    enum privacy_action action; /* for every target that is not in `targets` */
    const char *const *targets; /* names of providers that may have it as it is */
    size_t target_count;        /* 0: none, it stays on the device */
    const char *const *words;   /* more words or names that match */
    size_t word_count;
    int line; /* in the configuration, 0 for none; told in rulings */
};

struct privacy_ruling {
    enum privacy_verdict verdict;
    int matches;                   /* how many pieces of the text rules decided about */
    char rule[PRIVACY_RULE_BYTES]; /* the strictest that matched, as "health (line 12)", or "" */
    char *text;                    /* what may be sent; NULL when denied */
};

struct privacy;

/* INVALID_ARGUMENT for an expression that does not compile (with its place), LIMIT for too many
 * rules. No rules allow everything. */
enum status privacy_create(const struct privacy_rule *rules, size_t count,
                           struct privacy **ret_privacy, struct error *ret_error);
void privacy_destroy(struct privacy *privacy);

/* A denial is a ruling, not an error. On an error (NO_MEMORY, LIMIT: the text is longer than
 * PRIVACY_TEXT_BYTES_MAX) nothing may be sent. */
enum status privacy_judge(const struct privacy *privacy, const char *target, const char *text,
                          struct privacy_ruling *ret_ruling, struct error *ret_error);

/* Does some rule keep or redact anything from this target? If not, what has no words yet (sound)
 * need not be judged. */
bool privacy_binds(const struct privacy *privacy, const char *target);

/* The `privacy:` section: a list of {match, action: deny|redact|allow, allow: NAME or [NAME...],
 * words: [...], file: PATH} (`allow: device` alone: to nobody). `file` holds a name a line, or is a
 * vCard file; a relative path starts at the folder of the configuration. `section` NULL: no rules.
 */
struct yaml_tree;
struct yaml_item;
enum status privacy_read(const struct yaml_tree *tree, const struct yaml_item *section,
                         const char *folder, struct privacy **ret_privacy, struct error *ret_error);

/* Accepts a zeroed ruling. The text is wiped. */
void privacy_ruling_finish(struct privacy_ruling *ruling);

/* "Keep this private", "stop being private", as they are said. */
enum privacy_wish { PRIVACY_NO_WISH, PRIVACY_WISH_ON, PRIVACY_WISH_OFF };
enum privacy_wish privacy_wish(const char *text);

#endif
