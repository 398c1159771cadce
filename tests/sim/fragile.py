"""A node that can die, or lose its database, between any two transactions and at each named point."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from app.usecases.gateways import Gateways
from app.usecases.house import House
from app.usecases.pulse import Pulse
from tests.sim.agenda import NodeClock


class NodeDiedError(BaseException):
    """The process is gone: nothing that it would have done after this happens."""


def connection_lost() -> OperationalError:
    """Return what SQLAlchemy raises when the database's answer never comes."""
    lost = psycopg.OperationalError("consuming input failed: server closed the connection unexpectedly")
    return OperationalError("(simulated)", {}, lost)


class FragileHouse(House):
    """A house that asks `fate` before, in and after each transaction whether it goes on."""

    def __init__(self, *, fate: Callable[[str], None], **given: Any) -> None:
        super().__init__(**given)
        self._fate = fate

    def begin(self) -> AbstractContextManager[Connection]:
        return self._begin()

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        self._fate("before")
        with self.engine.begin() as connection:
            yield connection
            self._fate("uncommitted")
        self._fate("committed")


class AtOnce(Executor):
    """Senders without threads: what is handed over is done before anything else is."""

    def map(self, fn: Callable[..., Any], *given: Iterable[Any], **_options: Any) -> Iterator[Any]:
        return iter([fn(*each) for each in zip(*given, strict=True)])


class Node:
    """One process of Closeloop, rebuilt after each death under a new name."""

    def __init__(self, name: str, clock: NodeClock, build: Callable[[Node], FragileHouse]) -> None:
        self.base, self.clock = name, clock
        self._build = build
        self.lives = 0
        self.up = False
        self.hit = False  # whether a fault was put into what it does now
        self.house: FragileHouse
        self.pulse: Pulse
        self.gateways: Gateways
        self.senders = AtOnce()

    @property
    def name(self) -> str:
        return f"{self.base}:{self.lives}"

    def start(self) -> None:
        self.lives += 1
        self.house = self._build(self)
        self.pulse = Pulse(self.house, role="both", version="sim")
        self.up = True
