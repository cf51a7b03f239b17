"""Drives net_probe: commands out, its lines in, each waited for with a deadline."""
import collections
import os
import queue
import subprocess
import threading
import time

SUM_MODULUS = 65521


def checksum(data):
    """The SUM of net_probe."""
    a, b = 1, 0
    for byte in data:
        a = (a + byte) % SUM_MODULUS
        b = (b + a) % SUM_MODULUS
    return b << 16 | a


class Probe:
    def __init__(self, program, *arguments):
        self.process = subprocess.Popen([program, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, errors="replace",
                                        env={**os.environ, "RES_OPTIONS": "timeout:1 attempts:1"})
        self.lines = queue.Queue()
        self.log = []
        self.early = collections.deque()
        self.next_id = 0
        threading.Thread(target=self.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            print("# the probe said:", *self.log[-20:], sep="\n#   ")
        self.process.stdin.close()
        try:
            status = self.process.wait(60)
        finally:
            self.process.kill()
        if not kind:
            assert status == 0, f"the probe ended with status {status}"

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def say(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def line(self, seconds=20):
        if self.early:
            return self.early.popleft()
        return self.new_line(seconds)

    def new_line(self, seconds):
        try:
            line = self.lines.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"the probe said nothing for {seconds} s; before that: {self.log[-5:]}") from None
        self.log.append(line)
        return line

    def expect(self, beginning, seconds=20):
        line = self.line(seconds)
        assert line.startswith(beginning), f'expected "{beginning}...", got "{line}"'
        return line

    def sent(self, number, status="OK", seconds=20):
        """What became of a sending. An echo may overtake it: the net thread answers while the probe still
        writes, so lines that come before are kept for later."""
        while True:
            line = self.new_line(seconds)
            if line.startswith(f"{number} sent "):
                assert line == f"{number} sent {status}", f'expected "sent {status}", got "{line}"'
                return
            self.early.append(line)

    def nothing(self, seconds):
        assert not self.early, f'expected silence, got "{self.early[0]}"'
        try:
            line = self.lines.get(timeout=seconds)
        except queue.Empty:
            return
        raise AssertionError(f'expected silence, got "{line}"')

    def new(self):
        self.next_id += 1
        return self.next_id

    def open(self, url, **options):
        number = self.new()
        self.say("ws", number, url, *(f"{key}={value}" for key, value in options.items()))
        return number

    def request(self, method, url, **options):
        number = self.new()
        self.say("http", number, method, url, *(f"{key}={value}" for key, value in options.items()))
        return number

    def answer(self, number, seconds=20):
        """(status, body bytes, why) of a request that gets to its end."""
        status, size = None, 0
        deadline = time.monotonic() + seconds
        while True:
            line = self.line(max(0.1, deadline - time.monotonic()))
            words = line.split(" ", 3)
            assert words[0] == str(number), line
            if words[1] == "status":
                status = int(words[2])
            elif words[1] == "body":
                size += int(words[2])
            else:
                assert words[1] == "ended", line
                return status, size, words[2]

    def memory(self):
        self.say("memory")
        return int(self.expect("memory").split()[1])
