#include "cloud_send.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gate.h"

enum { HOLDS_MAX = 12, MESSAGES_MAX = CONVERSATION_MESSAGES_MAX + 2 };

/* Money held for one provider in this turn: for the request, and for each round of tools. */
struct holds {
    int count;
    int64_t id[HOLDS_MAX];
};

struct cloud_send {
    struct cloud_send_config config;
    uint32_t turn;
    bool is_private;
    struct holds holds[CLOUD_PROVIDERS_MAX];
    struct provider_message messages[MESSAGES_MAX];
};

enum status cloud_send_create(const struct cloud_send_config *config, struct cloud_send **ret_send,
                              struct error *ret_error)
{
    struct cloud_send *send = calloc(1, sizeof(*send));
    if (!send)
        return error_set(ret_error, STATUS_NO_MEMORY, "cloud: out of memory");
    send->config = *config;
    *ret_send = send;
    return STATUS_OK;
}

void cloud_send_destroy(struct cloud_send *send)
{
    free(send);
}

void cloud_send_open(struct cloud_send *s, uint32_t turn, bool is_private)
{
    s->turn = turn;
    s->is_private = is_private;
}

static int64_t now_unix(const struct cloud_send *s)
{
    return clock_wall_ns(s->config.clock) / CLOCK_NS_PER_S;
}

static const struct cloud_provider *provider_of(const struct cloud_send *s, int place)
{
    return &s->config.cloud->providers[place];
}

/* ---- the turn ---- */

/* The conversation as it stands; behind it, for an answer that somebody else began, what was said
 * and the request to go on. */
static enum status lay_out(struct cloud_send *s, int place, const char *spoken,
                           struct provider_turn *turn, struct error *ret_error)
{
    struct conversation_view view;
    TRY(conversation_view(s->config.conversation, &view, ret_error));
    size_t count = view.count < CONVERSATION_MESSAGES_MAX ? view.count : CONVERSATION_MESSAGES_MAX;
    memcpy(s->messages, view.messages + (view.count - count), count * sizeof(s->messages[0]));
    if (*spoken) {
        s->messages[count++] =
            (struct provider_message){.role = PROVIDER_ASSISTANT, .text = spoken};
        s->messages[count++] = (struct provider_message){
            .role = PROVIDER_USER,
            .text = "You were cut off. Go on right behind your last word, repeat nothing."};
    }
    *turn = (struct provider_turn){
        .messages = s->messages,
        .message_count = count,
        .tools = s->config.tools,
        .max_output_tokens = (int)provider_of(s, place)->max_tokens,
    };
    return STATUS_OK;
}

/* The turn as it may leave to this provider: *ret_pass is finished by the caller. */
static enum status pass(struct cloud_send *s, int place, const char *spoken, uint32_t id,
                        struct gate_pass *ret_pass, struct error *ret_error)
{
    struct provider_turn turn;
    char *instructions;
    TRY(lay_out(s, place, spoken, &turn, ret_error));
    TRY(conversation_instructions(s->config.zone, now_unix(s), &instructions, ret_error));
    turn.turn = id;
    turn.instructions = instructions;
    const struct gate_request request = {
        .privacy = s->config.privacy,
        .target = provider_of(s, place)->name,
        .private_mode = s->is_private,
        .may_send_audio = provider_of(s, place)->send_audio,
        .turn = &turn,
    };
    enum status status = gate_check(&request, ret_pass, ret_error);
    free(instructions);
    return status;
}

/* ---- money ---- */

static int64_t micro(double money)
{
    return (int64_t)ceil(money * (double)LEDGER_UNIT);
}

static struct ledger_price price_of(const struct cloud_send *s, int place)
{
    const struct cloud_price *price = &provider_of(s, place)->price;
    return (struct ledger_price){.input = micro(price->in),
                                 .cached = micro(price->cached),
                                 .output = micro(price->out),
                                 .audio_input = micro(price->audio_in),
                                 .audio_output = micro(price->audio_out)};
}

static struct ledger_caps caps_of(const struct cloud_send *s, int place)
{
    return (struct ledger_caps){.per_turn = s->config.per_turn,
                                .per_day = s->config.per_day,
                                .provider_per_day = s->config.provider_per_day[place]};
}

static enum status hold(struct cloud_send *s, int place, const struct provider_usage *most,
                        struct error *ret_error)
{
    struct holds *holds = &s->holds[place];
    const struct ledger_order order = {
        .now = now_unix(s),
        .turn = s->turn,
        .session = s->config.session,
        .provider = provider_of(s, place)->name,
        .price = price_of(s, place),
        .caps = caps_of(s, place),
        .most = *most,
    };
    if (holds->count == HOLDS_MAX)
        return error_set(ret_error, STATUS_LIMIT, "too many rounds of tools");
    TRY(ledger_reserve(s->config.ledger, &order, &holds->id[holds->count], ret_error));
    holds->count++;
    return STATUS_OK;
}

static void release(struct cloud_send *s, int place)
{
    struct holds *holds = &s->holds[place];
    while (holds->count)
        ledger_release(s->config.ledger, holds->id[--holds->count], NULL);
}

/* What was used is known for the whole turn, so one hold takes it and the others go. Without that
 * knowledge all of them stay: it may have cost that much. */
