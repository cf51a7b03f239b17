#!/usr/bin/env python3
"""Websocket and HTTP clients against servers of other makers (the websockets package, http.server, ssl) and against a
proxy that misbehaves.

    check_net.py NET_PROBE WORK_DIR          prints TAP
"""
import asyncio
import contextlib
import http.server
import pathlib
import socket
import ssl
import struct
import sys
import threading
import time

import websockets

import net_tap as tap
import tls_files
from fault_proxy import FaultProxy
from probe import Probe, checksum

PROGRAM, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
BIG = 3_000_000
test = tap.Tests()


class WebsocketServer:
    """A server of the websockets package on a thread of its own; `handler(websocket, path)` is a coroutine."""

    def __init__(self, handler, tls=None, **options):
        self.loop = asyncio.new_event_loop()
        self.handler, self.tls = handler, tls
        self.options = {"ping_interval": None, "compression": None, "close_timeout": 1, **options}
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = asyncio.run_coroutine_threadsafe(self.start(), self.loop).result(10)
        self.port = self.server.sockets[0].getsockname()[1]

    async def start(self):
        return await websockets.serve(self.handler, "127.0.0.1", 0, ssl=self.tls, **self.options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.server.close)
        asyncio.run_coroutine_threadsafe(self.server.wait_closed(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def url(self, host="127.0.0.1"):
        return f"{'wss' if self.tls else 'ws'}://{host}:{self.port}/"


async def echo(websocket, _path=None):
    async for message in websocket:
        await websocket.send(message)


async def ignore(websocket, _path=None):
    with contextlib.suppress(websockets.ConnectionClosed):
        await websocket.wait_closed()


@contextlib.contextmanager
def raw_server(serve):
    """serve(connection) for each connection, on a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(connection):
        with connection, contextlib.suppress(OSError):
            serve(connection)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


class HttpHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    requests = []

    def log_message(self, *_):
        pass

    def answer(self, status, body, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.requests.append((self.path, dict(self.headers)))
        if self.path == "/chunks":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in (b"data: one\n\n", b"data: two\n\n", b"x" * 100_000):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.flush()
                time.sleep(0.05)
            self.wfile.write(b"0\r\n\r\n")
        elif self.path == "/until-close":
            self.close_connection = True
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"z" * 50_000)
        elif self.path == "/broken":
            self.close_connection = True
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"only this")
        elif self.path == "/broken-chunks":
            self.close_connection = True
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"5\r\nhello\r\n10\r\nhalf")
        elif self.path == "/elsewhere":
            self.answer(302, b"", Location="http://127.0.0.1:1/stolen")
        elif self.path == "/busy":
            self.answer(429, b"later", Retry_After="7")
        elif self.path == "/empty":
            self.answer(204, b"")
        elif self.path == "/silent":
            time.sleep(3)
        else:
            self.answer(200, b"hello")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.requests.append((self.path, dict(self.headers), len(body), body[:100]))
        self.answer(200, body[:10])


@contextlib.contextmanager
def http_server(tls=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), HttpHandler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # clients that go away early are what is tested
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    HttpHandler.requests.clear()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{'https' if tls else 'http'}://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def probe(*arguments):
    return Probe(PROGRAM, *arguments)


def expect_message(client, number, kind, data):
    """One whole message, within a while."""
    client.expect(f"{number} message {kind} {len(data)} {checksum(data)} ")


@test
def messages_go_and_come_whole():
    with WebsocketServer(echo, max_size=None) as server, probe() as client:
        number = client.open(server.url())
        client.expect(f"{number} opened")
        client.say("send", number, "text hello there")
        client.sent(number)
        expect_message(client, number, "text", b"hello there")
        for size in (0, 1, 125, 126, 65535, 65536, BIG):
            client.say("fill", number, size, 1)
            client.sent(number)
            expect_message(client, number, "binary", bytes(i * 31 % 256 for i in range(size)))
        client.say("close", number)
        client.expect(f"{number} gone")


@test
def what_is_sent_before_the_handshake_waits():
    with WebsocketServer(echo) as server, FaultProxy(("127.0.0.1", server.port), "slow:200") as proxy, probe() as client:
        number = client.open(f"ws://127.0.0.1:{proxy.port}/")
        client.say("send", number, "text early")
        client.sent(number)
        client.expect(f"{number} opened")
        expect_message(client, number, "text", b"early")


@test
def headers_path_and_host_arrive():
    seen = []

    async def look(websocket, _path=None):
        seen.append((websocket.path, websocket.request_headers))
        await websocket.send("seen")

    with WebsocketServer(look) as server, probe() as client:
        number = client.open(f"ws://localhost:{server.port}/v1/x?model=a%20b#part", header="Authorization:Bearer-abc")
        client.expect(f"{number} opened")
        expect_message(client, number, "text", b"seen")
        client.expect(f"{number} closed CLOSED 1000")
    path, headers = seen[0]
    assert path == "/v1/x?model=a%20b", path
    assert headers["Authorization"] == "Bearer-abc" and headers["Host"] == f"localhost:{server.port}"
    assert "Origin" not in headers and "Sec-WebSocket-Protocol" not in headers, headers
    assert "Sec-WebSocket-Extensions" not in headers, headers


@test
def fragments_are_joined():
    pieces = [b"one ", b"", b"two ", "zwölf ".encode(), b"x" * 70_000]

    async def send(websocket, _path=None):
        await websocket.send([piece.decode() for piece in pieces])
        await websocket.send(iter([b"\x00\x01", b"\x02"]))
        await websocket.wait_closed()

    with WebsocketServer(send) as server, probe() as client:
        number = client.open(server.url())
        client.expect(f"{number} opened")
        expect_message(client, number, "text", b"".join(pieces))
        expect_message(client, number, "binary", b"\x00\x01\x02")


@test
def close_code_and_reason_are_told():
    async def leave(websocket, _path=None):
        await websocket.close(4000, "that shape is gone")

    with WebsocketServer(leave) as server, probe() as client:
        number = client.open(server.url())
        client.expect(f"{number} opened")
        client.expect(f"{number} closed CLOSED 4000 that shape is gone")
        client.say("send", number, "text late")
        client.sent(number, "CANCELLED")


@test
def a_goodbye_is_said_after_what_is_queued():
    heard = []

    async def listen(websocket, _path=None):
        with contextlib.suppress(websockets.ConnectionClosed):
            async for message in websocket:
                heard.append(len(message))
        heard.append(websocket.close_code)

    with WebsocketServer(listen, max_size=None) as server:
        with probe() as client:
            number = client.open(server.url())
            client.expect(f"{number} opened")
            client.say("fill", number, 1_000_000, 3)
            client.sent(number)
            client.say("close", number)
            client.expect(f"{number} gone")
            time.sleep(1.2)
        assert heard == [1_000_000] * 3 + [1000], heard


@test
def an_aborted_connection_says_nothing_more():
    with WebsocketServer(echo) as server, probe() as client:
        for _ in range(20):
            number = client.open(server.url())
            client.say("fill", number, 1000, 10)
            client.say("abort", number)
            while not (line := client.line()).endswith(" gone"):
                assert "closed" not in line, line
        client.nothing(0.3)


@test
def a_message_over_the_cap_ends_the_connection():
    closes = []

    async def send(websocket, _path=None):
        with contextlib.suppress(websockets.ConnectionClosed):
            await websocket.send(b"x" * 1000)
            await websocket.send([b"x" * 600, b"x" * 600])
            await websocket.wait_closed()
        closes.append(websocket.close_code)

    with WebsocketServer(send) as server, probe() as client:
        number = client.open(server.url(), max=1000)
        client.expect(f"{number} opened")
        client.expect(f"{number} message binary 1000")
        client.expect(f"{number} closed TOO_LARGE 1009")
        time.sleep(0.2)
    assert closes == [1009], closes


@test
def a_huge_frame_is_not_believed():
    with WebsocketServer(echo) as server, FaultProxy(("127.0.0.1", server.port), "huge-after:\r\n\r\n") as proxy:
        with probe() as client:
            before = client.memory()
            number = client.open(f"ws://127.0.0.1:{proxy.port}/", max=1_000_000)
            client.expect(f"{number} opened")
            client.expect(f"{number} closed TOO_LARGE")
            assert client.memory() < before + 3_000_000


@test
def a_full_budget_is_refused_and_a_peer_that_never_reads_costs_no_more():
    reading = threading.Event()

    def serve(connection):
        websocket_handshake(connection)
        reading.wait(30)

    with raw_server(serve) as port, probe() as client:
        number = client.open(f"ws://127.0.0.1:{port}/", budget=500_000)
        client.expect(f"{number} opened")
        before = client.memory()
        client.say("fill", number, 10_000, 2_000)
        client.sent(number, "LIMIT")
        for _ in range(50):
            client.say("fill", number, 10_000, 100)
            client.line()
        client.say("pending", number)
        assert int(client.line().split()[2]) <= 500_000
        assert client.memory() < before + 1_200_000
        reading.set()


@test
def pings_find_a_dead_server():
    def serve(connection):
        websocket_handshake(connection)
        time.sleep(5)

    with raw_server(serve) as port, probe() as client:
        number = client.open(f"ws://127.0.0.1:{port}/", ping=200)
        client.expect(f"{number} opened")
        start = time.monotonic()
        client.expect(f"{number} closed STALLED")
        assert 0.35 < time.monotonic() - start < 2, time.monotonic() - start


@test
def pings_leave_a_living_server_alone():
    with WebsocketServer(ignore) as server, probe() as client:
        number = client.open(server.url(), ping=100)
        client.expect(f"{number} opened")
        client.nothing(1.2)


@test
def pings_measure_the_round_trip():
    with WebsocketServer(ignore) as server, FaultProxy(("127.0.0.1", server.port), "delay:120") as proxy, probe() as client:
        number = client.open(f"ws://127.0.0.1:{proxy.port}/", ping=400)
        client.expect(f"{number} opened")
        client.say("trip", number)
        assert client.line() == f"{number} trip 0"
        time.sleep(1)
        client.say("trip", number)
        assert 120 <= int(client.line().split()[2]) < 400


@test
def a_servers_ping_is_answered():
    pongs = []

    async def ping(websocket, _path=None):
        for _ in range(3):
            await asyncio.wait_for(await websocket.ping(b"are you there"), 5)
            pongs.append(1)

    with WebsocketServer(ping) as server, probe() as client:
        number = client.open(server.url())
        client.expect(f"{number} opened")
        client.expect(f"{number} closed CLOSED 1000")
    assert len(pongs) == 3


@test
def refused_unknown_and_slow_are_told_apart_in_time():
    def serve(connection):
        connection.recv(10_000)
        time.sleep(5)

    def trickle(connection):
        for byte in b"HTTP/1.1 101 Switching Protocols\r\n" * 100:
            connection.send(bytes([byte]))
            time.sleep(0.1)

    with raw_server(serve) as silent, raw_server(trickle) as slow, probe() as client:
        client.expect(f"{client.open('ws://127.0.0.1:1/')} closed CONNECT")
        client.expect(f"{client.open('ws://nobody.invalid/', plain=1)} closed RESOLVE")
        for port in (silent, slow):
            start = time.monotonic()
            number = client.open(f"ws://127.0.0.1:{port}/", timeout=300)
            client.expect(f"{number} closed TIMEOUT")
            assert 0.28 < time.monotonic() - start < 1.5, time.monotonic() - start


@test
def a_refused_handshake_tells_its_status():
    async def refuse(path, _headers):
        return http.HTTPStatus(int(path[1:])), [("Retry-After", "3")], b"no"

    with WebsocketServer(echo, process_request=refuse) as server, probe() as client:
        for status in (401, 403, 404, 429, 500, 503, 200, 302):
            number = client.open(f"ws://127.0.0.1:{server.port}/{status}")
            client.expect(f"{number} closed HANDSHAKE {status} ")


@test
def garbage_instead_of_a_handshake():
    answers = [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", bytes(range(256)) * 8, b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n",
               b"HTTP/1.1 101 Y\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
               b"HTTP/1.1 101 Z\r\n" + b"X-Long: " + b"y" * 60_000 + b"\r\n\r\n", b""]

    def serve(connection):
        number = int(connection.recv(10_000).split(b"/", 2)[1].split()[0])
        connection.sendall(answers[number])

    with raw_server(serve) as port, probe() as client:
        for i in range(len(answers)):
            number = client.open(f"ws://127.0.0.1:{port}/{i}", timeout=2000)
            line = client.expect(f"{number} closed ")
            assert line.split()[2] in ("PROTOCOL", "CLOSED"), line


def websocket_handshake(connection):
    import base64
    import hashlib
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(10_000)
    key = next(line.split(b": ")[1] for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")


@test
def garbage_instead_of_frames():
    frames = [b"\xff" * 40, b"\x80\x00", b"\x83\x01x", b"\x89\x7e\x01\x00" + b"p" * 256, b"\x81\x02\xc3\x28",
              b"\x01\x01a\x81\x01b", b"\xf1\x01x", b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", b"\x88\x01\x03"]

    def serve(connection):
        number = int(connection.recv(10_000, socket.MSG_PEEK).split(b"/", 2)[1].split()[0])
        websocket_handshake(connection)
        connection.sendall(frames[number])
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(5)
        while connection.recv(1000):
            pass

    with raw_server(serve) as port, probe() as client:
        for i in range(len(frames)):
            number = client.open(f"ws://127.0.0.1:{port}/{i}", max=100_000)
            client.expect(f"{number} opened")
            while (line := client.line()).split()[1] == "message":
                pass
            assert line.split()[1] == "closed", line


@test
def cut_at_every_byte():
    """Whatever of a turn came before the end comes through, and then exactly one end."""
    messages = ["first delta", "second, with ünïcödé", "x" * 300]

    async def turn(websocket, _path=None):
        for message in messages:
            await websocket.send(message)
        with contextlib.suppress(websockets.ConnectionClosed):
            await websocket.wait_closed()

    total = 129 + sum(len(m.encode()) + (2 if len(m.encode()) < 126 else 4) for m in messages)
    with WebsocketServer(turn) as server, FaultProxy(("127.0.0.1", server.port)) as proxy, probe() as client:
        for where in range(total):
            proxy.fault = ("cut-reset:%d" if where % 3 == 0 else "cut:%d") % where
            number = client.open(f"ws://127.0.0.1:{proxy.port}/", timeout=5000)
            lines = [client.line()]
            while lines[-1].split()[1] != "closed":
                lines.append(client.line())
            whole = [line for line in lines if line.split()[1] == "message"]
            for line, message in zip(whole, messages):
                data = message.encode()
                assert line.startswith(f"{number} message text {len(data)} {checksum(data)} "), line
            assert lines[-1].split()[2] in ("CLOSED", "PROTOCOL", "CONNECT"), lines[-1]
            assert all(line.startswith(f"{number} ") for line in lines), lines
            client.say("close", number)
            client.expect(f"{number} gone")


@test
def random_faults_end_each_connection_once():
    with WebsocketServer(echo) as server, FaultProxy(("127.0.0.1", server.port), "random:7") as proxy, probe() as client:
        numbers = [client.open(f"ws://127.0.0.1:{proxy.port}/", timeout=1000, ping=400, max=100_000) for _ in range(150)]
        for number in numbers:
            client.say("fill", number, 700, 5)
        time.sleep(2.5)
        for number in numbers:
            client.say("close", number)
        lines = []
        while not lines or lines[-1] != f"{numbers[-1]} gone":
            lines.append(client.line())
        for number in numbers:
            kinds = [line.split()[1] for line in lines if line.split()[0] == str(number)]
            assert kinds.count("closed") <= 1 and kinds.count("gone") == 1, (number, kinds)
            assert "message" not in kinds or "opened" in kinds, (number, kinds)


@test
def a_reset_between_connecting_and_asking_is_told():
    """The server is gone while we are about to send the request: libwebsockets tells that by another name."""
    def serve(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with raw_server(serve) as port, WebsocketServer(echo) as server, probe() as client:
        client.say("slow", 10)
        seen = set()
        for kind in ("ws", "http") * 20:
            number = client.new()
            client.say(kind, number, *(["GET"] if kind == "http" else []), f"{kind}://127.0.0.1:{port}/", "timeout=3000")
            words = client.expect(f"{number} {'closed' if kind == 'ws' else 'ended'} ", 2).split()
            assert words[2] in ("CONNECT", "CLOSED"), words
            seen.add((kind, words[2]))
        assert {("ws", "CLOSED"), ("http", "CLOSED")} <= seen, f"nothing came in between: {seen}"
        client.nothing(3.2)
        client.say("slow", 0)
        number = client.open(server.url())
        client.expect(f"{number} opened")


@test
def certificates_are_checked():
    files = tls_files.make(WORK)
    with contextlib.ExitStack() as stack:
        servers = {name: stack.enter_context(WebsocketServer(echo, files["server_context"](name)))
                   for name in ("good", "other_host", "expired", "unknown")}
        webs = {name: stack.enter_context(http_server(files["server_context"](name)))
                for name in ("good", "other_host", "expired", "unknown")}
        client = stack.enter_context(probe(files["ca"]))
        for host in ("localhost", "127.0.0.1"):
            number = client.open(servers["good"].url(host))
            client.expect(f"{number} opened")
            client.say("send", number, "text secret")
            client.sent(number)
            expect_message(client, number, "text", b"secret")
        assert client.answer(client.request("GET", webs["good"] + "/")) == (200, 5, "NONE")
        for name, words in (("other_host", "mismatch"), ("expired", "expired"), ("unknown", "self")):
            line = client.expect(f"{client.open(servers[name].url('localhost'))} closed TLS ")
            assert words in line, line
            assert client.answer(client.request("GET", webs[name] + "/")) == (None, 0, "TLS")
        stranger = stack.enter_context(probe())
        stranger.expect(f"{stranger.open(servers['good'].url('localhost'))} closed TLS ")


@test
def tls_meets_something_else():
    def serve(connection):
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with raw_server(serve) as port, WebsocketServer(echo) as server, probe() as client:
        client.expect(f"{client.open(f'wss://localhost:{port}/')} closed TLS ")
        client.expect(f"{client.open(f'wss://localhost:{server.port}/', timeout=3000)} closed T")


@test
def only_strong_tls():
    files = tls_files.make(WORK)
    context = files["server_context"]("good")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with WebsocketServer(echo, context) as server, probe(files["ca"]) as client:
        client.expect(f"{client.open(server.url('localhost'))} closed TLS ")


@test
def plain_text_does_not_leave_the_machine_unasked():
    with probe() as client:
        client.expect(f"{client.open('ws://example.org/')} refused INVALID_ARGUMENT")
        client.expect(f"{client.request('GET', 'http://192.0.2.1/')} refused INVALID_ARGUMENT")
        client.expect(f"{client.open('http://127.0.0.1/')} refused INVALID_ARGUMENT")
        client.expect(f"{client.open('ws://127.0.0.1/', header='Bad')} refused INVALID_ARGUMENT")


@test
def http_answers_of_every_shape():
    with http_server() as url, probe() as client:
        assert client.answer(client.request("GET", url + "/")) == (200, 5, "NONE")
        assert client.answer(client.request("GET", url + "/chunks")) == (200, 100_022, "NONE")
        assert client.answer(client.request("GET", url + "/until-close")) == (200, 50_000, "NONE")
        assert client.answer(client.request("GET", url + "/empty")) == (204, 0, "NONE")
        assert client.answer(client.request("GET", url + "/elsewhere")) == (302, 0, "NONE")
        assert client.answer(client.request("GET", url + "/chunks", max=50_000))[2] == "TOO_LARGE"


@test
def http_streams_as_it_comes():
    with http_server() as url, probe() as client:
        number = client.request("GET", url + "/chunks")
        client.expect(f"{number} status 200 -1")
        client.expect(f"{number} body 11 data: one..")
        client.expect(f"{number} body 11 data: two..")


@test
def http_errors_are_answers():
    with http_server() as url, probe() as client:
        number = client.request("GET", url + "/busy")
        client.expect(f"{number} status 429 7")
        client.expect(f"{number} body 5 later")
        client.expect(f"{number} ended NONE")


@test
def http_answers_cut_short_are_not_whole():
    with http_server() as url, probe() as client:
        for path in ("/broken", "/broken-chunks"):
            status, _, why = client.answer(client.request("GET", url + path))
            assert (status, why) == (200, "CLOSED"), (path, status, why)
        assert client.answer(client.request("GET", url + "/silent", idle=300))[2] == "TIMEOUT"
        assert client.answer(client.request("GET", "http://localhost:1/"))[2] == "CONNECT"


@test
def http_posts_arrive():
    with http_server() as url, probe() as client:
        assert client.answer(client.request("POST", url + "/p", body="hello", header="X-Key:v")) == (200, 5, "NONE")
        assert client.answer(client.request("POST", url + "/p", fat=2_000_000)) == (200, 10, "NONE")
        assert client.answer(client.request("POST", url + "/p")) == (200, 0, "NONE")
    path, headers, size, body = HttpHandler.requests[0]
    assert (path, size, body) == ("/p", 5, b"hello") and headers["Content-Type"] == "text/plain", headers
    assert headers["X-Key"] == "v" and HttpHandler.requests[1][2] == 2_000_000


@test
def http_cut_at_every_byte():
    answer = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
              b"b\r\ndata: one\n\n\r\n8\r\ndata: x\n\r\n0\r\n\r\n")

    def serve(connection):
        where = int(connection.recv(10_000).split(b"/", 2)[1].split()[0])
        connection.sendall(answer[:where])

    with raw_server(serve) as port, probe() as client:
        for where in range(len(answer)):
            status, size, why = client.answer(client.request("GET", f"http://127.0.0.1:{port}/{where}"))
            assert why == "CLOSED", (where, status, size, why)


@test
def lookups_hold_nobody_up():
    """Names are looked up beside the net thread: however long that takes, an open connection has its time."""
    with WebsocketServer(echo) as server, probe() as client:
        number = client.open(server.url())
        client.expect(f"{number} opened")
        others = [client.open(f"ws://nobody{i}.invalid/", plain=1, timeout=3000) for i in range(20)]
        start = time.monotonic()
        client.say("send", number, "text still here")
        while not client.line().startswith(f"{number} message"):
            pass
        assert time.monotonic() - start < 1
        client.say("close", others[0])


@test
def nothing_is_left_behind():
    """Many short lives cost no memory in the end (of the main thread's allocator; a sanitizer sees the rest)."""
    with WebsocketServer(echo) as server, http_server() as url, probe() as client:
        def round_trip():
            number = client.open(server.url())
            client.expect(f"{number} opened")
            client.say("fill", number, 5000, 4)
            for _ in range(5):
                client.line()
            client.say("close", number)
            client.expect(f"{number} gone")
            number = client.request("GET", url + "/")
            assert client.answer(number)[2] == "NONE"
            client.say("hclose", number)
            client.expect(f"{number} gone")
        for _ in range(30):
            round_trip()
        time.sleep(0.3)
        before = client.memory()
        client.next_id = 100
        for _ in range(150):
            round_trip()
        time.sleep(0.3)
        grown = client.memory() - before
        assert grown < 50_000, f"{grown} bytes more"


if __name__ == "__main__":
    WORK.mkdir(parents=True, exist_ok=True)
    test.run()
