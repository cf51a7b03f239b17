"""A provider of ours against a server of another maker: the `websockets` package, or the HTTP server of Python. The
test plays the server by hand: it accepts a connection, expects messages (which the judges read) and says what the
services' types make.

    with Peer("openai-realtime", judge) as peer:
        peer.start(1, [user("hi")])
        connection = peer.accept()
        ...
        assert peer.said() == "hello"
"""
import base64
import http.server
import json
import queue
import subprocess
import sys
import threading

import websockets.exceptions
import websockets.sync.server

KEY = "sk-SECRET-0123456789"
WAIT_S = 60
PATHS = {"openai-realtime": "/v1/realtime", "openai-responses": "/v1/responses", "gemini-live": "/live",
         "openai-chat": "/v1/chat/completions"}


def user(text):
    return {"role": "user", "text": text}


def assistant(text):
    return {"role": "assistant", "text": text}


class Connection:
    """The server's end of one websocket."""

    def __init__(self, socket, judge):
        self.socket, self.judge, self.over = socket, judge, threading.Event()
        self.path, self.headers = socket.request.path, socket.request.headers

    def receive(self, timeout=WAIT_S):
        """The next message, judged."""
        return self.judge(self.socket.recv(timeout=timeout))

    def say(self, *messages, binary=False):
        for message in messages:
            self.socket.send(message.encode() if binary else message)

    def silent(self, seconds=0.15):
        try:
            message = self.socket.recv(timeout=seconds)
        except TimeoutError:
            return True
        raise AssertionError(f"expected nothing, got {message[:200]}")

    def close(self, code=1000, reason=""):
        self.socket.close(code, reason)
        self.over.set()

    def cut(self):
        """End without a close frame, as when a cable is pulled."""
        self.socket.socket.close()
        self.over.set()

    def ended(self, timeout=WAIT_S):
        """Whether the client closes; what it said before is thrown away."""
        try:
            while True:
                self.socket.recv(timeout=timeout)
        except websockets.exceptions.ConnectionClosed:
            self.over.set()
            return True
        except TimeoutError:
            return False


class Request:
    """The server's end of one HTTP request."""

    def __init__(self, handler, body, judge):
        self.handler, self.over = handler, threading.Event()
        self.path, self.headers, self.message = handler.path, handler.headers, judge(body)

    def answer(self, status=200, kind="text/event-stream"):
        self.handler.send_response(status)
        self.handler.send_header("Content-Type", kind)
        self.handler.send_header("Transfer-Encoding", "chunked")
        self.handler.end_headers()

    def write(self, data):
        data = data.encode() if isinstance(data, str) else data
        self.handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.handler.wfile.flush()

    def say(self, *chunks):
        for chunk in chunks:
            self.write(f"data: {chunk}\n\n")

    def end(self):
        self.handler.wfile.write(b"0\r\n\r\n")
        self.over.set()

    def cut(self):
        self.handler.connection.close()
        self.over.set()

    def gone(self):
        """Whether the client hangs up, seen by writing until it fails."""
        try:
            for _ in range(2000):
                self.write(": still here\n\n")
                threading.Event().wait(0.02)
        except OSError:
            self.over.set()
            return True
        return False


class Peer:
    def __init__(self, kind, judge, path=None, **config):
        self.kind, self.judge, self.config, self.path = kind, judge, config, path or PATHS[kind]
        self.accepted, self.events, self.answers = queue.Queue(), queue.Queue(), queue.Queue()
        self.raw = []

    def __enter__(self):
        if self.kind == "openai-chat":
            self._serve_http()
        else:
            self._serve_websocket()
        self.probe = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True, bufsize=1)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        config = {"kind": self.kind, "url": self.url, "model": "some-model", "key": KEY} | self.config
        self.do("create", **config)
        return self

    def _serve_websocket(self):
        def serve(socket):
            connection = Connection(socket, self.judge)
            self.accepted.put(connection)
            connection.over.wait(60)
        self.server = websockets.sync.server.serve(serve, "127.0.0.1", 0, compression=None, max_size=2**25)
        port = self.server.socket.getsockname()[1]
        self.url = f"ws://127.0.0.1:{port}{self.path}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _serve_http(self):
        accepted, judge = self.accepted, self.judge

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                request = Request(self, body, judge)
                accepted.put(request)
                request.over.wait(60)
                self.close_connection = True

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}{self.path}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _read(self):
        for line in self.probe.stdout:
            self.raw.append(line)
            message = json.loads(line)
            (self.events if "event" in message else self.answers).put(message)

    def __exit__(self, kind, *_):
        self.probe.stdin.close()
        status = self.probe.wait(WAIT_S)
        self.reader.join(WAIT_S)
        errors = self.probe.stderr.read()
        threading.Thread(target=self.server.shutdown, daemon=True).start()
        if kind is None:
            assert status == 0, f"the probe ended with {status}: {errors}"
            assert KEY not in "".join(self.raw) + errors, "the key was told"

    def try_to(self, command, **arguments):
        self.probe.stdin.write(json.dumps({"do": command} | arguments) + "\n")
        answer = self.answers.get(timeout=WAIT_S)
        assert answer["did"] == command
        return answer

    def do(self, command, **arguments):
        answer = self.try_to(command, **arguments)
        assert answer["status"] == "OK", f"{command}: {answer}"

    def start(self, turn, messages, **more):
        self.do("start", turn=turn, messages=messages, **more)

    def accept(self):
        return self.accepted.get(timeout=WAIT_S)

    def no_connection(self, seconds=0.2):
        try:
            self.accepted.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def event(self, kind=None):
        event = self.events.get(timeout=WAIT_S)
        assert kind is None or event["event"] == kind, f"expected {kind}, got {event}"
        assert event["provider"] == 3
        return event

    def until_end(self):
        """All events up to DONE or FAILED."""
        events = [self.event()]
        while events[-1]["event"] not in ("DONE", "FAILED"):
            events.append(self.event())
        return events

    def quiet(self, seconds=0.2):
        try:
            event = self.events.get(timeout=seconds)
        except queue.Empty:
            return True
        raise AssertionError(f"expected no event, got {event}")


def kinds(events):
    return [event["event"] for event in events]


def text(events, kind="TEXT"):
    return "".join(event["data"] for event in events if event["event"] == kind)


def sound(events):
    return b"".join(base64.b64decode(event["data"]) for event in events if event["event"] == "AUDIO")


def usage(events):
    return [event["usage"] for event in events if event["event"] == "USAGE"][-1]


def fed(count):
    """What the probe feeds."""
    return bytes(i * 7 % 256 for i in range(count))
