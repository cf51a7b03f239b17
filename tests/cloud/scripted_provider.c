#include "scripted_provider.h"

#include <stdio.h>
#include <string.h>

static struct scripted *self(struct provider *provider)
{
    return (struct scripted *)(void *)provider;
}

/* A token is three bytes here; real ones are longer. */
static int64_t text_tokens(const char *text)
{
    return text ? ((int64_t)strlen(text) + 2) / 3 : 0;
}

static enum status start(struct provider *provider, const struct provider_turn *turn,
                         struct error *ret_error)
{
    struct scripted *s = self(provider);
    (void)ret_error;
    s->open = true;
    s->waiting = false;
    s->turn = turn->turn;
    s->begun_ns = clock_now_ns(s->clock);
    s->next = 0;
    s->starts++;
    s->max_output_tokens = turn->max_output_tokens;
    s->context = text_tokens(turn->instructions) + text_tokens(turn->tools);
    for (size_t i = 0; i < turn->message_count; i++)
        s->context += text_tokens(turn->messages[i].text);
    s->billed_in += s->context;
    s->written = 0;
    s->used_in = s->context;
    size_t n = turn->message_count;
    snprintf(s->request, sizeof(s->request), "%s", n ? turn->messages[n - 1].text : "");
    snprintf(s->before, sizeof(s->before), "%s", n > 1 ? turn->messages[n - 2].text : "");
    return STATUS_OK;
}

static enum status feed(struct provider *provider, const void *sound, size_t bytes)
{
    (void)provider, (void)sound, (void)bytes;
    return STATUS_OK;
}

static enum status end_feed(struct provider *provider)
{
    (void)provider;
    return STATUS_OK;
}

static enum status reply(struct provider *provider, const struct provider_tool_result *results,
                         size_t count, struct error *ret_error)
{
    struct scripted *s = self(provider);
    (void)ret_error;
    s->replies++;
    for (size_t i = 0; i < count; i++)
        s->context += text_tokens(results[i].output);
    s->billed_in += s->context;
    s->used_in += s->context;
    s->waiting = false;
    s->begun_ns = clock_now_ns(s->clock);
    snprintf(s->result, sizeof(s->result), "%s", count ? results[0].output : "");
    return STATUS_OK;
}

static void cancel(struct provider *provider, int64_t heard_ms)
{
    struct scripted *s = self(provider);
    s->open = false;
    s->cancels++;
    s->heard_ms = heard_ms;
}

static void destroy(struct provider *provider)
{
    self(provider)->open = false;
}

static const struct provider_ops ops = {start, feed, end_feed, reply, cancel, destroy};

void scripted_init(struct scripted *s, int index, struct mailbox *events, const struct clock *clock)
{
    memset(s, 0, sizeof(*s));
    s->provider.ops = &ops;
    s->index = index;
    s->events = events;
    s->clock = clock;
}

static void post(struct scripted *s, const struct scripted_step *step)
{
    struct provider_event event = {.kind = step->kind, .provider = s->index, .turn = s->turn};
    event.failure = step->failure;
    event.usage.output_tokens = step->output_tokens ? step->output_tokens : s->written;
    event.usage.input_tokens = s->used_in;
    snprintf(event.name, sizeof(event.name), "%s", step->tool ? step->tool : "");
    snprintf(event.call_id, sizeof(event.call_id), "call%d", s->next);
    snprintf(event.data, sizeof(event.data), "%s", step->text ? step->text : "");
    event.length = strlen(event.data);
    if (step->kind == PROVIDER_EVENT_TEXT || step->kind == PROVIDER_EVENT_TOOL) {
        s->written += text_tokens(event.data);
        s->billed_out += text_tokens(event.data);
    }
    mailbox_post(s->events, &event);
}

void scripted_run(struct scripted *s)
{
    while (s->open && !s->waiting && s->script) {
        const struct scripted_step *step = &s->script[s->next];
        if (step->last || clock_now_ns(s->clock) - s->begun_ns < step->after_ms * CLOCK_NS_PER_MS)
            return;
        post(s, step);
        s->next++;
        s->waiting = step->wait;
        bool over = step->kind == PROVIDER_EVENT_FAILED ||
                    (step->kind == PROVIDER_EVENT_DONE && !step->wait);
        s->open = !over;
    }
}
