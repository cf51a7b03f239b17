/* What was said in a conversation, for whom it has to be said again: the messages of a turn, which
 * grow by calls and results, and a mirror of what a server has been told.
 *
 * A mirror keeps no text, only a digest of each message in the order in which the server knows
 * them; by it a turn's messages are cut into what the server knows and what is new to it.
 *
 * Thread: one at a time. */
#ifndef LINNET_NET_PROVIDER_PAST_H
#define LINNET_NET_PROVIDER_PAST_H

#include "provider.h"

enum { HISTORY_MESSAGES_MAX = 4096 };

/* Messages with strings of its own. */
struct history {
    struct provider_message *messages;
    size_t count;
    size_t capacity;
};

/* Append a copy; NULL strings become "". LIMIT, NO_MEMORY. */
enum status history_add(struct history *history, const struct provider_message *message);

/* Forget all messages; accepts a zeroed history. */
void history_finish(struct history *history);

/* Name of the tool called under this id, "" when there is none. */
const char *history_tool_name(const struct history *history, const char *call_id);

struct mirror_item {
    enum provider_role role;
    uint64_t digest;
    bool any; /* equal to every message of this role: the server has the sound itself */
    char id[PROVIDER_NAME_BYTES];
};

struct mirror {
    struct mirror_item *items;
    size_t count;
    size_t capacity;
};

/* Accepts a zeroed mirror. */
void mirror_finish(struct mirror *mirror);

/* The server has been told `message`, known to it as `id` (NULL: unknown). NO_MEMORY, LIMIT. */
enum status mirror_add(struct mirror *mirror, const struct provider_message *message,
                       const char *id);

/* The last item of this role is equal to every message of it, or, !any, to none. */
void mirror_trust(struct mirror *mirror, enum provider_role role, bool any);

/* Forget all but the first `count`. */
void mirror_cut(struct mirror *mirror, size_t count);

/* How many of the first messages the server knows in this order. */
size_t mirror_match(const struct mirror *mirror, const struct provider_message *messages,
                    size_t count);

/* A digest (FNV-1a) of texts, one after the other, to see whether they changed; start at 0. NULL is
 * another text than "". */
uint64_t digest_text(uint64_t digest, const char *text);

#endif
