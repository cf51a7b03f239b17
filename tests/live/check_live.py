#!/usr/bin/env python3
"""Live, without a sound card: `linnet run` on a real sound server, through PulseAudio and through ALSA's pulse plugin.

A spoken request is played into the sink whose monitor is the microphone; the events must show the right tool, and the
answer recorded from the loudspeaker must hold the right words (read back by Linnet's own recogniser).

    check_live.py LINNET WORK_DIR          prints TAP
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "rigs"))
sys.path.insert(0, str(ROOT / "fixtures"))
from make_fixtures import FIXTURES, make  # noqa: E402
from pulse_rig import PulseRig  # noqa: E402

LINNET, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
REQUEST = "timer_in_one_breath"
SLOWER = float(os.environ.get("LINNET_TEST_SLOWER", "1"))
HEARD = ["timer", "five", "minutes"]


def fixture(name):
    path = WORK / f"{name}.wav"
    if not path.exists():
        make(next(f for f in FIXTURES if f[0] == name), WORK)
    return path


class Assistant:
    """`linnet run --json` with its events collected as they come."""

    def __init__(self, rig, backend):
        self.events = []
        self.errors = []
        self.listening = threading.Event()
        self.process = subprocess.Popen(
            [LINNET, "run", "--json", "--state", ":memory:", "--set", f"input={backend}", "--set", f"output={backend}"],
            env=rig.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()
        self.reader = threading.Thread(target=self._read_errors, daemon=True)
        self.reader.start()

    def wait_until_listening(self):
        assert self.listening.wait(20 * SLOWER), f"linnet run does not listen: {self.errors}"

    def _read(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def _read_errors(self):
        for line in self.process.stderr:
            self.errors.append(line)
            if line.startswith("listening"):
                self.listening.set()

    def wait_for(self, kind, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for event in self.events:
                if event["event"] == kind:
                    return event
            if self.process.poll() is not None:
                raise AssertionError(f"linnet run ended early: {self.errors}")
            time.sleep(0.05)
        raise AssertionError(f"no {kind} event within {seconds} s; got {self.events}")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.kill()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=20 * SLOWER)
        self.reader.join(timeout=5)
        assert self.process.returncode == 0, f"exit status {self.process.returncode}: {self.errors}"


def words_in(recording):
    result = subprocess.run([LINNET, "transcribe", "--json", "--language", "assistant", recording], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["text"]


def converse(backend):
    reply = WORK / f"reply-{backend}.wav"
    with PulseRig(alsa=backend == "alsa") as rig, Assistant(rig, backend) as assistant:
        assistant.wait_until_listening()
        time.sleep(1.0)
        recording = rig.record(str(reply))
        time.sleep(0.5)
        rig.play(str(fixture(REQUEST)))
        tool = assistant.wait_for("tool", 25 * SLOWER)
        assistant.wait_for("done", 25 * SLOWER)
        time.sleep(1.0)
        recording.stop()
        assistant.stop()
    assert tool["tool"] == "timer_set" and tool["args"].get("duration") == "five minutes", tool
    text = words_in(reply)
    missing = [word for word in HEARD if word not in text.split()]
    assert not missing, f"the recorded answer says \"{text}\": {missing} missing"
    return f"answer heard as \"{text}\""


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    backends = ["pulse", "alsa"]
    print(f"1..{len(backends)}")
    for number, backend in enumerate(backends, 1):
        try:
            print(f"ok {number} - a live turn through {backend}\n# {converse(backend)}", flush=True)
        except FileNotFoundError as error:
            print(f"ok {number} - a live turn through {backend} # SKIP {error}", flush=True)
        except AssertionError as error:
            print(f"not ok {number} - a live turn through {backend}\n# {str(error)[:800]}", flush=True)


if __name__ == "__main__":
    main()
