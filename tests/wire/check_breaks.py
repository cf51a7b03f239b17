#!/usr/bin/env python3
"""A recorded turn of each service that breaks at every place: the connection ends after each message, each message is
cut at many places, or another message stands in its stead. Every turn ends with exactly one DONE or FAILED, and the
turn after it is whole.

    check_breaks.py PROVIDER_PROBE        prints TAP
"""
import json
import time

import gemini_says as gemini
import openai_says as openai
from bench_peer import WAIT_S, Peer, fed, text, user
from tap import run, test

CUTS = 7


def read_until(connection, wanted):
    while True:
        message = connection.receive()
        if wanted(message):
            return message


class Realtime:
    kind, judge = "openai-realtime", staticmethod(openai.judge_realtime)

    @staticmethod
    def prepare(connection):
        connection.say(openai.session())
        return read_until(connection, lambda m: m.type == "response.create").response.metadata["mark"]

    @staticmethod
    def turn(mark):
        return [openai.response_created("r", mark), openai.item_added("r", "i"), openai.text_delta("r", "i", "hé"),
                openai.audio_delta("r", "i", fed(500)), openai.call_done("r", "c", "look_up", "{}"),
                openai.response_done("r")]


class Responses:
    kind, judge = "openai-responses", staticmethod(openai.judge_responses)

    @staticmethod
    def prepare(connection):
        connection.receive()

    @staticmethod
    def turn(_):
        return [openai.r_created("r"), openai.r_text("hé"), openai.r_call("c", "look_up", "{}"),
                openai.r_completed("r")]


class Gemini:
    kind, judge = "gemini-live", staticmethod(lambda data: gemini.judge(data)[0])

    @staticmethod
    def prepare(connection):
        read_until(connection, lambda m: m.setup)
        connection.say(gemini.ready())
        read_until(connection, lambda m: m.realtime_input and m.realtime_input.activity_end is not None)

    @staticmethod
    def turn(_):
        return [gemini.spoken("hé"), gemini.audio(fed(500)), gemini.resumption("h"), gemini.heard("x"),
                gemini.generated(), gemini.turn_complete()]


class Turns:
    """Turns of one probe, each on a connection of its own."""

    def __init__(self, service, peer):
        self.service, self.peer, self.number = service, peer, 0

    def begin(self):
        self.number += 1
        self.peer.start(self.number, [user(f"question {self.number}")])
        connection = self.peer.accept()
        return connection, self.service.turn(self.service.prepare(connection))

    def end(self):
        events = self.peer.until_end()
        assert {event["turn"] for event in events} == {self.number}, events
        return events

    def asked_again(self):
        """The connection that the turn is asked on once more, or None when it has ended at once: a whole turn's connection
        is opened again by itself, and a turn that was so slow as to find it open asks once more when it breaks."""
        deadline = time.monotonic() + WAIT_S
        while self.peer.events.empty() and time.monotonic() < deadline:
            if not self.peer.accepted.empty():
                return self.peer.accept()
            time.sleep(0.001)
        return None

    def broken(self, breaks):
        """A turn that `breaks`, given its connection and messages; then nothing more is said of it."""
        connection, messages = self.begin()
        breaks(connection, messages)
        if again := self.asked_again():
            breaks(again, self.service.turn(self.service.prepare(again)))
        failed = self.end()[-1]
        self.peer.do("cancel", heard_ms=-1)
        connection.over.set()
        return failed

    def whole(self):
        connection, messages = self.begin()
        connection.say(*messages)
        events = self.end()
        assert text(events) == "hé" and events[-1]["event"] == "DONE"
        self.peer.do("cancel", heard_ms=-1)  # it may wait for a tool
        connection.cut()


def close_after(count):
    def breaks(connection, messages):
        connection.say(*messages[:count])
        connection.cut()
    return breaks


def cut_message(number, length):
    def breaks(connection, messages):
        connection.say(*messages[:number], messages[number][:length])
    return breaks


def odd_message(number, odd):
    def breaks(connection, messages):
        connection.say(*messages[:number], odd)
        connection.cut()
    return breaks


ODD = ["", "null", "[]", "{}", "\x00\x01", '{"type":7}', '{"type":"error"}', '{"type":"response.done"}',
       '{"serverContent":7}', '{"error":{}}', json.dumps({"type": "response.created", "response": {"id": "x" * 5000}}),
       '{"a":' * 5000]


def sweep(service):
    with Peer(service.kind, service.judge) as peer:
        turns = Turns(service, peer)
        count = len(turns.service.turn("1"))
        for number in range(count):
            failed = turns.broken(close_after(number))
            assert failed["failure"] == "CLOSED", failed
        turns.whole()
        for number in range(count):
            length = len(turns.service.turn("1")[number])
            for cut in range(1, length, length // CUTS + 1):
                failed = turns.broken(cut_message(number, cut))
                assert failed["failure"] == "GARBLED", failed
        turns.whole()
        for odd in ODD:
            for number in (0, count - 1):
                assert turns.broken(odd_message(number, odd))["event"] == "FAILED"
        turns.whole()
        print(f"# {turns.number} turns")


@test
def realtime_breaks_anywhere():
    sweep(Realtime)


@test
def responses_breaks_anywhere():
    sweep(Responses)


@test
def gemini_breaks_anywhere():
    sweep(Gemini)


run()
