/* OpenAI's Realtime protocol over a websocket, in its generally available form: what we send, and
 * what we understand of what comes. Turns are ours to end (turn_detection is null): sound is
 * committed by hand and every response is asked for.
 *
 * Encoders append one whole message to `out`. INVALID_ARGUMENT: a text is not UTF-8; FORMAT: tools;
 * LIMIT, NO_MEMORY: of `out`. `event_id` is echoed by the server when the message was wrong.
 *
 * Source: the `realtime` schemas of OpenAI's openapi.yaml and of its Python package.
 *
 * Thread: any. */
#ifndef LINNET_NET_WIRE_REALTIME_H
#define LINNET_NET_WIRE_REALTIME_H

#include "wire.h"

/* session.update: instructions, tools, voice, transcriber, max_output_tokens, and whether sound or
 * text comes back. */
enum status wire_realtime_session(const struct wire_request *request, const char *event_id,
                                  struct strbuf *out, struct error *ret_error);

/* conversation.item.create at the end, under our own id (at most 32 characters). */
enum status wire_realtime_item(const struct provider_message *message, const char *id,
                               const char *event_id, struct strbuf *out, struct error *ret_error);

/* input_audio_buffer.append: PCM 16-bit little-endian mono at 24 kHz. */
enum status wire_realtime_append(const void *sound, size_t bytes, struct strbuf *out);

/* input_audio_buffer.commit, .clear. */
enum status wire_realtime_commit(const char *event_id, struct strbuf *out);
enum status wire_realtime_clear(struct strbuf *out);

/* response.create; `mark` comes back with WIRE_STARTED. */
enum status wire_realtime_respond(const char *mark, const char *event_id, struct strbuf *out,
                                  struct error *ret_error);

/* response.cancel (NULL: of whatever is going on), conversation.item.truncate, .delete. */
enum status wire_realtime_cancel(const char *response, const char *event_id, struct strbuf *out,
                                 struct error *ret_error);
enum status wire_realtime_truncate(const char *item, int64_t heard_ms, const char *event_id,
                                   struct strbuf *out, struct error *ret_error);
enum status wire_realtime_delete(const char *item, const char *event_id, struct strbuf *out,
                                 struct error *ret_error);

/* One message. FORMAT: not one of the protocol (what was understood before has been handed over).
 * Names of the retired beta are understood too: local servers still use them. */
enum status wire_realtime_decode(const void *data, size_t size, wire_sink_fn *sink, void *context,
                                 struct error *ret_error);

#endif
