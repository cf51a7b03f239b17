#!/usr/bin/env python3
"""The provider openai-realtime against a server made of `websockets` and the types of `openai`.

    check_realtime.py PROVIDER_PROBE      prints TAP
"""
import base64

import openai_says as openai
from bench_peer import KEY, Peer, assistant, fed, kinds, sound, text, usage, user
from tap import run, test

TOOLS = [{"name": "look_up", "description": "a word", "parameters": {"type": "object", "properties": {}}}]


def peer(**config):
    return Peer("openai-realtime", openai.judge_realtime, **config)


def expect(connection, *wanted):
    """The next messages, of these types."""
    messages = [connection.receive() for _ in wanted]
    assert [message.type for message in messages] == list(wanted), [message.type for message in messages]
    return messages


def answer(connection, asked, response, *words, ok=True):
    mark = asked.response.metadata["mark"]
    connection.say(openai.response_created(response, mark), openai.rate_limits())
    for word in words:
        connection.say(openai.text_delta(response, "item_" + response, word))
    if ok:
        connection.say(openai.response_done(response))


def first_turn(p, question="hi", reply="hello"):
    """One whole turn; its connection."""
    p.start(1, [user(question)], instructions="Be short.")
    connection = p.accept()
    connection.say(openai.session())
    messages = expect(connection, "session.update", "conversation.item.create", "response.create")
    answer(connection, messages[-1], "r1", reply)
    assert text(p.until_end()) == reply
    return connection


@test
def a_text_turn():
    with peer() as p:
        assert p.no_connection()
        p.start(1, [user("What is tea?")], instructions="Be short.")
        connection = p.accept()
        assert connection.path == "/v1/realtime?model=some-model"
        assert connection.headers["Authorization"] == "Bearer " + KEY
        assert "Sec-WebSocket-Protocol" not in connection.headers and "OpenAI-Beta" not in connection.headers
        connection.say(openai.session())
        update, item, ask = expect(connection, "session.update", "conversation.item.create", "response.create")
        assert update.session.instructions == "Be short." and update.session.output_modalities == ["text"]
        assert update.session.audio.input.turn_detection is None
        assert item.item.role == "user" and item.item.content[0].text == "What is tea?"
        answer(connection, ask, "r1", "A ", "drïnk.")
        events = p.until_end()
        assert text(events) == "A drïnk." and events[-1]["event"] == "DONE" and usage(events)[:3] == [11, 3, 7]
        assert p.quiet()


@test
def the_address_of_all_services_is_enough():
    with peer(path="/v1") as p:
        p.start(1, [user("hi")])
        assert p.accept().path == "/v1/realtime?model=some-model"


@test
def a_second_turn_sends_only_what_is_new():
    with peer() as p:
        connection = first_turn(p)
        p.start(2, [user("hi"), assistant("hello"), user("more")], instructions="Be short.")
        item, ask = expect(connection, "conversation.item.create", "response.create")
        assert item.item.content[0].text == "more"
        answer(connection, ask, "r2", "yes")
        assert text(p.until_end()) == "yes"


@test
def a_changed_past_is_changed_on_the_server():
    with peer() as p:
        connection = first_turn(p)
        p.start(2, [user("hi"), assistant("something else"), user("more")], instructions="Be long.")
        gone, update, said, item, _ = expect(
            connection, "conversation.item.delete", "session.update", "conversation.item.create",
            "conversation.item.create", "response.create")
        assert gone.item_id == "item_r1" and update.session.instructions == "Be long."
        assert said.item.content[0].text == "something else" and item.item.content[0].text == "more"


