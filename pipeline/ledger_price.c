#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ledger.h"

enum {
    MESSAGE_TOKENS_MAX = 64, /* what a chat template puts around a message, with margin */
    MESSAGE_TOKENS = 8,
    SOUND_TOKENS_MAX = 50, /* a second */
    SOUND_TOKENS = 10,
    SPOKEN_TOKENS_MIN = 10, /* a second of an answer as sound */
    ANSWER_TOKENS_MAX = 65536,
    ANSWER_TOKENS = 60,
    BYTES_A_TOKEN = 4,
    BYTES_A_TOKEN_FEW = 3, /* of texts that make many tokens */
    MS_A_TOKEN = 10,       /* of a model that writes fast */
};

#define MONEY_MAX (INT64_C(1000000) * LEDGER_UNIT)

/* ---- cost ---- */

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* In millionths of a micro-unit. */
static int64_t token_cost(int64_t tokens, int64_t price)
{
    int64_t cost;
    if (tokens <= 0 || price <= 0)
        return 0;
    return __builtin_mul_overflow(tokens, price, &cost) ? INT64_MAX : cost;
}

static int64_t sound_cost(double seconds, int64_t price)
{
    if (!(seconds > 0) || price <= 0)
        return 0;
    double cost = ceil(seconds * (double)price / 60);
    return cost < 9e18 ? (int64_t)cost : INT64_MAX;
}

int64_t ledger_cost(const struct ledger_price *price, const struct provider_usage *usage)
{
    int64_t cached = usage->cached_tokens > 0 ? usage->cached_tokens : 0;
    int64_t input = usage->input_tokens;
    cached = cached < input ? cached : input;
    int64_t fine =
        add(add(token_cost(input - cached, price->input), token_cost(cached, price->cached)),
            token_cost(usage->output_tokens, price->output));
    int64_t tokens = fine / LEDGER_UNIT + (fine % LEDGER_UNIT != 0);
    if (fine == INT64_MAX)
        tokens = INT64_MAX;
    return add(tokens, add(sound_cost(usage->input_seconds, price->audio_input),
                           sound_cost(usage->output_seconds, price->audio_output)));
}

static int64_t length_of(const char *text)
{
    return text ? (int64_t)strlen(text) : 0;
}

static int64_t turn_bytes(const struct provider_turn *turn)
{
    int64_t bytes = length_of(turn->instructions) + length_of(turn->tools);
    for (size_t i = 0; i < turn->message_count; i++) {
        const struct provider_message *message = &turn->messages[i];
        bytes += length_of(message->text) + length_of(message->name) + length_of(message->call_id);
    }
    return bytes;
}

struct provider_usage ledger_worst_case(const struct provider_turn *turn, double sound_seconds)
{
    int answer = turn->max_output_tokens > 0 ? turn->max_output_tokens : ANSWER_TOKENS_MAX;
    struct provider_usage usage = {.output_tokens = answer};
    usage.input_tokens = turn_bytes(turn) + MESSAGE_TOKENS_MAX * (int64_t)(turn->message_count + 2);
    if (turn->send_audio) {
        usage.input_tokens += (int64_t)ceil(sound_seconds * SOUND_TOKENS_MAX);
        usage.input_seconds = sound_seconds;
    }
    if (turn->want_audio)
        usage.output_seconds = (double)answer / SPOKEN_TOKENS_MIN;
    return usage;
}

struct provider_usage ledger_estimate(const struct provider_turn *turn, double sound_seconds)
{
    struct provider_usage usage = {.output_tokens = ANSWER_TOKENS};
    usage.input_tokens =
        turn_bytes(turn) / BYTES_A_TOKEN + MESSAGE_TOKENS * (int64_t)(turn->message_count + 2);
    if (turn->send_audio) {
        usage.input_tokens += (int64_t)ceil(sound_seconds * SOUND_TOKENS);
        usage.input_seconds = sound_seconds;
    }
    if (turn->want_audio)
        usage.output_seconds = (double)ANSWER_TOKENS / (2 * SPOKEN_TOKENS_MIN);
    return usage;
}

/* ---- cancelled turns ---- */

