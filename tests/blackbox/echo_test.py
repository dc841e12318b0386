"""Echo, groups and closing, driven by Python's `websockets`."""

import asyncio
import json
import os
import random
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request

import websockets
from websockets.extensions import permessage_deflate

PROGRAM = os.environ.get("SWITCHBOARD_PROGRAM") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "../../build/release/switchboard")
PATIENCE = 120 if os.environ.get("SWITCHBOARD_SANITIZED") == "1" else 30
SIZES = [0, 1, 125, 126, 65535, 65536, 300_000, 1 << 20]

CONFIGURATION = """
[admin]
port = 0

[http_listener.public]
host = "127.0.0.1"
port = 0

[websocket.main.server]
listener = "public"
compression = "on"
subprotocols = ["chat.v2", "chat.v1"]

[[flow]]
name = "echo"
source = "inbound-listener"
path = "/echo"
steps = [ { send = { content = "#[payload]" } } ]

[[flow]]
name = "rooms"
source = "inbound-listener"
path = "/rooms/{room}"
output_mime_type = "application/json"
steps = [
  { choice = [
    { when = "#[payload.type == 'join']", steps = [
      { subscribe_groups = { groups = ["#[payload.room]"] } },
      { send = { content = "joined" } } ] },
    { steps = [
      { broadcast = { groups = ["#[payload.room]"], content = "#[payload.text]" } } ] },
  ] },
]
"""


