"""A clock that is set by hours under a running node: nothing fires early, nothing twice, and it is told."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue

import pytest
from sqlalchemy import Engine

from app.rulebook.revision import Rulebook
from app.usecases import intake
from app.usecases.gateways import Gateways
from app.usecases.pulse import Pulse
from app.usecases.roles import Role
from app.worker.engine import Worker
from tests.nodes import TANYA, WATER, Carrier, Lines, node, put, scalars, sms

FIRED = "SELECT count(*) FROM events WHERE kind = 'level_reached'"
HOURS = timedelta(hours=3)


@dataclass
class SetClock:
    """The machine's clock, set by so much: however long a test takes, it differs from the database's by that."""

    by: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


def measure(pulse: Pulse, skew: timedelta) -> None:
    """Beat until the clocks were compared: an answer that took long on a busy machine says nothing."""
    until = time.monotonic() + 60
    while pulse._compared is None or abs(pulse.skew - skew.total_seconds()) > 2:
        assert time.monotonic() < until, f"{pulse.skew} s"
        pulse.beat()


class NoFeeds:
    def read(self, address: str) -> bytes:
        raise AssertionError(f"nobody has a feed, and {address} was read")


@pytest.mark.parametrize("step", [HOURS, -HOURS])
def test_a_clock_that_is_set_under_a_running_node_decides_nothing_from_that_moment_on(
    company: Engine, rulebook: Rulebook, step: timedelta
) -> None:
    clock = SetClock()
    house = node(company, rulebook, clock)
    pulse = Pulse(house, role="both", version="1", steady=time.monotonic)
    carrier, forgotten = Carrier(), SimpleQueue[None]()

    def forgets() -> int:
        forgotten.put(None)
        return 0

    worker = Worker(
        house,
        Gateways(sms=carrier, mail=carrier, calls=Lines()),
        pulse,
        role=Role.BOTH,
        feeds=NoFeeds(),
        nightly=forgets,
    )
    decides = (
        worker._inbox,
        worker._timers,
        worker._oncall,
        worker._reconcile,
        worker._coverage,
        worker._nightly,
    )

    def tick() -> int:
        return sum(loop._work() for loop in decides)

    measure(pulse, timedelta(0))
    put(house, sms(TANYA, WATER, clock.now()))
    assert tick() == 1
    assert forgotten.qsize() == 1
    before = scalars(company, FIRED)
    looked = scalars(company, "SELECT count(*) FROM ledger")
    # Set between two beats: the work that comes next rests already.
    clock.by += step
    put(house, sms(TANYA, "is somebody coming?", clock.now() - step))
    assert not pulse.trusted
    assert tick() == 0
    measure(pulse, step)
    assert not pulse.trusted, "the beat finds the same"
    assert tick() == 0
    assert scalars(company, FIRED) == before
    assert forgotten.qsize() == 1, "nothing is forgotten before its time"
    assert scalars(company, "SELECT count(*) FROM inbox WHERE state = 'new'") == [1]
    assert scalars(company, "SELECT count(*) FROM ledger") == looked, "nothing was done for another hour"
    [told] = scalars(company, "SELECT skew_seconds FROM nodes")
    assert abs(told - step.total_seconds()) < 60
    # Set right again, and compared: all goes on, and what waited happens once.
    clock.by -= step
    measure(pulse, timedelta(0))
    assert pulse.trusted
    assert tick() == 1
    assert scalars(company, "SELECT count(*) FROM inbox WHERE state = 'new'") == [0]
    assert scalars(company, FIRED) == before


def test_a_step_that_a_beat_has_measured_against_the_database_is_forgotten(
    company: Engine, rulebook: Rulebook
) -> None:
    """A machine that was suspended: its clock jumps and is right."""
    clock = SetClock(-HOURS)
    house = node(company, rulebook, clock)
    pulse = Pulse(house, role="both", version="1", steady=time.monotonic)
    measure(pulse, -HOURS)
    put(house, sms(TANYA, WATER, clock.now()))
    clock.by += HOURS
    assert not pulse.trusted
    measure(pulse, timedelta(0))
    assert pulse.trusted
    assert intake.handle_waiting(house) == 1
