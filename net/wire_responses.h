/* OpenAI's Responses over a websocket: one message asks for a response, events come back as they do
 * over HTTP. Nothing is stored by the server beyond the connection ("store": false).
 *
 * Source: `responses_client_event` and `responses_server_event` of OpenAI's Python package.
 *
 * Thread: any. */
#ifndef LINNET_NET_WIRE_RESPONSES_H
#define LINNET_NET_WIRE_RESPONSES_H

#include "wire.h"

/* response.create: model, instructions, previous, messages, tools, max_output_tokens. Errors as in
 * wire_realtime.h. */
enum status wire_responses_create(const struct wire_request *request, struct strbuf *out,
                                  struct error *ret_error);

/* One message. FORMAT: not one of the protocol. */
enum status wire_responses_decode(const void *data, size_t size, wire_sink_fn *sink, void *context,
                                  struct error *ret_error);

#endif
