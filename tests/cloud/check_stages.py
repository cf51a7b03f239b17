#!/usr/bin/env python3
"""Ears and a voice that another Linnet lends, a real `linnet serve` that is killed, stopped or cut off before, during and
after: nothing that was said is lost, nothing is said twice, and the device steps in within the deadline. And the
connection that is opened at the wake word.

    check_stages.py LINNET WORK_DIR WAV_DIR          prints TAP
"""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).parent
for folder in (HERE, HERE.parent / "net", HERE.parent / "fixtures"):
    sys.path.insert(0, str(folder))
from fault_proxy import FaultProxy  # noqa: E402
from make_fixtures import FIXTURES, make, samples  # noqa: E402
from net_tap import Tests  # noqa: E402
from services import Realtime  # noqa: E402

LINNET, WORK, WAVS = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
MODELS = pathlib.Path(os.environ["LINNET_BUILD"]) / "assets" / "models"
SLOWER = float(os.environ.get("LINNET_TEST_SLOWER", "1"))
TOKEN = "a-token-for-tests-only"
ENV = {**os.environ, "LINNET_SERVE_TOKEN": TOKEN, "HUB_TOKEN": TOKEN, "XDG_STATE_HOME": str(WORK / "state")}
DEADLINE_MS = 1000
REQUEST, WORDS, REPLY = "able", "what can you do", "I can set timers and alarms,"
test = Tests()
kept = {}


# ---- what the tests are made of ----

class Hub:
    """linnet serve in a process of its own."""

    def __enter__(self):
        self.process = subprocess.Popen([LINNET, "serve", "--port", "0", "--json"], env=ENV, stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())["port"]
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stall(self):
        self.process.send_signal(signal.SIGSTOP)

    def end(self):
        """Its counters since it began."""
        self.process.send_signal(signal.SIGTERM)
        return json.loads(self.process.stdout.readline())


def recording(name=REQUEST):
    path = WAVS / f"{name}.wav"
    if name == REQUEST and not path.exists():
        make((REQUEST, [0.6, ("flite:slt", "jarvis"), 0.5, ("flite:slt", WORDS), 5.0], [], []), WAVS)
    elif not path.exists():
        make(next(fixture for fixture in FIXTURES if fixture[0] == name), WAVS)
    return path


def models_without(*missing):
    folder = WORK / f"without_{'_'.join(missing)}"
    folder.mkdir(exist_ok=True)
    for file in MODELS.glob("*.gguf"):
        if file.stem not in missing and not (folder / file.name).exists():
            (folder / file.name).symlink_to(file)
    return folder


def hub_at(port, **more):
    values = {"kind": "linnet", "url": f'"ws://127.0.0.1:{port}"', "key_env": "HUB_TOKEN", "send_audio": "true",
              "deadline_ms": DEADLINE_MS, **more}
    return ", ".join(f"{key}: {value}" for key, value in values.items())


def patient(port):
    """For tests in which nothing fails, however busy the machine is."""
    return hub_at(port, deadline_ms=9000)


def config(ears=None, voice=None, extra="", **hubs):
    """Orders of the two stages, as "first, second"; hubs by name: port, or a text of a provider."""
    lines = ["stages:", "  - {stage: generate, target: device}"]
    for stage, order in (("transcribe", ears), ("synthesize", voice)):
        if order:
            first, *rest = order.split(", ")
            lines.append(f"  - {{stage: {stage}, prefer: {first}, fallback: [{', '.join(rest)}]}}")
    lines.append("providers:")
    lines += [f"  {name}: {{{hub if isinstance(hub, str) else hub_at(hub)}}}" for name, hub in hubs.items()]
    path = WORK / "config.yaml"
    path.write_text("\n".join(lines) + "\n" + extra)
    return path


def replay(yaml=None, *args, wav=None):
    """Events, and the samples of the voice."""
    out = WORK / "out.wav"
    more = ["-c", yaml] if yaml else []
    result = subprocess.run([LINNET, "replay", "--json", "-o", out, "--state", ":memory:", *more, *args, wav or recording()],
                            capture_output=True, text=True, timeout=120, env=ENV)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()], samples(out)


def in_real_time(function):
    """A test whose engine must keep up with its microphone; an instrumented one does not."""
    def run():
        if SLOWER > 1:
            return "the engine is too slow for real time here"
        return function()
    run.__name__ = function.__name__
    return run


