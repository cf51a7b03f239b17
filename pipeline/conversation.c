#include "conversation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strbuf.h"
#include "zone.h"

enum {
    BYTES_A_TOKEN = 4,
    MESSAGE_TOKENS = 8,   /* around each message */
    SUMMARY_SHARE = 4,    /* of the budget, one part in four */
    SUMMARY_EXCERPT = 80, /* bytes of a request or an answer */
    SUMMARY_BYTES_MAX = 8192,
};

struct item {
    enum provider_role role;
    bool begins; /* a turn */
    bool is_private;
    bool is_answer; /* the last of its turn */
    char *text, *name, *call_id;
};

struct conversation {
    struct conversation_config config;
    struct item item[CONVERSATION_MESSAGES_MAX]; /* oldest first */
    size_t count;
    int64_t last; /* when something was said */
    bool has_last;
    struct provider_message view[CONVERSATION_MESSAGES_MAX + 1];
    struct strbuf summary;
};

static enum status out_of_memory(struct error *ret_error)
{
    return error_set(ret_error, STATUS_NO_MEMORY, "conversation: out of memory");
}

enum status conversation_create(const struct conversation_config *config,
                                struct conversation **ret_conversation, struct error *ret_error)
{
    struct conversation *conversation = calloc(1, sizeof(*conversation));
    if (!conversation)
        return out_of_memory(ret_error);
    conversation->config = *config;
    strbuf_init(&conversation->summary, SUMMARY_BYTES_MAX);
    *ret_conversation = conversation;
    return STATUS_OK;
}

static void finish_item(struct item *item)
{
    free(item->text);
    free(item->name);
    free(item->call_id);
    *item = (struct item){0};
}

void conversation_forget(struct conversation *conversation)
{
    for (size_t i = 0; i < conversation->count; i++)
        finish_item(&conversation->item[i]);
    conversation->count = 0;
}

void conversation_destroy(struct conversation *conversation)
{
    if (!conversation)
        return;
    conversation_forget(conversation);
    strbuf_finish(&conversation->summary);
    free(conversation);
}

/* ---- what is said ---- */

/* Bytes of `text` that end with a whole character, `most` of them at the most. */
static size_t cut_length(const char *text, size_t most)
{
    size_t n = strnlen(text, most + 1);
    if (n <= most)
        return n;
    n = most;
    while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    return n;
}

static bool copy_text(const char *text, char **ret_copy)
{
    *ret_copy = text ? strndup(text, cut_length(text, CONVERSATION_TEXT_BYTES - 1)) : NULL;
    return !text || *ret_copy;
}

static void drop(struct conversation *c, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++)
        finish_item(&c->item[i]);
    memmove(&c->item[first], &c->item[first + count],
            (c->count - first - count) * sizeof(c->item[0]));
    c->count -= count;
}

/* Where the turn after the one at `first` begins. */
static size_t next_turn(const struct conversation *c, size_t first)
{
    size_t i = first + 1;
    while (i < c->count && !c->item[i].begins)
        i++;
    return i;
}

static size_t open_turn(const struct conversation *c)
{
    size_t i = c->count;
    while (i > 0 && !c->item[i - 1].begins)
        i--;
    return i ? i - 1 : 0;
}

/* Takes `item` over. */
static enum status append(struct conversation *c, const struct item *item, struct error *ret_error)
{
    if (c->count == CONVERSATION_MESSAGES_MAX && next_turn(c, 0) < c->count)
        drop(c, 0, next_turn(c, 0));
    if (c->count == CONVERSATION_MESSAGES_MAX) {
        struct item own = *item;
        finish_item(&own);
        return error_set(ret_error, STATUS_LIMIT, "conversation: a turn of more than %d messages",
                         CONVERSATION_MESSAGES_MAX);
    }
    c->item[c->count++] = *item;
    return STATUS_OK;
}

static enum status append_text(struct conversation *c, struct item item, const char *text,
                               struct error *ret_error)
{
    if (!copy_text(text, &item.text))
        return out_of_memory(ret_error);
    return append(c, &item, ret_error);
}

enum status conversation_ask(struct conversation *c, int64_t now, const char *text, bool is_private,
                             struct error *ret_error)
{
    bool is_stale =
        c->has_last && c->config.forget_after_s > 0 && now - c->last > c->config.forget_after_s;
    if (is_stale)
        conversation_forget(c);
    const struct item item = {.role = PROVIDER_USER, .begins = true, .is_private = is_private};
    TRY(append_text(c, item, text, ret_error));
    c->last = now;
    c->has_last = true;
    return STATUS_OK;
}

static enum status check_open(const struct conversation *c, struct error *ret_error)
{
    if (c->count > 0)
        return STATUS_OK;
    return error_set(ret_error, STATUS_INVALID_ARGUMENT, "conversation: nothing was asked");
}

enum status conversation_answer(struct conversation *c, const char *text, struct error *ret_error)
{
    TRY(check_open(c, ret_error));
    if (c->item[c->count - 1].is_answer)
        drop(c, c->count - 1, 1);
    const struct item item = {.role = PROVIDER_ASSISTANT,
                              .is_private = c->item[open_turn(c)].is_private,
                              .is_answer = true};
    return append_text(c, item, text, ret_error);
}

static enum status append_tool(struct conversation *c, enum provider_role role, const char *call_id,
                               const char *name, const char *text, struct error *ret_error)
{
    struct item item = {.role = role, .is_private = c->item[open_turn(c)].is_private};
    if (!copy_text(call_id, &item.call_id) || !copy_text(name, &item.name) ||
        !copy_text(text, &item.text)) {
        finish_item(&item);
        return out_of_memory(ret_error);
    }
    return append(c, &item, ret_error);
}

