"""Whether the promises hold now: the answer of `/readyz`, figures for `/metrics`, the word for the heartbeat.

It asks for outcomes, not for life: a process that runs and sends nothing is not well. What must not live
here: HTTP (web/probes.py), repairs (reconcile.py).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from app.store import lanes as lane_store
from app.store import nodes as node_store
from app.store import reconcile as reconcile_store
from app.store.lanes import HeldBack
from app.store.nodes import Node
from app.store.reconcile import Queue
from app.usecases.house import House
from app.usecases.pulse import MOST_SKEW, SILENCE, Pulse
from app.usecases.reconcile import LATEST
from app.usecases.roles import Role

log = structlog.get_logger()

# Notices may wait: for the message before them, for a provider that says "later".
_PATIENCE = {"notices": 300.0, "receipts": 120.0, "held": 3600.0}
_REMEDIES = {
    "held": "they wait for their number's pace: see CLOSELOOP_TEXTS_PER_SECOND, or let more numbers send"
}
_FRESH_SECONDS = 2.0  # one look answers all who ask within it


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as promised, in one line, and what whoever runs Closeloop does about it."""

    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one moment; without a database only the one problem."""

    problems: tuple[Problem, ...]
    queues: tuple[Queue, ...] = ()
    nodes: tuple[Node, ...] = ()
    held: tuple[HeldBack, ...] = ()


class Beacon(Protocol):
    """Somebody outside who alarms when no call has come for a while."""

    def call(self) -> None:
        """Say that all is well; never raises."""


class Health:
    """Looks at the database's promises, at most every two seconds. Any thread may ask."""

    def __init__(self, house: House, pulse: Pulse) -> None:
        """Watch this house."""
        self._house, self._pulse = house, pulse
        self._lock = threading.Lock()
        self._seen: Look | None = None
        self._seen_at = 0.0

    @property
    def skew(self) -> float:
        """Return how many seconds this process's clock is ahead of the database's."""
        return self._pulse.skew

    def look(self) -> Look:
        """Return how things stand."""
        with self._lock:
            if self._seen is None or time.monotonic() - self._seen_at > _FRESH_SECONDS:
                self._seen = self._look()
                self._seen_at = time.monotonic()
            return self._seen

    def well(self) -> bool:
        """Return whether all promises hold; if not, it is logged why."""
        problems = self.look().problems
        if problems:
            log.error("not_well", problems=[p.what for p in problems])
        return not problems

    def tell(self, beacon: Beacon) -> None:
        """Call the dead-man's switch, unless a promise is broken: its silence is the alarm."""
        if self.well():
            beacon.call()

    def _look(self) -> Look:
        try:
            with self._house.begin() as connection:
                queues = reconcile_store.queues(connection, self._house.clock.now())
                broken = reconcile_store.broken(connection)
                nodes = node_store.known(connection)
                held = lane_store.held_back(connection, self._house.clock.now())
        except SQLAlchemyError as error:
            words = str(getattr(error, "orig", None) or error).strip().splitlines()
            what = f"the database does not answer ({words[0] if words else 'no reason given'})"
            return Look((Problem(what, "start it, or correct CLOSELOOP_DATABASE_URL"),))
        return Look(tuple(self._problems(queues, broken, nodes)), tuple(queues), tuple(nodes), tuple(held))

    def _problems(
        self, queues: list[Queue], broken: dict[str, list[int]], nodes: list[Node]
    ) -> Iterator[Problem]:
        if not self._pulse.trusted:
            what = f"this node's clock is {self._pulse.skew:+.1f} s off the database's"
            yield Problem(what, f"set both by NTP; beyond {MOST_SKEW:.0f} s it decides nothing")
        alive = [n for n in nodes if n.silent_seconds < SILENCE.total_seconds()]
        known = {Role(n.role) for n in alive if n.role in set(Role)}
        if not any(role.handles for role in known):
            yield Problem("no worker has been heard of for 10 s", "start one: closeloop serve --role worker")
        elif not any(role.sends for role in known):
            yield Problem("no sender has been heard of for 10 s", "start one: closeloop serve --role sender")
        for kind, ids in broken.items():
            what = f"{kind}: {len(ids)}, such as {ids[0]}"
            yield Problem(what, "the reconciler mends it within a minute; if not, read the worker's log")
        for queue in queues:
            if queue.late_seconds > _PATIENCE.get(queue.name, LATEST.total_seconds()):
                what = f"{queue.name}: {queue.waiting} wait, the oldest for {queue.late_seconds:.0f} s"
                remedy = "read the worker's log; add a worker if it is only too much"
                yield Problem(what, _REMEDIES.get(queue.name, remedy))


class Figures(Collector):
    """The figures that the database knows, for Prometheus; asked for at each scrape."""

    def __init__(self, health: Health) -> None:
        """Show what `health` sees."""
        self._health = health

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges."""
        look = self._health.look()
        yield GaugeMetricFamily("closeloop_ready", "1 while all promises hold.", float(not look.problems))
        skew = self._health.skew
        yield GaugeMetricFamily("closeloop_clock_skew_seconds", "Ahead of the database's clock.", skew)
        waiting = GaugeMetricFamily(
            "closeloop_queue_waiting", "How many are due, by queue.", labels=["queue"]
        )
        late = GaugeMetricFamily(
            "closeloop_queue_late_seconds", "For how long the oldest has been due.", labels=["queue"]
        )
        for queue in look.queues:
            waiting.add_metric([queue.name], queue.waiting)
            late.add_metric([queue.name], queue.late_seconds)
        yield waiting
        yield late
        held = GaugeMetricFamily(
            "closeloop_held_back",
            "Messages that wait for their lane's turn, by what its provider said.",
            labels=["lane", "code"],
        )
        for each in look.held:
            held.add_metric([each.lane, each.code], each.waiting)
        yield held
        nodes = GaugeMetricFamily(
            "closeloop_node_silent_seconds", "Since its last beat.", labels=["node", "role"]
        )
        for node in look.nodes:
            nodes.add_metric([node.node, node.role], node.silent_seconds)
        yield nodes
