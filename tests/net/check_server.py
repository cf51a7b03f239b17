#!/usr/bin/env python3
"""The websocket server, visited by the websockets package, by raw sockets and by clients that misbehave.

    check_server.py SERVER_PROBE WORK_DIR          prints TAP
"""
import asyncio
import contextlib
import pathlib
import socket
import ssl
import sys
import time

import websockets

import net_tap as tap
import tls_files
from probe import Probe

PROGRAM, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
TOKEN = "a-token-for-tests-only"
AUTHORISED = {"Authorization": f"Bearer {TOKEN}"}
test = tap.Tests()


@contextlib.contextmanager
def server(*arguments):
    with Probe(PROGRAM, *(arguments or ["0"])) as probe:
        yield probe, int(probe.expect("listening").split()[1])


def until(probe, beginning):
    while not (line := probe.line()).startswith(beginning):
        pass
    return line


def memory(probe):
    probe.say()
    line = until(probe, "memory")
    return int(line.split()[1])


def connect(port, headers=None, scheme="ws", **options):
    return websockets.connect(f"{scheme}://localhost:{port}/link", extra_headers=AUTHORISED if headers is None else headers,
                              compression=None, max_size=None, **options)


def refused_with(port, headers):
    async def go():
        try:
            async with connect(port, headers):
                return 101
        except websockets.InvalidStatusCode as refusal:
            return refusal.status_code
    return asyncio.run(go())


def raw(port, request, seconds=3):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(seconds)
        connection.sendall(request)
        answer = b""
        with contextlib.suppress(OSError):
            while piece := connection.recv(10_000):
                answer += piece
        return answer


@test
def messages_are_echoed_whole():
    async def go(port):
        async with connect(port) as client:
            for message in ("hello", "ünïcödé", b"\x00\x01", b"", "x" * 65536, b"y" * 60_000):
                await client.send(message)
                assert await client.recv() == message
            await client.send(["one ", "two ", "three"])
            assert await client.recv() == "one two three"

    with server() as (probe, port):
        asyncio.run(go(port))
        probe.expect("opened")
        probe.expect("closed")


@test
def nobody_enters_without_the_token():
    with server() as (probe, port):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN},
                        {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": f"Bearer {TOKEN[:-1]}"},
                        {"Authorization": f"Basic {TOKEN}"}, {"Authorization": "Bearer " + "x" * 5000}):
            assert refused_with(port, headers) in (401, 403), headers
        assert refused_with(port, AUTHORISED) == 101
        probe.expect("opened")


