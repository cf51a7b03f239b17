#!/usr/bin/env python3
"""The hybrid example of README.md, as it is written there; for the requests that leave, its three addresses are replaced by
services of other makers on this machine, and nothing else is.

    check_readme.py LINNET SOCKET_COUNT.so WORK_DIR          prints TAP
"""
import json
import os
import pathlib
import re
import subprocess
import sys

from cloud_peers import Chat, Gemini, Realtime, dead_url, run, test

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "fixtures"))
import make_fixtures  # noqa: E402

LINNET, COUNTER, WORK = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
README = pathlib.Path(os.environ["LINNET_SOURCE"]) / "README.md"
HARD = "who was the first person to walk on the moon"
KEYS = {"OPENAI_API_KEY": "sk-one", "GEMINI_API_KEY": "sk-two"}
CONFIG, STATE = WORK / "pipeline.yaml", WORK / "state.db"


def example():
    blocks = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    assert len(blocks) == 1, "README.md has one example"
    return blocks[0]


def at(**urls):
    """The example with other addresses."""
    text = example()
    addresses = re.findall(r"url: (\"[^\"]*\"|\S+)", text)
    assert len(addresses) == 3
    for old, name in zip(addresses, ("cloud", "second", "hub")):
        text = text.replace(f"url: {old}", f"url: \"{urls[name]}\"")
    return text


def linnet(yaml, *args, **env):
    CONFIG.write_text(yaml)
    options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    result = subprocess.run([LINNET, args[0], "-c", CONFIG, "--state", STATE, *args[1:]], capture_output=True, text=True,
                            timeout=120, env=os.environ | {"HOME": str(WORK), "ASAN_OPTIONS": options} | env)
    assert result.returncode == 0, result.stderr
    assert not any(key in result.stdout + result.stderr for key in KEYS.values()), "a key was told"
    return result.stdout


def ask(yaml, text, **env):
    return json.loads(linnet(yaml, "ask", "--json", text, **(KEYS | env)))


class Three:
    """All three services; those not named are dead."""

    def __init__(self, *alive):
        self.services = {"cloud": Realtime("Said by cloud."), "second": Gemini("Said by second."),
                         "hub": Chat("Said by hub.")}
        self.alive = alive

    def __enter__(self):
        STATE.unlink(missing_ok=True)
        urls = {"cloud": dead_url("ws", "/v1/realtime"), "second": dead_url("ws", "/live"),
                "hub": dead_url("http", "/v1")}
        for name in self.alive:
            urls[name] = self.services[name].__enter__().url
        self.yaml = at(**urls)
        return self

    def __exit__(self, kind, *rest):
        for name in self.alive:
            self.services[name].__exit__(kind, *rest)

    def __getattr__(self, name):
        return self.services[name]


@test
def as_written_it_answers_what_it_can():
    log = WORK / "sockets"
    log.unlink(missing_ok=True)
    answer = json.loads(linnet(example(), "ask", "--json", "what is twelve times eight", LD_PRELOAD=COUNTER,
                               SOCKET_COUNT=str(log)))
    assert answer["tool"] == "calculate" and "96" in answer["reply"], answer
    assert not log.exists(), log.read_text()


@test
def a_hard_request_goes_to_the_first():
    with Three("cloud", "second", "hub") as three:
        assert ask(three.yaml, HARD)["reply"] == "Said by cloud."
        assert three.second.wire.silent() and three.hub.wire.silent()
        assert "Bearer sk-one" in str(three.cloud.headers)


@test
def when_one_is_dead_the_next_answers():
    with Three("second", "hub") as three:
        assert ask(three.yaml, HARD)["reply"] == "Said by second."
        assert three.hub.wire.silent() and "sk-two" in str(three.second.headers)
    with Three("hub") as three:
        assert ask(three.yaml, HARD)["reply"] == "Said by hub."
    with Three() as three:
        answer = ask(three.yaml, HARD)
        assert answer["route"] == "cloud" and "can't reach" in answer["reply"], answer


@test
def health_stays_here():
    with Three("cloud", "second", "hub") as three:
        answer = ask(three.yaml, "what are the early symptoms of diabetes")
        assert answer["route"] == "refused", answer
        assert all(service.wire.silent() for service in three.services.values())


@test
def long_numbers_are_redacted():
    with Three("cloud", "second", "hub") as three:
        ask(three.yaml, "why does the order 4242 4242 4242 4242 take so long")
        assert "[private]" in three.cloud.text() and "4242" not in three.cloud.text()


@test
def the_ledger_knows_what_it_cost():
    with Three("cloud", "second", "hub") as three:
        ask(three.yaml, HARD)
        ask(three.yaml, "what time is it")
        ledger = json.loads(linnet(three.yaml, "ledger", "--json"))
        # 11 tokens in, 3 of them cached, 7 out
        assert abs(ledger["today"]["spent"] - 146e-6) < 1.5e-6 and ledger["today"]["answered_here"] == 1, ledger
        assert ledger["today"]["saved"] > 0 and list(ledger["providers"]) == ["cloud"]
        assert "cloud" in linnet(three.yaml, "ledger")


@test
def a_recording_goes_the_same_way():
    recording = WORK / "moon.wav"
    if not recording.exists():
        make_fixtures.make(("moon", [0.6, ("flite:slt", "jarvis"), 0.5, ("flite:slt", HARD), 1.5], [], []), WORK)
    with Three("cloud", "second", "hub") as three:
        out = linnet(three.yaml, "replay", str(recording), "-o", str(WORK / "reply.wav"), "--json", **KEYS)
        events = [json.loads(line) for line in out.splitlines()]
        assert "Said by cloud." in [event.get("text") for event in events], events
        assert three.cloud.sound == b"" and "moon" in three.cloud.text()
        assert (WORK / "reply.wav").stat().st_size > 24000


if __name__ == "__main__":
    WORK.mkdir(parents=True, exist_ok=True)
    run()
