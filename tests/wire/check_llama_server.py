#!/usr/bin/env python3
"""The provider openai-chat against a real llama-server (of llama.cpp, when one is on the PATH) that serves the weights of
our own language model.

    check_llama_server.py PROVIDER_PROBE  prints TAP
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import openai_says as openai
from bench_peer import KEY, Peer, assistant, kinds, text, usage, user
from tap import run, test

SERVER = shutil.which("llama-server")
MODEL = pathlib.Path(os.environ["LINNET_SOURCE"]) / "assets/models/lm-f16.gguf"
START_S = 120
TOOLS = [{"name": "look_up", "description": "a word", "parameters": {
    "type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}}]

if SERVER is None or not MODEL.exists():
    print("1..0 # SKIP " + ("no llama-server on the PATH" if SERVER is None else f"no {MODEL.name}"))
    sys.exit(0)


class LlamaServer:
    def __enter__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [SERVER, "-m", MODEL, "--host", "127.0.0.1", "--port", str(self.port), "-c", "2048", "-np", "1", "-t", "2",
             "--temp", "0", "--api-key", KEY], stdout=self.log, stderr=self.log)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def wait(self):
        for _ in range(START_S * 5):
            assert self.process.poll() is None, self.output()
            try:
                with urllib.request.urlopen(self.url("/health"), timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise AssertionError("llama-server does not start: " + self.output())

    def output(self):
        self.log.seek(0)
        return self.log.read()[-2000:]

    def whole(self, messages, limit):
        """The same request, not streamed, by a client that is not ours."""
        body = json.dumps({"model": "some-model", "messages": messages, "max_tokens": limit}).encode()
        request = urllib.request.Request(self.url("/v1/chat/completions"), body, {
            "Content-Type": "application/json", "Authorization": "Bearer " + KEY})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)


class Client(Peer):
    """Our provider, and no server of the test's own that is used."""

    def __init__(self, server, **config):
        super().__init__("openai-chat", openai.judge_chat, url=server.url("/v1/chat/completions"), **config)


with LlamaServer() as llama:
    @test
    def while_it_loads_it_is_overloaded_or_unreachable():
        with Client(llama) as p:
            p.start(1, [user("hi")], max_output_tokens=4)
            last = p.until_end()[-1]
            assert last["event"] == "DONE" or last["failure"] in ("OVERLOADED", "UNREACHABLE"), last
        llama.wait()

    @test
    def a_streamed_answer_is_the_whole_one():
        question = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "tell me a joke"}]
        whole = llama.whole(question, 40)
        with Client(llama) as p:
            p.start(1, [user("tell me a joke")], instructions="Be short.", max_output_tokens=40)
            events = p.until_end()
        print(f"# {text(events)!r}")
        assert text(events) == whole["choices"][0]["message"]["content"] != ""
        assert kinds(events)[-2:] == ["USAGE", "DONE"]
        assert usage(events)[0] == whole["usage"]["prompt_tokens"]
        assert usage(events)[2] == whole["usage"]["completion_tokens"]

    @test
    def a_conversation():
        with Client(llama) as p:
            p.start(1, [user("hello")], max_output_tokens=20)
            first = text(p.until_end())
            p.start(2, [user("hello"), assistant(first), user("thank you")], max_output_tokens=20)
            events = p.until_end()
            assert events[-1]["event"] == "DONE" and usage(events)[0] > 0

    @test
    def tools_are_accepted():
        with Client(llama) as p:
            p.start(1, [user("what is tea")], tools=TOOLS, max_output_tokens=20)
            assert p.until_end()[-1]["event"] == "DONE"
            p.start(2, [user("what is tea"), {"role": "call", "name": "look_up", "call_id": "c1",
                                              "text": '{"word":"tea"}'},
                        {"role": "result", "name": "look_up", "call_id": "c1", "text": "a drink"}],
                    tools=TOOLS, max_output_tokens=20)
            assert p.until_end()[-1]["event"] == "DONE"

    @test
    def a_cancelled_answer_makes_room_for_the_next():
        with Client(llama) as p:
            p.start(1, [user("count for ever")], max_output_tokens=2000)
            p.event("TEXT")
            p.do("cancel", heard_ms=-1)
            p.start(2, [user("hello")], max_output_tokens=5)
            assert p.until_end()[-1]["event"] == "DONE"

    @test
    def a_wrong_key_is_refused():
        with Client(llama, key="wrong") as p:
            p.start(1, [user("hi")])
            assert p.event("FAILED")["failure"] == "REFUSED"

    run()