@test
def an_audio_turn():
    with peer(voice="marin", transcriber="some-transcriber") as p:
        p.start(1, [], send_audio=True, want_audio=True)
        p.do("feed", bytes=960)
        connection = p.accept()
        connection.say(openai.session())
        update, first = expect(connection, "session.update", "input_audio_buffer.append")
        assert update.session.output_modalities == ["audio"] and update.session.audio.output.voice == "marin"
        p.do("feed", bytes=1920)
        p.do("end_feed")
        second, _, ask = expect(connection, "input_audio_buffer.append", "input_audio_buffer.commit",
                                "response.create")
        assert base64.b64decode(first.audio) == fed(960) and base64.b64decode(second.audio) == fed(1920)
        connection.say(openai.committed("item_u"), openai.response_created("r1", ask.response.metadata["mark"]),
                       openai.heard("item_u", "what time is it"), openai.transcript_delta("r1", "i1", "Three."),
                       openai.audio_delta("r1", "i1", fed(48000)), openai.audio_delta("r1", "i1", fed(4800)),
                       openai.response_done("r1"))
        events = p.until_end()
        assert text(events) == "Three." and text(events, "HEARD") == "what time is it"
        assert sound(events) == fed(48000) + fed(4800)
        assert abs(usage(events)[3] - 0.06) < 1e-9 and abs(usage(events)[4] - 1.1) < 1e-9


@test
def what_was_not_heard_is_cut():
    with peer() as p:
        p.start(1, [user("tell me")], want_audio=True)
        connection = p.accept()
        ask = expect(connection, "session.update", "conversation.item.create", "response.create")[-1]
        connection.say(openai.response_created("r1", ask.response.metadata["mark"]),
                       openai.transcript_delta("r1", "i1", "A long story"),
                       openai.audio_delta("r1", "i1", fed(96000)), openai.response_done("r1"))
        p.until_end()
        p.do("cancel", heard_ms=700)
        cut, = expect(connection, "conversation.item.truncate")
        assert (cut.item_id, cut.content_index, cut.audio_end_ms) == ("i1", 0, 700)
        connection.say(openai.truncated("i1", 700))
        p.start(2, [user("tell me"), assistant("A lo"), user("stop")], want_audio=True)
        item, _ = expect(connection, "conversation.item.create", "response.create")
        assert item.item.content[0].text == "stop", "the server has the sound that was heard: it stays"


@test
def barge_in_stops_the_response_and_cuts_it():
    with peer() as p:
        p.start(1, [user("tell me")], want_audio=True)
        connection = p.accept()
        ask = expect(connection, "session.update", "conversation.item.create", "response.create")[-1]
        connection.say(openai.response_created("r1", ask.response.metadata["mark"]),
                       openai.audio_delta("r1", "i1", fed(96000)))
        for _ in range(90):
            p.event("AUDIO")
        p.do("cancel", heard_ms=250)
        stop, cut = expect(connection, "response.cancel", "conversation.item.truncate")
        assert stop.response_id == "r1" and (cut.item_id, cut.audio_end_ms) == ("i1", 250)


@test
def after_a_cancel_nothing_of_it_comes():
    with peer() as p:
        p.start(1, [user("one")])
        connection = p.accept()
        ask = expect(connection, "session.update", "conversation.item.create", "response.create")[-1]
        answer(connection, ask, "r1", "begin", ok=False)
        assert p.event("TEXT")["data"] == "begin"
        p.do("cancel", heard_ms=-1)
        stop, = expect(connection, "response.cancel")
        assert stop.response_id == "r1"
        p.start(2, [user("one"), user("two")])
        expect(connection, "conversation.item.delete", "conversation.item.create")
        connection.say(openai.text_delta("r1", "item_r1", " and go on"))
        assert connection.silent() and p.quiet(), "one response at a time: the next waits for the end of the first"
        connection.say(openai.response_done("r1", "cancelled", {"type": "cancelled", "reason": "client_cancelled"}))
        ask, = expect(connection, "response.create")
        answer(connection, ask, "r2", "second")
        events = p.until_end()
        assert text(events) == "second" and {event["turn"] for event in events} == {2}


@test
def a_cancel_before_the_response_has_a_name():
    with peer() as p:
        p.start(1, [user("one")])
        connection = p.accept()
        ask = expect(connection, "session.update", "conversation.item.create", "response.create")[-1]
        p.do("cancel", heard_ms=-1)
        stop, = expect(connection, "response.cancel")
        assert stop.response_id is None
        connection.say(openai.response_created("r1", ask.response.metadata["mark"]))
        stop, = expect(connection, "response.cancel")
        assert stop.response_id == "r1"
        connection.say(openai.realtime_error("nothing to cancel", "response_cancel_not_active", event_id="tidy"),
                       openai.response_done("r1", "cancelled"))
        p.start(2, [user("two")])
        ask = expect(connection, "conversation.item.delete", "conversation.item.create", "response.create")[-1]
        answer(connection, ask, "r2", "fine")
        assert text(p.until_end()) == "fine"


