#!/usr/bin/env python3
"""Every turn of the test set, spoken and written, under every kind of configuration, is decided again from what was
written down of it: the same route and reason, bit for bit, and the same that was told while it happened.

    check_why.py PROBE LINNET WORK_DIR WAV_DIR          prints TAP: one line a configuration

WAV_DIR: where the spoken fixtures are, or are made. The services that are asked run on loopback.
"""
import json
import pathlib
import socket
import sqlite3
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
for folder in (HERE, HERE.parent / "net", HERE.parent / "fixtures"):
    sys.path.insert(0, str(folder))
from make_fixtures import FIXTURES, make  # noqa: E402
from net_tap import Tests  # noqa: E402
from services import Chat, Realtime, Script  # noqa: E402

PROBE, LINNET, WORK, WAVS = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
HARD = ["why is the sky blue", "who was the first person to walk on the moon",
        "compare the causes of the first and the second world war and explain which of them mattered more",
        "write a short poem about the sea at night"]
EASY = ["what time is it", "what is twelve times eight", "set a timer for ten minutes called tea",
        "how much time is left on my timer", "cancel my timer", "set an alarm for half past six", "turn up the volume",
        "convert five miles to kilometers", "what day is it tomorrow", "how are you", "thank you", "say that again"]
GUARDED = ["what are the early symptoms of diabetes", "why does the order 4242 4242 4242 4242 take so long"]
MURMUR = ["", "blue", "and then what", "the the of a", "?"]
REQUESTS = HARD + EASY + GUARDED + MURMUR
RULES = 'privacy:\n  - {match: health, allow: device}\n  - {match: "\\\\d{12,}", action: redact}\n'
PRICE = "{in: 4, out: 16, cached: 0.4}"
test = Tests()
seen = {"routes": set(), "rules": set(), "obstacles": set(), "policies": set(), "decisions": 0}


def dead_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def chat(port, **more):
    return {"kind": "openai-chat", "url": f'"http://127.0.0.1:{port}/v1"', "model": "m", "deadline_ms": 900, **more}


def realtime(port, **more):
    return {"kind": "openai-realtime", "url": f'"ws://127.0.0.1:{port}/v1/realtime"', "model": "m", "deadline_ms": 900, **more}


def write_config(name, providers, extra):
    path = WORK / f"{name}.yaml"
    lines = [f"  {key}: {{{', '.join(f'{k}: {v}' for k, v in values.items())}}}" for key, values in providers.items()]
    path.write_text(("providers:\n" + "\n".join(lines) + "\n" if lines else "") + extra)
    return path


