#!/usr/bin/env python3
"""The provider openai-chat against an HTTP server that says what the types of `openai` make.

    check_chat.py PROVIDER_PROBE          prints TAP
"""
import json

import openai_says as openai
from bench_peer import KEY, Peer, assistant, kinds, text, usage, user
from tap import run, test

TOOLS = [{"name": "look_up", "description": "a word", "parameters": {"type": "object", "properties": {}}}]


def peer(**config):
    return Peer("openai-chat", openai.judge_chat, **config)


def answer(request, *words, tokens=(5, 1, 2)):
    request.answer()
    request.say(openai.chunk({"role": "assistant", "content": ""}),
                *[openai.chunk({"content": word}) for word in words], openai.chunk({}, "stop"),
                openai.chunk(usage=tokens), "[DONE]")
    request.end()


def call(index, **fields):
    function = {name: fields.pop(name) for name in ("name", "arguments") if name in fields}
    return {"tool_calls": [{"index": index, "function": function} | fields]}


@test
def a_text_turn():
    with peer() as p:
        p.start(1, [user("hi"), assistant("hello"), user("What is tea?")], instructions="Be short.")
        request = p.accept()
        assert request.path == "/v1/chat/completions" and request.headers["Authorization"] == "Bearer " + KEY
        assert request.message["model"] == "some-model" and request.message["stream"] is True
        assert [(m["role"], m["content"]) for m in request.message["messages"]] == [
            ("system", "Be short."), ("user", "hi"), ("assistant", "hello"), ("user", "What is tea?")]
        answer(request, "A ", "drïnk.")
        events = p.until_end()
        assert kinds(events) == ["TEXT", "TEXT", "USAGE", "DONE"] and text(events) == "A drïnk."
        assert usage(events)[:3] == [5, 1, 2] and p.quiet()


@test
def without_a_key_there_is_no_authorization():
    with peer(key=None) as p:
        p.start(1, [user("hi")])
        request = p.accept()
        assert "Authorization" not in request.headers
        answer(request, "ok")
        assert text(p.until_end()) == "ok"


@test
def the_address_of_all_services_is_enough():
    for path in ("/v1", "/v1/", "/proxy/v1?tenant=7"):
        with peer(path=path) as p:
            p.start(1, [user("hi")])
            request = p.accept()
            wanted = "/proxy/v1/chat/completions?tenant=7" if "tenant" in path else "/v1/chat/completions"
            assert request.path == wanted, request.path
            answer(request, "ok")
            assert text(p.until_end()) == "ok"


@test
def any_cut_of_the_stream_is_the_same_answer():
    body = b"".join(b": ping\r\n\r\ndata: " + chunk.encode() + b"\r\n\r\n" for chunk in [
        openai.chunk({"content": "é" * 3}), openai.chunk({"content": "ü"}), openai.chunk({}, "stop"), "[DONE]"])
    with peer() as p:
        for turn, size in enumerate((1, 2, 3, 7, 1000)):
            p.start(turn, [user("hi")])
            request = p.accept()
            request.answer()
            for at in range(0, len(body), size):
                request.write(body[at:at + size])
            request.end()
            assert text(p.until_end()) == "éééü"


@test
def a_tool_turn():
    with peer() as p:
        p.start(1, [user("what is café")], tools=TOOLS)
        request = p.accept()
        assert request.message["tools"][0]["function"]["name"] == "look_up"
        request.answer()
        request.say(openai.chunk({"role": "assistant", "content": "Let me see."}),
                    openai.chunk(call(0, id="c1", type="function", name="look_up", arguments="")),
                    openai.chunk(call(0, arguments='{"word":')), openai.chunk(call(0, arguments='"café"}')),
                    openai.chunk(call(1, id="c2", type="function", name="look_up", arguments="{}")),
                    openai.chunk({}, "tool_calls"), openai.chunk(usage=(5, 1, 2)), "[DONE]")
        request.end()
        events = p.until_end()
        assert kinds(events) == ["TEXT", "TOOL", "TOOL", "USAGE", "DONE"]
        assert [(e["call_id"], e["name"], e["data"]) for e in events[1:3]] == [
            ("c1", "look_up", '{"word":"café"}'), ("c2", "look_up", "{}")]
        p.do("reply", results=[{"call_id": "c1", "output": "a place"}, {"call_id": "c2", "output": "none"}])
        request = p.accept()
        messages = request.message["messages"]
        assert [m["role"] for m in messages] == ["user", "assistant", "tool", "tool"]
        assert messages[1]["content"] == "Let me see." and len(messages[1]["tool_calls"]) == 2
        assert [(m["tool_call_id"], m["content"]) for m in messages[2:]] == [("c1", "a place"), ("c2", "none")]
        answer(request, "A place.")
        events = p.until_end()
        assert text(events) == "A place." and usage(events)[:3] == [10, 2, 4]