struct provider_usage ledger_sent(const struct provider_turn *turn, double sound_seconds)
{
    struct provider_usage usage = {0};
    usage.input_tokens =
        turn_bytes(turn) / BYTES_A_TOKEN_FEW + MESSAGE_TOKENS * (int64_t)(turn->message_count + 2);
    if (turn->send_audio) {
        usage.input_tokens += (int64_t)ceil(sound_seconds * SOUND_TOKENS_MAX);
        usage.input_seconds = sound_seconds;
    }
    return usage;
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Sound that is written is paid like its words: as much a token as the worst case has. */
struct provider_usage ledger_cancelled(const struct provider_usage *sent,
                                       const struct provider_usage *most, int64_t ran_ms,
                                       size_t came)
{
    struct provider_usage usage = *sent;
    int64_t by_time = ran_ms > 0 ? ran_ms / MS_A_TOKEN + 1 : 1;
    int64_t by_bytes = (int64_t)(came / BYTES_A_TOKEN_FEW) + 1;
    usage.output_tokens = lesser(by_time > by_bytes ? by_time : by_bytes, most->output_tokens);
    usage.input_tokens = lesser(sent->input_tokens, most->input_tokens);
    if (most->output_seconds > 0)
        usage.output_seconds = (double)usage.output_tokens / SPOKEN_TOKENS_MIN;
    return usage;
}

/* ---- amounts ---- */

int64_t ledger_micro(double amount)
{
    if (!(amount >= 0))
        return LEDGER_NO_CAP;
    double micro = amount * (double)LEDGER_UNIT;
    /* 0.07 * 1e6 is a little more than 70000: that is no reason to round up. */
    double whole = fabs(micro - round(micro)) < 1e-3 ? round(micro) : ceil(micro);
    return whole < (double)MONEY_MAX ? (int64_t)whole : MONEY_MAX;
}

void ledger_money_text(int64_t micro, char *text, size_t size)
{
    char digits[32];
    uint64_t value = micro < 0 ? 0 - (uint64_t)micro : (uint64_t)micro;
    snprintf(digits, sizeof(digits), "%s%llu.%06llu", micro < 0 ? "-" : "",
             (unsigned long long)(value / 1000000), (unsigned long long)(value % 1000000));
    size_t end = strlen(digits);
    while (digits[end - 1] == '0' && digits[end - 3] != '.')
        end--;
    snprintf(text, size, "%.*s", (int)end, digits);
}

static enum status no_money(const char *text, struct error *ret_error)
{
    return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                     "\"%.40s\" is no amount of money; expected something like 0.50", text);
}

enum status ledger_money_parse(const char *text, int64_t *ret_micro, struct error *ret_error)
{
    int64_t value = 0, scale = LEDGER_UNIT;
    const char *c = text;
    if (!isdigit((unsigned char)*c))
        return no_money(text, ret_error);
    for (; isdigit((unsigned char)*c) && value <= MONEY_MAX; c++)
        value = 10 * value + (*c - '0') * LEDGER_UNIT;
    if (*c == '.' && !isdigit((unsigned char)*++c))
        return no_money(text, ret_error);
    bool rest = false;
    for (; isdigit((unsigned char)*c); c++) {
        scale /= 10;
        value += (*c - '0') * scale;
        rest = rest || (scale == 0 && *c != '0');
    }
    if (*c && value <= MONEY_MAX)
        return no_money(text, ret_error);
    if (value > MONEY_MAX)
        return error_set(ret_error, STATUS_LIMIT, "\"%.40s\" is more than a million", text);
    *ret_micro = value + rest;
    return STATUS_OK;
}

/* ---- break-even ---- */

struct ledger_break_even ledger_break_even(const struct ledger_report *report,
                                           int64_t device_per_month)
{
    struct ledger_break_even even = {
        .everything = add(report->month.spent, report->saved_month),
        .saved = report->saved_month,
        .gain = report->saved_month - device_per_month,
        .turns_a_month = -1,
    };
    if (report->local_month > 0 && report->saved_month > 0) {
        /* ceil(device / (saved / turns)) */
        double a_turn = (double)report->saved_month / (double)report->local_month;
        even.turns_a_month = (int64_t)ceil((double)device_per_month / a_turn);
    }
    return even;
}
