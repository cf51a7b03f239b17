/* /v1/chat/completions, streamed by server-sent events: the dialect that OpenAI, llama-server,
 * Ollama and vLLM share, with their quirks: thoughts in fields of their own (skipped), calls whole
 * or in pieces, errors as an object or a text, in the middle of a stream too.
 *
 * Thread: any. */
#ifndef LINNET_NET_WIRE_CHAT_H
#define LINNET_NET_WIRE_CHAT_H

#include "wire.h"

/* Body of the request: model, instructions, messages, tools, max_output_tokens. Calls that follow
 * one another become one message. OpenAI itself knows the limit under a `new_limit_name`, local
 * servers under the old one. Errors as in wire_realtime.h. */
enum status wire_chat_request(const struct wire_request *request, bool new_limit_name,
                              struct strbuf *out, struct error *ret_error);

/* Data of one server-sent event, "[DONE]" (WIRE_ENDED) too. FORMAT: not one of the protocol. */
enum status wire_chat_decode(const void *data, size_t size, wire_sink_fn *sink, void *context,
                             struct error *ret_error);

/* Body of an answer with an HTTP status other than 200, of whatever form: one WIRE_ERROR. */
void wire_chat_refusal(int http_status, const void *data, size_t size, wire_sink_fn *sink,
                       void *context);

#endif
