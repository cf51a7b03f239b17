#include "gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char kept[] = "[kept on the device]";

static enum status out_of_memory(struct error *ret_error)
{
    return error_set(ret_error, STATUS_NO_MEMORY, "gate: out of memory");
}

static void free_text(const char *text)
{
    char *own = (char *)(uintptr_t)text;
    if (own)
        explicit_bzero(own, strlen(own));
    free(own);
}

static void deny(struct gate_pass *pass, const char *rule)
{
    gate_pass_finish(pass);
    pass->verdict = PRIVACY_DENIED;
    snprintf(pass->rule, sizeof(pass->rule), "%s", rule);
}

static bool is_denied(const struct gate_pass *pass)
{
    return pass->verdict == PRIVACY_DENIED;
}

static void note(struct gate_pass *pass, const struct privacy_ruling *ruling)
{
    if (ruling->verdict <= pass->verdict)
        return;
    pass->verdict = PRIVACY_REDACTED;
    snprintf(pass->rule, sizeof(pass->rule), "%s", ruling->rule);
}

/* A text without which there is no turn. */
static enum status pass_needed(const struct gate_request *request, const char *text,
                               struct gate_pass *pass, const char **ret_text,
                               struct error *ret_error)
{
    struct privacy_ruling ruling;
    TRY(privacy_judge(request->privacy, request->target, text, &ruling, ret_error));
    if (ruling.verdict == PRIVACY_DENIED) {
        deny(pass, ruling.rule);
        privacy_ruling_finish(&ruling);
        return STATUS_OK;
    }
    note(pass, &ruling);
    *ret_text = ruling.text;
    return STATUS_OK;
}

/* Nobody can redact a sound, so it goes whole or not at all. */
static enum status pass_sound(const struct gate_request *request, struct gate_pass *pass,
                              struct error *ret_error)
{
    struct privacy_ruling ruling;
    if (!request->turn->send_audio)
        return STATUS_OK;
    if (!request->may_send_audio) {
        deny(pass, "send_audio is not true");
        return STATUS_OK;
    }
    TRY(privacy_judge(request->privacy, request->target, request->heard ? request->heard : "",
                      &ruling, ret_error));
    if (ruling.verdict != PRIVACY_ALLOWED)
        deny(pass, ruling.rule);
    privacy_ruling_finish(&ruling);
    return STATUS_OK;
}

/* A request that stands deeper in the turn denies it all the same. */
static enum status pass_asked(const struct gate_request *request, struct gate_pass *pass,
                              struct error *ret_error)
{
    const char *text = NULL;
    if (!request->asked)
        return STATUS_OK;
    TRY(pass_needed(request, request->asked, pass, &text, ret_error));
    free_text(text);
    return STATUS_OK;
}

/* ---- messages ---- */

static struct provider_message *new_message(struct gate_pass *pass)
{
    /* The array is the pass's own; the turn shows it read-only. */
    return (struct provider_message *)(uintptr_t)&pass->turn.messages[pass->turn.message_count];
}

static enum status copy_text(const char *text, const char **ret_copy, struct error *ret_error)
{
    *ret_copy = text ? strdup(text) : NULL;
    return text && !*ret_copy ? out_of_memory(ret_error) : STATUS_OK;
}

/* Arguments are JSON: redacted they might not be any more, so they are then left out. */
static const char *safe_text(const struct provider_message *message,
                             const struct privacy_ruling *ruling)
{
    if (message->role == PROVIDER_TOOL_CALL && ruling->verdict != PRIVACY_ALLOWED)
        return "{}";
    return ruling->verdict == PRIVACY_DENIED ? kept : ruling->text;
}

static enum status add_message(struct gate_pass *pass, const struct provider_message *message,
                               const char *text, struct error *ret_error)
{
    struct provider_message *copy = new_message(pass);
    *copy = (struct provider_message){.role = message->role};
    pass->turn.message_count++;
    pass->bytes += strlen(text);
    TRY(copy_text(text, &copy->text, ret_error));
    TRY(copy_text(message->name, &copy->name, ret_error));
    return copy_text(message->call_id, &copy->call_id, ret_error);
}

