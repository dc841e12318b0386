"""What the program tells a service manager (sd_notify(3)), over a socket as
systemd has it, and whether systemd likes the unit."""

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["SWITCHBOARD_PROGRAM"]
UNIT = pathlib.Path(__file__).parents[2] / "packaging" / "switchboard.service"
CONFIG = """
[admin]
port = 0

[http_listener.public]
host = "127.0.0.1"
port = 0

[websocket.main.server]
listener = "public"
"""


class Manager:
    """Stands in for systemd: a datagram socket that the program is told of."""

    def __init__(self, case, **env):
        folder = tempfile.TemporaryDirectory()
        case.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        case.addCleanup(self.socket.close)
        self.socket.bind(path)
        self.socket.settimeout(20)
        config = os.path.join(folder.name, "switchboard.toml")
        pathlib.Path(config).write_text(CONFIG)
        self.process = subprocess.Popen(
            [PROGRAM, "run", config], stderr=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": path, **env})
        case.addCleanup(self.end)

    def end(self):
        self.process.kill()
        self.process.wait()

    def next(self, *wanted):
        """The next message that is one of those wanted."""
        while True:
            text = self.socket.recv(4096).decode()
            if text.split("=")[0] in wanted:
                return text


class Notify(unittest.TestCase):
    def test_ready_and_stopping(self):
        manager = Manager(self)
        self.assertEqual(manager.next("READY", "STOPPING", "WATCHDOG"), "READY=1")
        manager.process.send_signal(signal.SIGTERM)
        self.assertEqual(manager.next("READY", "STOPPING", "WATCHDOG"), "STOPPING=1")
        self.assertEqual(manager.process.wait(20), 0)

    def test_watchdog(self):
        manager = Manager(self, WATCHDOG_USEC="1000000")
        for _ in range(6):
            self.assertEqual(manager.next("WATCHDOG", "STOPPING"), "WATCHDOG=1")
        manager.process.send_signal(signal.SIGTERM)
        manager.next("STOPPING")
        self.assertEqual(manager.process.wait(20), 0)

    def test_watchdog_of_another_process(self):
        manager = Manager(self, WATCHDOG_USEC="1000000", WATCHDOG_PID="1")
        self.assertEqual(manager.next("READY", "WATCHDOG"), "READY=1")
        # Four of its own would come in this time.
        manager.socket.settimeout(1)
        with self.assertRaises(TimeoutError):
            self.fail(manager.next("WATCHDOG"))
        manager.socket.settimeout(20)
        manager.process.send_signal(signal.SIGTERM)
        self.assertEqual(manager.next("WATCHDOG", "STOPPING"), "STOPPING=1")

    def test_without_a_manager(self):
        env = {k: v for k, v in os.environ.items() if k != "NOTIFY_SOCKET"}
        done = subprocess.run([PROGRAM, "version"], env=env, check=True,
                              capture_output=True, timeout=20)
        self.assertIn(b"switchboard", done.stdout)


class Unit(unittest.TestCase):
    def test_exposure_is_below_two(self):
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--threshold=19",
             "--no-pager", str(UNIT)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_it_waits_for_readiness_and_watches(self):
        text = UNIT.read_text()
        for line in ("Type=notify", "WatchdogSec=", "Restart=on-failure"):
            self.assertIn(line, text)


if __name__ == "__main__":
    unittest.main()
