#!/usr/bin/env python3
"""The judges: every message that our encoders write is read by the types of the `openai` and `google-genai` packages,
and every kind of message that our decoders read is made by them.

    judge_types.py WIRE_LINES [SEED_FOLDER]    prints TAP; with a folder, writes the messages there as fuzz seeds
"""
import base64
import hashlib
import json
import pathlib
import subprocess
import sys

import gemini_says as gemini
import openai_says as openai
from tap import run, test

WIRE_LINES = sys.argv[1]
SEEDS = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
REFUSED, OVERLOADED = 2, 4


def ours(wanted):
    done = subprocess.run([WIRE_LINES, "encode"], capture_output=True, text=True, check=True, timeout=60)
    lines = [line.split("\t", 1) for line in done.stdout.splitlines()]
    return [text for kind, text in lines if kind == wanted]


def seed(kind, messages):
    for message in messages:
        name = hashlib.sha1(message.encode()).hexdigest()[:8]
        (SEEDS / kind / f"{name}.json").write_text(message, encoding="utf-8")


def decode(kind, *messages):
    """What our decoder says of each message: lists of [kind, response, id, name, data, ...]."""
    if SEEDS:
        seed(kind, messages)
    assert not any("\n" in message for message in messages)
    done = subprocess.run([WIRE_LINES, "decode", kind], input="".join(m + "\n" for m in messages),
                          capture_output=True, text=True, check=True, timeout=60)
    said = [[]]
    for line in done.stdout.splitlines():
        if line:
            said[-1].append(json.loads(line))
        else:
            said.append([])
    assert len(said) == len(messages) + 1
    return said[:-1]


def brief(said):
    """[kind, response, id, name, data] of each event of each message."""
    return [[event[:5] for event in events] for events in said]


@test
def what_we_say_to_realtime_is_understood():
    events = [openai.judge_realtime(text) for text in ours("realtime")]
    kinds = [event.type for event in events]
    assert kinds[:2] == ["session.update"] * 2 and kinds.count("conversation.item.create") == 7
    session = events[0].session
    assert session.type == "realtime" and session.output_modalities == ["audio"]
    assert session.audio.output.voice == "marin" and session.audio.input.format.rate == 24000
    assert session.audio.input.turn_detection is None and session.audio.input.transcription.model == "some-transcriber"
    assert [tool.name for tool in session.tools] == ["look_up", "time"] and session.max_output_tokens == 300
    items = [event.item for event in events if event.type == "conversation.item.create"]
    assert items[0].content[0].text == 'What is "café"?\n' and items[1].content[0].type == "output_text"
    assert items[2].arguments == '{"word":"café"}' and items[4].output == "a place"
    by_kind = {event.type: event for event in events}
    assert base64.b64decode(by_kind["input_audio_buffer.append"].audio) == b"\1\2\3\4"
    assert by_kind["response.create"].response.metadata == {"mark": "7"}
    assert by_kind["response.cancel"].response_id == "resp_1"
    assert by_kind["conversation.item.truncate"].audio_end_ms == 1234
    assert by_kind["conversation.item.delete"].item_id == "item_1"


@test
def what_we_say_to_responses_is_understood():
    full, least = [openai.judge_responses(text) for text in ours("responses")]
    assert full.type == "response.create" and full.store is False and full.previous_response_id == "resp_0"
    assert [item.type for item in full.input] == ["message"] * 2 + ["function_call"] * 2 + [
        "function_call_output"] * 2 + ["message"]
    assert full.tools[0].name == "look_up" and full.instructions == "Be short." and full.max_output_tokens == 300
    assert least.previous_response_id is None and len(least.input) == 1


