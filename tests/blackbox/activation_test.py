"""Sockets that a service manager passes (sd_listen_fds(3)), as systemd does it,
and what it is told around a reload."""

import fcntl
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

PROGRAM = os.environ["SWITCHBOARD_PROGRAM"]
UNIT = pathlib.Path(__file__).parents[2] / "packaging" / "switchboard.socket"

CONFIG = """
[admin]
port = 0

[http_listener.main]
host = "192.0.2.1"
port = 1
{listener}
[websocket.main.server]
listener = "main"
{server}
[[flow]]
name = "echo"
source = "inbound-listener"
config = "main"
path = "/echo"
steps = [ {{ send = {{ content = "#[payload]" }} }} ]
{more}
"""

# Puts the descriptors where they belong and becomes the program.
STARTER = """
import os, sys
fds = [int(fd) for fd in sys.argv[1].split(",") if fd]
for place, fd in enumerate(fds):
    os.dup2(fd, 3 + place)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""


class Service:
    def __init__(self, case, sockets, names, config, env=None):
        self.folder = tempfile.TemporaryDirectory()
        case.addCleanup(self.folder.cleanup)
        self.file = pathlib.Path(self.folder.name, "switchboard.toml")
        self.file.write_text(config)
        self.log = pathlib.Path(self.folder.name, "log")
        # Out of the way of the places that they are put into.
        fds = [fcntl.fcntl(each.fileno(), fcntl.F_DUPFD, 100) for each in sockets]
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", STARTER, ",".join(map(str, fds)),
                 PROGRAM, "run", str(self.file)],
                stderr=log, pass_fds=fds,
                env={**os.environ, "LISTEN_FDS": str(len(fds)),
                     "LISTEN_FDNAMES": ":".join(names), **(env or {})})
        for fd in fds:
            os.close(fd)
        case.addCleanup(self.end)

    def end(self):
        self.process.kill()
        self.process.wait()

    def until(self, text):
        deadline = time.monotonic() + 30
        while text not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"no {text!r} in {self.log.read_text()}")
            time.sleep(0.01)

    def api(self, path, method="GET"):
        for line in self.log.read_text().splitlines():
            if "listener=admin" in line:
                address = line.split("address=")[1].split()[0]
        request = urllib.request.Request(f"http://{address}{path}", method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode()


def listen():
    result = socket.create_server(("127.0.0.1", 0))
    return result


def shake_hands(port):
    """@returns the status line and the open connection."""
    peer = socket.create_connection(("127.0.0.1", port), timeout=20)
    peer.sendall(b"GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                 b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                 b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    text = b""
    while b"\r\n\r\n" not in text:
        got = peer.recv(4096)
        if not got:
            break
        text += got
    return text.split(b"\r\n")[0].decode(), peer


def echo(peer, text):
    """Sends a text frame, reads the answer."""
    peer.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
    answer = b""
    while len(answer) < 2 + len(text):
        answer += peer.recv(4096)
    return answer[2:]


class Activation(unittest.TestCase):
    def test_it_serves_what_waited_and_stays_through_a_restart(self):
        with listen() as passed:
            port = passed.getsockname()[1]
            config = CONFIG.format(listener="", server="", more="")
            for _ in range(2):
                service = Service(self, [passed], ["main"], config)
                # Connects before the program is there; the queue is the kernel's.
                status, peer = shake_hands(port)
                self.assertIn("101", status)
                with peer:
                    self.assertEqual(echo(peer, b"hello"), b"hello")
                service.process.send_signal(signal.SIGTERM)
                self.assertEqual(service.process.wait(20), 0)

    def test_every_shard_may_take_from_it(self):
        with listen() as passed:
            port = passed.getsockname()[1]
            config = CONFIG.format(listener="", server="", more="") + "[runtime]\nshards = 3\n"
            service = Service(self, [passed], ["main"], config)
            peers = []
            for _ in range(50):
                status, peer = shake_hands(port)
                self.assertIn("101", status)
                peers.append(peer)
            for peer in peers:
                self.assertEqual(echo(peer, b"x"), b"x")
                peer.close()
            service.process.send_signal(signal.SIGTERM)
            self.assertEqual(service.process.wait(20), 0)

    def test_a_reload_goes_on_with_it(self):
        with listen() as passed:
            port = passed.getsockname()[1]
            service = Service(self, [passed], ["main"], CONFIG.format(listener="", server="", more=""))
            service.until("ready")
            status, peer = shake_hands(port)
            service.file.write_text(CONFIG.format(
                listener="max_connections = 1", server='max_message_size = "10B"', more=""))
            self.assertIn('"changes"', service.api("/v1/reload", "POST"))
            self.assertIn("503", shake_hands(port)[0])
            self.assertEqual(echo(peer, b"x"), b"x")
            peer.close()
            deadline = time.monotonic() + 20
            while "101" not in shake_hands(port)[0]:
                self.assertLess(time.monotonic(), deadline)

    def test_the_only_socket_needs_no_name(self):
        with listen() as passed:
            service = Service(self, [passed], ["switchboard.socket"],
                              CONFIG.format(listener="", server="", more=""))
            service.until("ready")
            self.assertIn("101", shake_hands(passed.getsockname()[1])[0])

    def test_what_leads_nowhere_is_refused(self):
        more = '[http_listener.other]\nhost = "127.0.0.1"\nport = 0\n'
        config = CONFIG.format(listener="", server="", more=more)
        unbound = socket.socket()
        datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with listen() as one, listen() as two, unbound, datagram:
            for sockets, names, text in (
                    ([one], ["nobody"], "the name of no http_listener"),
                    ([one, two], ["main", "main"], "two sockets called `main`"),
                    ([unbound], ["main"], "no TCP socket that listens"),
                    ([datagram], ["main"], "no TCP socket that listens")):
                service = Service(self, sockets, names, config)
                self.assertEqual(service.process.wait(20), 2, text)
                self.assertIn(text, service.log.read_text())


class Reloading(unittest.TestCase):
    def test_the_manager_is_told_around_a_reload(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, listen() as passed:
            manager.bind(path)
            manager.settimeout(20)
            service = Service(self, [passed], ["main"],
                              CONFIG.format(listener="", server="", more=""), {"NOTIFY_SOCKET": path})

            def following():
                while True:
                    try:
                        text = manager.recv(4096).decode()
                    except TimeoutError:
                        raise AssertionError(service.log.read_text()) from None
                    if text.startswith(("READY", "RELOADING", "STOPPING")):
                        return text
            self.assertEqual(following(), "READY=1")
            # Whoever is told of readiness may send a signal.
            service.process.send_signal(signal.SIGHUP)
            self.assertRegex(following(), r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
            self.assertEqual(following(), "READY=1")
            service.api("/v1/reload", "POST")
            self.assertRegex(following(), r"^RELOADING=1\n")
            self.assertEqual(following(), "READY=1")


class Unit(unittest.TestCase):
    def test_systemd_likes_the_unit(self):
        text = UNIT.read_text()
        for line in ("FileDescriptorName=main", "ListenStream=", "WantedBy=sockets.target"):
            self.assertIn(line, text)


if __name__ == "__main__":
    unittest.main()
