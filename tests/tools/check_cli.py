#!/usr/bin/env python3
"""The command line with good and bad input: exit status 0, 1 or 2, an error that names file, place and expectation,
nothing half-written.

    check_cli.py LINNET WORK_DIR          prints TAP
"""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import wave

LINNET, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def linnet(*args, **kwargs):
    return subprocess.run([LINNET, *map(str, args)], capture_output=True, text=True, timeout=120, **kwargs)


def expect_error(result, status, *texts):
    assert result.returncode == status, f"exit status {result.returncode}, expected {status}: {result.stderr}"
    for text in texts:
        assert str(text) in result.stderr, f"\"{text}\" is not in: {result.stderr}"
    assert result.stdout == "", f"a failure wrote on stdout: {result.stdout}"


def silence(name, seconds=1.0, rate=16000):
    path = WORK / name
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(int(2 * rate * seconds)))
    return path


@test
def help_is_help():
    commands = ["run", "replay", "transcribe", "wake", "ask", "say", "bench", "doctor", "config"]
    overview = linnet("--help")
    assert overview.returncode == 0
    for command in commands:
        assert command in overview.stdout
        result = linnet(command, "--help")
        assert result.returncode == 0 and f"usage: linnet {command}" in result.stdout
    assert linnet("--version").stdout.startswith("linnet ")


@test
def typed_wake_words_say_how_they_will_do():
    result = linnet("wake", "--json", "--typed", "Hey Linnet")
    assert result.returncode == 0, result.stderr
    outlook = json.loads(result.stdout)
    assert outlook["typed"] == "hey linnet" and outlook["phones"].startswith("HH EY | L IH N")
    assert outlook["weakness"] is None and outlook["threshold"] < 0 and outlook["alarms_an_hour"] <= 1
    expect_error(linnet("wake", "--typed", "joe"), 1, "joe", "too short")
    assert "too short" in linnet("wake", "--typed", "joe", "--force").stdout
    expect_error(linnet("wake", "--typed", "123"), 1, "123")
    expect_error(linnet("wake"), 2, "FILE")


@test
def enrolment_wants_recordings_of_speech():
    state = dict(os.environ, XDG_STATE_HOME=str(WORK / "state"))
    quiet = [silence(f"take{i}.wav") for i in range(3)]
    expect_error(linnet("wake", "--enroll", "robot", *quiet[:2], env=state), 1, "3 to 10")
    expect_error(linnet("wake", "--enroll", "robot", *quiet, env=state), 1, "take0.wav", "nobody speaks")
    assert not (WORK / "state" / "linnet" / "words" / "robot.json").exists()


def said(text, times):
    """The text said again and again, a second of nothing around each, as a microphone would hear it."""
    spoken, quiet, heard = WORK / "said.wav", silence("pause.wav"), WORK / "microphone.wav"
    subprocess.run(["flite", "-voice", "rms", "-t", text, "-o", str(spoken)], check=True)
    subprocess.run(["sox", str(quiet), *[str(quiet), str(spoken)] * times, str(quiet), str(heard)], check=True)
    return heard


@test
def a_word_is_learnt_from_the_microphone():
    state = dict(os.environ, XDG_STATE_HOME=str(WORK / "learnt"))
    heard, words = said("robot butler", 3), WORK / "learnt" / "linnet" / "words"
    shutil.rmtree(WORK / "learnt", ignore_errors=True)
    learn = ["wake", "--enroll", "Robot Butler", "--input", heard]
    result = linnet(*learn, "--takes", "4", env=state)
    expect_error(result, 1, "ended after 3 of 4 takes")
    assert not (words / "robot_butler.json").exists()
    expect_error(linnet(*learn, "--takes", "2", env=state), 1, "3 to 10")
    result = linnet(*learn, "--takes", "3", "--json", env=state)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["recordings"] == 3 and report["heard_after"] == 3, report
    for take in range(1, 4):
        with wave.open(str(words / f"robot_butler-{take}.wav")) as file:
            seconds = file.getnframes() / file.getframerate()
            assert file.getframerate() == 16000 and 1.0 < seconds < 2.5, seconds
    found = linnet("wake", "--word", "robot butler", heard, env=state)
    assert found.stdout.count("Robot Butler") >= 2, [report, found.stdout, found.stderr]


