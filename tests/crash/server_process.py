"""A real `closeloop serve` in a process of its own, to be killed."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Self
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from tests.crash.forking import Forked, ForkServer

ROOT = Path(__file__).parents[2]
PATIENCE = 240.0  # seconds: each wait is for an event, and this only ends one that never comes


@cache
def todays() -> ForkServer:
    """Return the process that has imported this version; it ends with the tests."""
    server = ForkServer(ROOT)
    atexit.register(server.close)
    return server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerProcess:
    """Started, killed with SIGKILL and started again on the same port and database."""

    def __init__(
        self, environment: dict[str, str], port: int, log: Path, version: ForkServer | None = None
    ) -> None:
        """Serve this version, or the one that `version` has imported."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("CLOSELOOP_")}
        self.environment = {**inherited, **environment}
        self.port = port
        self.log = log
        self.version = version or todays()
        self.launched = 0.0
        self.process: subprocess.Popen[bytes] | Forked | None = None

    def launch(self, *, crash_at: str = "", role: str = "both", forked: bool = True) -> Self:
        """Start the process without waiting for it; `crash_at` names the point at which it kills itself.

        It is forked from one that has imported the code, unless the command itself is wanted.
        """
        self.launched = time.monotonic()
        arguments = ["serve", "--port", str(self.port), "--role", role]
        environment = {**self.environment, "CLOSELOOP_CRASH_AT": crash_at}
        if forked:
            self.process = self.version.run(arguments, environment, self.log)
            return self
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", *arguments],
                env=environment,
                cwd=self.version.code,
                stderr=log,
                stdout=log,
            )
        return self

    def crashed(self, seconds: float) -> bool:
        """Wait so long for the process to kill itself; return whether it did."""
        assert self.process is not None
        assert time.monotonic() - self.launched < PATIENCE, f"it goes on: {self.log.read_text()[-3000:]}"
        try:
            ended = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        assert ended == -signal.SIGKILL, self.log.read_text()[-3000:]
        return True

    def run(self, *command: str) -> None:
        """Run another command of the same code in the same environment, to its end."""
        ended = self.version.run(list(command), self.environment, self.log).wait(PATIENCE)
        assert ended == 0, self.log.read_text()[-3000:]

    def start(self, *, crash_at: str = "", role: str = "both", forked: bool = True) -> Self:
        """Start the process and wait until it answers."""
        return self.launch(crash_at=crash_at, role=role, forked=forked).answering()

    def answering(self) -> Self:
        """Wait until the launched process answers."""
        assert self.process is not None
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            try:
                with urlopen(f"http://127.0.0.1:{self.port}/sign-in", timeout=2):
                    return self
            except HTTPError as answer:
                answer.close()
                return self
            except (URLError, OSError):
                time.sleep(0.05)
        raise AssertionError(f"the server does not answer: {self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.leave()
        return self.ended()

    def leave(self) -> None:
        """Ask the process to end, once: a second signal would cut its work short."""
        assert self.process is not None
        self.process.terminate()

    def ended(self) -> int:
        assert self.process is not None
        return self.process.wait(timeout=PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
