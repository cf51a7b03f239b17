#include "cloud_send.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gate.h"

enum { HOLDS_MAX = 12, LATE_MAX = 4 * HOLDS_MAX, MESSAGES_MAX = CONVERSATION_MESSAGES_MAX + 2 };

/* Money held for one provider in this turn: for the request, and for each round of tools. */
struct holds {
    int count;
    struct hold {
        int64_t id;
        struct provider_usage sent, most;
    } hold[HOLDS_MAX];
};

/* A cancelled turn whose estimate is not written down yet. */
struct late_bill {
    int64_t id, first_token_ms;
    struct provider_usage usage;
};

struct cloud_send {
    struct cloud_send_config config;
    uint32_t turn;
    bool is_private;
    struct sound_range sound;          /* of the request */
    bool sounded[CLOUD_PROVIDERS_MAX]; /* it went there */
    bool plays[CLOUD_PROVIDERS_MAX];   /* the answer comes as sound */
    struct holds holds[CLOUD_PROVIDERS_MAX];
    struct late_bill late[LATE_MAX];
    int late_count;
    struct provider_message messages[MESSAGES_MAX];
    const char *asked; /* of them, the last that the user said; or NULL */
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

/* A disk is slow, and these are known while somebody waits for an answer. */
static void write_late_bills(struct cloud_send *s)
{
    for (int i = 0; i < s->late_count; i++) {
        const struct late_bill *bill = &s->late[i];
        ledger_settle_estimated(s->config.ledger, bill->id, &bill->usage, bill->first_token_ms,
                                NULL);
    }
    s->late_count = 0;
}

void cloud_send_destroy(struct cloud_send *send)
{
    if (send)
        write_late_bills(send);
    free(send);
}

void cloud_send_close(struct cloud_send *s)
{
    write_late_bills(s);
}

void cloud_send_open(struct cloud_send *s, uint32_t turn, bool is_private)
{
    write_late_bills(s);
    s->turn = turn;
    s->is_private = is_private;
    s->sound = (struct sound_range){0};
    memset(s->sounded, 0, sizeof(s->sounded));
    memset(s->plays, 0, sizeof(s->plays));
}

void cloud_send_set_sound(struct cloud_send *s, struct sound_range sound)
{
    s->sound = sound;
}

bool cloud_send_plays(const struct cloud_send *s, int place)
{
    return place >= 0 && s->plays[place];
}

static int64_t now_unix(const struct cloud_send *s)
{
    return clock_wall_ns(s->config.clock) / CLOCK_NS_PER_S;
}

static const struct cloud_provider *provider_of(const struct cloud_send *s, int place)
{
    return &s->config.cloud->providers[place];
}

/* ---- sound ---- */

static bool is_kind(const struct cloud_provider *provider, const char *kind)
{
    return strcmp(provider->kind, kind) == 0;
}

/* A service that hears and speaks for itself. */
static bool is_speaker(const struct cloud_provider *provider)
{
    return is_kind(provider, "openai-realtime") || is_kind(provider, "gemini-live");
}

static enum sound_form form_of(const struct cloud_provider *provider)
{
    return is_kind(provider, "linnet") ? SOUND_OPUS16 : SOUND_PCM24;
}

static bool may_hear(const struct cloud_send *s, int place)
{
    const struct cloud_provider *provider = provider_of(s, place);
    return provider->send_audio && (is_speaker(provider) || is_kind(provider, "linnet")) &&
           sound_can_send(s->config.sound_log, s->sound);
}

/* ---- the turn ---- */

/* What is laid out, and how. */
struct draft {
    int place;
    uint32_t id;
    const char *spoken;
    bool as_sound;
};

static const char *last_said(const struct provider_message *messages, size_t count)
{
    while (count > 0 && messages[count - 1].role != PROVIDER_USER)
        count--;
    return count ? messages[count - 1].text : NULL;
}

/* The conversation as it stands; behind it, for an answer that somebody else began, what was said
 * and the request to go on. */
static enum status lay_out(struct cloud_send *s, const struct draft *draft,
                           struct provider_turn *turn, const char **ret_heard,
                           struct error *ret_error)
{
    const struct cloud_provider *provider = provider_of(s, draft->place);
    struct conversation_view view;
    TRY(conversation_view(s->config.conversation, &view, ret_error));
    size_t count = view.count < CONVERSATION_MESSAGES_MAX ? view.count : CONVERSATION_MESSAGES_MAX;
    memcpy(s->messages, view.messages + (view.count - count), count * sizeof(s->messages[0]));
    const char *heard = NULL;
    s->asked = last_said(s->messages, count);
    if (draft->as_sound && count > 0 && s->messages[count - 1].role == PROVIDER_USER)
        heard = s->messages[--count].text;
    if (*draft->spoken) {
        s->messages[count++] =
            (struct provider_message){.role = PROVIDER_ASSISTANT, .text = draft->spoken};
        s->messages[count++] = (struct provider_message){
            .role = PROVIDER_USER,
            .text = "You were cut off. Go on right behind your last word, repeat nothing."};
    }
    *turn = (struct provider_turn){
        .turn = draft->id,
        .messages = s->messages,
        .message_count = count,
        .tools = s->config.tools,
        .send_audio = heard != NULL,
        .want_audio = *provider->voice && is_speaker(provider),
        .max_output_tokens = (int)provider->max_tokens,
    };
    *ret_heard = heard;
    return STATUS_OK;
}

static enum status pass_draft(struct cloud_send *s, const struct draft *draft,
                              struct gate_pass *ret_pass, struct error *ret_error)
{
    struct provider_turn turn;
    const char *heard;
    char *instructions;
    TRY(lay_out(s, draft, &turn, &heard, ret_error));
    TRY(conversation_instructions(s->config.zone, now_unix(s), &instructions, ret_error));
    turn.instructions = instructions;
    const struct gate_request request = {
        .privacy = s->config.privacy,
        .target = provider_of(s, draft->place)->name,
        .private_mode = s->is_private,
        .may_send_audio = provider_of(s, draft->place)->send_audio,
        .asked = s->asked,
        .heard = heard,
        .turn = &turn,
    };
    enum status status = gate_check(&request, ret_pass, ret_error);
    free(instructions);
    return status;
}

/* The turn as it may leave to this provider: *ret_pass is finished by the caller. Sound that may
 * not leave is replaced by its words, which can be redacted. */
static enum status pass(struct cloud_send *s, int place, const char *spoken, uint32_t id,
                        struct gate_pass *ret_pass, struct error *ret_error)
{
    struct draft draft = {.place = place, .id = id, .spoken = spoken};
    draft.as_sound = !*spoken && !s->sounded[place] && may_hear(s, place);
    if (draft.as_sound) {
        TRY(pass_draft(s, &draft, ret_pass, ret_error));
        if (ret_pass->verdict != PRIVACY_DENIED)
            return STATUS_OK;
        gate_pass_finish(ret_pass);
    }
    draft.as_sound = false;
    return pass_draft(s, &draft, ret_pass, ret_error);
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

/* With the sound that a turn goes on from. */
static struct provider_turn with_sound(const struct cloud_send *s, int place,
                                       const struct provider_turn *turn)
{
    struct provider_turn copy = *turn;
    copy.send_audio = copy.send_audio || s->sounded[place];
    return copy;
}

static struct provider_usage worst_of(const struct cloud_send *s, int place,
                                      const struct provider_turn *turn)
{
    const struct provider_turn whole = with_sound(s, place, turn);
    return ledger_worst_case(&whole, sound_range_seconds(s->sound));
}

static enum status hold(struct cloud_send *s, int place, const struct provider_turn *turn,
                        struct error *ret_error)
{
    struct holds *holds = &s->holds[place];
    const struct provider_turn whole = with_sound(s, place, turn);
    struct hold new = {.most = worst_of(s, place, turn),
                       .sent = ledger_sent(&whole, sound_range_seconds(s->sound))};
    const struct ledger_order order = {
        .now = now_unix(s),
        .turn = s->turn,
        .session = s->config.session,
        .provider = provider_of(s, place)->name,
        .price = price_of(s, place),
        .caps = caps_of(s, place),
        .most = new.most,
    };
    if (holds->count == HOLDS_MAX)
        return error_set(ret_error, STATUS_LIMIT, "too many rounds of tools");
    TRY(ledger_reserve(s->config.ledger, &order, &new.id, ret_error));
    holds->hold[holds->count++] = new;
    return STATUS_OK;
}

static void release(struct cloud_send *s, int place)
{
    struct holds *holds = &s->holds[place];
    while (holds->count)
        ledger_release(s->config.ledger, holds->hold[--holds->count].id, NULL);
}

/* Each round has taken in its own request; all that was written counts with the last. */
static void settle_by_estimate(struct cloud_send *s, struct holds *holds,
                               const struct cloud_bill *bill)
{
    for (int i = 0; i < holds->count; i++) {
        const struct hold *hold = &holds->hold[i];
        bool is_last = i == holds->count - 1;
        if (s->late_count == LATE_MAX)
            write_late_bills(s);
        s->late[s->late_count++] = (struct late_bill){
            .id = hold->id,
            .first_token_ms = is_last ? bill->first_token_ms : -1,
            .usage = is_last ? ledger_cancelled(&hold->sent, &hold->most, bill->ran_ms, bill->came)
                             : hold->sent,
        };
    }
}

/* What was used is known for the whole turn, so one hold takes it and the others go. What we
 * cancelled is estimated. Of what broke nothing is known, and all of its holds stay: it may have
 * cost that much. */
void cloud_send_settle(struct cloud_send *s, int place, const struct cloud_bill *bill)
{
    struct holds *holds = &s->holds[place];
    if (bill->has_usage && holds->count)
        ledger_settle(s->config.ledger, holds->hold[--holds->count].id, &bill->usage,
                      bill->first_token_ms, NULL);
    if (bill->has_usage || bill->unbilled)
        release(s, place);
    else if (bill->cancelled)
        settle_by_estimate(s, holds, bill);
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
    const struct provider_usage most = worst_of(s, place, &gate.turn);
    provider->privacy = privacy_of(gate.verdict);
    provider->cost = ledger_cost(&price, &most);
    provider->left = ledger_left(s->config.ledger, now_unix(s), provider_of(s, place)->name, &caps);
    gate_pass_finish(&gate);
}

int64_t cloud_send_estimate(struct cloud_send *s, int place)
{
    struct provider_turn turn;
    const struct draft draft = {.place = place, .spoken = ""};
    const char *heard;
    if (lay_out(s, &draft, &turn, &heard, NULL) != STATUS_OK)
        return 0;
    const struct provider_usage usage = ledger_estimate(&turn, 0);
    const struct ledger_price price = price_of(s, place);
    return ledger_cost(&price, &usage);
}

/* Some of it may have gone when it fails, so what is held stays held. */
static enum status send_sound(struct cloud_send *s, int place, struct error *ret_error)
{
    struct provider *provider = s->config.providers[place];
    s->sounded[place] = true;
    enum status status = sound_send(provider, s->config.sound_log, s->sound,
                                    form_of(provider_of(s, place)), ret_error);
    if (status != STATUS_OK) {
        provider_cancel(provider, -1);
        s->holds[place].count = 0;
    }
    return status;
}

/* Money is held before the first byte goes, and given back when none went. */
static enum status start(struct cloud_send *s, int place, const struct provider_turn *turn,
                         struct error *ret_error)
{
    TRY(hold(s, place, turn, ret_error));
    enum status status = provider_start(s->config.providers[place], turn, ret_error);
    if (status != STATUS_OK) {
        release(s, place);
        return status;
    }
    s->plays[place] = turn->want_audio;
    return turn->send_audio ? send_sound(s, place, ret_error) : STATUS_OK;
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
    enum status status = hold(s, place, &gate.turn, ret_error);
    gate_pass_finish(&gate);
    return status;
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