@test
def bad_usage_is_status_2():
    expect_error(linnet("fly"), 2, "fly", "linnet --help")
    expect_error(linnet("replay", "--fly", "x.wav"), 2, "--fly")
    expect_error(linnet("replay"), 2, "IN.wav")
    expect_error(linnet("replay", "a.wav", "b.wav"), 2, "too many")
    expect_error(linnet("replay", "x.wav", "--now", "yesterday"), 2, "yesterday")
    expect_error(linnet("wake", "x.wav", "--threshold", "high"), 2, "high")
    expect_error(linnet("replay", "x.wav", "-o"), 2, "-o")
    assert linnet().returncode == 2


@test
def bad_recordings_are_named():
    whole = silence("whole.wav").read_bytes()
    cases = {"empty.wav": b"", "short.wav": whole[:20], "text.wav": b"hello, I am not a recording at all, sorry",
             "truncated.wav": whole[:-1000], "riff-only.wav": whole[:12],
             "rate0.wav": whole[:24] + struct.pack("<I", 0) + whole[28:],
             "channels0.wav": whole[:22] + struct.pack("<H", 0) + whole[24:]}
    for name, content in cases.items():
        path = WORK / name
        path.write_bytes(content)
        for command in ("replay", "wake", "transcribe"):
            result = linnet(command, path)
            assert result.returncode == 1, f"{command} {name}: exit status {result.returncode}"
            assert str(path) in result.stderr, f"{command} {name}: {result.stderr}"
    expect_error(linnet("replay", WORK / "absent.wav"), 1, WORK / "absent.wav")
    expect_error(linnet("replay", WORK), 1, WORK)


@test
def unwritable_output_leaves_nothing():
    wav = silence("fine.wav", 0.5)
    expect_error(linnet("replay", "--json", wav, "-o", "/no/such/folder/out.wav"), 1, "/no/such/folder/out.wav")
    result = linnet("say", "hello", "-o", "/dev/full")
    expect_error(result, 1, "/dev/full")
    old = WORK / "old.wav"
    old.write_bytes(b"precious")
    expect_error(linnet("replay", "--json", WORK / "truncated.wav", "-o", old), 1)
    assert old.read_bytes() == b"precious", "a failed replay touched the old output"
    assert not [p for p in WORK.iterdir() if p.name.startswith("old.wav.") or p.name.startswith(".old")]


@test
def a_full_disk_leaves_nothing():
    disk = WORK / "disk"
    disk.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode != 0:
        return "mounting a small disk needs root"
    try:
        expect_error(linnet("say", "this sentence is far too long for so small a disk", "-o", disk / "out.wav"), 1,
                     disk / "out.wav", "space")
        assert list(disk.iterdir()) == [], "something half-written is left"
    finally:
        subprocess.run(["umount", str(disk)])
    return None


