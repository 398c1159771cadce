"""A real `closeloop serve` in a process of its own, to be killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

ROOT = Path(__file__).parents[2]
PATIENCE = 240.0  # seconds: each wait is for an event, and this only ends one that never comes

# Most of a start is to import what is needed: a process that has done so, and nothing else, is forked for each.
_IMPORTED = multiprocessing.get_context("forkserver")
_IMPORTED.set_forkserver_preload(
    [
        "app.__main__",
        "app.providers.sendgrid",
        "app.providers.twilio",
        "app.providers.twilio_calls",
        "app.serving",
        "uvicorn.lifespan.on",
        "uvicorn.protocols.http.httptools_impl",
        "uvloop",
    ]
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run_command(arguments: list[str], environment: dict[str, str], log: Path) -> None:
    """Be `closeloop` with these arguments, in the forked process."""
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = ["closeloop", *arguments]
    from app.__main__ import main

    main()


class _Forked:
    """As much of `subprocess.Popen` as is needed here, for a process forked from the one with the imports."""

    def __init__(self, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self._process = _IMPORTED.Process(
            target=_run_command, args=(arguments, environment, log), daemon=True
        )
        self._process.start()

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        ended = self._process.exitcode
        if ended is None:
            raise subprocess.TimeoutExpired("closeloop", timeout or 0)
        return ended

    def send_signal(self, number: int) -> None:
        assert self._process.pid is not None
        if self._process.is_alive():
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class ServerProcess:
    """Started, killed with SIGKILL and started again on the same port and database."""

    def __init__(self, environment: dict[str, str], port: int, log: Path, code: Path = ROOT) -> None:
        """Serve the code in the folder `code`, which may be that of another version."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("CLOSELOOP_")}
        self.environment = {**inherited, **environment}
        self.port = port
        self.log = log
        self.code = code
        self.launched = 0.0
        self.process: subprocess.Popen[bytes] | _Forked | None = None

    def launch(self, *, crash_at: str = "", role: str = "both", forked: bool = True) -> Self:
        """Start the process without waiting for it; `crash_at` names the point at which it kills itself.

        Today's code is forked from a process that has imported it, unless the command itself is wanted.
        """
        self.launched = time.monotonic()
        arguments = ["serve", "--port", str(self.port), "--role", role]
        environment = {**self.environment, "CLOSELOOP_CRASH_AT": crash_at}
        if forked and self.code == ROOT:
            self.process = _Forked(arguments, environment, self.log)
            return self
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", *arguments],
                env=environment,
                cwd=self.code,
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
        done = subprocess.run(
            [sys.executable, "-m", "app", *command],
            env=self.environment,
            cwd=self.code,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr).decode()

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
