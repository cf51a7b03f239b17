"""Small services to ask, on loopback, that do as they are told: the chat completions of many local servers (SSE), and
a Realtime service over a websocket.

    with Chat() as chat:
        chat.script = Script(words=["Hello ", "there."], delay=0.2)
        ... http://127.0.0.1:{chat.port}/v1 ...
        chat.requests, chat.first_token_ms
"""
import asyncio
import dataclasses
import http.server
import json
import threading
import time

import websockets


@dataclasses.dataclass
class Script:
    """What the next requests get. `tool`: (name, arguments) asked for first; its result comes back in a request."""
    words: tuple = ("Short waves ", "scatter ", "more than ", "long ones, ", "so the sky ", "looks blue to us.")
    delay: float = 0.2
    gap: float = 0.02
    tool: tuple = None


def now_ms():
    return time.monotonic() * 1000


class Service:
    def __init__(self, script=None):
        self.script = script or Script()
        self.requests, self.first_token_ms = [], []
        self.usage = {"prompt_tokens": 900, "completion_tokens": 20, "total_tokens": 920}

    def billed(self):
        """Tokens that every request so far has used, told or not: output counts four times, as it is priced."""
        return self.asked() * (self.usage["prompt_tokens"] + 4 * self.usage["completion_tokens"])

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


# ---- chat completions ----

def chunk(delta, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


class ChatHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, value):
        text = value if isinstance(value, str) else json.dumps(value)
        self.wfile.write(f"data: {text}\n\n".encode())
        self.wfile.flush()

    def answer(self, service, script, request):
        time.sleep(script.delay)
        service.first_token_ms.append(now_ms())
        if script.tool and request["messages"][-1]["role"] != "tool":
            function = {"name": script.tool[0], "arguments": script.tool[1]}
            self.send(chunk({"tool_calls": [{"index": 0, "id": "call1", "type": "function", "function": function}]}))
            self.send(chunk({}, "tool_calls"))
        else:
            for word in script.words:
                self.send(chunk({"content": word}))
                time.sleep(script.gap)
            self.send(chunk({}, "stop"))
        self.send({**chunk({}), "choices": [], "usage": service.usage})
        self.send("[DONE]")

    def do_POST(self):
        service = self.server.service
        request = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        service.requests.append(request)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            self.answer(service, service.script, request)
        except OSError:
            pass  # whoever asked has hung up


class Chat(Service):
    def start(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ChatHandler)
        self.server.daemon_threads = True
        self.server.service = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def asked(self):
        return len(self.requests)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


# ---- Realtime ----

class Realtime(Service):
    """The few events that a turn of words needs."""

    async def respond(self, socket, number):
        script = self.script
        await asyncio.sleep(script.delay)
        self.first_token_ms.append(now_ms())
        base = {"response_id": f"r{number}", "item_id": f"i{number}", "output_index": 0, "content_index": 0}
        for word in script.words:
            await socket.send(json.dumps({"type": "response.output_text.delta", "event_id": "e", "delta": word, **base}))
            await asyncio.sleep(script.gap)
        usage = {"total_tokens": 920, "input_tokens": 900, "output_tokens": 20}
        response = {"object": "realtime.response", "id": f"r{number}", "status": "completed", "output": [], "usage": usage}
        await socket.send(json.dumps({"type": "response.done", "event_id": "e", "response": response}))

    async def serve(self, socket, *_):
        await socket.send(json.dumps({"type": "session.created", "event_id": "e", "session": {"type": "realtime"}}))
        async for text in socket:
            message = json.loads(text)
            self.requests.append(message)
            if message["type"] == "session.update":
                await socket.send(json.dumps({"type": "session.updated", "event_id": "e", "session": {"type": "realtime"}}))
            if message["type"] == "response.create":
                number = len(self.first_token_ms) + 1
                response = {"object": "realtime.response", "id": f"r{number}", "status": "in_progress", "output": []}
                await socket.send(json.dumps({"type": "response.created", "event_id": "e", "response": response}))
                asyncio.ensure_future(self.respond(socket, number))

    def start(self):
        ready = threading.Event()
        self.loop = asyncio.new_event_loop()

        async def main():
            server = await websockets.serve(self.serve, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            self.finished = asyncio.Event()
            ready.set()
            await self.finished.wait()
            server.close()

        self.thread = threading.Thread(target=lambda: self.loop.run_until_complete(main()), daemon=True)
        self.thread.start()
        ready.wait(10)

    def asked(self):
        return sum(message["type"] == "response.create" for message in self.requests)

    def stop(self):
        self.loop.call_soon_threadsafe(self.finished.set)
        self.thread.join(10)
