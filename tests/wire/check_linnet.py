#!/usr/bin/env python3
"""The provider of kind linnet against `linnet serve`, directly and through a proxy that misbehaves.

    check_linnet.py LINNET WORK_DIR PROVIDER_PROBE          prints TAP
"""
import base64
import contextlib
import json
import pathlib
import queue
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "net"))
import check_serve  # noqa: E402
import net_tap as tap  # noqa: E402
from fault_proxy import FaultProxy  # noqa: E402

PROBE = sys.argv[3]
test = tap.Tests()
WAIT_S = 60 * check_serve.SLOWER
TOOLS = [{"name": "timer_set", "description": "x", "parameters": {"type": "object"}}]


class Provider:
    def __init__(self, port, model, key=check_serve.TOKEN, **options):
        self.process = subprocess.Popen([PROBE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        self.turn = 0
        threading.Thread(target=self.read, daemon=True).start()
        self.do("create", kind="linnet", url=f"ws://127.0.0.1:{port}/", model=model, key=key, **options)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.stdin.close()
        status = self.process.wait(WAIT_S)
        assert kind or status == 0, f"the probe ended with status {status}"

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def line(self):
        return self.lines.get(timeout=WAIT_S)

    def tell(self, command, **fields):
        self.process.stdin.write(json.dumps({"do": command, **fields}) + "\n")
        self.process.stdin.flush()

    def do(self, command, expected="OK", **fields):
        """Events that come before the answer are kept."""
        self.tell(command, **fields)
        kept = []
        while "did" not in (line := self.line()):
            kept.append(line)
        for event in kept:
            self.lines.put(event)
        assert line["status"] in expected.split("|"), line

    def start(self, text=None, **fields):
        self.turn += 1
        messages = [{"role": "user", "text": text}] if text is not None else []
        self.do("start", turn=self.turn, messages=messages, **fields)

    def outcome(self):
        """Events of the turn by kind, up to its end."""
        events = {}
        while True:
            event = self.line()
            if event.get("turn") != self.turn:
                continue
            events.setdefault(event["event"], []).append(event)
            if event["event"] in ("DONE", "FAILED"):
                return events

    def speak(self, packets):
        """What comes after the pause that ends the turn is not wanted any more."""
        for packet in packets:
            self.do("feed", "OK|CANCELLED", sound=base64.b64encode(packet).decode())


def text_of(events):
    return "".join(event["data"] for event in events.get("TEXT", []))


def packets_of(events):
    return [base64.b64decode(event["data"]) for event in events.get("AUDIO", [])]


@contextlib.contextmanager
def provider(model, *stages, **options):
    with check_serve.serve("--stages", ",".join(stages)) as server, Provider(server.port, model, **options) as client:
        yield client


@test
def the_mind_answers_and_calls_tools():
    with provider("mind", "answer", "say") as client:
        client.start("set a timer for five minutes", tools=TOOLS)
        events = client.outcome()
        call = events["TOOL"][0]
        assert call["name"] == "timer_set" and "five minutes" in call["data"], events
        client.do("reply", results=[{"call_id": call["call_id"], "output": '{"ok":true,"said":"It is set."}'}])
        assert text_of(client.outcome()) == "It is set."
        client.start("hello", want_audio=True)
        events = client.outcome()
        assert text_of(events) and check_serve.loud_seconds(packets_of(events)) > 0.3, events
        usage = events["USAGE"][-1]["usage"]
        assert abs(usage[4] - 0.02 * len(packets_of(events))) < 0.001, usage
        client.start("explain the causes of the french revolution in detail")
        assert client.outcome()["FAILED"][0]["failure"] == "REFUSED"


@test
def the_voice_speaks():
    with provider("voice", "say") as client:
        client.start("It is twenty five past six.", want_audio=True)
        events = client.outcome()
        assert "TEXT" not in events and 1 < check_serve.loud_seconds(packets_of(events)) < 4, events.keys()


@test
def the_ears_hear():
    packets = check_serve.packets_of("what is the weather in london")
    with provider("ears", "transcribe") as client:
        for _ in range(2):
            client.start(send_audio=True)
            client.speak(packets)
            client.do("end_feed", "OK|CANCELLED")
            events = client.outcome()
            assert "weather" in events["HEARD"][0]["data"] and "DONE" in events, events
            assert 1 < events["USAGE"][-1]["usage"][3] <= 0.02 * len(packets) + 0.001, events["USAGE"]
        client.do("start", expected="INVALID_ARGUMENT", turn=9, messages=[{"role": "user", "text": "hi"}])


@test
def sound_goes_up_and_comes_down():
    packets = check_serve.packets_of("set a timer for five minutes")
    with provider("mind", "transcribe", "answer", "say") as client:
        client.start(send_audio=True, want_audio=True, tools=TOOLS)
        client.speak(packets)
        events = client.outcome()
        assert "timer" in events["HEARD"][0]["data"], events
        client.do("reply", results=[{"call_id": events["TOOL"][0]["call_id"], "output": "All right."}])
        events = client.outcome()
        assert text_of(events) == "All right." and check_serve.loud_seconds(packets_of(events)) > 0.3


@test
def a_cancelled_turn_is_over():
    with provider("voice", "say") as client:
        client.start("This sentence is long. " * 100, want_audio=True)
        while client.line().get("event") != "AUDIO":
            pass
        client.do("cancel", heard_ms=20)
        client.start("Short.", want_audio=True)
        assert 0.2 < check_serve.loud_seconds(packets_of(client.outcome())) < 2


@test
def what_does_not_work_is_told():
    with check_serve.serve("--stages", "say") as server:
        with Provider(server.port, "voice", key="wrong-token-0123456789") as client:
            client.start("x", want_audio=True)
            assert client.outcome()["FAILED"][0]["failure"] == "REFUSED"
        with Provider(server.port, "mind") as client:
            client.start("x")
            assert client.outcome()["FAILED"][0]["failure"] == "REFUSED"
    with Provider(1, "mind") as client:
        client.start("x")
        assert client.outcome()["FAILED"][0]["failure"] == "UNREACHABLE"


@test
def every_break_ends_the_turn_once():
    faults = ["refuse", "reset", "close", "silent", "cut:0", "cut:60", "cut:129", "cut:200", "garbage:150", "huge:129", "huge:200",
              'cut-after:"done', 'cut-before:"text', "garbage-after:hello", "stall-before:\"done:100", "trickle:0"]
    with check_serve.serve("--stages", "answer,say") as server, FaultProxy(("127.0.0.1", server.port)) as proxy:
        with Provider(proxy.port, "mind", connect_ms=1000) as client:
            for fault in faults:
                proxy.fault = fault
                client.start("hello")
                events = client.outcome()
                assert len(events.get("DONE", [])) + len(events.get("FAILED", [])) == 1, (fault, events)
                client.do("cancel", heard_ms=-1)
                proxy.fault = "none"
        with Provider(proxy.port, "mind") as client:
            client.start("hello")
            assert "DONE" in client.outcome()


if __name__ == "__main__":
    check_serve.WORK.mkdir(parents=True, exist_ok=True)
    test.run()
