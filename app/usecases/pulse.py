"""The pulse of one process: its signs of life, what its clock is worth, and what the dead have left behind.

Everything is measured by the database's clock. What must not live here: threads (worker/node.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from app.domain.errors import CloseloopError
from app.store import nodes as node_store
from app.store import outbox as outbox_store
from app.usecases.house import House

log = structlog.get_logger()

BEAT_SECONDS = 2.0
# After so long without a sign of life a node's claims go to others. If it was only frozen, it finds out when
# it writes its results: those count only while the claim is still its own.
SILENCE = timedelta(seconds=10)
_MISSED = timedelta(seconds=3 * BEAT_SECONDS)
_NOTABLE_SKEW = 1.0
MOST_SKEW = 5.0
"""Seconds by which a node's clock may differ from the database's; beyond that it decides nothing by time."""
_UNSURE = 1.0


class ClockSkewError(CloseloopError):
    """This machine's clock and the database's differ by more than 5 s; set both by NTP, then start again."""


class Pulse:
    """One process's beats and what it concludes from them. One thread beats, any may look."""

    def __init__(
        self, house: House, *, role: str, version: str, steady: Callable[[], float] | None = None
    ) -> None:
        """Prepare; nothing is written before the first beat.

        `steady` counts seconds, whatever the clock is set to; without it a step is seen at the next beat.
        """
        self._house, self._role, self._version = house, role, version
        self._steady = steady
        self._compared: tuple[datetime, float] | None = None
        self._last: datetime | None = None
        self._unbroken_since: datetime | None = None
        self.skew = 0.0

    @property
    def trusted(self) -> bool:
        """Return whether this process's clock may decide what is due."""
        return abs(self.skew) <= MOST_SKEW and abs(self._set_since_compared()) <= MOST_SKEW

    def _set_since_compared(self) -> float:
        """Return by how many seconds the clock was set since it was last compared with the database's.

        Between two beats there is time enough to fire whatever is due within the next hours.
        """
        if self._steady is None or self._compared is None:
            return 0.0
        at, count = self._compared
        return (self._house.clock.now() - at).total_seconds() - (self._steady() - count)

    def compare(self) -> None:
        """Compare the clocks, and leave no sign of life."""
        with self._house.begin() as connection:
            self._compare(connection)

    def beat(self) -> None:
        """Write a sign of life and compare the clocks."""
        identity = self._house.identity
        with self._house.begin() as connection:
            there = self._compare(connection)
            node_store.beat(connection, identity.node, role=self._role, version=self._version, skew=self.skew)
        if self._last is None or self._unbroken_since is None or there - self._last > _MISSED:
            self._unbroken_since = there
        self._last = there
        if not self.trusted:
            log.error("clock_skew_refused", seconds=round(self.skew, 3))
        elif abs(self.skew) > _NOTABLE_SKEW:
            log.warning("clock_skew", seconds=round(self.skew, 3))

    def check_clock(self) -> None:
        """Raise ClockSkewError if the last beat found the clocks too far apart."""
        if not self.trusted:
            raise ClockSkewError(
                f"this machine's clock is {abs(self.skew):.1f} s {'ahead of' if self.skew > 0 else 'behind'}"
                " the database's; set both by NTP, then start again",
            )

    def take_over(self, is_dead: Callable[[str], bool]) -> int:
        """Give back what lost leases, dead and silent nodes hold; return how many messages.

        `is_dead` tells whether a node is known to be gone: that needs no waiting. Others' silence counts
        only after this node has been heard for as long itself: an outage of the database silences all.
        """
        now, patient = self._house.clock.now(), self._listened_long_enough()
        with self._house.begin() as connection:
            released = outbox_store.release_expired(connection, now) if self.trusted else 0
            others = set(outbox_store.claimants(connection)) - {self._house.identity.node}
            gone = {node for node in others if is_dead(node)}
            if patient:
                gone |= node_store.silent(connection, others, SILENCE)
            released += outbox_store.release_of(connection, gone)
        if released:
            log.warning("claims_taken_over", count=released, nodes=sorted(gone))
            self._house.wake("saved")
        return released

    def leave(self) -> None:
        """Say that this process ends in order."""
        with self._house.begin() as connection:
            node_store.leave(connection, self._house.identity.node)

    def _compare(self, connection: Connection) -> datetime:
        """Measure the skew; return the present instant by the database's clock."""
        clock = self._house.clock
        before = clock.now()
        there = node_store.instant(connection)
        after = clock.now()
        if abs((after - before).total_seconds()) < _UNSURE:  # else the answer says nothing about the clock
            self.skew = ((before + (after - before) / 2) - there).total_seconds()
            self._compared = None if self._steady is None else (clock.now(), self._steady())
        return there

    def _listened_long_enough(self) -> bool:
        if self._last is None or self._unbroken_since is None:
            return False
        return self._last - self._unbroken_since >= SILENCE
