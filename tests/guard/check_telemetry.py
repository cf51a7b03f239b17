#!/usr/bin/env python3
"""Telemetry is off; what --show prints is what is sent, byte for byte, and only
when it is enabled and has somewhere to go.

    check_telemetry.py LINNET WORK_DIR          prints TAP
"""
import http.server
import json
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "wire"))
from tap import run, test  # noqa: E402

LINNET, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
STATE = WORK / "state.db"


class Collector:
    def __enter__(self):
        self.posts = posts = queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.send_response(204)
                self.end_headers()
                posts.put((self.path, dict(self.headers), body))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/counters"
        return self

    def __exit__(self, *_):
        self.server.shutdown()

    def posted(self, seconds):
        try:
            return self.posts.get(timeout=seconds)
        except queue.Empty:
            return None


def linnet(*args):
    result = subprocess.run([LINNET, *args, "--state", STATE], capture_output=True, text=True, timeout=120, check=True,
                            env=os.environ | {"HOME": str(WORK)})
    return result.stdout


class Running:
    """The assistant with no microphone and no speaker."""

    def __init__(self, *options):
        self.options = [argument for option in options for argument in ("--set", option)]

    def __enter__(self):
        self.process = subprocess.Popen([LINNET, "run", "--json", "--state", STATE, "--set", "input=null", "--set",
                                         "output=null", *self.options], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=60)


def fresh():
    for path in WORK.glob("state.db*"):
        path.unlink()
    for text in ("what time is it", "what is twelve times eight", "who wrote the novel moby dick"):
        linnet("ask", text)


@test
def turns_are_counted_and_nothing_else():
    fresh()
    shown = json.loads(linnet("telemetry", "--show"))
    assert shown.pop("linnet") and set(map(type, shown.values())) == {int}
    assert shown["device_turns"] == 2 and sum(shown.values()) == 2, shown
    assert "off" in linnet("telemetry")


@test
def nothing_is_sent_unless_it_is_enabled():
    fresh()
    with Collector() as collector, Running(f"telemetry.endpoint={collector.url}"):
        assert collector.posted(4) is None


@test
def nothing_is_sent_without_an_endpoint():
    fresh()
    assert "nothing is ever sent" in linnet("telemetry", "--enable")
    with Collector() as collector, Running():
        assert collector.posted(2) is None


@test
def what_is_shown_is_what_is_sent_once():
    fresh()
    linnet("telemetry", "--enable")
    shown = linnet("telemetry", "--show")
    with Collector() as collector:
        with Running(f"telemetry.endpoint={collector.url}"):
            post = collector.posted(60)
            assert post is not None, "nothing was sent"
            path, headers, body = post
            assert path == "/counters" and body + "\n" == shown, (body, shown)
            assert not {name.lower() for name in headers} & {"cookie", "user-agent", "referer", "from"}, headers
            time.sleep(2)
        after = json.loads(linnet("telemetry", "--show"))
        assert after["device_turns"] == 0, after
        with Running(f"telemetry.endpoint={collector.url}"):
            assert collector.posted(3) is None, "sent twice a day"


@test
def it_can_be_disabled():
    fresh()
    linnet("telemetry", "--enable")
    assert "off" in linnet("telemetry", "--disable")
    with Collector() as collector, Running(f"telemetry.endpoint={collector.url}"):
        assert collector.posted(3) is None


if __name__ == "__main__":
    WORK.mkdir(parents=True, exist_ok=True)
    run()
