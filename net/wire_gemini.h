/* Gemini's Live protocol (BidiGenerateContent) over a websocket, whose messages may come as binary
 * frames with JSON in them. Sessions always answer with sound and its transcript: models that speak
 * natively refuse to answer in text alone. Activity is ours to mark (automatic detection is off).
 *
 * Source: `LiveClientMessage` and `LiveServerMessage` of Google's google-genai Python package.
 *
 * Thread: any. */
#ifndef LINNET_NET_WIRE_GEMINI_H
#define LINNET_NET_WIRE_GEMINI_H

#include "wire.h"

/* setup, to be answered by WIRE_READY before anything else is sent: model, instructions, tools,
 * voice, max_output_tokens, messages (whether there will be history). `handle`: of an earlier
 * session that goes on, or NULL. Errors as in wire_realtime.h. */
enum status wire_gemini_setup(const struct wire_request *request, const char *handle,
                              struct strbuf *out, struct error *ret_error);

/* clientContent with the messages, which are history: nothing is answered. */
enum status wire_gemini_history(const struct wire_request *request, struct strbuf *out,
                                struct error *ret_error);

/* realtimeInput: the marks around what the user does, and what that is. */
enum status wire_gemini_activity(bool begins, struct strbuf *out);
enum status wire_gemini_text(const char *text, struct strbuf *out, struct error *ret_error);
enum status wire_gemini_audio(const void *sound, size_t bytes, struct strbuf *out);

/* toolResponse: messages are results; .name is the name of the tool called. */
enum status wire_gemini_results(const struct provider_message *results, size_t count,
                                struct strbuf *out, struct error *ret_error);

/* One message. FORMAT: not one of the protocol (what was understood before has been handed over).
 * Calls are followed by WIRE_FINISHED: the model waits for their results. */
enum status wire_gemini_decode(const void *data, size_t size, wire_sink_fn *sink, void *context,
                               struct error *ret_error);

#endif