@test
def models_that_are_missing_or_broken_are_named():
    wav = silence("fine.wav", 0.5)
    expect_error(linnet("replay", wav, "--models", "/no/models"), 1, "/no/models")
    broken = WORK / "models"
    shutil.rmtree(broken, ignore_errors=True)
    source = pathlib.Path(os.environ["LINNET_BUILD"]) / "assets" / "models"
    broken.mkdir()
    for model in source.glob("*.gguf"):
        (broken / model.name).write_bytes(model.read_bytes())
    for model in sorted(broken.glob("*.gguf")):
        whole = model.read_bytes()
        for content in (b"", b"GGUF", whole[:200], whole[: len(whole) // 2], b"NOPE" + whole[4:]):
            model.write_bytes(content)
            expect_error(linnet("replay", wav, "--models", broken), 1, model)
        model.write_bytes(whole)


@test
def bad_configuration_says_where():
    wav = silence("fine.wav", 0.5)
    path = WORK / "bad.yaml"
    cases = {"volume: 900\n": ":1:9", "volum: 9\n": "\"volume\"", "a: [\n": "bad.yaml:", "\t\tx: 1\n": "bad.yaml:",
             "volume: &a 1\nzone: *a\n": "alias"}
    for text, where in cases.items():
        path.write_text(text)
        expect_error(linnet("replay", wav, "--config", path), 1, path, where)
    path.write_bytes(bytes(range(256)))
    expect_error(linnet("replay", wav, "--config", path), 1, path)
    expect_error(linnet("replay", wav, "--config", "/no/such.yaml"), 1, "/no/such.yaml")
    expect_error(linnet("replay", wav, "--set", "volume=loud"), 1, "volume", "loud")
    expect_error(linnet("replay", wav, "--set", "volume"), 1, "KEY=VALUE")


@test
def the_sample_configuration_works():
    sample = linnet("config")
    assert sample.returncode == 0
    path = WORK / "sample.yaml"
    path.write_text(sample.stdout)
    result = linnet("replay", "--json", silence("fine.wav", 0.5), "--config", path)
    assert result.returncode == 0, result.stderr
    assert ".TH LINNET 1" in linnet("config", "--man").stdout


@test
def ask_answers_in_json():
    result = linnet("ask", "--json", "--state", ":memory:", "what is twelve times eight")
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["route"] == "tool" and answer["tool"] == "calculate", answer
    assert "96" in answer["reply"], answer
    expect_error(linnet("ask", "--state", ":memory:", "x" * 600), 1, "511")


@test
def every_turn_is_explained_and_repeats():
    state = WORK / "why.db"
    state.unlink(missing_ok=True)
    expect_error(linnet("why", "--state", state), 1, state, "no state file")
    texts = ["what is twelve times eight", "tell me a joke", "why is the sky blue", "set a timer for ten minutes"]
    for text in texts:
        assert linnet("ask", "--state", state, text).returncode == 0
    for back, text in enumerate(reversed(texts), 1):
        result = linnet("why", str(back), "--state", state)
        assert text in result.stdout and "the same, bit for bit" in result.stdout, result.stdout
    record = json.loads(linnet("why", "--json", "--state", state).stdout)
    assert record["decision"]["route"] == "tool" and record["features"]["model_route"] == "tool", record
    assert linnet("why", "--check", "--state", state).stdout == "4 decisions, 0 different\n"
    expect_error(linnet("why", "5", "--state", state), 1, "5 turns back")
    expect_error(linnet("why", "0", "--state", state), 2, "turns ago")
    expect_error(linnet("replay", silence("fine.wav", 0.5), "--policy", "cheapest"), 1, "latency-aware")


@test
def timers_survive_between_commands():
    state = WORK / "timers.db"
    state.unlink(missing_ok=True)
    assert linnet("ask", "--state", state, "set a timer for twenty minutes").returncode == 0
    answer = linnet("ask", "--state", state, "how much time is left on my timer")
    assert "minutes" in answer.stdout, answer.stdout


@test
def a_voice_is_written():
    out = WORK / "say.wav"
    assert linnet("say", "good morning", "-o", out).returncode == 0
    with wave.open(str(out)) as file:
        assert file.getframerate() == 24000
        assert file.getnframes() > 24000 * 0.4
        samples = struct.unpack(f"<{file.getnframes()}h", file.readframes(file.getnframes()))
    assert max(map(abs, samples)) > 1000, "the voice is silent"


@test
def doctor_reports():
    result = linnet("doctor")
    assert "models" in result.stdout


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    print(f"1..{len(TESTS)}")
    for number, function in enumerate(TESTS, 1):
        try:
            skipped = function()
            print(f"ok {number} - {function.__name__}" + (f" # SKIP {skipped}" if skipped else ""), flush=True)
        except (AssertionError, subprocess.TimeoutExpired, json.JSONDecodeError, OSError) as error:
            print(f"not ok {number} - {function.__name__}\n# {str(error)[:600]}", flush=True)


if __name__ == "__main__":
    main()
