#!/usr/bin/env python3
"""Turns in sound: the request as it was spoken goes up, the answer as it is spoken comes down and is heard; and the
sound stays here unless everything allows it.

    check_sound.py LINNET WORK_DIR          prints TAP
"""
import json
import math
import os
import pathlib
import struct
import subprocess
import sys

from cloud_peers import Realtime, Speaking, run, test

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "fixtures"))
from make_fixtures import make, samples  # noqa: E402

LINNET, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
QUESTION = "who was the first person to walk on the moon"
TONE = 523.0


def spoken(name, *pieces):
    path = WORK / f"{name}.wav"
    if not path.exists():
        make((name, [0.6, *pieces, 1.5], [], []), WORK)
    return path


def question():
    return spoken("question", ("flite:slt", "jarvis"), 0.5, ("flite:slt", QUESTION))


def replay(yaml, recording, *args):
    """The events, and what was heard."""
    config, out = WORK / "config.yaml", WORK / "out.wav"
    config.write_text(yaml)
    result = subprocess.run([LINNET, "replay", recording, "-o", out, "--json", "-c", config, "--state", ":memory:",
                             *args], capture_output=True, text=True, timeout=120,
                            env=os.environ | {"TEST_KEY": "sk-SECRET"})
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()], samples(out)


def tone(seconds):
    count = int(24000 * seconds)
    return struct.pack(f"<{count}h", *(int(12000 * math.sin(2 * math.pi * TONE * i / 24000)) for i in range(count)))


def strength(sound, hertz, rate):
    """Of one frequency, by Goertzel's algorithm, against the whole."""
    total = sum(s * s for s in sound) or 1
    c = 2 * math.cos(2 * math.pi * hertz / rate)
    a = b = 0.0
    for s in sound:
        a, b = s + c * a - b, a
    return (a * a + b * b - c * a * b) * 2 / (len(sound) * total)


def provider(url, more=""):
    return f"providers: {{cloud: {{kind: openai-realtime, url: '{url}', model: m, key_env: TEST_KEY{more}}}}}\n"


def texts(events, kind):
    return [event.get("text", "") for event in events if event["event"] == kind]


@test
def the_sound_of_a_request_goes_up_when_it_may():
    with Realtime("Neil Armstrong.") as cloud:
        events, _ = replay(provider(cloud.url, ", send_audio: true"), question())
        assert "Neil Armstrong." in texts(events, "reply"), events
        sent = struct.unpack(f"<{len(cloud.sound) // 2}h", cloud.sound)
        heard = samples(question())
        seconds = len(sent) / 24000
        assert 1.5 < seconds < len(heard) / 16000, f"{seconds} s were sent"
        assert max(map(abs, sent)) > 0.8 * max(map(abs, heard))
        assert "moon" not in cloud.text(), "the words went too"


@test
def without_consent_only_words_go():
    for more in ("", ", send_audio: false"):
        with Realtime("Neil Armstrong.") as cloud:
            events, _ = replay(provider(cloud.url, more), question())
            assert "Neil Armstrong." in texts(events, "reply"), events
            assert cloud.sound == b"" and "input_audio_buffer" not in cloud.text() and "moon" in cloud.text()


@test
def denied_words_keep_the_sound_here():
    with Realtime("You should not know.") as cloud:
        yaml = provider(cloud.url, ", send_audio: true") + "privacy: [{match: moon, action: deny}]"
        events, _ = replay(yaml, question())
        assert cloud.wire.silent(), f"{cloud.wire.bytes} bytes left"
        assert "refused" in [event.get("route") for event in events], events


@test
def words_to_be_redacted_go_without_their_sound():
    with Realtime("Neil Armstrong.") as cloud:
        yaml = provider(cloud.url, ", send_audio: true") + "privacy: [{match: moon, action: redact}]"
        events, _ = replay(yaml, question())
        assert "Neil Armstrong." in texts(events, "reply"), events
        assert cloud.sound == b"" and "moon" not in cloud.text() and "[private]" in cloud.text()


@test
def an_answer_in_sound_is_heard():
    with Speaking("Neil Armstrong.", tone(2.0)) as cloud:
        events, heard = replay(provider(cloud.url, ", voice: marin"), question())
        assert texts(events, "reply") == ["Neil Armstrong."], events
        assert any(event["event"] == "first-sound" for event in events)
        loud = [i for i, s in enumerate(heard) if abs(s) > 3000]
        assert loud and abs((loud[-1] - loud[0]) / 24000 - 2.0) < 0.1, f"{(loud[-1] - loud[0]) / 24000} s were heard"
        part = heard[loud[0] + 2400:loud[-1] - 2400]
        assert strength(part, TONE, 24000) > 0.98, "something else was heard"


@test
def a_turn_may_be_sound_both_ways():
    with Speaking("Neil Armstrong.", tone(1.0)) as cloud:
        events, heard = replay(provider(cloud.url, ", voice: marin, send_audio: true"), question())
        assert len(cloud.sound) > 48000 and max(heard) > 3000 and texts(events, "reply") == ["Neil Armstrong."]


@test
def what_was_not_heard_is_taken_back():
    """The user says the wake word while the answer is heard: the service is told how much of it was."""
    recording = spoken("interrupted", ("flite:slt", "jarvis"), 0.5, ("flite:slt", QUESTION), 3.0,
                       ("flite:slt", "jarvis"), 0.7, ("flite:slt", "what time is it"))
    with Speaking("A long story.", tone(20.0)) as cloud:
        events, _ = replay(provider(cloud.url, ", voice: marin"), recording)
        cuts = [json.loads(m) for m in cloud.messages if json.loads(m)["type"] == "conversation.item.truncate"]
        assert len(cuts) == 1, [json.loads(m)["type"] for m in cloud.messages]
        first = next(event["seconds"] for event in events if event["event"] == "first-sound")
        second = [event["seconds"] for event in events if event["event"] == "wake"][1]
        assert abs(cuts[0]["audio_end_ms"] / 1000 - (second - first)) < 0.15, (cuts, first, second)
        assert "get_time" in [event.get("name") or event.get("tool") for event in events], events


if __name__ == "__main__":
    WORK.mkdir(parents=True, exist_ok=True)
    run()
