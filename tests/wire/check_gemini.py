#!/usr/bin/env python3
"""The provider gemini-live against a server made of `websockets` and the types of `google-genai`. The server speaks in
binary frames, as the service does.

    check_gemini.py PROVIDER_PROBE        prints TAP
"""
import gemini_says as gemini
from bench_peer import KEY, Peer, assistant, fed, kinds, sound, text, usage, user
from tap import run, test

TOOLS = [{"name": "look_up", "description": "a word", "parameters": {"type": "object", "properties": {}}}]


def judge(data):
    return gemini.judge(data)[0]


def peer(**config):
    return Peer("gemini-live", judge, **config)


def say(connection, *messages):
    connection.say(*messages, binary=True)


def setup(connection):
    message = connection.receive().setup
    assert message is not None and connection.silent(0.05), "nothing before the setup is complete"
    say(connection, gemini.ready())
    return message


def request(connection):
    """The text between the marks of activity."""
    parts = [connection.receive().realtime_input for _ in range(3)]
    assert parts[0].activity_start is not None and parts[2].activity_end is not None
    return parts[1].text


def answer(connection, *words, tokens=(31, 5, 8)):
    for word in words:
        say(connection, gemini.audio(fed(480)), gemini.spoken(word))
    say(connection, gemini.generated(), gemini.turn_complete(tokens))


def first_turn(p, **more):
    p.start(1, [user("hi")], instructions="Be short.", **more)
    connection = p.accept()
    assert setup(connection).history_config is None and request(connection) == "hi"
    answer(connection, "hello")
    assert text(p.until_end()) == "hello"
    return connection


def history(connection):
    content = connection.receive().client_content
    assert content.turn_complete
    return [(turn.role, turn.parts[0].text) for turn in content.turns]


@test
def a_text_turn():
    with peer(voice="Puck") as p:
        assert p.no_connection()
        p.start(1, [user("What is tea?")], instructions="Be short.")
        connection = p.accept()
        assert connection.path == "/live" and connection.headers["x-goog-api-key"] == KEY
        told = setup(connection)
        assert told.model == "models/some-model" and told.system_instruction.parts[0].text == "Be short."
        assert told.generation_config.speech_config.voice_config.prebuilt_voice_config.voice_name == "Puck"
        assert request(connection) == "What is tea?"
        say(connection, gemini.thought("The user wants"))
        answer(connection, "A ", "drïnk.")
        events = p.until_end()
        assert text(events) == "A drïnk." and sound(events) == b"" and usage(events)[:3] == [31, 5, 8]
        assert events[-1]["event"] == "DONE" and p.quiet()


@test
def an_audio_turn():
    with peer() as p:
        p.start(1, [], send_audio=True, want_audio=True)
        p.do("feed", bytes=960)
        connection = p.accept()
        setup(connection)
        assert connection.receive().realtime_input.activity_start is not None
        first = connection.receive().realtime_input.audio
        assert first.data == fed(960) and first.mime_type == "audio/pcm;rate=24000"
        p.do("feed", bytes=1920)
        p.do("end_feed")
        assert connection.receive().realtime_input.audio.data == fed(1920)
        assert connection.receive().realtime_input.activity_end is not None
        say(connection, gemini.heard("what "), gemini.heard("time"), gemini.spoken("Three."),
            gemini.audio(fed(48000)), gemini.turn_complete())
        events = p.until_end()
        assert text(events, "HEARD") == "what time" and text(events) == "Three." and sound(events) == fed(48000)
        assert abs(usage(events)[3] - 0.06) < 1e-9 and abs(usage(events)[4] - 1.0) < 1e-9


@test
def a_second_turn_goes_on_in_the_session():
    with peer() as p:
        connection = first_turn(p)
        p.start(2, [user("hi"), assistant("hello"), user("more")], instructions="Be short.")
        assert request(connection) == "more"
        answer(connection, "yes")
        assert text(p.until_end()) == "yes"


@test
def a_changed_past_is_told_to_a_new_session():
    with peer() as p:
        old = first_turn(p)
        p.start(2, [user("hi"), assistant("hel"), user("more")], instructions="Be short.")
        new = p.accept()
        assert old.ended() and setup(new).history_config.initial_history_in_client_content
        assert history(new) == [("user", "hi"), ("model", "hel")] and request(new) == "more"
        answer(new, "yes")
        assert text(p.until_end()) == "yes"


@test
def a_tool_turn():
    with peer() as p:
        p.start(1, [user("what is café")], tools=TOOLS)
        connection = p.accept()
        assert setup(connection).tools[0].function_declarations[0].name == "look_up"
        request(connection)
        say(connection, gemini.spoken("Let me see."), gemini.call(("c1", "look_up", {"word": "café"}),
                                                                  ("c2", "look_up", None)))
        events = p.until_end()
        assert [e for e in kinds(events) if e != "USAGE"] == ["TEXT", "TOOL", "TOOL", "DONE"]
        assert [(e["call_id"], e["name"], e["data"]) for e in events if e["event"] == "TOOL"] == [
            ("c1", "look_up", '{"word":"café"}'), ("c2", "look_up", "{}")]
        p.do("reply", results=[{"call_id": "c1", "output": "a place"}, {"call_id": "c2", "output": '{"n":1}'}])
        results = connection.receive().tool_response.function_responses
        assert [(r.id, r.name, r.response) for r in results] == [
            ("c1", "look_up", {"output": "a place"}), ("c2", "look_up", {"n": 1})]
        answer(connection, "A place.")
        assert text(p.until_end()) == "A place."


