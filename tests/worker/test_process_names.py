"""Which nodes a process may call gone: only those whose pids it can see."""

from __future__ import annotations

import subprocess
import sys

from app.worker.process import is_gone, node_name


def test_a_process_calls_gone_only_what_ran_where_it_can_look() -> None:
    mine = node_name("abc")
    machine, _, _ = mine.rpartition(":")[0].rpartition(":")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as running:
        assert not is_gone(f"{machine}:{running.pid}:1")
        running.communicate(b"\n")
    assert is_gone(f"{machine}:{ended.pid}:1")
    assert is_gone(mine), "our own number, from before"
    assert not is_gone(f"another-{machine}:{ended.pid}:1")
    assert not is_gone(f"{machine}0:{ended.pid}:1"), "another container's pids are not ours to look up"
    for nonsense in ("", "one", "two:three", f"{machine}:x:1", "::"):
        assert not is_gone(nonsense)
