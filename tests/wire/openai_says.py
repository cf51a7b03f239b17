"""What OpenAI's services say, made by the types of the `openai` package: each function returns the JSON of one
message. And the judge of what we say to them."""
import base64
import json

import pydantic
from openai.types import chat as chat_types
from openai.types import realtime, responses
from openai.types.chat import completion_create_params
from openai.types.realtime import realtime_client_event
from openai.types.responses import responses_client_event, responses_server_event

REALTIME_CLIENT = pydantic.TypeAdapter(realtime_client_event.RealtimeClientEvent)
RESPONSES_CLIENT = pydantic.TypeAdapter(responses_client_event.ResponsesClientEvent)
RESPONSES_SERVER = pydantic.TypeAdapter(responses_server_event.ResponsesServerEvent)
CHAT_REQUEST = pydantic.TypeAdapter(completion_create_params.CompletionCreateParamsStreaming)


def no_extras(value, path="message"):
    """The types let unknown fields pass; we do not."""
    if isinstance(value, pydantic.BaseModel):
        assert not value.model_extra, f"{path}: unknown fields {sorted(value.model_extra)} in {type(value).__name__}"
        for name in value.model_fields_set:
            no_extras(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            no_extras(item, f"{path}[{i}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            no_extras(item, f"{path}.{name}")


def judge_realtime(text):
    event = REALTIME_CLIENT.validate_json(text, strict=True)
    no_extras(event)
    return event


def judge_responses(text):
    event = RESPONSES_CLIENT.validate_json(text)
    no_extras(event)
    return event


def consumed(value, raw):
    """Iterables are judged as they are read. Where a text or a list may stand, the types take a text for a list of
    letters: there the text itself is what was allowed."""
    if isinstance(value, dict):
        assert set(value) == set(raw), f"unknown fields {set(raw) - set(value)}"
        return {name: consumed(item, raw[name]) for name, item in value.items()}
    if isinstance(raw, (str, int, float, bool)) or raw is None:
        return raw
    return [consumed(item, part) for item, part in zip(value, raw, strict=True)]


def judge_chat(text):
    return consumed(CHAT_REQUEST.validate_json(text), json.loads(text))


def dump(model):
    return model.model_dump_json(by_alias=True, exclude_unset=True)


# Realtime

def session(kind="session.created"):
    body = {"type": "realtime", "id": "sess_1", "object": "realtime.session", "model": "gpt-realtime",
            "output_modalities": ["text"], "instructions": "", "tools": [], "tool_choice": "auto",
            "max_output_tokens": "inf", "audio": {"input": {"format": {"type": "audio/pcm", "rate": 24000}}}}
    made = {"session.created": realtime.SessionCreatedEvent, "session.updated": realtime.SessionUpdatedEvent}[kind]
    return dump(made.model_validate({"type": kind, "event_id": "ev_s", "session": body}))


def response_created(response, mark=None):
    return dump(realtime.ResponseCreatedEvent.model_validate({
        "type": "response.created", "event_id": "ev_c",
        "response": {"id": response, "object": "realtime.response", "status": "in_progress", "output": [],
                     "metadata": {"mark": mark} if mark else None}}))


def item_added(response, item, kind="message"):
    body = {"id": item, "object": "realtime.item", "type": kind, "status": "in_progress"}
    body |= {"role": "assistant", "content": []} if kind == "message" else {"name": "", "arguments": "", "call_id": "c"}
    return dump(realtime.ResponseOutputItemAddedEvent.model_validate({
        "type": "response.output_item.added", "event_id": "ev_i", "response_id": response, "output_index": 0,
        "item": body}))


def text_delta(response, item, delta):
    return dump(realtime.ResponseTextDeltaEvent(
        type="response.output_text.delta", event_id="ev_t", response_id=response, item_id=item, output_index=0,
        content_index=0, delta=delta))


def transcript_delta(response, item, delta):
    return dump(realtime.ResponseAudioTranscriptDeltaEvent(
        type="response.output_audio_transcript.delta", event_id="ev_tr", response_id=response, item_id=item,
        output_index=0, content_index=0, delta=delta))


def audio_delta(response, item, sound):
    return dump(realtime.ResponseAudioDeltaEvent(
        type="response.output_audio.delta", event_id="ev_a", response_id=response, item_id=item, output_index=0,
        content_index=0, delta=base64.b64encode(sound).decode()))


def heard(item, transcript):
    return dump(realtime.ConversationItemInputAudioTranscriptionCompletedEvent.model_validate({
        "type": "conversation.item.input_audio_transcription.completed", "event_id": "ev_h", "item_id": item,
        "content_index": 0, "transcript": transcript, "usage": {"type": "duration", "seconds": 1.0}}))


def committed(item):
    return dump(realtime.InputAudioBufferCommittedEvent(
        type="input_audio_buffer.committed", event_id="ev_b", item_id=item, previous_item_id=None))


def call_done(response, call, name, arguments):
    return dump(realtime.ResponseFunctionCallArgumentsDoneEvent(
        type="response.function_call_arguments.done", event_id="ev_f", response_id=response, item_id="item_" + call,
        output_index=0, call_id=call, name=name, arguments=arguments))


def call_delta(response, call, delta):
    return dump(realtime.ResponseFunctionCallArgumentsDeltaEvent(
        type="response.function_call_arguments.delta", event_id="ev_fd", response_id=response, item_id="item_" + call,
        output_index=0, call_id=call, delta=delta))


def response_done(response, status="completed", details=None, usage=(11, 3, 7)):
    body = {"id": response, "object": "realtime.response", "status": status, "output": [], "status_details": details}
    if usage:
        body["usage"] = {"total_tokens": usage[0] + usage[2], "input_tokens": usage[0], "output_tokens": usage[2],
                         "input_token_details": {"text_tokens": usage[0], "audio_tokens": 0,
                                                 "cached_tokens": usage[1]},
                         "output_token_details": {"text_tokens": usage[2], "audio_tokens": 0}}
    return dump(realtime.ResponseDoneEvent.model_validate({
        "type": "response.done", "event_id": "ev_d", "response": body}))


def realtime_error(message, code=None, kind="invalid_request_error", event_id=None):
    return dump(realtime.RealtimeErrorEvent.model_validate({
        "type": "error", "event_id": "ev_e",
        "error": {"type": kind, "code": code, "message": message, "param": None, "event_id": event_id}}))


def rate_limits():
    return dump(realtime.RateLimitsUpdatedEvent.model_validate({
        "type": "rate_limits.updated", "event_id": "ev_r",
        "rate_limits": [{"name": "requests", "limit": 10, "remaining": 9, "reset_seconds": 1.5}]}))


def truncated(item, ms):
    return dump(realtime.ConversationItemTruncatedEvent(
        type="conversation.item.truncated", event_id="ev_x", item_id=item, content_index=0, audio_end_ms=ms))


# Responses

def _response(identity, status, **more):
    return {"id": identity, "object": "response", "created_at": 1.0, "model": "gpt-5", "output": [],
            "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "status": status} | more


def _responses_event(body):
    """Judged by the union of all server events, so that what is sent is what a client may expect."""
    event = RESPONSES_SERVER.validate_python({"sequence_number": 1} | body)
    return dump(event)


def r_created(identity):
    return _responses_event({"type": "response.created", "response": _response(identity, "in_progress")})


def r_text(delta, item="msg_1"):
    return _responses_event({"type": "response.output_text.delta", "item_id": item, "output_index": 0,
                             "content_index": 0, "delta": delta, "logprobs": []})


def r_call(call, name, arguments):
    return _responses_event({"type": "response.output_item.done", "output_index": 0, "item": {
        "type": "function_call", "id": "fc_" + call, "call_id": call, "name": name, "arguments": arguments,
        "status": "completed"}})


def r_usage(usage):
    return {"input_tokens": usage[0], "output_tokens": usage[2], "total_tokens": usage[0] + usage[2],
            "input_tokens_details": {"cached_tokens": usage[1], "cache_write_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0}}


def r_completed(identity, usage=(21, 4, 9)):
    return _responses_event({"type": "response.completed",
                             "response": _response(identity, "completed", usage=r_usage(usage))})


def r_incomplete(identity, reason):
    return _responses_event({"type": "response.incomplete", "response": _response(
        identity, "incomplete", incomplete_details={"reason": reason}, usage=r_usage((1, 0, 1)))})


def r_failed(identity, code, message):
    return _responses_event({"type": "response.failed", "response": _response(
        identity, "failed", error={"code": code, "message": message})})


def r_error(status, code, message):
    """The websocket form, with the cause in an object of its own, as the guide shows it."""
    body = {"type": "error", "sequence_number": 0, "status": status, "code": code, "message": message, "param": None,
            "error": {"type": "invalid_request_error", "code": code, "message": message, "param": None}}
    return dump(RESPONSES_SERVER.validate_python(body))


# Chat

def chunk(delta=None, finish=None, usage=None):
    body = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": []}
    if delta is not None:
        body["choices"] = [{"index": 0, "delta": delta, "finish_reason": finish}]
    if usage:
        body["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[2], "total_tokens": usage[0] + usage[2],
                         "prompt_tokens_details": {"cached_tokens": usage[1]}}
    made = chat_types.ChatCompletionChunk.model_validate(body)
    no_extras(made)
    return dump(made)
