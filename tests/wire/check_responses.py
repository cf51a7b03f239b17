#!/usr/bin/env python3
"""The provider openai-responses against a server made of `websockets` and the types of `openai`.

    check_responses.py PROVIDER_PROBE     prints TAP
"""
import openai_says as openai
from bench_peer import KEY, Peer, assistant, kinds, text, usage, user
from tap import run, test

TOOLS = [{"name": "look_up", "description": "a word", "parameters": {"type": "object", "properties": {}}}]


def peer(**config):
    return Peer("openai-responses", openai.judge_responses, **config)


def answer(connection, response, *words):
    connection.say(openai.r_created(response), *[openai.r_text(word) for word in words], openai.r_completed(response))


def texts(create):
    return [item.content for item in create.input]


def first_turn(p):
    p.start(1, [user("hi")], instructions="Be short.")
    connection = p.accept()
    create = connection.receive()
    assert create.previous_response_id is None and texts(create) == ["hi"]
    answer(connection, "r1", "hello")
    assert text(p.until_end()) == "hello"
    return connection


@test
def a_text_turn():
    with peer() as p:
        assert p.no_connection()
        p.start(1, [user("What is tea?")], instructions="Be short.")
        connection = p.accept()
        assert connection.path == "/v1/responses" and connection.headers["Authorization"] == "Bearer " + KEY
        create = connection.receive()
        assert create.model == "some-model" and create.instructions == "Be short." and create.store is False
        assert texts(create) == ["What is tea?"]
        answer(connection, "r1", "A ", "drïnk.")
        events = p.until_end()
        assert kinds(events) == ["TEXT", "TEXT", "USAGE", "DONE"] and text(events) == "A drïnk."
        assert usage(events)[:3] == [21, 4, 9] and p.quiet()


@test
def a_second_turn_goes_on_from_the_first():
    with peer() as p:
        connection = first_turn(p)
        p.start(2, [user("hi"), assistant("hello"), user("more")], instructions="Be short.")
        create = connection.receive()
        assert create.previous_response_id == "r1" and texts(create) == ["more"]
        answer(connection, "r2", "yes")
        assert text(p.until_end()) == "yes"


@test
def a_changed_past_is_told_whole():
    with peer() as p:
        connection = first_turn(p)
        p.start(2, [user("hi"), assistant("hel"), user("more")])
        create = connection.receive()
        assert create.previous_response_id is None and texts(create) == ["hi", "hel", "more"]


@test
def a_tool_turn():
    with peer() as p:
        p.start(1, [user("what is café")], tools=TOOLS)
        connection = p.accept()
        assert connection.receive().tools[0].name == "look_up"
        connection.say(openai.r_created("r1"), openai.r_text("Let me see."),
                       openai.r_call("c1", "look_up", '{"word":"café"}'), openai.r_completed("r1"))
        events = p.until_end()
        assert kinds(events) == ["TEXT", "TOOL", "USAGE", "DONE"] and events[1]["data"] == '{"word":"café"}'
        p.do("reply", results=[{"call_id": "c1", "output": "a place"}])
        create = connection.receive()
        assert create.previous_response_id == "r1" and len(create.input) == 1
        assert (create.input[0].type, create.input[0].output) == ("function_call_output", "a place")
        answer(connection, "r2", "A place.")
        events = p.until_end()
        assert text(events) == "A place." and usage(events)[:3] == [42, 8, 18]


@test
def a_connection_lost_while_tools_run_is_told_all():
    with peer() as p:
        p.start(1, [user("what is café")], tools=TOOLS)
        connection = p.accept()
        connection.receive()
        connection.say(openai.r_created("r1"), openai.r_call("c1", "look_up", "{}"), openai.r_completed("r1"))
        p.until_end()
        connection.cut()
        p.do("reply", results=[{"call_id": "c1", "output": "a place"}])
        connection = p.accept()
        create = connection.receive()
        assert create.previous_response_id is None
        assert [item.type for item in create.input] == ["message", "function_call", "function_call_output"]
        answer(connection, "r2", "A place.")
        assert text(p.until_end()) == "A place."


