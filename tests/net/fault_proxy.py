#!/usr/bin/env python3
"""A TCP proxy that misbehaves on purpose, between a client under test and a server that works.

As a program: prints "listening PORT", then obeys lines on its input until that ends:

    fault_proxy.py --to 127.0.0.1:8765 [--fault FAULT] [--listen PORT] [--tls NAME --tls-folder DIR]
    fault FAULT          from the next connection on
    connections          prints "connections N": how many were accepted so far
    bytes                prints "bytes N": how many came from clients so far

As a module:

    with FaultProxy(("127.0.0.1", port), "cut:100") as proxy:
        connect to proxy.port; proxy.fault = "none"; proxy.connections; proxy.uploaded; proxy.downloaded; proxy.hang_up()

Faults; N counts bytes from the server, from 0, over one connection (handshake included):

    none                 pass everything on
    refuse               nobody listens
    reset                accept, then reset
    close                accept, then close
    silent               accept, and never say a word
    slow:MS              hold the server's first byte back for MS milliseconds
    trickle:MS           one byte from the server every MS milliseconds
    delay:MS             everything from the server MS later
    stall:N[:MS]         go silent after N bytes (for MS milliseconds, else for ever)
    stall-before:TEXT[:MS]   go silent before the server's TEXT passes (unmasked and plain on the wire: text
                         frames of a server, SSE, JSON lines); MS is a number after the last colon
    stall-after:TEXT[:MS]    the same, right behind TEXT
    cut:N                close after N bytes
    cut-reset:N          reset after N bytes
    cut-before:TEXT, cut-after:TEXT
    garbage:N            N bytes pass, the rest is replaced by noise of the same length
    garbage-after:TEXT
    huge:N               N bytes pass, then a websocket text frame begins that claims 2^40 bytes, and letters follow
                         (as fast as they are taken, 64 MB at most)
    huge-after:TEXT
    random:SEED          for each connection another of the faults above

Not here, since no proxy is needed: a name that nobody knows is "nobody.invalid" (RFC 6761).
With --tls NAME the client's side speaks TLS with the certificate NAME of tls_files.py (good, other_host, expired,
unknown), made in DIR.
"""
import argparse
import asyncio
import random
import socket
import struct
import sys
import threading

HUGE_HEADER = b"\x81\x7f" + struct.pack(">Q", 1 << 40)
HUGE_MOST = 64 << 20
PIECE = 65536
FOR_EVER_S = 3600.0
RANDOM_FAULTS = ["none", "none", "reset", "close", "silent", "slow:300", "slow:1500", "delay:100", "stall:{n}",
                 "stall:{n}:800", "cut:{n}", "cut-reset:{n}", "garbage:{n}", "huge:{n}"]
RANDOM_PLACES = [0, 1, 50, 130, 200, 300, 500, 1000, 3000]


def split_ms(text):
    """("TEXT", seconds) of "TEXT:MS"; without a number at the end: for ever."""
    head, _, tail = text.rpartition(":")
    return (head, int(tail) / 1000) if head and tail.isdigit() else (text, FOR_EVER_S)


class Cut(Exception):
    """The proxy ends the connection here."""