@test
def a_tool_turn():
    with peer() as p:
        p.start(1, [user("what is café")], tools=TOOLS)
        connection = p.accept()
        update, _, ask = expect(connection, "session.update", "conversation.item.create", "response.create")
        assert update.session.tools[0].name == "look_up"
        long = '{"word":"' + "é" * 900 + '"}'
        connection.say(openai.response_created("r1", ask.response.metadata["mark"]),
                       openai.text_delta("r1", "i1", "Let me see."), openai.call_delta("r1", "c1", '{"wo'),
                       openai.call_done("r1", "c1", "look_up", long), openai.call_done("r1", "c2", "look_up", "{}"),
                       openai.response_done("r1"))
        events = p.until_end()
        assert kinds(events) == ["TEXT", "TOOL", "TOOL", "TOOL", "USAGE", "DONE"]
        assert events[1]["more"] and not events[2]["more"] and events[1]["data"] + events[2]["data"] == long
        assert [(e["call_id"], e["name"]) for e in events[1:4]] == [("c1", "look_up")] * 2 + [("c2", "look_up")]
        p.do("reply", results=[{"call_id": "c1", "output": "a place"}, {"call_id": "c2", "output": "{}"}])
        one, two, ask = expect(connection, "conversation.item.create", "conversation.item.create", "response.create")
        assert (one.item.type, one.item.call_id, one.item.output) == ("function_call_output", "c1", "a place")
        assert two.item.call_id == "c2"
        answer(connection, ask, "r2", "A place.")
        events = p.until_end()
        assert text(events) == "A place." and usage(events)[:3] == [22, 6, 14], "usage is of the whole turn"


@test
def errors_are_told_apart():
    for code, kind, failure in [("model_not_found", "invalid_request_error", "REFUSED"),
                                ("rate_limit_exceeded", "invalid_request_error", "OVERLOADED"),
                                (None, "server_error", "OVERLOADED")]:
        with peer() as p:
            p.start(1, [user("hi")])
            connection = p.accept()
            ask = expect(connection, "session.update", "conversation.item.create", "response.create")[-1]
            connection.say(openai.realtime_error(f"no, {KEY}", code, kind, ask.event_id))
            event = p.event("FAILED")
            assert event["failure"] == failure and event["data"] == "no, " + "*" * len(KEY)
            assert p.quiet()


@test
def a_failed_response():
    with peer() as p:
        p.start(1, [user("hi")])
        connection = p.accept()
        ask = expect(connection, "session.update", "conversation.item.create", "response.create")[-1]
        answer(connection, ask, "r1", "We", ok=False)
        connection.say(openai.response_done("r1", "failed", {"type": "failed", "error": {
            "type": "server_error", "code": "server_error", "message": "sorry"}}))
        events = p.until_end()
        assert kinds(events) == ["TEXT", "USAGE", "FAILED"] and events[-1]["failure"] == "OVERLOADED"


@test
def garbage_fails_the_turn():
    for garbage in ["not json", "[]", '{"type":"response.done"}', "\x00"]:
        with peer() as p:
            p.start(1, [user("hi")])
            connection = p.accept()
            expect(connection, "session.update", "conversation.item.create", "response.create")
            connection.say(garbage)
            assert p.event("FAILED")["failure"] == "GARBLED"
            assert connection.ended()


@test
def a_close_in_mid_stream_fails_the_turn_and_the_next_one_replays():
    for end in (lambda c: c.cut(), lambda c: c.close(1011, "oops"), lambda c: c.close(1001, "bye")):
        with peer() as p:
            p.start(1, [user("hi")])
            connection = p.accept()
            ask = expect(connection, "session.update", "conversation.item.create", "response.create")[-1]
            answer(connection, ask, "r1", "hel", ok=False)
            assert p.event("TEXT")["data"] == "hel"
            end(connection)
            assert p.event("FAILED")["failure"] in ("CLOSED", "OVERLOADED")
            p.start(2, [user("hi"), assistant("hel"), user("again")])
            connection = p.accept()
            messages = expect(connection, "session.update", *["conversation.item.create"] * 3, "response.create")
            assert [m.item.content[0].text for m in messages[1:4]] == ["hi", "hel", "again"]
            answer(connection, messages[-1], "r2", "ok")
            assert text(p.until_end()) == "ok"


