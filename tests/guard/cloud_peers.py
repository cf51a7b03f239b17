"""Services of other makers for tests of the whole command: each answers by itself, judges what it is sent by the types
of the services' own packages, and keeps everything. In front of each stands a wire that counts connections and bytes.

    with Realtime("Tea is a drink.") as cloud:
        linnet("ask", ..., url=cloud.url)
        assert cloud.wire.connections == 1 and "tea" in cloud.text()
"""
import base64
import http.server
import json
import pathlib
import socket
import sys
import threading

import websockets.exceptions
import websockets.sync.server

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "wire"))

import gemini_says as gemini  # noqa: E402
import openai_says as openai  # noqa: E402
from tap import run, test  # noqa: E402, F401


class Wire:
    """A relay that counts: nothing reaches the service but through it."""

    def __init__(self, port):
        self.connections = self.bytes = 0
        self.to = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            service = socket.create_connection(("127.0.0.1", self.to))
            threading.Thread(target=self.copy, args=(client, service, True), daemon=True).start()
            threading.Thread(target=self.copy, args=(service, client, False), daemon=True).start()

    def copy(self, source, target, count):
        try:
            while data := source.recv(65536):
                self.bytes += len(data) if count else 0
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def silent(self):
        return self.connections == 0 and self.bytes == 0

    def close(self):
        self.listener.close()


class Service:
    """What all services share: the wire, the messages."""

    def __init__(self, *answers, sound=b""):
        self.answers, self.sound = list(answers), sound
        self.messages, self.headers, self.problems = [], [], []

    def __enter__(self):
        self.wire = Wire(self.serve())
        self.url = self.address(self.wire.port)
        return self

    def __exit__(self, kind, *_):
        self.wire.close()
        threading.Thread(target=self.server.shutdown, daemon=True).start()
        assert kind or not self.problems, f"the service was told nonsense: {self.problems}"

    def text(self):
        """All that was said to the service."""
        return "\n".join(self.messages)

    def next_answer(self):
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def keep(self, message, judge):
        self.messages.append(message if isinstance(message, str) else message.decode())
        try:
            judge(message)
        except Exception as error:  # pylint: disable=broad-except
            self.problems.append(f"{error}: {message[:300]}")


class Websocket(Service):
    def serve(self):
        self.server = websockets.sync.server.serve(self.run, "127.0.0.1", 0, compression=None, max_size=2**25)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.server.socket.getsockname()[1]

    def run(self, connection):
        self.headers.append(dict(connection.request.headers))
        try:
            self.begin(connection)
            for message in connection:
                self.keep(message, self.judge)
                self.hear(connection, json.loads(message))
        except websockets.exceptions.ConnectionClosed:
            pass


def is_call(answer):
    return isinstance(answer, tuple)


class Realtime(Websocket):
    """An answer is a text, or (tool, arguments)."""
    judge = staticmethod(openai.judge_realtime)

    def address(self, port):
        return f"ws://127.0.0.1:{port}/v1/realtime"

    def begin(self, connection):
        connection.send(openai.session())

    def hear(self, connection, message):
        if message["type"] == "input_audio_buffer.append":
            self.sound += base64.b64decode(message["audio"])
        if message["type"] != "response.create":
            return
        answer, name = self.next_answer(), f"r{len(self.messages)}"
        mark = message.get("response", {}).get("metadata", {}).get("mark")
        connection.send(openai.response_created(name, mark))
        if is_call(answer):
            connection.send(openai.call_done(name, "call_" + name, answer[0], json.dumps(answer[1])))
        else:
            for word in answer.split(" "):
                connection.send(openai.text_delta(name, "item_" + name, word + " "))
        connection.send(openai.response_done(name))


class Speaking(Realtime):
    """Answers with sound: `spoken`, 16-bit at 24 kHz, with its words."""

    def __init__(self, answer, spoken):
        super().__init__(answer)
        self.spoken = spoken

    def hear(self, connection, message):
        if message["type"] != "response.create":
            super().hear(connection, message)
            return
        name = f"r{len(self.messages)}"
        mark = message.get("response", {}).get("metadata", {}).get("mark")
        connection.send(openai.response_created(name, mark))
        for at in range(0, len(self.spoken), 9600):
            connection.send(openai.audio_delta(name, "item_" + name, self.spoken[at:at + 9600]))
        connection.send(openai.transcript_delta(name, "item_" + name, self.answers[0]))
        connection.send(openai.response_done(name))


class Gemini(Websocket):
    judge = staticmethod(gemini.judge)

    def address(self, port):
        return f"ws://127.0.0.1:{port}/live"

    def begin(self, connection):
        pass

    def hear(self, connection, message):
        def say(*messages):
            for one in messages:
                connection.send(one.encode())
        if "setup" in message:
            say(gemini.ready())
        if "activityEnd" in message.get("realtimeInput", {}):
            say(gemini.audio(bytes(960)), gemini.spoken(self.next_answer()), gemini.generated(), gemini.turn_complete())


class Chat(Service):
    def address(self, port):
        return f"http://127.0.0.1:{port}/v1"

    def serve(self):
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                service.headers.append(dict(self.headers))
                service.keep(body, openai.judge_chat)
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                for part in service.parts(service.next_answer()):
                    self.wfile.write(f"data: {part}\n\n".encode())
                self.close_connection = True

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.server.server_port

    @staticmethod
    def parts(answer):
        yield openai.chunk({"role": "assistant", "content": ""})
        if is_call(answer):
            function = {"name": answer[0], "arguments": json.dumps(answer[1])}
            yield openai.chunk({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]})
            yield openai.chunk({}, "tool_calls")
        else:
            for word in answer.split(" "):
                yield openai.chunk({"content": word + " "})
            yield openai.chunk({}, "stop")
        yield openai.chunk(usage=(50, 10, 20))
        yield "[DONE]"


def dead_url(scheme, path=""):
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"{scheme}://127.0.0.1:{listener.getsockname()[1]}{path}"
