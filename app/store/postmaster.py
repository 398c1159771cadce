"""The PostgreSQL server that may be running on a data directory, by its `postmaster.pid`. Changes nothing.

The file outlives a server that was killed, and its process id may be somebody else's by now: ids are used
again, in containers soon.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.store.programs import EmbeddedPostgresError

PORT = 5432
"""Only part of the socket's name: there is no TCP."""

SOCKET = f".s.PGSQL.{PORT}"


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A server's process id, the folder of its socket, and `ready` or what else it is doing."""

    pid: int
    folder: Path
    status: str

    def alive(self) -> bool:
        """Return whether there is a process of that id, whoever it is."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def serves(self, data: Path) -> bool:
        """Return whether that process is a PostgreSQL server on `data`."""
        if not self.alive():
            return False
        if Path("/proc/self").exists():
            with suppress(FileNotFoundError):  # gone meanwhile, or a zombie
                try:
                    return Path(f"/proc/{self.pid}/cwd").resolve(strict=True) == data
                except PermissionError:
                    return Path(f"/proc/{self.pid}/comm").read_text().strip() == "postgres"
            return False
        command = ["/bin/ps", "-o", "comm=", "-p", str(self.pid)]
        listed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed, a number
        return "postgres" in listed.stdout

    def answers(self) -> bool:
        """Return whether somebody takes connections on the socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(5)
            try:
                probe.connect(str(self.folder / SOCKET))
            except OSError:
                return False
            return True


def read(data: Path) -> Postmaster | None:
    """Return what `postmaster.pid` in `data` says; None if there is none, or one that names nobody."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    match lines:
        case [pid, _, _, _, folder, _, _, status, *_] if pid.isdigit():
            return Postmaster(int(pid), Path(folder), status.strip())
        case [pid, *_] if pid.isdigit():  # the rest is written when it has got further
            return Postmaster(int(pid), data, "starting")
        case _:
            return None


def settle(data: Path, patience: float) -> Postmaster | None:
    """Return the server that runs on `data`, after it has made up its mind; None if there is none.

    Raises EmbeddedPostgresError when it does not answer within `patience` seconds.
    """
    deadline = time.monotonic() + patience
    while (found := read(data)) is not None and found.serves(data):
        if found.status == "ready" and found.answers():
            return found
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(
                f"the PostgreSQL server on {data} (process {found.pid}) does not answer;"
                f" its log: {data / 'log'}; to stop it, run: kill -QUIT {found.pid}",
            )
        time.sleep(0.02)  # starting for somebody who was killed meanwhile, or stopping
    return None
