#include "provider_past.h"

#include <stdlib.h>
#include <string.h>

enum { GROWTH = 16 };

/* Room for one more element of `size` bytes. */
static enum status grow(void **elements, size_t size, size_t count, size_t *capacity)
{
    if (count < *capacity)
        return STATUS_OK;
    if (count >= HISTORY_MESSAGES_MAX)
        return STATUS_LIMIT;
    void *more = realloc(*elements, (*capacity + GROWTH) * size);
    if (!more)
        return STATUS_NO_MEMORY;
    *elements = more;
    *capacity += GROWTH;
    return STATUS_OK;
}

static void message_finish(struct provider_message *message)
{
    free((char *)message->text);
    free((char *)message->name);
    free((char *)message->call_id);
}

enum status history_add(struct history *history, const struct provider_message *message)
{
    void *elements = history->messages;
    TRY(grow(&elements, sizeof(*history->messages), history->count, &history->capacity));
    history->messages = elements;
    struct provider_message copy = {.role = message->role,
                                    .text = strdup(message->text ? message->text : ""),
                                    .name = strdup(message->name ? message->name : ""),
                                    .call_id = strdup(message->call_id ? message->call_id : "")};
    if (!copy.text || !copy.name || !copy.call_id) {
        message_finish(&copy);
        return STATUS_NO_MEMORY;
    }
    history->messages[history->count++] = copy;
    return STATUS_OK;
}

void history_finish(struct history *history)
{
    for (size_t i = 0; i < history->count; i++)
        message_finish(&history->messages[i]);
    free(history->messages);
    *history = (struct history){0};
}

const char *history_tool_name(const struct history *history, const char *call_id)
{
    for (size_t i = history->count; i-- > 0;)
        if (history->messages[i].role == PROVIDER_TOOL_CALL &&
            strcmp(history->messages[i].call_id, call_id) == 0)
            return history->messages[i].name;
    return "";
}

uint64_t digest_text(uint64_t digest, const char *text)
{
    if (digest == 0)
        digest = UINT64_C(14695981039346656037);
    for (const char *c = text ? text : "\x01"; *c; c++)
        digest = (digest ^ (unsigned char)*c) * UINT64_C(1099511628211);
    return (digest ^ 0xff) * UINT64_C(1099511628211);
}

static uint64_t digest_message(const struct provider_message *message)
{
    uint64_t digest = digest_text(0, message->text ? message->text : "");
    return message->role == PROVIDER_TOOL_CALL ? digest_text(digest, message->name) : digest;
}

void mirror_finish(struct mirror *mirror)
{
    free(mirror->items);
    *mirror = (struct mirror){0};
}

enum status mirror_add(struct mirror *mirror, const struct provider_message *message,
                       const char *id)
{
    void *elements = mirror->items;
    TRY(grow(&elements, sizeof(*mirror->items), mirror->count, &mirror->capacity));
    mirror->items = elements;
    struct mirror_item *item = &mirror->items[mirror->count++];
    *item = (struct mirror_item){.role = message->role, .digest = digest_message(message)};
    if (id && strlen(id) < sizeof(item->id))
        memcpy(item->id, id, strlen(id) + 1);
    return STATUS_OK;
}

void mirror_trust(struct mirror *mirror, enum provider_role role, bool any)
{
    for (size_t i = mirror->count; i-- > 0;)
        if (mirror->items[i].role == role) {
            mirror->items[i].any = any;
            mirror->items[i].digest = any ? mirror->items[i].digest : 0;
            return;
        }
}

void mirror_cut(struct mirror *mirror, size_t count)
{
    if (count < mirror->count)
        mirror->count = count;
}

static bool item_is(const struct mirror_item *item, const struct provider_message *message)
{
    return item->role == message->role && (item->any || item->digest == digest_message(message));
}

size_t mirror_match(const struct mirror *mirror, const struct provider_message *messages,
                    size_t count)
{
    size_t i = 0;
    while (i < mirror->count && i < count && item_is(&mirror->items[i], &messages[i]))
        i++;
    return i;
}