class Live:
    """linnet run in real time: the recording is the microphone, a file the loudspeaker."""

    def __init__(self, yaml, *args):
        self.events, self.changed = [], threading.Condition()
        self.out = WORK / "live.wav"
        self.process = subprocess.Popen(
            [LINNET, "run", "--json", "--state", ":memory:", "-c", yaml, "--set", f"input={recording()}", "--set",
             f"output={self.out}", *args], env=ENV, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.events.append(json.loads(line))
                self.changed.notify_all()

    def wait(self, kind):
        with self.changed:
            self.changed.wait_for(lambda: any(event["event"] == kind for event in self.events), 15 * SLOWER)
        return one(self.events, kind)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20 * SLOWER)
        finally:
            self.process.kill()
        self.reader.join(5)
        self.process.stdout.close()

    def voice(self):
        return samples(self.out)


def one(events, kind):
    found = [event for event in events if event["event"] == kind]
    assert found, f"no {kind} in {events}"
    return found[0]


def texts(events, kind):
    return [event.get("text", "") for event in events if event["event"] == kind]


def said(events):
    return " ".join(texts(events, "reply"))


def loud_seconds(voice):
    """How long speech lasts: 10 ms are loud or not."""
    return sum(max(map(abs, voice[at:at + 240])) > 400 for at in range(0, len(voice) - 240, 240)) / 100


def alone():
    """What the device does by itself: the measure of everything below."""
    if not kept:
        events, voice = replay()
        assert one(events, "final")["text"] == WORDS and said(events).startswith(REPLY), events
        kept.update(said=said(events), loud=loud_seconds(voice), delay=delay(events))
    return kept


def delay(events):
    """From the wake word to the words, in ms on the engine's clock."""
    return (one(events, "final")["seconds"] - one(events, "wake")["seconds"]) * 1000


def is_whole(events, voice):
    """The request was understood, the answer said once, all of it. The ears' sentence is the device's own."""
    assert texts(events, "final") == [WORDS], events
    assert said(events) == alone()["said"], events
    assert abs(loud_seconds(voice) - alone()["loud"]) < 0.2, (loud_seconds(voice), alone()["loud"], events)


def troubles(events, stage):
    return [text for text in texts(events, "cloud") if f": {stage}: " in text]


def dead_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


# ---- lent and used ----

@test
def a_hub_hears_and_speaks_for_a_device_that_cannot():
    for order in ("hub, device", "device, hub"):
        with Hub() as hub:
            events, voice = replay(config(order, order, hub=patient(hub.port)), "--models", models_without("asr", "tts"))
            is_whole(events, voice)
            assert not troubles(events, "ears") and not troubles(events, "voice"), events
            counters = hub.end()
            assert counters["packets"] > 50 and counters["turns"] >= 2, counters


@test
def what_the_hub_heard_is_taken_before_the_devices_words():
    with Hub() as hub:
        events, voice = replay(config("hub, device", None, hub=patient(hub.port)))
        is_whole(events, voice)
        assert not troubles(events, "ears") and hub.end()["packets"] > 50


@test
def a_pause_inside_a_request_does_not_end_it_at_the_hub():
    path = WAVS / "pause.wav"
    if not path.exists():
        make(("pause", [0.6, ("flite:slt", "jarvis"), 0.5, ("flite:slt", "set a timer for"), 0.6,
                        ("flite:slt", "five minutes"), 3.0], [], []), WAVS)
    pauses = ("--set", "endpoint.short_pause_ms=1500", "--set", "endpoint.long_pause_ms=1500")
    with Hub() as hub:
        yaml = config("hub, device", None, hub=patient(hub.port))
        events, _ = replay(yaml, *pauses, "--models", models_without("asr"), wav=path)
        assert texts(events, "final") == ["set a timer for five minutes"], events


@test
def the_device_is_not_asked_when_it_is_not_in_line():
    target = "stages:\n  - {stage: transcribe, target: hub}\n  - {stage: generate, target: device}\nproviders:\n  hub: {%s}\n"
    path = WORK / "target.yaml"
    path.write_text(target % hub_at(dead_port()))
    events, voice = replay(path)
    assert not texts(events, "final") and said(events) == "Sorry, I can't hear you right now.", events
    assert loud_seconds(voice) > 0.5, "that is said aloud"


# ---- ears that fail ----

@test
def ears_that_are_dead_before():
    events, voice = replay(config("hub, device", None, hub=dead_port()))
    is_whole(events, voice)
    assert troubles(events, "ears") and delay(events) <= alone()["delay"] + 50 * SLOWER, (delay(events), alone())