@test
def a_connection_that_broke_between_turns_is_opened_again():
    with peer() as p:
        connection = first_turn(p)
        connection.close(1001, "idle")
        connection = p.accept()
        p.start(2, [user("hi"), assistant("hello"), user("more")])
        messages = expect(connection, "session.update", *["conversation.item.create"] * 3, "response.create")
        answer(connection, messages[-1], "r2", "yes")
        assert text(p.until_end()) == "yes"


@test
def a_turn_on_a_dead_connection_is_asked_again():
    with peer() as p:
        connection = first_turn(p)
        p.start(2, [user("hi"), assistant("hello"), user("more")], instructions="Be short.")
        expect(connection, "conversation.item.create", "response.create")
        connection.cut()
        connection = p.accept()
        messages = expect(connection, "session.update", *["conversation.item.create"] * 3, "response.create")
        answer(connection, messages[-1], "r2", "yes")
        assert text(p.until_end()) == "yes"


@test
def the_session_is_renewed_before_its_hour_is_over():
    with peer() as p:
        old = first_turn(p)
        p.do("advance", s=54 * 60)
        p.start(2, [user("hi"), assistant("hello"), user("more")], instructions="Be short.")
        ask = expect(old, "conversation.item.create", "response.create")[-1]
        p.do("advance", s=3 * 60)
        answer(old, ask, "r2", "yes")
        assert text(p.until_end()) == "yes", "a turn that has begun is not disturbed"
        assert old.ended()
        new = p.accept()
        past = [user("hi"), assistant("hello"), user("more"), assistant("yes")]
        p.start(3, past + [user("and")], instructions="Be short.")
        messages = expect(new, "session.update", *["conversation.item.create"] * 5, "response.create")
        assert [m.item.content[0].text for m in messages[1:6]] == ["hi", "hello", "more", "yes", "and"]
        assert [m.item.content[0].type for m in messages[1:4]] == ["input_text", "output_text", "input_text"]
        answer(new, messages[-1], "r3", "so on")
        assert text(p.until_end()) == "so on"
        p.do("advance", s=56 * 60)
        p.start(4, past + [user("and"), assistant("so on"), user("end")], instructions="Be short.")
        newest = p.accept()
        messages = expect(newest, "session.update", *["conversation.item.create"] * 7, "response.create")
        answer(newest, messages[-1], "r4", "bye")
        assert text(p.until_end()) == "bye"


@test
def an_expired_session_is_replaced():
    with peer() as p:
        connection = first_turn(p)
        connection.say(openai.realtime_error("Your session hit the maximum duration of 60 minutes.", "session_expired"))
        assert connection.ended()
        p.start(2, [user("hi"), assistant("hello"), user("more")])
        messages = expect(p.accept(), "session.update", *["conversation.item.create"] * 3, "response.create")
        assert messages[-1].type == "response.create" and p.quiet()


@test
def nobody_there():
    with peer(url="ws://127.0.0.1:1/v1/realtime") as p:
        p.start(1, [user("hi")])
        assert p.event("FAILED")["failure"] == "UNREACHABLE"


@test
def bad_arguments_are_errors_at_once():
    with peer() as p:
        assert p.try_to("start", turn=1, messages=[])["status"] == "INVALID_ARGUMENT"
        assert p.try_to("reply", results=[])["status"] == "CANCELLED"
        assert p.try_to("feed", bytes=10)["status"] == "CANCELLED"
        assert p.no_connection()


@test
def a_burst_of_sound_is_not_lost_when_the_mailbox_is_full():
    with peer() as p:
        p.start(1, [user("long")], want_audio=True)
        connection = p.accept()
        ask = expect(connection, "session.update", "conversation.item.create", "response.create")[-1]
        connection.say(openai.response_created("r1", ask.response.metadata["mark"]))
        for _ in range(8):
            connection.say(openai.audio_delta("r1", "i1", fed(200000)))
        connection.say(openai.response_done("r1"))
        assert sound(p.until_end()) == fed(200000) * 8


run()
