"""What Gemini Live says, made by the types of the `google-genai` package: each function returns the JSON of one
message. And the judge of what we say to it."""
import json

from google.genai import types


def dump(**fields):
    return types.LiveServerMessage(**fields).model_dump_json(by_alias=True, exclude_none=True)


def ready():
    return dump(setup_complete=types.LiveServerSetupComplete(session_id="s"))


def audio(sound):
    blob = types.Blob(data=sound, mime_type="audio/pcm;rate=24000")
    return dump(server_content=types.LiveServerContent(
        model_turn=types.Content(role="model", parts=[types.Part(inline_data=blob)])))


def thought(text):
    return dump(server_content=types.LiveServerContent(
        model_turn=types.Content(role="model", parts=[types.Part(text=text, thought=True)])))


def spoken(text):
    return dump(server_content=types.LiveServerContent(output_transcription=types.Transcription(text=text)))


def heard(text):
    return dump(server_content=types.LiveServerContent(input_transcription=types.Transcription(text=text)))


def generated():
    return dump(server_content=types.LiveServerContent(generation_complete=True))


def turn_complete(usage=(31, 5, 8), reason=None):
    return dump(
        server_content=types.LiveServerContent(turn_complete=True, turn_complete_reason=reason),
        usage_metadata=types.UsageMetadata(prompt_token_count=usage[0], cached_content_token_count=usage[1],
                                           response_token_count=usage[2], total_token_count=usage[0] + usage[2]))


def interrupted():
    return dump(server_content=types.LiveServerContent(interrupted=True))


def call(*calls):
    return dump(tool_call=types.LiveServerToolCall(
        function_calls=[types.FunctionCall(id=identity, name=name, args=args) for identity, name, args in calls]))


def cancelled(*ids):
    return dump(tool_call_cancellation=types.LiveServerToolCallCancellation(ids=list(ids)))


def go_away(left):
    return dump(go_away=types.LiveServerGoAway(time_left=left))


def resumption(handle, resumable=True):
    return dump(session_resumption_update=types.LiveServerSessionResumptionUpdate(
        new_handle=handle, resumable=resumable))


def judge(text):
    """LiveClientMessage forbids unknown fields. Its setup lacks realtimeInputConfig, which the package itself sends
    from a type of its own: that is judged by it."""
    body = json.loads(text)
    config = body.get("setup", {}).pop("realtimeInputConfig", None)
    if config is not None:
        types.RealtimeInputConfig.model_validate(config)
    message = types.LiveClientMessage.model_validate(body)
    assert len(body) == 1, f"one member a message, not {sorted(body)}"
    return message, config
