/* The conversation: the turns that a model elsewhere (and, for "what did I just ask?", the one
 * here) should know of, within a budget of tokens. What does not fit any more is dropped oldest
 * first and replaced by a summary made here, the first message of the view: what was asked, and the
 * start of what was answered.
 *
 *     conversation_ask(conversation, now, text, is_private);
 *     conversation_view(conversation, &view, &error);    view.messages end with the request
 *     conversation_answer(conversation, said);           what was really spoken
 *
 * A turn that was private when it was said never comes into a view or a summary.
 *
 * Thread: mind, for all functions. */
#ifndef LINNET_PIPELINE_CONVERSATION_H
#define LINNET_PIPELINE_CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provider.h"
#include "status.h"

enum { CONVERSATION_MESSAGES_MAX = 128, CONVERSATION_TEXT_BYTES = 4096 };

struct conversation_config {
    int budget_tokens;  /* of a view: messages and summary, estimated at four bytes a token */
    int forget_after_s; /* a pause after which a new conversation begins; 0: never */
};

struct conversation_view {
    const struct provider_message *messages; /* oldest first */
    size_t count;
    bool summarised; /* the first message is the summary of what was dropped */
};

struct conversation;

enum status conversation_create(const struct conversation_config *config,
                                struct conversation **ret_conversation, struct error *ret_error);
void conversation_destroy(struct conversation *conversation);

/* A request opens a turn; one that has no answer yet stays without. Texts longer than
 * CONVERSATION_TEXT_BYTES - 1 are cut at a character. `now`: unix seconds. */
enum status conversation_ask(struct conversation *conversation, int64_t now, const char *text,
                             bool is_private, struct error *ret_error);

/* What was said to it. A second call replaces the first: after a barge-in, say what was heard. */
enum status conversation_answer(struct conversation *conversation, const char *text,
                                struct error *ret_error);

/* A tool that the model elsewhere called, and its result: kept between request and answer. */
enum status conversation_tool(struct conversation *conversation, const char *call_id,
                              const char *name, const char *arguments, const char *result,
                              struct error *ret_error);

/* Valid until the next change. The request of the open turn always fits, alone if need be. */
enum status conversation_view(struct conversation *conversation, struct conversation_view *ret_view,
                              struct error *ret_error);

void conversation_forget(struct conversation *conversation);

/* The system prompt: who Linnet is, how to answer for the ear, the local date; free() it. It is the
 * same all day, so that a session need not be told it anew and a service can keep what it made of
 * it; the time of day is a tool's affair. */
enum status conversation_instructions(const char *zone, int64_t now, char **ret_text,
                                      struct error *ret_error);

#endif
