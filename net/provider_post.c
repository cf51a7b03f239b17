#include "provider_post.h"

#include "fault.h"

#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 5 };

struct post_node {
    struct post_node *next;
    struct provider_event event;
};

/* Whether the mailbox is done with it: it took it, or will never take anything again. */
static bool taken(const struct post *post, const struct provider_event *event)
{
    return mailbox_post(post->events, event) != STATUS_AGAIN;
}

static void drop_first(struct post *post)
{
    struct post_node *node = post->first;
    post->first = node->next;
    if (!post->first)
        post->last = NULL;
    post->waiting--;
    free(node);
}

static void offer_again(void *context)
{
    struct post *post = context;
    while (post->first && taken(post, &post->first->event))
        drop_first(post);
    if (post->first)
        net_timer_set(post->again, AGAIN_MS);
}

enum status post_init(struct post *post, struct net *net, struct mailbox *events, int provider,
                      struct error *ret_error)
{
    *post = (struct post){.provider = provider, .events = events};
    return net_timer_create(net, offer_again, post, &post->again, ret_error);
}

void post_finish(struct post *post)
{
    net_timer_destroy(post->again);
    post_drop(post);
    post->again = NULL;
}

static void keep(struct post *post, const struct provider_event *event)
{
    struct post_node *node = post->waiting < POST_WAITING_MAX ? mem_calloc(1, sizeof(*node)) : NULL;
    if (!node) {
        post->overflowed = true;
        return;
    }
    node->event = *event;
    if (post->last)
        post->last->next = node;
    else
        post->first = node;
    post->last = node;
    post->waiting++;
    net_timer_set(post->again, AGAIN_MS);
}

void post_event(struct post *post, const struct provider_event *event)
{
    struct provider_event out = *event;
    out.provider = post->provider;
    if (post->first || !taken(post, &out))
        keep(post, &out);
}

/* The most of `text` that fits without cutting a character. */
static size_t whole_characters(const char *text, size_t length)
{
    size_t n = length;
    if (n <= PROVIDER_DATA_BYTES - 1)
        return n;
    n = PROVIDER_DATA_BYTES - 1;
    while (n > PROVIDER_DATA_BYTES - 5 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    return n;
}

static void set_data(struct provider_event *event, const char *bytes, size_t count)
{
    memcpy(event->data, bytes, count);
    event->data[count] = '\0';
    event->length = count;
}

void post_text(struct post *post, const struct provider_event *event, const char *text,
               size_t length)
{
    struct provider_event out = *event;
    do {
        size_t piece = whole_characters(text, length);
        set_data(&out, text, piece);
        text += piece;
        length -= piece;
        out.more = event->kind == PROVIDER_EVENT_TOOL && length > 0;
        post_event(post, &out);
    } while (length > 0);
}

void post_sound(struct post *post, const struct provider_event *event, const char *bytes,
                size_t count)
{
    enum { PIECE = (PROVIDER_DATA_BYTES - 1) / 2 * 2 };
    struct provider_event out = *event;
    while (count > 0) {
        size_t piece = count < PIECE ? count : PIECE;
        set_data(&out, bytes, piece);
        bytes += piece;
        count -= piece;
        post_event(post, &out);
    }
}

void post_drop(struct post *post)
{
    while (post->first)
        drop_first(post);
    post->overflowed = false;
}
