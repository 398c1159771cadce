"""From a customer's POST to the page at the provider, under a load that does not wait for answers.

The latency counts from the instant at which the message was due to be sent, so that a server that falls
behind cannot hide it. It ends when the simulator takes the page for the account manager's phone.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice

from bench.commits import commit_latencies
from bench.company import messages
from bench.figures import Figure, Result, spread
from bench.load import Sent, at_random, sms_request
from bench.place import Place
from bench.processes import cpu_seconds, free_port
from simulator.client import Client

_MARK = re.compile(r"\bzx[b-w]{5}\b")
_GOAL_MS, _GOAL_COMMITS = 500.0, 30.0
_PATIENCE = 120.0
_WARM = 60


def measure(place: Place, say: Callable[[str], None], *, quick: bool) -> Result:
    """Measure at 50 and at 200 messages a second, each on a fresh database, after a commit's own latency."""
    figures: list[Figure] = []
    numbers: dict[str, object] = {}
    broken = False
    for per_second, seconds in ((50, 6), (200, 3)) if quick else ((50, 30), (200, 10)):
        with place.database() as database:
            commit = spread(commit_latencies(database, 100 if quick else 500))
            say(f"one raw commit: p50 {commit['p50']} ms, p99 {commit['p99']} ms")
            found = _one_load(place, database, per_second, seconds)
        page = found["page_ms"]
        assert isinstance(page, dict)
        say(f"webhook to page at {per_second}/s: {page}, lost {found['lost']}")
        figures += _lines(per_second, found, page, commit)
        broken |= bool(found["lost"])
        numbers[f"pages_at_{per_second}"] = {**found, "commit_ms": commit}
    return Result(figures=figures, broken=broken, numbers=numbers)


def _lines(
    per_second: int, found: dict[str, object], page: dict[str, float], commit: dict[str, float]
) -> list[Figure]:
    ratio = page["p99"] / commit["p99"]
    answer = found["answer_ms"]
    assert isinstance(answer, dict)
    lost = f", {found['lost']} NEVER CAME" if found["lost"] else ""
    lost += f", {found['refused']} not accepted" if found["refused"] else ""
    return [
        Figure(
            what=f"webhook to page handed to the provider at {per_second} messages/s, p99 (p50, max)",
            value=f"{page['p99']:.0f} ms ({page['p50']:.0f}, {page['max']:.0f}){lost}",
            baseline=f"{commit['p99']:.1f} ms ({commit['p50']:.1f}): one raw commit",
            ratio=f"{ratio:.0f} x",
            goal=f"p99 < {_GOAL_MS:.0f} ms and <= {_GOAL_COMMITS:.0f} x",
            met=page["p99"] < _GOAL_MS and ratio <= _GOAL_COMMITS and not lost,
        ),
        Figure(
            what=f"the webhook's own answer at {per_second} messages/s, p99 (p50, max)",
            value=f"{answer['p99']:.0f} ms ({answer['p50']:.0f}, {answer['max']:.0f})",
        ),
    ]


def _one_load(place: Place, database: str, per_second: int, seconds: int) -> dict[str, object]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with place.phones(port) as (simulator, phones), place.server(database, port, phones.url) as server:
        written = [
            (mark, sms_request(url, f"SM{secrets.token_hex(16)}", phone, text))
            for mark, phone, text in islice(messages(), _WARM + per_second * seconds)
        ]
        warm, requests = written[:_WARM], written[_WARM:]
        # The first messages pay for what is loaded on first use; they are sent and not counted.
        first = asyncio.run(at_random(port, warm, 20))
        _arrivals(phones, place.managers, first)
        groups = {
            "server": [server.pid],
            "simulator": [simulator.pid],
            "postgres": place.postgres_processes(),
        }
        before = {name: cpu_seconds(pids) for name, pids in groups.items()}
        began = time.perf_counter()
        sent = asyncio.run(at_random(port, requests, per_second))
        arrived = _arrivals(phones, place.managers, sent)
        took = time.perf_counter() - began
        cpu = {
            name: round((cpu_seconds(pids) - before[name]) / len(requests) * 1e6)
            for name, pids in groups.items()
        }
    latencies = [arrived[mark] - due for mark, due in sent.due.items() if mark in arrived]
    return {
        "per_second": per_second,
        "messages": len(requests),
        "page_ms": spread(latencies),
        "answer_ms": spread(list(sent.answered.values())),
        # Promise 1 is about what was answered with 200; a provider repeats the rest.
        "lost": len(sent.answered.keys() - arrived.keys()),
        "refused": len(requests) - len(sent.answered),
        "errors": sent.errors[:5],
        "generator_late_ms": round(sent.latest * 1000, 2),
        "seconds_until_all_arrived": round(took, 2),
        "cpu_us_a_message": cpu,
    }


def _arrivals(phones: Client, managers: Sequence[str], sent: Sent) -> dict[str, float]:
    """Wait until each message's page has come; return when it came first (wall clock), by mark."""
    ends = time.monotonic() + _PATIENCE
    while True:
        arrived: dict[str, float] = {}
        for manager in managers:
            for text in phones.phone(manager).messages:
                mark = _MARK.search(text["body"])
                if mark is not None and text["direction"] == "to_phone":
                    arrived.setdefault(mark.group(), datetime.fromisoformat(text["at"]).timestamp())
        if sent.answered.keys() <= arrived.keys() or time.monotonic() > ends:
            return arrived
        time.sleep(1.0)