def hear_while(happens, *args, hub_of=hub_at, at="listening", after=0.8):
    """A live turn during which something happens to the hub; its events."""
    with Hub() as hub:
        with Live(config("hub, device", None, hub=hub_of(hub.port)), *args) as live:
            live.wait(at)
            time.sleep(after)
            happens(hub)
            live.wait("done")
        is_whole(live.events, live.voice())
        return live.events


@test
@in_real_time
def ears_that_are_killed_while_the_user_speaks():
    events = hear_while(Hub.kill)
    assert troubles(events, "ears"), events
    assert delay(events) <= alone()["delay"] + 150 * SLOWER, (delay(events), alone())


@test
@in_real_time
def ears_that_stall_while_the_user_speaks():
    events = hear_while(Hub.stall)
    assert "deadline" in troubles(events, "ears")[0], events
    gave_up = next(event["seconds"] for event in events if event["event"] == "cloud")
    assert one(events, "final")["seconds"] - gave_up <= 0.05 * SLOWER, events
    assert delay(events) <= alone()["delay"] + DEADLINE_MS + 300 * SLOWER, (delay(events), alone())


@test
def ears_that_stall_cost_their_deadline_and_no_more():
    with Hub() as hub:
        for fault in ("silent", "stall:0", "stall:260"):
            with FaultProxy(("127.0.0.1", hub.port), fault) as proxy:
                events, voice = replay(config("hub, device", None, hub=proxy.port))
            is_whole(events, voice)
            wait = delay(events) - alone()["delay"]
            assert DEADLINE_MS - 10 <= wait <= DEADLINE_MS + 50, (fault, wait)


@test
@in_real_time
def ears_that_are_killed_after_they_heard():
    events = hear_while(Hub.kill, hub_of=patient, at="final", after=0)
    assert not troubles(events, "ears"), events


@test
@in_real_time
def the_next_ears_get_the_whole_request():
    with Hub() as first, Hub() as second:
        yaml = config("one, two", None, one=patient(first.port), two=patient(second.port))
        with Live(yaml, "--models", str(models_without("asr"))) as live:
            live.wait("listening")
            time.sleep(0.8)
            first.kill()
            live.wait("done")
        is_whole(live.events, live.voice())
        counters = second.end()
        assert len(troubles(live.events, "ears")) == 1 and counters["packets"] > 60, (live.events, counters)


@test
def garbage_and_cuts_at_any_place_lose_no_word():
    with Hub() as hub:
        for fault in ("close", "cut:60", "cut:150", "cut:300", "garbage:200", "huge:250", "garbage:300"):
            with FaultProxy(("127.0.0.1", hub.port), fault) as proxy:
                events, voice = replay(config("hub, device", None, hub=proxy.port))
            is_whole(events, voice)
            assert delay(events) <= alone()["delay"] + DEADLINE_MS + 50, (fault, delay(events), alone())


# ---- a voice that fails ----

@test
def a_voice_that_is_dead_before():
    events, voice = replay(config(None, "hub, device", hub=dead_port()))
    is_whole(events, voice)
    assert len(troubles(events, "voice")) == 1, "the rest of the answer does not ask again"


@test
def a_voice_that_is_cut_off_in_the_middle_says_nothing_twice():
    with Hub() as hub:
        for at in (100, 260, 600, 3000, 8000, 12000, 20000):
            for fault in ("cut", "stall"):
                with FaultProxy(("127.0.0.1", hub.port), f"{fault}:{at}") as proxy:
                    events, voice = replay(config(None, "hub, device", hub=proxy.port))
                is_whole(events, voice)
                wait = one(events, "first-sound")["seconds"] - one(events, "reply")["seconds"]
                assert wait * 1000 <= DEADLINE_MS + 50, (fault, at, wait)


@test
@in_real_time
def a_voice_that_is_killed_or_stalls_while_it_is_needed():
    for happens in (Hub.kill, Hub.stall):
        with Hub() as hub:
            with Live(config("hub, device", "hub, device", hub=hub.port)) as live:
                live.wait("final")
                happens(hub)
                live.wait("done")
            is_whole(live.events, live.voice())


@test
@in_real_time
def a_voice_that_is_killed_when_all_is_there():
    with Hub() as hub:
        with Live(config(None, "hub, device", hub=patient(hub.port))) as live:
            live.wait("first-sound")
            time.sleep(4)
            hub.kill()
            live.wait("done")
        is_whole(live.events, live.voice())
        assert not troubles(live.events, "voice"), live.events


# ---- what may leave ----