void cloud_send_settle(struct cloud_send *s, int place, const struct cloud_bill *bill)
{
    struct holds *holds = &s->holds[place];
    if (bill->has_usage && holds->count)
        ledger_settle(s->config.ledger, holds->id[--holds->count], &bill->usage,
                      bill->first_token_ms, NULL);
    if (bill->has_usage || bill->unbilled)
        release(s, place);
    holds->count = 0;
}

/* ---- asking ---- */

static enum route_privacy privacy_of(enum privacy_verdict verdict)
{
    return verdict == PRIVACY_DENIED     ? ROUTE_DENIED
           : verdict == PRIVACY_REDACTED ? ROUTE_REDACTED
                                         : ROUTE_OPEN;
}

void cloud_send_measure(struct cloud_send *s, int place, struct route_provider *provider)
{
    struct gate_pass gate;
    provider->privacy = ROUTE_DENIED;
    if (!s->config.providers[place])
        provider->breaker = BREAKER_OPEN;
    if (pass(s, place, "", 0, &gate, NULL) != STATUS_OK)
        return;
    const struct ledger_price price = price_of(s, place);
    const struct ledger_caps caps = caps_of(s, place);
    const struct provider_usage most = ledger_worst_case(&gate.turn, 0);
    provider->privacy = privacy_of(gate.verdict);
    provider->cost = ledger_cost(&price, &most);
    provider->left = ledger_left(s->config.ledger, now_unix(s), provider_of(s, place)->name, &caps);
    gate_pass_finish(&gate);
}

int64_t cloud_send_estimate(struct cloud_send *s, int place)
{
    struct provider_turn turn;
    if (lay_out(s, place, "", &turn, NULL) != STATUS_OK)
        return 0;
    const struct provider_usage usage = ledger_estimate(&turn, 0);
    const struct ledger_price price = price_of(s, place);
    return ledger_cost(&price, &usage);
}

/* Money is held before the first byte goes, and given back when none went. */
static enum status start(struct cloud_send *s, int place, const struct provider_turn *turn,
                         struct error *ret_error)
{
    const struct provider_usage most = ledger_worst_case(turn, 0);
    TRY(hold(s, place, &most, ret_error));
    enum status status = provider_start(s->config.providers[place], turn, ret_error);
    if (status != STATUS_OK)
        release(s, place);
    return status;
}

enum status cloud_send_ask(struct cloud_send *s, int place, uint32_t id, const char *spoken,
                           struct error *ret_error)
{
    struct gate_pass gate = {0};
    if (!s->config.providers[place])
        return error_set(ret_error, STATUS_NOT_FOUND, "%s cannot be used",
                         provider_of(s, place)->name);
    TRY(pass(s, place, spoken, id, &gate, ret_error));
    enum status status = STATUS_OK;
    if (gate.verdict == PRIVACY_DENIED)
        status = error_set(ret_error, STATUS_CANCELLED, "kept from %s: %s",
                           provider_of(s, place)->name, gate.rule);
    else
        status = start(s, place, &gate.turn, ret_error);
    gate_pass_finish(&gate);
    return status;
}

/* ---- tools ---- */

/* The results as they may leave; the caller frees the texts. */
static enum status pass_results(struct cloud_send *s, int place,
                                const struct provider_tool_result *results, size_t count,
                                struct provider_tool_result *passed, struct error *ret_error)
{
    for (size_t i = 0; i < count; i++) {
        char *text;
        TRY(gate_result(s->config.privacy, provider_of(s, place)->name, results[i].output, &text,
                        ret_error));
        passed[i] = (struct provider_tool_result){results[i].call_id, text};
    }
    return STATUS_OK;
}

/* Another round costs the whole turn again, with the calls and results behind it. */
static enum status hold_round(struct cloud_send *s, int place, const struct cloud_tool *calls,
                              const struct provider_tool_result *results, size_t count,
                              struct error *ret_error)
{
    struct gate_pass gate;
    for (size_t i = 0; i < count; i++)
        TRY(conversation_tool(s->config.conversation, calls[i].call_id, calls[i].name,
                              calls[i].arguments, results[i].output, ret_error));
    TRY(pass(s, place, "", 0, &gate, ret_error));
    const struct provider_usage most = ledger_worst_case(&gate.turn, 0);
    gate_pass_finish(&gate);
    return hold(s, place, &most, ret_error);
}

enum status cloud_send_reply(struct cloud_send *s, int place, const struct cloud_tool *calls,
                             const struct provider_tool_result *results, size_t count,
                             struct error *ret_error)
{
    struct provider_tool_result passed[CLOUD_TOOLS_MAX] = {0};
    enum status status = hold_round(s, place, calls, results, count, ret_error);
    if (status == STATUS_OK)
        status = pass_results(s, place, results, count, passed, ret_error);
    if (status == STATUS_OK)
        status = provider_reply(s->config.providers[place], passed, count, ret_error);
    for (size_t i = 0; i < count; i++)
        free((void *)(uintptr_t)passed[i].output);
    return status;
}

void cloud_send_cancel(struct cloud_send *s, int place, int64_t heard_ms)
{
    provider_cancel(s->config.providers[place], heard_ms);
}
