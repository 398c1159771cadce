"""Virtual time: what happens when, clocks that can be wrong, ids in order. Nothing here waits."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random


@dataclass
class Agenda:
    """What the world does at which instant, in that order; `now` moves only when `run_until` is called."""

    now: datetime
    _items: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)

    def at(self, instant: datetime, do: Callable[[], object]) -> None:
        heapq.heappush(self._items, (max(instant, self.now), next(self._numbers), do))

    def after(self, delay: timedelta, do: Callable[[], object]) -> None:
        self.at(self.now + delay, do)

    @property
    def next_at(self) -> datetime | None:
        return self._items[0][0] if self._items else None

    def run_due(self) -> None:
        while self._items and self._items[0][0] <= self.now:
            heapq.heappop(self._items)[2]()


@dataclass
class NodeClock:
    """A node's clock, ahead of the world's by `skew`."""

    agenda: Agenda
    skew: timedelta = timedelta(0)

    def now(self) -> datetime:
        return self.agenda.now + self.skew


@dataclass
class SeededIds:
    """Ids that grow across all nodes and chance from a seed, so that a world can be played again.

    `drawn` is called each time that an id is asked for: in the middle of somebody's transaction.
    """

    chances: Random
    drawn: Callable[[], None] = lambda: None
    _numbers: count[int] = field(default_factory=lambda: count(1 << 40))

    def next(self) -> int:
        self.drawn()
        return next(self._numbers)

    def chance(self) -> float:
        return self.chances.random()

    def token(self, length: int = 22) -> str:
        return "".join(self.chances.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(length))