@test
def nothing_is_heard_elsewhere_that_may_not():
    cases = [({"send_audio": "false"}, "", []), ({}, "privacy: [{match: health, allow: device}]\n", []),
             ({}, "", ["--set", "private=true"]), ({}, "", ["--set", "routing=offline-first"])]
    with Hub() as hub:
        for more, extra, args in cases:
            with FaultProxy(("127.0.0.1", hub.port)) as proxy:
                events, voice = replay(config("hub, device", None, extra, hub=hub_at(proxy.port, **more)), *args)
                is_whole(events, voice)
                assert proxy.connections == 0, (more, extra, args)
        allowed = "privacy: [{match: health, allow: [device, hub]}]\n"
        replay(config("hub, device", None, allowed, hub=hub.port))
        assert hub.end()["packets"] > 50


@test
def what_must_be_hidden_is_said_here():
    with Hub() as hub, FaultProxy(("127.0.0.1", hub.port)) as proxy:
        rule = "privacy: [{match: timers, action: redact}]\n"
        events, voice = replay(config(None, "hub, device", rule, hub=patient(proxy.port)), "--set", "cloud.warm=no")
        is_whole(events, voice)
        clauses = len(texts(events, "reply"))
        for more in ("private=true", "routing=offline-first"):
            before = proxy.connections
            events, voice = replay(config(None, "hub, device", hub=proxy.port), "--set", more)
            is_whole(events, voice)
            assert proxy.connections == before, more
        # The other clauses hold nothing of it and may go.
        assert 0 < hub.end()["turns"] < clauses, clauses


@test
def ears_and_voices_have_no_price():
    yaml = config("hub, device", None, hub=hub_at(1, price="{in: 1}"))
    result = subprocess.run([LINNET, "replay", "-c", yaml, recording()], capture_output=True, text=True, env=ENV)
    assert result.returncode == 1 and "expected ears and voices that cost nothing" in result.stderr, result


# ---- the connection at the wake word ----

@contextlib.contextmanager
def warmed(*args, wav="timer_in_one_breath", extra="", **options):
    """A request that the device answers itself, with a service that would be asked first."""
    state = WORK / "warm.db"
    for path in WORK.glob("warm.db*"):
        path.unlink()
    with Realtime() as cloud, FaultProxy(("127.0.0.1", cloud.port)) as proxy:
        more = "".join(f", {key}: {value}" for key, value in options.items())
        (WORK / "warm.yaml").write_text("providers:\n  cloud: {kind: openai-realtime, model: m, "
                                        f'url: "ws://127.0.0.1:{proxy.port}/v1/realtime"{more}}}\n' + extra)
        replay(WORK / "warm.yaml", "--state", state, *args, wav=recording(wav))
        ledger = subprocess.run([LINNET, "ledger", "--json", "--day", "2026-01-05", "--state", state], capture_output=True,
                                text=True, timeout=60, check=True)
        yield cloud, proxy, json.loads(ledger.stdout)["today"]


@test
def the_wake_word_opens_the_connection_and_says_nothing():
    with warmed() as (cloud, proxy, ledger):
        assert proxy.connections == 1 and not cloud.requests and ledger["opened_ahead"] == 1, (proxy.connections, ledger)
        assert ledger["spent"] == 0


@test
def a_hard_request_goes_over_the_connection_that_is_there():
    with warmed(wav="request_for_the_cloud") as (cloud, proxy, ledger):
        assert proxy.connections == 1 and cloud.first_token_ms and ledger["opened_ahead"] == 1, (proxy.connections, ledger)


@test
def no_connection_is_opened_that_may_not():
    cases = [(["--set", "routing=offline-first"], {}), (["--set", "private=true"], {}), (["--set", "cloud.warm=no"], {}),
             (["--set", "budget.per_day=0"], {"price": "{in: 1, out: 1}"})]
    for args, options in cases:
        with warmed(*args, **options) as (_, proxy, ledger):
            assert proxy.connections == 0 and ledger["opened_ahead"] == 0, (args, proxy.connections, ledger)
    with warmed(extra="privacy: [{match: health, action: deny}]\n") as (_, proxy, _):
        assert proxy.connections == 0, "what might be kept here leaves no connection"
    with warmed(wav="no_wake_word") as (_, proxy, ledger):
        assert proxy.connections == 0 and ledger["opened_ahead"] == 0, (proxy.connections, ledger)


if __name__ == "__main__":
    WORK.mkdir(parents=True, exist_ok=True)
    WAVS.mkdir(parents=True, exist_ok=True)
    test.run(sys.argv[4:])
