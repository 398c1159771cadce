"""Forks processes of Closeloop from one that has imported it, for most of a start is to import what is needed.

Run as a program in the folder of a version's code, this file is that process: it forks when it is told to on its
standard input, and says on its standard output how each process ends. `ForkServer` starts it and speaks to it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn, Self

# What a server imports until it has answered for the first time; another version may lack some of it.
PRELOADED = (
    "app.__main__",
    "app.bootstrap",
    "app.inbound.routes",
    "app.providers.feeds",
    "app.providers.heartbeat",
    "app.providers.sendgrid",
    "app.providers.twilio",
    "app.providers.twilio_calls",
    "app.providers.twilio_received",
    "app.serving",
    "app.store.schema",
    "app.usecases.clock_projection",
    "app.usecases.directory_file",
    "app.usecases.retention",
    "app.web.pages",
    "app.web.probes",
    "app.worker.node",
    "anyio._backends._asyncio",
    "apscheduler.triggers.interval",
    "email.parser",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
)


class Forked:
    """As much of `subprocess.Popen` as is needed here, for a process forked from the one with the imports."""

    def __init__(self) -> None:
        self.pid = 0
        self.ended = threading.Event()
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if not self.ended.wait(timeout):
            raise subprocess.TimeoutExpired("closeloop", timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if not self.ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class ForkServer:
    """The process that has imported the version of Closeloop in the folder `code`; started when first needed."""

    def __init__(self, code: Path) -> None:
        self.code = code
        self._process: subprocess.Popen[bytes] | None = None
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._asking = threading.Lock()
        self._told = threading.Event()
        self._next: Forked | None = None
        self._running: dict[int, Forked] = {}

    def run(self, arguments: list[str], environment: dict[str, str], log: Path) -> Forked:
        """Start `closeloop` with these arguments and this environment; what it says is appended to `log`."""
        with self._asking:
            process = self._process or self._start()
            assert process.stdin is not None
            forked = self._next = Forked()
            self._told.clear()
            order = {"arguments": arguments, "environment": environment, "log": str(log)}
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
            assert self._told.wait(240), "the process with the imports does not fork"
            assert forked.pid, "the process with the imports has ended"
            return forked

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            [sys.executable, __file__], cwd=self.code, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._listener.start()
        return self._process

    def _listen(self) -> None:
        """Take in what the process says: a `pid` that was forked, or a `pid status` that has ended."""
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            pid, *status = map(int, line.split())
            if status:
                forked = self._running.pop(pid)
                (forked.returncode,) = status
                forked.ended.set()
            elif self._next is not None:
                self._next.pid = pid
                self._running[pid] = self._next
                self._told.set()
        self._told.set()

    def close(self) -> None:
        process = self._process
        if process is not None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self._listener.join(60)
            process.stdout.close()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _fork_as_told() -> dict[str, Any]:
    """Fork for each line of standard input, until its end; return in each child what it is told to be."""
    running = set[int]()
    ends, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    orders = os.fdopen(0, "rb", buffering=0, closefd=False)
    with selectors.DefaultSelector() as either:
        either.register(orders, selectors.EVENT_READ)
        either.register(ends, selectors.EVENT_READ)
        while True:
            for key, _ in either.select():
                if key.fileobj == ends:
                    os.read(ends, 4096)
                    running -= _tell_who_ended()
                    continue
                line = orders.readline()
                if not line:
                    for pid in running:
                        os.kill(pid, signal.SIGKILL)
                    sys.exit(0)
                pid = os.fork()
                if not pid:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    os.close(ends)
                    os.close(wakes)
                    return dict(json.loads(line))
                running.add(pid)
                os.write(1, b"%d\n" % pid)


def _tell_who_ended() -> set[int]:
    gone = set[int]()
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            gone.add(ended[0])
            os.write(1, b"%d %d\n" % (ended[0], os.waitstatus_to_exitcode(ended[1])))
    return gone


def _be(order: dict[str, Any]) -> NoReturn:
    """Be `closeloop` with these arguments."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(nothing)
    os.close(log)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["closeloop", *order["arguments"]]
    from app.__main__ import main

    main()
    sys.exit(0)


if __name__ == "__main__":
    sys.path[0] = str(Path.cwd())
    for name in PRELOADED:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)
    # Rulebooks with the same words share what was compiled of them, as long as one of them is there.
    from app.rulebook.revision import load

    book = load(Path("rules"))
    gc.freeze()
    _be(_fork_as_told())