@test
def what_we_say_to_chat_is_understood():
    full, new, least = [openai.judge_chat(text) for text in ours("chat")]
    roles = [message["role"] for message in full["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "tool", "user"]
    assert [call["id"] for call in full["messages"][2]["tool_calls"]] == ["call_1", "call_2"]
    assert full["stream"] and full["stream_options"] == {"include_usage": True}
    assert full["max_tokens"] == 300 and new["max_completion_tokens"] == 300
    assert full["tools"][0]["function"]["name"] == "look_up" and "tools" not in least


@test
def what_we_say_to_gemini_is_understood():
    judged = [gemini.judge(text) for text in ours("gemini")]
    messages = [message for message, _ in judged]
    setup = messages[0].setup
    assert setup.model == "models/some-model" and messages[2].setup.model == "models/m"
    assert judged[0][1] == {"automaticActivityDetection": {"disabled": True}}
    assert [m.value for m in setup.generation_config.response_modalities] == ["AUDIO"]
    assert setup.generation_config.speech_config.voice_config.prebuilt_voice_config.voice_name == "marin"
    assert setup.history_config.initial_history_in_client_content and messages[2].setup.history_config is None
    assert setup.tools[0].function_declarations[0].name == "look_up"
    assert setup.session_resumption.handle is None and messages[1].setup.session_resumption.handle == "handle-1"
    content = messages[3].client_content
    assert [turn.role for turn in content.turns] == ["user", "model", "model", "model", "user", "user", "user"]
    assert content.turns[2].parts[0].function_call.args == {"word": "café"} and content.turn_complete
    assert messages[4].realtime_input.activity_start is not None
    assert messages[5].realtime_input.text == "Café"
    audio = messages[6].realtime_input.audio
    assert audio.data == b"\1\2\3\4" and audio.mime_type == "audio/pcm;rate=24000"
    assert messages[7].realtime_input.activity_end is not None
    results = messages[8].tool_response.function_responses
    assert [(r.id, r.name, r.response) for r in results] == [
        ("call_1", "look_up", {"output": "a place"}), ("call_2", "time", {"hour": 3})]


@test
def what_realtime_says_is_understood():
    sound = bytes(range(200))
    said = decode(
        "realtime", openai.session(), openai.session("session.updated"), openai.response_created("r1", "7"),
        openai.item_added("r1", "i1"), openai.text_delta("r1", "i1", "Hé"), openai.transcript_delta("r1", "i1", "lo"),
        openai.audio_delta("r1", "i1", sound), openai.heard("i0", "hello"), openai.committed("i0"),
        openai.call_delta("r1", "c1", '{"a'), openai.call_done("r1", "c1", "look_up", '{"a":1}'),
        openai.rate_limits(), openai.truncated("i1", 5))
    assert brief(said) == [
        [["READY", "", "", "", ""]], [["READY", "", "", "", ""]], [["STARTED", "r1", "", "7", ""]],
        [], [["TEXT", "r1", "", "", "Hé"]], [["TEXT", "r1", "", "", "lo"]],
        [["AUDIO", "r1", "", "", base64.b64encode(sound).decode()]], [["HEARD", "", "", "", "hello"]],
        [["COMMITTED", "", "i0", "", ""]], [], [["TOOL", "r1", "c1", "look_up", '{"a":1}']], [], []]
    assert [said[n][0][10] for n in (4, 5, 6, 10)] == ["i1", "i1", "i1", "item_c1"]


@test
def how_realtime_ends_is_understood():
    failed = {"type": "failed", "error": {"type": "server_error", "code": "server_error", "message": "sorry"}}
    said = decode(
        "realtime", openai.response_done("r1"), openai.response_done("r2", "failed", failed, None),
        openai.response_done("r3", "incomplete", {"type": "incomplete", "reason": "max_output_tokens"}, None),
        openai.response_done("r4", "cancelled", {"type": "cancelled", "reason": "client_cancelled"}, None),
        openai.realtime_error("no such model", "model_not_found", event_id="e9"))
    assert said[0][0][0] == "USAGE" and said[0][0][9] == [11, 3, 7] and said[0][1][7] is True
    assert said[1][0][0] == "ENDED" and said[1][0][4] == "sorry" and said[1][0][8] == OVERLOADED
    assert said[2][0][7] is True and said[3][0][7] is False and said[3][0][3] == "cancelled"
    assert said[4][0][:5] == ["ERROR", "", "e9", "model_not_found", "no such model"] and said[4][0][8] == REFUSED


@test
def what_responses_says_is_understood():
    said = decode(
        "responses", openai.r_created("r1"), openai.r_text("Hé"), openai.r_call("c1", "look_up", "{}"),
        openai.r_completed("r1"), openai.r_incomplete("r2", "max_output_tokens"),
        openai.r_incomplete("r3", "content_filter"), openai.r_failed("r4", "server_error", "sorry"),
        openai.r_error(400, "previous_response_not_found", "gone"))
    assert brief(said)[:3] == [[["STARTED", "r1", "", "", ""]], [["TEXT", "", "", "", "Hé"]],
                               [["TOOL", "", "c1", "look_up", "{}"]]]
    assert said[3][0][9] == [21, 4, 9] and said[3][1][0] == "ENDED" and said[3][1][7] is True
    assert said[4][1][7] is True and said[5][1][7] is False
    assert said[6][0][4] == "sorry" and said[6][0][8] == OVERLOADED
    assert said[7][0][:5] == ["ERROR", "", "", "previous_response_not_found", "gone"] and said[7][0][8] == REFUSED


@test
def what_chat_says_is_understood():
    first = {"tool_calls": [{"index": 1, "id": "c1", "type": "function",
                             "function": {"name": "look_up", "arguments": ""}}]}
    piece = {"tool_calls": [{"index": 1, "function": {"arguments": '{"a"'}}]}
    said = decode(
        "chat", openai.chunk({"role": "assistant", "content": ""}), openai.chunk({"content": "Hé"}),
        openai.chunk(first), openai.chunk(piece), openai.chunk({}, "tool_calls"), openai.chunk({}, "content_filter"),
        openai.chunk(usage=(5, 1, 2)), "[DONE]")
    assert brief(said)[:4] == [[], [["TEXT", "", "", "", "Hé"]], [["TOOL_PART", "", "c1", "look_up", ""]],
                               [["TOOL_PART", "", "", "", '{"a"']]]
    assert said[3][0][5] == 1 and said[4][0][0] == "FINISHED" and said[4][0][7] is True and said[5][0][7] is False
    assert said[6][0][0] == "USAGE" and said[6][0][9] == [5, 1, 2] and said[7][0][0] == "ENDED"


@test
def what_gemini_says_is_understood():
    sound = bytes(range(251, 256)) * 40
    said = decode(
        "gemini", gemini.ready(), gemini.audio(sound), gemini.thought("hm"), gemini.spoken("Hé"), gemini.heard("hello"),
        gemini.generated(), gemini.turn_complete(), gemini.interrupted(), gemini.call(("c1", "look_up", {"a": "é"})),
        gemini.cancelled("c1"), gemini.go_away("9.5s"), gemini.resumption("h1"), gemini.resumption("", False))
    assert brief(said)[:6] == [
        [["READY", "", "", "", ""]], [["AUDIO", "", "", "", base64.b64encode(sound).decode()]], [],
        [["TEXT", "", "", "", "Hé"]], [["HEARD", "", "", "", "hello"]], []]
    assert said[6][0][9] == [31, 5, 8] and said[6][1][0] == "ENDED" and said[6][1][7] is True
    assert said[7] == [] and brief(said)[8][0] == ["TOOL", "", "c1", "look_up", '{"a":"é"}']
    assert said[8][1][0] == "FINISHED" and said[9] == []
    assert said[10][0][6] == 9500 and said[11][0][2] == "h1" and said[12][0][2] == ""


run()