@test
def a_cancel_closes_the_connection_and_opens_another():
    with peer() as p:
        p.start(1, [user("one")])
        old = p.accept()
        old.receive()
        old.say(openai.r_created("r1"), openai.r_text("begin"))
        assert p.event("TEXT")["data"] == "begin"
        p.do("cancel", heard_ms=-1)
        new = p.accept()
        assert old.ended() and p.quiet()
        p.start(2, [user("one"), assistant("beg"), user("two")])
        assert texts(new.receive()) == ["one", "beg", "two"]
        answer(new, "r2", "second")
        events = p.until_end()
        assert text(events) == "second" and {event["turn"] for event in events} == {2}


@test
def what_the_server_forgot_is_told_again():
    with peer() as p:
        connection = first_turn(p)
        p.start(2, [user("hi"), assistant("hello"), user("more")])
        assert connection.receive().previous_response_id == "r1"
        connection.say(openai.r_error(400, "previous_response_not_found", "gone"))
        create = connection.receive()
        assert create.previous_response_id is None and texts(create) == ["hi", "hello", "more"]
        answer(connection, "r2", "yes")
        assert text(p.until_end()) == "yes"


@test
def the_connection_limit_is_no_failure():
    with peer() as p:
        old = first_turn(p)
        p.start(2, [user("hi"), assistant("hello"), user("more")])
        old.receive()
        old.say(openai.r_error(400, "websocket_connection_limit_reached", "60 minutes"))
        new = p.accept()
        assert texts(new.receive()) == ["hi", "hello", "more"]
        answer(new, "r2", "yes")
        assert text(p.until_end()) == "yes"


@test
def the_connection_is_renewed_before_its_hour_is_over():
    with peer() as p:
        old = first_turn(p)
        p.do("advance", s=56 * 60)
        p.start(2, [user("hi"), assistant("hello"), user("more")])
        new = p.accept()
        assert old.ended()
        create = new.receive()
        assert create.previous_response_id is None and texts(create) == ["hi", "hello", "more"]
        answer(new, "r2", "yes")
        assert text(p.until_end()) == "yes"


@test
def errors_are_told_apart():
    for status, code, failure in [(401, "invalid_api_key", "REFUSED"), (404, "model_not_found", "REFUSED"),
                                  (429, "rate_limit_exceeded", "OVERLOADED"), (500, "server_error", "OVERLOADED")]:
        with peer() as p:
            p.start(1, [user("hi")])
            connection = p.accept()
            connection.receive()
            connection.say(openai.r_error(status, code, f"no, {KEY}"))
            event = p.event("FAILED")
            assert event["failure"] == failure and event["data"] == "no, " + "*" * len(KEY)


@test
def responses_that_fail():
    for end, failure in [(openai.r_failed("r1", "server_error", "sorry"), "OVERLOADED"),
                         (openai.r_incomplete("r1", "content_filter"), "REFUSED"), ("{}", "GARBLED"),
                         ("no", "GARBLED")]:
        with peer() as p:
            p.start(1, [user("hi")])
            connection = p.accept()
            connection.receive()
            connection.say(openai.r_created("r1"), openai.r_text("We"), end)
            events = p.until_end()
            assert text(events) == "We" and events[-1]["failure"] == failure


@test
def an_answer_cut_at_its_limit_is_an_answer():
    with peer() as p:
        p.start(1, [user("hi")])
        connection = p.accept()
        connection.receive()
        connection.say(openai.r_created("r1"), openai.r_text("We"), openai.r_incomplete("r1", "max_output_tokens"))
        assert kinds(p.until_end()) == ["TEXT", "USAGE", "DONE"]


@test
def a_close_in_mid_stream_fails_the_turn():
    for end in (lambda c: c.cut(), lambda c: c.close(1011, "oops")):
        with peer() as p:
            p.start(1, [user("hi")])
            connection = p.accept()
            connection.receive()
            connection.say(openai.r_created("r1"), openai.r_text("hel"))
            assert p.event("TEXT")["data"] == "hel"
            end(connection)
            assert p.event("FAILED")["failure"] in ("CLOSED", "OVERLOADED")


@test
def sound_is_refused():
    with peer() as p:
        assert p.try_to("start", turn=1, messages=[], send_audio=True)["status"] == "UNSUPPORTED"


run()