@test
def a_cancel_leaves_the_session():
    with peer() as p:
        p.start(1, [user("one")], want_audio=True)
        old = p.accept()
        setup(old)
        request(old)
        say(old, gemini.audio(fed(480)))
        assert p.event("AUDIO")
        p.do("cancel", heard_ms=5)
        new = p.accept()
        assert old.ended() and p.quiet()
        p.start(2, [user("one"), user("two")], want_audio=True)
        setup(new)
        assert history(new) == [("user", "one")] and request(new) == "two"
        answer(new, "second")
        events = p.until_end()
        assert text(events) == "second" and {event["turn"] for event in events} == {2}


@test
def an_answer_half_heard_is_told_as_heard():
    with peer() as p:
        old = first_turn(p, want_audio=True)
        p.do("cancel", heard_ms=5)
        p.start(2, [user("hi"), assistant("hel"), user("more")], instructions="Be short.")
        new = p.accept()
        setup(new)
        assert old.ended() and history(new) == [("user", "hi"), ("model", "hel")]


@test
def go_away_goes_on_by_the_handle():
    with peer() as p:
        old = first_turn(p)
        say(old, gemini.resumption("handle-1"), gemini.go_away("50s"))
        new = p.accept()
        assert old.ended()
        p.start(2, [user("hi"), assistant("hello"), user("more")], instructions="Be short.")
        told = setup(new)
        assert told.session_resumption.handle == "handle-1" and told.history_config is None
        assert request(new) == "more"
        answer(new, "yes")
        assert text(p.until_end()) == "yes"


@test
def go_away_in_mid_turn_waits_for_its_end():
    with peer() as p:
        p.start(1, [user("hi")])
        old = p.accept()
        setup(old)
        request(old)
        say(old, gemini.go_away("9.5s"), gemini.resumption("", False))
        assert p.no_connection()
        answer(old, "hello")
        assert text(p.until_end()) == "hello" and old.ended()
        p.start(2, [user("hi"), assistant("hello"), user("more")])
        new = p.accept()
        assert setup(new).session_resumption.handle is None
        assert history(new) == [("user", "hi"), ("model", "hello")] and request(new) == "more"


@test
def a_handle_that_is_refused_is_forgotten():
    with peer() as p:
        old = first_turn(p)
        say(old, gemini.resumption("handle-1"), gemini.go_away("5s"))
        stale = p.accept()
        p.start(2, [user("hi"), assistant("hello"), user("more")], instructions="Be short.")
        assert stale.receive().setup.session_resumption.handle == "handle-1"
        stale.close(1008, "no such session")
        new = p.accept()
        assert setup(new).session_resumption.handle is None
        assert history(new) == [("user", "hi"), ("model", "hello")] and request(new) == "more"
        answer(new, "yes")
        assert text(p.until_end()) == "yes"


@test
def the_connection_is_renewed_before_its_limit():
    with peer() as p:
        old = first_turn(p)
        say(old, gemini.resumption("handle-1"))
        p.start(2, [user("hi"), assistant("hello"), user("more")], instructions="Be short.")
        request(old)
        p.do("advance", s=9 * 60 + 1)
        answer(old, "yes")
        assert text(p.until_end()) == "yes", "a turn that has begun is not disturbed"
        assert old.ended()
        new = p.accept()
        past = [user("hi"), assistant("hello"), user("more"), assistant("yes")]
        p.start(3, past + [user("and")], instructions="Be short.")
        told = setup(new)
        assert told.session_resumption.handle is None, "the handle is from before the second turn"
        assert len(history(new)) == 4 and request(new) == "and"
        answer(new, "so on")
        assert text(p.until_end()) == "so on"
        say(new, gemini.resumption("handle-2"))
        assert new.silent()
        p.do("advance", s=10 * 60)
        p.start(4, past + [user("and"), assistant("so on"), user("end")], instructions="Be short.")
        newest = p.accept()
        assert setup(newest).session_resumption.handle == "handle-2" and request(newest) == "end"


@test
def closes_and_garbage_fail_the_turn():
    for end, failure in [(lambda c: c.cut(), "CLOSED"), (lambda c: c.close(1011, "Deadline expired"), "OVERLOADED"),
                         (lambda c: c.close(1007, "Cannot extract voices from a non-audio request"), "REFUSED"),
                         (lambda c: c.say("garbage"), "GARBLED"),
                         (lambda c: c.say('{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}'),
                          "OVERLOADED")]:
        with peer() as p:
            p.start(1, [user("hi")])
            connection = p.accept()
            setup(connection)
            request(connection)
            say(connection, gemini.spoken("hel"))
            assert p.event("TEXT")["data"] == "hel"
            end(connection)
            event = p.event("FAILED")
            assert event["failure"] == failure, event


@test
def a_malformed_call_is_a_failure():
    with peer() as p:
        p.start(1, [user("hi")])
        connection = p.accept()
        setup(connection)
        request(connection)
        say(connection, gemini.turn_complete(reason="MALFORMED_FUNCTION_CALL"))
        event = p.until_end()[-1]
        assert (event["failure"], event["data"]) == ("REFUSED", "MALFORMED_FUNCTION_CALL")


run()