class Fault:
    """What one connection suffers: pass_on(bytes of the server) sends to the client what it shall see."""

    def __init__(self, spec, send):
        self.send = send
        self.kind, _, self.argument = spec.partition(":")
        self.action, _, self.where = self.kind.partition("-")
        self.seconds = FOR_EVER_S
        self.count, self.text = None, None
        if self.where in ("before", "after"):
            text, self.seconds = split_ms(self.argument) if self.action == "stall" else (self.argument, 0)
            self.text = text.encode()
        elif self.action in ("stall", "cut", "garbage", "huge"):
            number, _, milliseconds = self.argument.partition(":")
            self.count = int(number)
            self.seconds = int(milliseconds) / 1000 if milliseconds else FOR_EVER_S
        self.begun = self.happened = False
        self.kept = b""

    async def start(self):
        if self.count == 0:
            self.happened = True
            await self.happen(b"")

    async def pass_on(self, data):
        if self.happened:
            await self.send(random.Random(len(data)).randbytes(len(data)) if self.action == "garbage" else data)
        elif self.count is not None or self.text is not None:
            head, rest, reached = self.split(data)
            await self.send(head)
            if reached:
                self.happened = True
                await self.happen(rest)
        else:
            await self.pass_slowly(data)

    async def pass_slowly(self, data):
        seconds = int(self.argument) / 1000 if self.argument else 0
        if self.kind == "delay" or (self.kind == "slow" and not self.begun):
            await asyncio.sleep(seconds)
        self.begun = True
        if self.kind != "trickle":
            await self.send(data)
            return
        for byte in data:
            await asyncio.sleep(seconds)
            await self.send(bytes([byte]))

    def split(self, data):
        """(what passes, what does not, whether the place is reached)"""
        if self.count is not None:
            room = min(self.count, len(data))
            self.count -= room
            return data[:room], data[room:], self.count == 0
        data = self.kept + data
        at = data.find(self.text)
        if at >= 0:
            at += len(self.text) if self.where == "after" else 0
            return data[:at], data[at:], True
        lengths = range(1, min(len(self.text), len(data) + 1))
        kept = max((n for n in lengths if data.endswith(self.text[:n])), default=0)
        self.kept = data[len(data) - kept:]
        return data[:len(data) - kept], b"", False

    async def happen(self, rest):
        if self.action == "cut":
            raise Cut(self.where)
        if self.action == "stall":
            await asyncio.sleep(self.seconds)
            await self.send(rest)
        elif self.action == "garbage":
            await self.pass_on(rest)
        elif self.action == "huge":
            await self.send(HUGE_HEADER)
            for _ in range(HUGE_MOST // PIECE):
                await self.send(b"x" * PIECE)


def reset(writer):
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class FaultProxy:
    """Runs on a thread of its own; close() ends it and every connection."""

    def __init__(self, target, fault="none", port=0, tls=None):
        self.target, self.spec, self.tls = target, fault, tls
        self.connections = self.uploaded = self.downloaded = 0
        self.port, self.server, self.tasks = port, None, set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.run(self.listen())
        if fault == "refuse":
            self.run(self.unlisten())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    @property
    def fault(self):
        return self.spec

    @fault.setter
    def fault(self, spec):
        self.spec = spec
        self.run(self.unlisten() if spec == "refuse" else self.listen())

    def hang_up(self):
        """Every connection that is open now ends."""
        self.run(self.end_all())

    def close(self):
        self.run(self.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def listen(self):
        if self.server is None:
            self.server = await asyncio.start_server(self.accept, "127.0.0.1", self.port, ssl=self.tls)
            self.port = self.server.sockets[0].getsockname()[1]

    async def unlisten(self):
        server, self.server = self.server, None
        if server:
            server.close()

    async def stop(self):
        await self.unlisten()
        await self.end_all()

    async def end_all(self):
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def accept(self, reader, writer):
        self.connections += 1
        task = asyncio.current_task()
        self.tasks.add(task)
        try:
            await self.serve(reader, writer, self.choose(self.connections))
        except (OSError, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass
        finally:
            self.tasks.discard(task)
            writer.transport.abort()

    def choose(self, number):
        spec = self.spec
        if not spec.startswith("random:"):
            return spec
        choice = random.Random(f"{spec}/{number}")
        return choice.choice(RANDOM_FAULTS).format(n=choice.choice(RANDOM_PLACES))

    async def serve(self, reader, writer, spec):
        if spec == "reset":
            reset(writer)
        elif spec == "silent":
            while await reader.read(PIECE):
                pass
        elif spec != "close":
            await self.relay(reader, writer, spec)

    async def relay(self, reader, writer, spec):
        """Until the server's side is done, or the client has gone, whatever the fault is waiting for."""
        server_reader, server_writer = await asyncio.open_connection(*self.target)
        down = asyncio.ensure_future(self.download(server_reader, writer, spec))
        up = asyncio.ensure_future(self.upload(reader, server_writer))
        try:
            await asyncio.wait([down, up], return_when=asyncio.FIRST_COMPLETED)
            if not down.done() and spec in ("none", "trickle", "delay", "slow"):
                await asyncio.wait([down], timeout=5)
        finally:
            for task in (down, up):
                task.cancel()
            await asyncio.gather(down, up, return_exceptions=True)
            server_writer.transport.abort()

    async def download(self, reader, writer, spec):
        async def send(data):
            self.downloaded += len(data)
            writer.write(data)
            await writer.drain()

        fault = Fault(spec, send)
        try:
            await fault.start()
            while data := await reader.read(PIECE):
                await fault.pass_on(data)
            await send(fault.kept)
            writer.close()
            await writer.wait_closed()
        except Cut as cut:
            if cut.args == ("reset",):
                reset(writer)
            else:
                writer.close()
                await writer.wait_closed()

    async def upload(self, reader, writer):
        while data := await reader.read(PIECE):
            self.uploaded += len(data)
            writer.write(data)
            await writer.drain()


def obey(proxy, line):
    word, _, rest = line.strip().partition(" ")
    if word == "fault":
        proxy.fault = rest
    elif word == "connections":
        print("connections", proxy.connections, flush=True)
    elif word == "bytes":
        print("bytes", proxy.uploaded, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", required=True, help="HOST:PORT of the server that works")
    parser.add_argument("--listen", type=int, default=0, help="port; 0: any that is free")
    parser.add_argument("--fault", default="none")
    parser.add_argument("--tls", help="name of a certificate of tls_files.py")
    parser.add_argument("--tls-folder")
    options = parser.parse_args()
    host, _, port = options.to.rpartition(":")
    context = None
    if options.tls:
        import tls_files
        context = tls_files.make(options.tls_folder)["server_context"](options.tls)
    with FaultProxy((host, int(port)), options.fault, options.listen, context) as proxy:
        print("listening", proxy.port, flush=True)
        for line in sys.stdin:
            obey(proxy, line)


if __name__ == "__main__":
    main()