@test
def what_is_no_websocket_is_sent_away():
    with server() as (probe, port):
        assert raw(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 404")
        assert b"101" not in raw(port, b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
        for request in (b"CONNECT x:1 HTTP/1.1\r\n\r\nhello", b"\x16\x03\x01" + bytes(200), bytes(range(256)) * 40,
                        b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                        b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 100_000):
            assert b" 101 " not in raw(port, request, 0.5), request[:40]
        assert refused_with(port, AUTHORISED) == 101
        probe.expect("opened")


@test
def too_many_clients_are_sent_away():
    async def go(port):
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(8):
                await stack.enter_async_context(connect(port))
            try:
                async with connect(port):
                    raise AssertionError("a ninth client came in")
            except websockets.InvalidStatusCode as refusal:
                assert refusal.status_code == 503, refusal.status_code
        async with connect(port) as client:
            await client.send("room again")
            assert await client.recv() == "room again"

    with server() as (_, port):
        asyncio.run(go(port))


@test
def a_client_that_never_reads_is_dropped_at_its_budget():
    async def go(probe, port):
        async with connect(port) as good:
            bad = socket.create_connection(("127.0.0.1", port))
            bad.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            bad.sendall(f"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
                        f"dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
                        .encode())
            assert bad.recv(12).endswith(b" 101")
            for _ in range(2):
                probe.expect("opened")
            before = memory(probe)
            words = b"flood 10000 100000"
            bad.sendall(bytes([0x81, 0x80 | len(words), 0, 0, 0, 0]) + words)
            assert probe.line() == "sent LIMIT"
            await asyncio.to_thread(until, probe, "closed")
            assert memory(probe) < before + 1_200_000
            await good.send("and I am well")
            assert await good.recv() == "and I am well"
            bad.close()

    with server() as (probe, port):
        asyncio.run(go(probe, port))


@test
def a_flood_that_is_read_arrives():
    async def go(port):
        async with connect(port) as client:
            await client.send("flood 1000 300")
            for _ in range(300):
                assert await client.recv() == bytes(1000)

    with server() as (probe, port):
        asyncio.run(go(port))
        probe.expect("opened")
        assert probe.line() == "sent OK"


@test
def a_message_over_the_cap_ends_the_connection():
    async def go(port):
        async with connect(port) as client:
            await client.send(b"x" * 70_000)
            await client.wait_closed()
            assert client.close_code == 1009, client.close_code

    with server() as (_, port):
        asyncio.run(go(port))


@test
def a_dropped_client_is_told_the_code():
    async def go(port):
        async with connect(port) as client:
            await client.send("drop 4001")
            await client.wait_closed()
            assert client.close_code == 4001, client.close_code

    with server() as (_, port):
        asyncio.run(go(port))


@test
def silent_clients_are_pinged_and_dead_ones_dropped():
    async def go(probe, port):
        async with connect(port, ping_interval=None) as client:
            await asyncio.to_thread(probe.expect, "opened")
            dead = socket.create_connection(("127.0.0.1", port))
            dead.sendall(f"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
                         f"dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
                         .encode())
            gone = (await asyncio.to_thread(probe.expect, "opened")).replace("opened", "closed")
            start = time.monotonic()
            assert await asyncio.to_thread(probe.line) == gone
            assert 0.8 < time.monotonic() - start < 6
            await client.send("still here")
            assert await client.recv() == "still here"
            dead.close()

    with server() as (probe, port):
        asyncio.run(go(probe, port))


@test
def connections_that_say_nothing_end():
    with server() as (probe, port):
        start = time.monotonic()
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        idle[1].sendall(b"GET / HT")
        for connection in idle:
            connection.settimeout(40)
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1000)[:13] in (b"", b"HTTP/1.1 408 ")
            connection.close()
        assert time.monotonic() - start < 35
        assert refused_with(port, AUTHORISED) == 101
        probe.expect("opened")


@test
def tls_and_its_files():
    files = tls_files.make(WORK)

    async def go(port, context):
        async with connect(port, scheme="wss", ssl=context) as client:
            await client.send("in private")
            assert await client.recv() == "in private"
            assert client.transport.get_extra_info("ssl_object").version() in ("TLSv1.2", "TLSv1.3")

    trusting = ssl.create_default_context(cafile=str(files["ca"]))
    with server("0", *files["good"]) as (_, port):
        asyncio.run(go(port, trusting))
        assert b" 101 " not in raw(port, b"GET / HTTP/1.1\r\n\r\n", 0.5)
        old = ssl.create_default_context(cafile=str(files["ca"]))
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        try:
            asyncio.run(go(port, old))
            raise AssertionError("TLS 1.1 was accepted")
        except (ssl.SSLError, OSError):
            pass
    wrong = Probe(PROGRAM, "0", files["good"][0], files["expired"][1])
    assert wrong.line().startswith("FORMAT "), wrong.log
    absent = Probe(PROGRAM, "0", "/no/such.pem", "/no/such.key")
    assert absent.line().startswith("FORMAT /no/such.pem"), absent.log


@test
def a_taken_port_is_told():
    with server() as (_, port):
        second = Probe(PROGRAM, port)
        assert second.line().startswith("BUSY "), second.log


@test
def many_come_and_go():
    async def visit(port, number):
        async with connect(port) as client:
            for i in range(5):
                await client.send(f"{number} {i}")
                assert await client.recv() == f"{number} {i}"

    async def go(port):
        for round_number in range(25):
            await asyncio.gather(*(visit(port, n) for n in range(8)))

    with server() as (_, port):
        asyncio.run(go(port))


if __name__ == "__main__":
    WORK.mkdir(parents=True, exist_ok=True)
    test.run()