class Service:
    """The program on free ports, its log collected by a thread."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".toml")
        self.file.write(CONFIGURATION)
        self.file.flush()
        self.process = subprocess.Popen(
            [PROGRAM, "run", self.file.name], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace")
        self.lines = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.until("readiness", self.is_ready)

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def until(self, what, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if self.process.poll() is not None:
                raise AssertionError(
                    f"ended with {self.process.returncode}\n" + "".join(self.lines))
            if time.monotonic() > deadline:
                raise AssertionError(f"gave up waiting: {what}\n" + "".join(self.lines))
            time.sleep(0.01)

    def address(self, listener):
        for line in list(self.lines):
            found = re.search(r"listening.*listener=(\S+).*address=(\S+:\d+)", line)
            if found and found[1] == listener:
                return found[2]
        return None

    def is_ready(self):
        address = self.address("admin")
        if address is None:
            return False
        try:
            with urllib.request.urlopen(f"http://{address}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def post(self, path, body, content_type="text/plain"):
        request = urllib.request.Request(
            f"http://{self.address('admin')}{path}", data=body, method="POST",
            headers={"Content-Type": content_type})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.reader.join(PATIENCE)
            self.process.stdout.close()
            self.file.close()
        if code != 0:
            raise AssertionError(f"ended with {code}\n" + "".join(self.lines))


class EchoTest(unittest.IsolatedAsyncioTestCase):

    @classmethod
    def setUpClass(cls):
        cls.service = Service()

    @classmethod
    def tearDownClass(cls):
        cls.service.stop()

    async def asyncSetUp(self):
        # What unittest switches on takes most of the time of a busy machine.
        asyncio.get_running_loop().set_debug(False)

    def open(self, path, **options):
        options.setdefault("compression", None)
        return websockets.connect(f"ws://{self.service.address('public')}{path}",
                                  max_size=1 << 22, open_timeout=PATIENCE, **options)

    @staticmethod
    async def receive(socket):
        return await asyncio.wait_for(socket.recv(), PATIENCE)

    async def ask(self, socket, message):
        await socket.send(message)
        return await self.receive(socket)

    async def test_binary_and_text_of_every_length_form(self):
        async with self.open("/echo") as socket:
            for size in SIZES:
                content = random.randbytes(size)
                self.assertTrue(await self.ask(socket, content) == content, size)
                text = "aä€😀" * (size // 10) + "x" * (size % 10)
                self.assertTrue(await self.ask(socket, text) == text, size)

    async def test_fragments(self):
        async with self.open("/echo") as socket:
            parts = ["ä€😀" * 100, "", "x", "end"]
            self.assertEqual(await self.ask(socket, parts), "".join(parts))
            chunks = [b"\x00" * 70_000, b"", b"\xff"]
            self.assertEqual(await self.ask(socket, chunks), b"".join(chunks))

    async def test_compression(self):
        forms = {
            "by default": {},
            "no context takeover": {"server_no_context_takeover": True,
                                    "client_no_context_takeover": True},
            "small windows": {"server_max_window_bits": 9, "client_max_window_bits": 9},
            "of the server only": {"server_no_context_takeover": True,
                                   "server_max_window_bits": 10},
        }
        text = json.dumps([f"entry {i % 50}" for i in range(5000)])
        noise = random.randbytes(1 << 16)
        for name, form in forms.items():
            factory = permessage_deflate.ClientPerMessageDeflateFactory(**form)
            with self.subTest(name):
                async with self.open("/echo", extensions=[factory]) as socket:
                    self.assertEqual([e.name for e in socket.extensions],
                                     ["permessage-deflate"])
                    for _ in range(3):
                        self.assertTrue(await self.ask(socket, text) == text)
                        self.assertTrue(await self.ask(socket, noise) == noise)
                        self.assertEqual(await self.ask(socket, ""), "")
                        self.assertEqual(await self.ask(socket, b"z" * (1 << 20)),
                                         b"z" * (1 << 20))
                    parts = [text[:1000], text[1000:2000], text[2000:]]
                    self.assertTrue(await self.ask(socket, parts) == text)

    async def test_subprotocol(self):
        async with self.open("/echo", subprotocols=["chat.v1", "chat.v2"]) as socket:
            self.assertEqual(socket.subprotocol, "chat.v2")
        async with self.open("/echo", subprotocols=["other"]) as socket:
            self.assertIsNone(socket.subprotocol)

    async def test_ping(self):
        async with self.open("/echo") as socket:
            await asyncio.wait_for(await socket.ping(b"p" * 125), PATIENCE)

    async def test_unknown_path(self):
        with self.assertRaises(websockets.exceptions.InvalidStatusCode) as raised:
            await self.open("/nowhere")
        self.assertEqual(raised.exception.status_code, 404)

    async def test_groups(self):
        async with self.open("/rooms/a") as red, self.open("/rooms/b") as green, \
                self.open("/rooms/c") as blue:
            for socket, room in ((red, "python"), (green, "python"), (blue, "other")):
                join = json.dumps({"type": "join", "room": room})
                self.assertEqual(await self.ask(socket, join), "joined")
            await red.send(json.dumps({"type": "say", "room": "python", "text": "hello ä"}))
            self.assertEqual(await self.receive(red), "hello ä")
            self.assertEqual(await self.receive(green), "hello ä")
            # What came over HTTP afterwards is the first thing the third gets.
            status, body = self.service.post("/v1/broadcast?group=other", b"\x01\x02",
                                             "application/octet-stream")
            self.assertEqual(status, 200)
            self.assertEqual(json.loads(body), {"matched": 1, "failures": []})
            self.assertEqual(await self.receive(blue), b"\x01\x02")

    async def test_closing(self):
        socket = await self.open("/echo")
        await socket.close(4321, "done")
        self.assertEqual((socket.close_code, socket.close_reason), (4321, "done"))
        socket = await self.open("/echo")
        await socket.send(b"x" * ((1 << 20) + 1))
        with self.assertRaises(websockets.exceptions.ConnectionClosed) as raised:
            await self.receive(socket)
        self.assertEqual(raised.exception.rcvd.code, 1009)

    async def test_two_hundred_at_once(self):
        async def talk(number):
            async with self.open("/echo") as socket:
                for i in range(20):
                    message = f"{number} {i}"
                    self.assertEqual(await self.ask(socket, message), message)
        await asyncio.gather(*(talk(number) for number in range(200)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
