"""The name of a node, and whether its process is known to be gone: each knows only its own machine's."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path


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


def _machine() -> str:
    """Return what names the numbers of processes: the host, on Linux with the space in which pids count.

    Two containers may share a host name; neither sees the other's processes, nor may it call them gone.
    """
    with contextlib.suppress(OSError):
        return f"{socket.gethostname()}/{Path('/proc/self/ns/pid').readlink().name.strip('pid:[]')}"
    return socket.gethostname()
