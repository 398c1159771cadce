"""What a server costs while nothing happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from bench.figures import Figure, Result
from bench.place import Place
from bench.processes import cpu_seconds, free_port, resident_mb

_MOST_PERCENT, _MOST_MB = 2, 200


def measure(place: Place, say: Callable[[str], None], *, quick: bool) -> Result:
    """Measure processor time and memory of a server and of its database without any work."""
    rounds, seconds = (1, 4) if quick else (5, 20)
    port = free_port()
    shares: dict[str, list[float]] = {"server": [], "postgres": []}
    with place.database() as database, place.server(database, port) as server:
        time.sleep(2)  # what it does at its start is over
        groups = {"server": [server.pid], "postgres": place.postgres_processes()}
        for _ in range(rounds):
            before = {name: cpu_seconds(pids) for name, pids in groups.items()}
            time.sleep(seconds)
            for name, pids in groups.items():
                shares[name].append((cpu_seconds(pids) - before[name]) / seconds * 100)
        memory = resident_mb(server.pid)
    share = {name: median(each) for name, each in shares.items()}
    say(f"idle: server {share['server']:.1f} % of one core, {memory:.0f} MB")
    figure = Figure(
        what="a server without work: processor, memory",
        value=f"{share['server']:.1f} % of one core (its PostgreSQL {share['postgres']:.1f} %),"
        f" {memory:.0f} MB",
        goal="< 2 % of one core, < 200 MB",
        met=share["server"] < _MOST_PERCENT and memory < _MOST_MB,
        times=min(_MOST_PERCENT / max(share["server"], 0.01), _MOST_MB / max(memory, 1)),
    )
    return Result(figures=[figure], numbers={"idle": {"cpu_percent": shares, "resident_mb": memory}})
