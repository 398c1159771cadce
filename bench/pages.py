"""From a customer's POST to the page at the provider, under a load that does not wait for answers.

The latency counts from the instant at which the message was due to be sent, so that a server that falls
behind cannot hide it. It ends when the simulator takes the page for the account manager's phone.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import islice
from statistics import median
from typing import Any

from app.usecases.roles import Role
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
_APART = (Role.WEB, Role.TICKETS, Role.SENDER)
# Messages a second, for how many seconds, which nodes.
_LOADS = ((50, 30, _APART), (50, 30, (Role.BOTH,)), (200, 10, _APART))
_QUICK = ((50, 6, _APART), (50, 6, (Role.BOTH,)), (200, 3, _APART))


def measure(place: Place, say: Callable[[str], None], *, quick: bool) -> Result:
    """Measure at 50 messages a second in one process, and at 50 and 200 with a node for each part.

    Each some rounds, each of these on a fresh database, after a commit's own latency.
    """
    figures: list[Figure] = []
    numbers: dict[str, object] = {}
    broken = False
    rounds = 1 if quick else 5
    for per_second, seconds, nodes in _QUICK if quick else _LOADS:
        load = f"at {per_second} messages/s, {'one process' if len(nodes) == 1 else ' + '.join(nodes)}"
        found: list[dict[str, Any]] = []
        for number in range(1, rounds + 1):
            with place.database() as database:
                commit = spread(commit_latencies(database, 100 if quick else 500))
                found.append({**_one_load(place, database, per_second, seconds, nodes), "commit_ms": commit})
            page, lost = found[-1]["page_ms"], found[-1]["lost"]
            say(f"webhook to page {load}, round {number}: {page}, lost {lost}; a commit {commit}")
        figures += _lines(load, found)
        broken |= any(each["lost"] for each in found)
        numbers[f"pages_at_{per_second}_by_{'_'.join(nodes)}"] = found
    return Result(figures=figures, broken=broken, numbers=numbers)


def _lines(load: str, found: Sequence[dict[str, Any]]) -> list[Figure]:
    """Return the lines of a load: of each figure the median of its rounds."""
    page, answer, commit = (
        {name: median(each[what][name] for each in found) for name in ("p50", "p99", "max")}
        for what in ("page_ms", "answer_ms", "commit_ms")
    )
    ratio = page["p99"] / commit["p99"]
    never, refused = (sum(each[name] for each in found) for name in ("lost", "refused"))
    lost = (f", {never} NEVER CAME" if never else "") + (f", {refused} not accepted" if refused else "")
    return [
        Figure(
            what=f"webhook to page handed to the provider {load}, p99 (p50, max)",
            value=f"{page['p99']:.0f} ms ({page['p50']:.0f}, {page['max']:.0f}){lost}",
            baseline=f"{commit['p99']:.1f} ms ({commit['p50']:.1f}): one raw commit",
            ratio=f"{ratio:.0f} x",
            goal=f"p99 < {_GOAL_MS:.0f} ms and <= {_GOAL_COMMITS:.0f} x",
            met=page["p99"] < _GOAL_MS and ratio <= _GOAL_COMMITS and not lost,
            times=min(_GOAL_MS / page["p99"], _GOAL_COMMITS / ratio),
        ),
        Figure(
            what=f"the webhook's own answer {load}, p99 (p50, max)",
            value=f"{answer['p99']:.0f} ms ({answer['p50']:.0f}, {answer['max']:.0f})",
        ),
    ]


@contextmanager
def _serving(
    place: Place, database: str, port: int, phones: str, nodes: Sequence[Role]
) -> Iterator[list[int]]:
    """Run a process for each role, of which the first serves on the port; return their process ids."""
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        ports = [port, *(free_port() for _ in nodes[1:])]
        servers = [
            place.server(database, own, phones, role=role, public_url=url)
            for role, own in zip(nodes, ports, strict=True)
        ]
        yield [stack.enter_context(server).pid for server in servers]


def _one_load(
    place: Place, database: str, per_second: int, seconds: int, nodes: Sequence[Role]
) -> dict[str, object]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (
        place.phones(port) as (simulator, phones),
        _serving(place, database, port, phones.url, nodes) as servers,
    ):
        written = [
            (mark, sms_request(url, f"SM{secrets.token_hex(16)}", phone, text))
            for mark, phone, text in islice(messages(), _WARM + per_second * seconds)
        ]
        warm, requests = written[:_WARM], written[_WARM:]
        # The first messages pay for what is loaded on first use; they are sent and not counted.
        first = asyncio.run(at_random(port, warm, 20))
        arrivals(phones, place.managers, first)
        groups = {
            "server": servers,
            "simulator": [simulator.pid],
            "postgres": place.postgres_processes(),
        }
        before = {name: cpu_seconds(pids) for name, pids in groups.items()}
        began = time.perf_counter()
        sent = asyncio.run(at_random(port, requests, per_second))
        arrived = arrivals(phones, place.managers, sent)
        took = time.perf_counter() - began
        cpu = {
            name: round((cpu_seconds(pids) - before[name]) / len(requests) * 1e6)
            for name, pids in groups.items()
        }
    latencies = [arrived[mark] - due for mark, due in sent.due.items() if mark in arrived]
    return {
        "per_second": per_second,
        "nodes": list(nodes),
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


def arrivals(phones: Client, managers: Sequence[str], sent: Sent) -> dict[str, float]:
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