@test
def calls_as_local_servers_send_them():
    """Whole calls, all under index 0, with or without an id."""
    with peer() as p:
        for turn, ids in enumerate((["a", "b"], [None, None])):
            p.start(turn, [user("both")], tools=TOOLS)
            request = p.accept()
            request.answer()
            for number, identity in enumerate(ids):
                fields = {"id": identity} if identity else {}
                request.say(json.dumps({"choices": [{"index": 0, "delta": call(
                    0, name="look_up", arguments=f'{{"n":{number}}}', **fields)}]}))
            request.say(openai.chunk({}, "tool_calls"), "[DONE]")
            request.end()
            calls = [e for e in p.until_end() if e["event"] == "TOOL"]
            assert [e["data"] for e in calls] == ['{"n":0}', '{"n":1}']
            assert calls[0]["call_id"] and calls[0]["call_id"] != calls[1]["call_id"]
            p.do("cancel", heard_ms=-1)


@test
def a_cancel_hangs_up():
    with peer() as p:
        p.start(1, [user("one")])
        request = p.accept()
        request.answer()
        request.say(openai.chunk({"content": "begin"}))
        assert p.event("TEXT")["data"] == "begin"
        p.do("cancel", heard_ms=-1)
        assert request.gone() and p.quiet()
        p.start(2, [user("two")])
        answer(p.accept(), "second")
        events = p.until_end()
        assert text(events) == "second" and {event["turn"] for event in events} == {2}


@test
def refusals_are_told_apart():
    wrong = '{"error":{"message":"no, %s","type":"invalid_request_error","code":"invalid_api_key"}}' % KEY
    loading = '{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}'
    for status, body, failure, said in [
            (401, wrong, "REFUSED", "no, " + "*" * len(KEY)), (503, loading, "OVERLOADED", "Loading model"),
            (404, '{"error":"model not found"}', "REFUSED", "model not found"),
            (502, "<html>Bad gateway</html>", "OVERLOADED", "HTTP status 502: <html>Bad gateway</html>"),
            (429, "", "OVERLOADED", "HTTP status 429")]:
        with peer() as p:
            p.start(1, [user("hi")])
            request = p.accept()
            request.answer(status, "application/json")
            if body:
                request.write(body)
            request.end()
            event = p.event("FAILED")
            assert (event["failure"], event["data"]) == (failure, said), event


@test
def errors_in_mid_stream_fail_the_turn():
    for bad, failure in [('{"error":{"message":"out of memory","type":"server_error"}}', "OVERLOADED"),
                         ('{"error":"stopped"}', "REFUSED"), ("{", "GARBLED"), ('{"a":1}', "GARBLED")]:
        with peer() as p:
            p.start(1, [user("hi")])
            request = p.accept()
            request.answer()
            request.say(openai.chunk({"content": "We"}), bad)
            events = p.until_end()
            assert text(events) == "We" and events[-1]["failure"] == failure, events
            request.over.set()


@test
def a_close_in_mid_stream_fails_the_turn():
    for end in ("cut", "end"):
        with peer() as p:
            p.start(1, [user("hi")])
            request = p.accept()
            request.answer()
            request.say(openai.chunk({"content": "hel"}))
            assert p.event("TEXT")["data"] == "hel"
            getattr(request, end)()
            assert p.event("FAILED")["failure"] == "CLOSED"


@test
def a_stream_without_its_last_word_is_whole_when_the_model_finished():
    with peer() as p:
        p.start(1, [user("hi")])
        request = p.accept()
        request.answer()
        request.say(openai.chunk({"content": "ok"}), openai.chunk({}, "stop"))
        request.end()
        assert kinds(p.until_end()) == ["TEXT", "DONE"]


@test
def a_filtered_answer_is_a_refusal():
    with peer() as p:
        p.start(1, [user("hi")])
        request = p.accept()
        request.answer()
        request.say(openai.chunk({"content": "ok"}), openai.chunk({}, "content_filter"))
        assert p.until_end()[-1]["failure"] == "REFUSED"
        request.over.set()


@test
def nobody_there():
    with peer(url="http://127.0.0.1:1/v1/chat/completions") as p:
        p.start(1, [user("hi")])
        assert p.event("FAILED")["failure"] == "UNREACHABLE"


run()
