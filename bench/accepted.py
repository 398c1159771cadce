"""Durably accepted webhooks a second, against the same endpoint that stores nothing."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from statistics import median

from bench.company import messages
from bench.figures import Figure, Result
from bench.load import as_fast_as_it_goes, sms_request
from bench.place import Place
from bench.processes import Process, cpu_seconds, free_port

_CONNECTIONS = 32


def measure(place: Place, say: Callable[[str], None], *, quick: bool) -> Result:
    """Measure a web-only server and the baseline in turns."""
    rounds, size = (2, 1500) if quick else (5, 6000)
    port, baseline_port = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    rates: dict[str, list[float]] = {"stored": [], "nothing stored": []}
    cpu: dict[str, list[float]] = {"stored": [], "nothing stored": []}
    with place.database() as database:
        environment = place.environment(database, port, url)
        server = place.server(database, port, role="web")
        # It is told the server's public address: the same bytes do for both.
        baseline = Process(
            ["bench.door", str(baseline_port)], baseline_port, environment, place.home / "door.log"
        )
        with server, baseline:
            for number in range(rounds + 1):
                for name, process in (("nothing stored", baseline), ("stored", server)):
                    requests = _requests(url, size if number else size // 4)
                    before = cpu_seconds([process.pid])
                    seconds = asyncio.run(as_fast_as_it_goes(process.port, requests, _CONNECTIONS))
                    used = cpu_seconds([process.pid]) - before
                    if number == 0:
                        continue  # warming up
                    rates[name].append(len(requests) / seconds)
                    cpu[name].append(used / len(requests) * 1e6)
                    say(f"webhooks, {name}, round {number}: {rates[name][-1]:,.0f}/s")
    rate, base = median(rates["stored"]), median(rates["nothing stored"])
    figure = Figure(
        what="durably accepted webhooks, signature checked, one process",
        value=f"{rate:,.0f}/s",
        baseline=f"{base:,.0f}/s: same endpoint, nothing stored",
        ratio=f"{rate / base:.2f}",
        goal="ratio >= 0.5",
        met=rate / base >= 0.5,
        times=rate / base / 0.5,
    )
    numbers = {
        "per_second": rates,
        "ratio": rate / base,
        "server_cpu_us": {k: median(v) for k, v in cpu.items()},
    }
    return Result(figures=[figure], numbers={"accepted": numbers})


def _requests(url: str, count: int) -> list[bytes]:
    made = zip(range(count), messages(), strict=False)
    return [sms_request(url, f"SM{secrets.token_hex(16)}", phone, text) for _, (_mark, phone, text) in made]