/* A message of the past: left out when denied, but that a call and its result stay together. */
static enum status pass_old(const struct gate_request *request,
                            const struct provider_message *message, struct gate_pass *pass,
                            struct error *ret_error)
{
    struct privacy_ruling ruling;
    bool is_tool = message->role == PROVIDER_TOOL_CALL || message->role == PROVIDER_TOOL_RESULT;
    TRY(privacy_judge(request->privacy, request->target, message->text, &ruling, ret_error));
    note(pass, &ruling);
    enum status status = STATUS_OK;
    if (is_tool || ruling.verdict != PRIVACY_DENIED)
        status = add_message(pass, message, safe_text(message, &ruling), ret_error);
    privacy_ruling_finish(&ruling);
    return status;
}

static enum status pass_request(const struct gate_request *request,
                                const struct provider_message *message, struct gate_pass *pass,
                                struct error *ret_error)
{
    const char *text = NULL;
    TRY(pass_needed(request, message->text, pass, &text, ret_error));
    if (is_denied(pass))
        return STATUS_OK;
    enum status status = add_message(pass, message, text, ret_error);
    free_text(text);
    return status;
}

/* The last thing the user said is what the turn is about, wherever tools put it. */
static size_t request_index(const struct provider_turn *turn)
{
    size_t i = turn->message_count;
    while (i > 0 && turn->messages[i - 1].role != PROVIDER_USER)
        i--;
    return i ? i - 1 : turn->message_count;
}

static enum status pass_messages(const struct gate_request *request, struct gate_pass *pass,
                                 struct error *ret_error)
{
    const struct provider_turn *turn = request->turn;
    size_t asked = turn->send_audio ? turn->message_count : request_index(turn);
    pass->turn.messages = calloc(turn->message_count + 1, sizeof(turn->messages[0]));
    if (!pass->turn.messages)
        return out_of_memory(ret_error);
    for (size_t i = 0; i < turn->message_count && !is_denied(pass); i++)
        TRY(i == asked ? pass_request(request, &turn->messages[i], pass, ret_error)
                       : pass_old(request, &turn->messages[i], pass, ret_error));
    return STATUS_OK;
}

static enum status pass_turn(const struct gate_request *request, struct gate_pass *pass,
                             struct error *ret_error)
{
    const struct provider_turn *turn = request->turn;
    pass->turn.turn = turn->turn;
    pass->turn.send_audio = turn->send_audio;
    pass->turn.want_audio = turn->want_audio;
    pass->turn.max_output_tokens = turn->max_output_tokens;
    TRY(pass_sound(request, pass, ret_error));
    if (!is_denied(pass))
        TRY(pass_asked(request, pass, ret_error));
    if (!is_denied(pass))
        TRY(pass_messages(request, pass, ret_error));
    if (!is_denied(pass) && turn->instructions)
        TRY(pass_needed(request, turn->instructions, pass, &pass->turn.instructions, ret_error));
    if (is_denied(pass))
        return STATUS_OK;
    pass->bytes += turn->instructions ? strlen(pass->turn.instructions) : 0;
    if (!turn->tools)
        return STATUS_OK;
    pass->bytes += strlen(turn->tools); /* the device's own table: nothing of the user's */
    return copy_text(turn->tools, &pass->turn.tools, ret_error);
}

enum status gate_check(const struct gate_request *request, struct gate_pass *ret_pass,
                       struct error *ret_error)
{
    struct gate_pass pass = {.verdict = PRIVACY_ALLOWED};
    enum status status = STATUS_OK;
    if (request->private_mode)
        deny(&pass, "private mode");
    else
        status = pass_turn(request, &pass, ret_error);
    if (status != STATUS_OK) {
        gate_pass_finish(&pass);
        return status;
    }
    *ret_pass = pass;
    return STATUS_OK;
}

void gate_pass_finish(struct gate_pass *pass)
{
    for (size_t i = 0; i < pass->turn.message_count; i++) {
        free_text(pass->turn.messages[i].text);
        free_text(pass->turn.messages[i].name);
        free_text(pass->turn.messages[i].call_id);
    }
    free((void *)(uintptr_t)pass->turn.messages);
    free_text(pass->turn.instructions);
    free_text(pass->turn.tools);
    *pass = (struct gate_pass){.verdict = PRIVACY_DENIED};
}

enum status gate_result(const struct privacy *privacy, const char *target, const char *output,
                        char **ret_output, struct error *ret_error)
{
    struct privacy_ruling ruling;
    TRY(privacy_judge(privacy, target, output, &ruling, ret_error));
    char *copy = strdup(ruling.verdict == PRIVACY_DENIED ? kept : ruling.text);
    privacy_ruling_finish(&ruling);
    if (!copy)
        return out_of_memory(ret_error);
    *ret_output = copy;
    return STATUS_OK;
}
