/* The gate: the one way of a turn to a provider. It takes the turn as the assistant would like to
 * send it and gives a copy of what may be sent, or nothing. Call it before provider_start and
 * provider_reply; start the copy, never the original.
 *
 *     gate_check(&request, &pass, &error);
 *     if (pass.verdict != PRIVACY_DENIED)
 *         provider_start(provider, &pass.turn, &error);
 *     gate_pass_finish(&pass);
 *
 * Denied as a whole: private mode; a request or instructions that a rule denies; sound without
 * `may_send_audio`, and sound whose words (`heard`) a rule denies or redacts, since nobody can
 * redact a sound. Older messages that a rule denies are left out, with the calls that belong to
 * them; results of tools become "[kept on the device]". Every text is redacted.
 *
 * Thread: mind. */
#ifndef LINNET_PIPELINE_GATE_H
#define LINNET_PIPELINE_GATE_H

#include "privacy.h"
#include "provider.h"

struct gate_request {
    const struct privacy *privacy;
    const char *target;  /* the provider's name in the configuration */
    bool private_mode;   /* nothing leaves */
    bool may_send_audio; /* `send_audio: true` */
    const char *asked;   /* the request, when it is not the last that the user says in the turn */
    const char *heard;   /* our own recogniser's text of the sound; for turn.send_audio */
    const struct provider_turn *turn;
};

struct gate_pass {
    enum privacy_verdict verdict;
    char rule[PRIVACY_RULE_BYTES]; /* why it is denied or redacted: a rule, or "private mode" ... */
    size_t bytes;                  /* of text that may leave */
    struct provider_turn turn;     /* all its strings are the pass's own; zero when denied */
};

enum status gate_check(const struct gate_request *request, struct gate_pass *ret_pass,
                       struct error *ret_error);

/* Accepts a zeroed pass. Texts are wiped. */
void gate_pass_finish(struct gate_pass *pass);

/* What may be sent of a tool's result: free() it. Never denied as a whole, see above. */
enum status gate_result(const struct privacy *privacy, const char *target, const char *output,
                        char **ret_output, struct error *ret_error);

#endif