def told_by_recordings(config, state, options):
    """(route, reason) of every decision in the replays, in order."""
    settings = [part for option in options for part in ("--set", option)]
    for fixture in FIXTURES:
        wav = WAVS / f"{fixture[0]}.wav"
        result = subprocess.run([LINNET, "replay", "--json", "-c", config, "--state", state, *settings, wav],
                                capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, result.stderr
        for line in result.stdout.splitlines():
            event = json.loads(line)
            if event["event"] == "route":
                yield event["route"], event["reason"]


def told_by_requests(config, state, options):
    """The same of written requests, all of one run, so that there are histories, breakers and sums."""
    text = "\n".join(REQUESTS) + "\n"
    result = subprocess.run([PROBE, config, state, *options], input=text, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    for line in result.stdout.splitlines():
        turn = json.loads(line)
        if "route" in turn:
            yield turn["route"], turn["reason"]


def look_at(record):
    seen["decisions"] += 1
    seen["routes"].add(record["decision"]["route"])
    seen["rules"].add(record["decision"]["rule"])
    seen["obstacles"].add(record["decision"]["obstacle"])
    seen["policies"].add(record["policy"]["kind"])


def why(state, *args):
    return subprocess.run([LINNET, "why", "--state", state, *args], capture_output=True, text=True, timeout=120)


def written_down(state):
    """The records, newest first, as `linnet why --json N` prints them."""
    connection = sqlite3.connect(state)
    lines = [row[0] for row in connection.execute("SELECT json FROM decision ORDER BY id DESC")]
    connection.close()
    for back in (1, len(lines)):
        assert why(state, "--json", str(back)).stdout == lines[back - 1] + "\n"
    return [json.loads(line) for line in lines]


def decide_again(name, *options, providers=None, extra=""):
    """All turns of the test set under one configuration, then decided again."""
    state = WORK / f"{name}.db"
    for path in WORK.glob(f"{name}.db*"):
        path.unlink()
    config = write_config(name, providers or {}, extra)
    told = list(told_by_recordings(config, state, options)) + list(told_by_requests(config, state, options))
    spoken = sum(len(fixture[2]) for fixture in FIXTURES)
    # An empty request is none, and a wish for privacy is no decision.
    assert len(told) >= spoken + len(REQUESTS) - 2, f"{len(told)} decisions of {spoken} spoken and {len(REQUESTS)} written"
    again = why(state, "--check")
    assert again.returncode == 0 and again.stdout == f"{len(told)} decisions, 0 different\n", again
    for record, (route, reason) in zip(written_down(state), reversed(told), strict=True):
        assert (record["decision"]["route"], record["decision"]["reason"]) == (route, reason), record
        look_at(record)
    shown = why(state).stdout
    assert f"reason     {told[-1][1]}\n" in shown and shown.endswith("decided again: the same, bit for bit\n"), shown
    return told


def routes(told):
    return {route for route, _ in told}


@test
def the_device_alone():
    assert routes(decide_again("alone")) >= {"tool", "reply", "cloud"}


@test
def prefer_device():
    with Chat() as hub, Realtime() as cloud:
        providers = {"cloud": realtime(cloud.port), "hub": chat(hub.port)}
        told = decide_again("prefer", "confidence.model=0.97", providers=providers, extra=RULES)
        assert routes(told) >= {"tool", "reply", "cloud", "refused"} and cloud.first_token_ms


@test
def offline_first():
    with Chat() as hub:
        told = decide_again("offline", "routing=offline-first", providers={"hub": chat(hub.port)})
        assert routes(told) >= {"tool", "reply", "cloud"} and not hub.requests


@test
def latency_aware():
    with Chat() as quick, Chat(Script(delay=1.2)) as slow:  # later than what is guessed of one that is not known
        providers = {"slow": chat(slow.port, deadline_ms=3000), "quick": chat(quick.port)}
        told = decide_again("latency", "routing=latency-aware", "cloud.hedge=no", "confidence.model=0.97",
                            providers=providers)
        assert any("fastest" in reason for _, reason in told) and quick.requests


@test
def latency_aware_and_all_are_slow():
    with Chat(Script(delay=0.6)) as slow:
        options = ("routing=latency-aware", "cloud.patience_ms=300", "confidence.model=0.999")
        told = decide_again("slow", *options, providers={"slow": chat(slow.port)})
        assert any("but the providers are too slow" in reason for _, reason in told)
        stages = "stages:\n  - {stage: generate, prefer: slow, fallback: [device]}\n"
        told = decide_again("late", *options, providers={"slow": chat(slow.port)}, extra=stages)
        assert any("but all providers are too slow" in reason for _, reason in told)


@test
def complexity():
    with Chat() as hub:
        told = decide_again("complexity", "routing=complexity", "cloud.complexity=0.3", "confidence.model=0.97",
                            providers={"hub": chat(hub.port)})
        assert any("complex" in reason for _, reason in told)


@test
def a_provider_comes_first():
    with Chat() as hub:
        stages = "stages:\n  - {stage: generate, prefer: hub, fallback: [device]}\n"
        told = decide_again("first", providers={"hub": chat(hub.port)}, extra=stages)
        assert any("prefers a provider" in reason for _, reason in told)
        stages = "stages:\n  - {stage: generate, target: hub}\n"
        told = decide_again("only", providers={"hub": chat(hub.port)}, extra=stages)
        assert routes(told) == {"cloud"}


@test
def a_dead_provider():
    told = decide_again("dead", providers={"hub": chat(dead_port())})
    assert any("no provider can be reached" in reason for _, reason in told)


@test
def the_cap_is_reached():
    with Chat() as hub:
        hub.usage = {"prompt_tokens": 4000, "completion_tokens": 100, "total_tokens": 4100}
        told = decide_again("cap", "budget.per_day=0.04", providers={"hub": chat(hub.port, price=PRICE)})
        assert any("may cost more than is left" in reason for _, reason in told) and hub.requests


@test
def private_mode():
    with Chat() as hub:
        told = decide_again("private", "private=true", providers={"hub": chat(hub.port)})
        assert any("it is private" in reason for _, reason in told) and not hub.requests
        assert "(kept private)" in why(WORK / "private.db").stdout


@test
def words_that_are_not_sure():
    told = decide_again("unsure", "confidence.words=1")
    assert any("too uncertain" in reason for _, reason in told)


@test
def another_policy_is_shown_beside_the_one_that_acts():
    """What --policy would have done is what it does when it is the one that acts."""
    wav = WAVS / "two_turns.wav"
    with Chat() as hub:
        config = write_config("beside", {"hub": chat(hub.port)}, "")

        def told(kind, *args):
            result = subprocess.run([LINNET, "replay", "--json", "-c", config, "--state", ":memory:", *args, wav],
                                    capture_output=True, text=True, timeout=120, check=True)
            events = [json.loads(line) for line in result.stdout.splitlines()]
            return [(event["route"], event["reason"]) for event in events if event["event"] == kind]

        for policy in ("latency-aware", "complexity", "offline-first"):
            acting = told("route", "--set", f"routing={policy}")
            assert told("beside", "--policy", policy) == acting and len(acting) == 2, policy
        assert told("beside") == []


@test
def all_kinds_of_decisions_were_among_them():
    assert seen["routes"] == {"tool", "reply", "cloud", "unheard", "refused"}, seen
    assert seen["obstacles"] == {"none", "no-provider", "private", "budget", "unreachable", "slow"}, seen
    assert seen["rules"] == set(range(1, 13)), seen
    assert len(seen["policies"]) == 4 and seen["decisions"] > 400, seen
    print(f"# {seen['decisions']} decisions, all the same")


if __name__ == "__main__":
    WORK.mkdir(parents=True, exist_ok=True)
    WAVS.mkdir(parents=True, exist_ok=True)
    for one in FIXTURES:
        if not (WAVS / f"{one[0]}.wav").exists():
            make(one, WAVS)
    test.run(sys.argv[5:])