enum status conversation_tool(struct conversation *c, const char *call_id, const char *name,
                              const char *arguments, const char *result, struct error *ret_error)
{
    TRY(check_open(c, ret_error));
    TRY(append_tool(c, PROVIDER_TOOL_CALL, call_id, name, arguments, ret_error));
    return append_tool(c, PROVIDER_TOOL_RESULT, call_id, NULL, result, ret_error);
}

/* ---- what is shown ---- */

static long item_tokens(const struct item *item)
{
    size_t bytes = strlen(item->text) + (item->name ? strlen(item->name) : 0);
    return MESSAGE_TOKENS + (long)(bytes + BYTES_A_TOKEN - 1) / BYTES_A_TOKEN;
}

static long turn_tokens(const struct conversation *c, size_t first)
{
    long tokens = 0;
    for (size_t i = first; i < next_turn(c, first); i++)
        tokens += item_tokens(&c->item[i]);
    return tokens;
}

/* The oldest turn from which on everything fits into `budget`; the open turn always does. */
static size_t first_that_fits(const struct conversation *c, long budget)
{
    size_t best = open_turn(c);
    budget -= turn_tokens(c, best);
    for (size_t first = best; first > 0 && budget >= 0;) {
        size_t before = first - 1;
        while (before > 0 && !c->item[before].begins)
            before--;
        if (!c->item[before].is_private)
            budget -= turn_tokens(c, before);
        first = before;
        best = budget >= 0 ? before : best;
    }
    return best;
}

static void append_excerpt(struct strbuf *out, const char *before, const char *text)
{
    size_t n = cut_length(text, SUMMARY_EXCERPT);
    strbuf_append(out, before);
    strbuf_append_bytes(out, text, n);
    strbuf_append(out, text[n] ? " ...\"" : "\"");
}

/* "asked "X", answered "Y"" for the turn at `first`. */
static void append_turn(const struct conversation *c, size_t first, struct strbuf *out)
{
    size_t end = next_turn(c, first);
    append_excerpt(out, "\nThe user asked \"", c->item[first].text);
    if (c->item[end - 1].is_answer)
        append_excerpt(out, " and heard \"", c->item[end - 1].text);
    strbuf_append(out, ".");
}

/* Turns before `end`, the newest of them that fit. */
static void summarise(struct conversation *c, size_t end, size_t bytes)
{
    struct strbuf line;
    size_t used = 0, first = end;
    strbuf_init(&line, SUMMARY_BYTES_MAX);
    for (size_t i = end; i > 0;) {
        for (i--; i > 0 && !c->item[i].begins;)
            i--;
        strbuf_clear(&line);
        append_turn(c, i, &line);
        used += c->item[i].is_private ? 0 : line.length;
        if (used > bytes)
            break;
        first = i;
    }
    strbuf_finish(&line);
    strbuf_clear(&c->summary);
    for (size_t i = first; i < end; i = next_turn(c, i)) {
        if (!c->item[i].is_private)
            append_turn(c, i, &c->summary);
    }
}

static void show(struct conversation *c, size_t from, struct conversation_view *ret_view)
{
    size_t count = 0, open = open_turn(c);
    bool summarised = *strbuf_text(&c->summary) != '\0';
    if (summarised)
        c->view[count++] =
            (struct provider_message){.role = PROVIDER_USER, .text = strbuf_text(&c->summary)};
    for (size_t i = from; i < c->count; i++) {
        const struct item *item = &c->item[i];
        if (item->is_private && i < open)
            continue;
        c->view[count++] = (struct provider_message){
            .role = item->role, .text = item->text, .name = item->name, .call_id = item->call_id};
    }
    *ret_view = (struct conversation_view){c->view, count, summarised};
}

enum status conversation_view(struct conversation *c, struct conversation_view *ret_view,
                              struct error *ret_error)
{
    TRY(check_open(c, ret_error));
    long budget = c->config.budget_tokens;
    size_t from = first_that_fits(c, budget);
    strbuf_clear(&c->summary);
    if (from > 0) {
        from = first_that_fits(c, budget - budget / SUMMARY_SHARE);
        summarise(c, from, (size_t)(budget / SUMMARY_SHARE) * BYTES_A_TOKEN);
    }
    if (*strbuf_text(&c->summary)) {
        char *lines = strbuf_take(&c->summary);
        if (!lines)
            return out_of_memory(ret_error);
        strbuf_append(&c->summary, "Earlier in this conversation:");
        strbuf_append(&c->summary, lines);
        free(lines);
    }
    if (strbuf_status(&c->summary) != STATUS_OK)
        return out_of_memory(ret_error);
    show(c, from, ret_view);
    return STATUS_OK;
}

enum status conversation_instructions(const char *zone, int64_t now, char **ret_text,
                                      struct error *ret_error)
{
    struct tm local;
    char when[64];
    struct strbuf text;
    zone_local_time(zone, now, &local, NULL); /* else UTC */
    strftime(when, sizeof(when), "%A, %d %B %Y", &local);
    strbuf_init(&text, CONVERSATION_TEXT_BYTES);
    strbuf_append(
        &text, "You are Linnet, a voice assistant. Your answer is spoken aloud: one to three short "
               "sentences of plain words, no lists, no markup, no links. Say so when you do not "
               "know. Timers, alarms, volume, sums and units are done by the tools; their "
               "arguments are the user's own words. Words in [brackets] were hidden to protect "
               "the user; do not ask for them.");
    strbuf_format(&text, " Today is %s; the time of day is told by the tool get_time.", when);
    char *copy = strbuf_take(&text);
    strbuf_finish(&text);
    if (!copy)
        return out_of_memory(ret_error);
    *ret_text = copy;
    return STATUS_OK;
}
