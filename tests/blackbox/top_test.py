"""`switchboard top` on a terminal: it draws again and again, fits what there is
room for, follows a resize, and leaves the terminal as it was on Ctrl-C."""

import asyncio
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

import websockets

PROGRAM = os.environ["SWITCHBOARD_PROGRAM"]
SLOW = 5 if os.environ.get("SWITCHBOARD_SANITIZED") == "1" else 1
CLEAR = "\x1b[H\x1b[2J"
CONFIG = """
[admin]
port = 0

[http_listener.public]
host = "127.0.0.1"
port = 0

[websocket.main.server]
listener = "public"

[[flow]]
name = "sink"
source = "inbound-listener"
path = "/a/long/path/{name}"
steps = []
"""


class Service:
    """The running program and the addresses that it logged."""

    def __init__(self, case):
        folder = tempfile.TemporaryDirectory()
        case.addCleanup(folder.cleanup)
        config = os.path.join(folder.name, "switchboard.toml")
        pathlib.Path(config).write_text(CONFIG)
        log = os.path.join(folder.name, "log")
        with open(log, "wb") as out:
            self.process = subprocess.Popen([PROGRAM, "run", config], stderr=out)
        case.addCleanup(self.end)
        deadline = time.monotonic() + 60 * SLOW
        while True:
            text = pathlib.Path(log).read_text()
            if " ready " in text:
                break
            case.assertLess(time.monotonic(), deadline, text)
            time.sleep(0.01)
        found = dict(re.findall(r"listener=(\S+) address=(\S+)", text))
        self.public, self.admin = found["public"], found["admin"]

    def end(self):
        self.process.kill()
        self.process.wait()


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, case, lines, columns, *command):
        self.master, slave = pty.openpty()
        self.resize(lines, columns)
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        pid = os.fork()
        if pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for number in range(3):
                os.dup2(slave, number)
            os.execv(command[0], command)
        self.pid, self.status, self.text = pid, None, ""
        case.addCleanup(self.end)

    def resize(self, lines, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read_until(self, what, condition):
        deadline = time.monotonic() + 60 * SLOW
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"gave up waiting: {what}\n{self.text[-2000:]!r}")
            if select.select([self.master], [], [], 0.1)[0]:
                self.text += os.read(self.master, 65536).decode()

    def frames(self):
        """What was drawn, whole drawings only, as lists of lines."""
        return [frame.split("\r\n") for frame in self.text.split(CLEAR)[1:-1]]

    def wait(self):
        self.status = os.waitpid(self.pid, 0)[1]
        return self.status

    def end(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
        os.close(self.master)
        os.close(self.slave)


class Top(unittest.TestCase):
    def test_on_a_terminal(self):
        service = Service(self)
        asyncio.run(self.look(service))

    async def look(self, service):
        sockets = [await websockets.connect(f"ws://{service.public}/a/long/path/number-{i}")
                   for i in range(20)]
        await asyncio.to_thread(self.drive, service)
        for socket in sockets:
            await socket.close()

    def drive(self, service):
        terminal = Terminal(self, 10, 60, PROGRAM, "top", "--admin", f"http://{service.admin}",
                            "--interval", "0.1")
        terminal.read_until("three drawings", lambda: len(terminal.frames()) >= 3)
        for frame in terminal.frames():
            # The last one is the line of the cursor.
            self.assertEqual(len(frame), 10)
            self.assertEqual(frame[0], "7 of 20 sockets, the busiest first")
            self.assertRegex(frame[1], r"^ID +CONFIG +PATH")
            self.assertTrue(all(len(line) <= 60 for line in frame), frame)
            self.assertTrue(any(len(line) == 60 for line in frame), frame)
            self.assertEqual(frame[-1], "")

        terminal.resize(30, 200)
        terminal.read_until("all sockets", lambda: terminal.frames()[-1][0].startswith("20 of 20"))
        frame = terminal.frames()[-1]
        self.assertEqual(len(frame), 23)
        self.assertRegex(frame[1], r"QUEUED$")
        self.assertRegex("\n".join(frame), r"/a/long/path/number-19 +open")

        os.write(terminal.master, b"\x03")
        status = terminal.wait()
        self.assertTrue(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT, status)
        terminal.text += os.read(terminal.master, 65536).decode()
        self.assertEqual(termios.tcgetattr(terminal.slave), terminal.before)
        # It only ever clears: no cursor that stays hidden, no other screen.
        self.assertEqual(set(re.findall(r"\x1b\[[0-9;?]*[A-Za-z]", terminal.text)),
                         {"\x1b[H", "\x1b[2J"})

    def test_the_service_ends_under_it(self):
        service = Service(self)
        terminal = Terminal(self, 10, 80, PROGRAM, "top", "--admin", f"http://{service.admin}",
                            "--interval", "0.1")
        terminal.read_until("a drawing", lambda: len(terminal.frames()) >= 1)
        self.assertEqual(terminal.frames()[0][0], "0 of 0 sockets, the busiest first")
        service.process.terminate()
        self.assertEqual(os.WEXITSTATUS(terminal.wait()), 1)
        self.assertEqual(termios.tcgetattr(terminal.slave), terminal.before)


if __name__ == "__main__":
    unittest.main()
