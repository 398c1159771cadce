"""The name of a node, its end, and whether its process is known to be gone: each knows only its machine's."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from app.usecases.house import Point


def node_name(chance: str) -> str:
    """Return this process's name as a node, `machine:pid:chance`."""
    return f"{_machine()}:{os.getpid()}:{chance}"


def is_gone(node: str) -> bool:
    """Return whether a node ran on this machine and its process is gone; False when that cannot be known."""
    machine, _, pid = node.rpartition(":")[0].rpartition(":")
    if machine != _machine() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():  # our own number, from before
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def ending_at(where: str) -> Callable[[Point], None]:
    """Return what ends this process at the point `where`, as a power cut would, for the tests of crashes."""

    def reach(point: Point) -> None:
        if point == where:
            os.kill(os.getpid(), signal.SIGKILL)
            threading.Event().wait()  # the signal may come to another thread first: not a step further

    return reach


def _machine() -> str:
    """Return what names the numbers of processes: the host, on Linux with the space in which pids count.

    Two containers may share a host name; neither sees the other's processes, nor may it call them gone.
    """
    with contextlib.suppress(OSError):
        return f"{socket.gethostname()}/{Path('/proc/self/ns/pid').readlink().name.strip('pid:[]')}"
    return socket.gethostname()
