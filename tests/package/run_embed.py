"""Runs examples/embed and talks to it: run_embed.py PROGRAM.

Once to its end by itself after three messages, once to its end by SIGTERM.
Speaks WebSocket by hand, on Python's standard library alone.
"""

import base64
import os
import re
import signal
import socket
import subprocess
import sys
import threading

LIMIT = 60  # seconds for any one thing


class Client:
    """One WebSocket, short unfragmented messages only."""

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), LIMIT)
        self.stream = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /anywhere HTTP/1.1\r\nHost: {host}:{port}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
            .encode())
        status = self.stream.readline().decode()
        assert " 101 " in status, f"not upgraded: {status!r}"
        while self.stream.readline().strip():
            pass

    def send(self, opcode, content):
        assert len(content) < 126
        mask = os.urandom(4)
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(content))
        self.socket.sendall(
            bytes([0x80 | opcode, 0x80 | len(content)]) + mask + masked)

    def receive(self):
        """(opcode, content) of the next frame."""
        first, length = self.stream.read(2)
        assert first & 0x80 and length < 126, "not a short whole message"
        return first & 0x0F, self.stream.read(length)

    def receive_until(self, wanted):
        """What came before a text that fulfills `wanted`, and that text."""
        before = []
        while True:
            opcode, content = self.receive()
            assert opcode == 1, f"opcode {opcode}: {content!r}"
            text = content.decode()
            if wanted(text):
                return before, text
            before.append(text)

    def expect_close(self, code):
        """Reads on to the close frame, answers it and waits for the end."""
        opcode, content = self.receive()
        while opcode == 1:
            opcode, content = self.receive()
        assert opcode == 8, f"opcode {opcode} instead of a close"
        got = int.from_bytes(content[:2], "big")
        assert got == code, f"closed with {got} instead of {code}"
        self.send(8, content[:2])
        assert self.stream.read() == b"", "bytes after the close"
        self.stream.close()
        self.socket.close()


class Program:
    """The example while it runs; its output line by line."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.lines = []
        self.watchdog = threading.Timer(LIMIT, self.process.kill)
        self.watchdog.start()

    def read_until(self, pattern):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            found = re.search(pattern, line)
            if found:
                return found
        raise AssertionError(f"no line like {pattern!r} in {self.lines}")

    def connect(self):
        found = self.read_until(r"^listening on ws://([0-9.]+):(\d+)/$")
        return Client(found[1], int(found[2]))

    def expect_end(self):
        self.lines += self.process.stdout.read().splitlines()
        code = self.process.wait()
        self.watchdog.cancel()
        assert code == 0, f"ended with {code}: {self.lines}"
        assert "done" in self.lines, self.lines

    def stop(self):
        self.watchdog.cancel()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def ends_after_three_messages(command):
    program = Program(command, "3")
    try:
        client = program.connect()
        for word in ("hello", "there", "good bye"):
            client.send(1, word.encode())
            client.receive_until(lambda text: text == word.upper())
        client.expect_close(1001)
        program.expect_end()
    finally:
        program.stop()
    output = "\n".join(program.lines)
    for word in ("hello", "there", "good bye"):
        assert f" says {word}\n" in output, output
    assert re.search(r" left with ENDPOINT_GOING_DOWN$", output, re.M), output


def ends_by_signal(command):
    program = Program(command)
    try:
        client, other = program.connect(), None
        host, port = client.socket.getpeername()
        other = Client(host, port)
        for peer in (client, other):
            peer.receive_until(lambda text: re.fullmatch(r"tick \d+", text))
        program.read_until(r"^a tick for 2 sockets$")
        program.process.send_signal(signal.SIGTERM)
        client.expect_close(1001)
        other.expect_close(1001)
        program.expect_end()
    finally:
        program.stop()
    output = "\n".join(program.lines)
    assert output.count(" left with ENDPOINT_GOING_DOWN") == 2, output


if __name__ == "__main__":
    ends_after_three_messages(sys.argv[1])
    ends_by_signal(sys.argv[1])
    print("the example did what it says")
