"""A clock that is set by hours under a running node: nothing fires early, nothing twice, and it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from app.rulebook.revision import Rulebook
from app.usecases import intake
from app.usecases.gateways import Gateways
from app.usecases.pulse import Pulse
from app.worker.engine import Worker
from tests.nodes import TANYA, WATER, Carrier, Clock, Lines, node, put, scalars, sms

FIRED = "SELECT count(*) FROM events WHERE kind = 'level_reached'"
HOURS = timedelta(hours=3)


class Steady:
    """Counts seconds, whatever the clock is set to."""

    count = 0.0

    def __call__(self) -> float:
        return self.count


class NoFeeds:
    def read(self, address: str) -> bytes:
        raise AssertionError(f"nobody has a feed, and {address} was read")


@pytest.mark.parametrize("step", [HOURS, -HOURS])
def test_a_clock_that_is_set_under_a_running_node_decides_nothing_from_that_moment_on(
    company: Engine, rulebook: Rulebook, step: timedelta
) -> None:
    clock, steady = Clock(datetime.now(UTC)), Steady()
    house = node(company, rulebook, clock)
    pulse = Pulse(house, role="both", version="1", steady=steady)
    carrier = Carrier()
    worker = Worker(house, Gateways(sms=carrier, mail=carrier, calls=Lines()), pulse, feeds=NoFeeds())
    decides = (worker._inbox, worker._timers, worker._oncall, worker._reconcile, worker._coverage)

    def tick() -> int:
        return sum(loop._work() for loop in decides)

    pulse.beat()
    put(house, sms(TANYA, WATER, clock.at))
    assert tick() == 1
    before = scalars(company, FIRED)
    looked = scalars(company, "SELECT count(*) FROM ledger")
    # Set between two beats: the work that comes next rests already.
    clock.at += step
    put(house, sms(TANYA, "is somebody coming?", clock.at - step))
    assert not pulse.trusted
    assert tick() == 0
    pulse.beat()
    assert not pulse.trusted, "the beat finds the same"
    assert tick() == 0
    assert scalars(company, FIRED) == before
    assert scalars(company, "SELECT count(*) FROM inbox WHERE state = 'new'") == [1]
    assert scalars(company, "SELECT count(*) FROM ledger") == looked, "nothing was done for another hour"
    [told] = scalars(company, "SELECT skew_seconds FROM nodes")
    assert abs(told - step.total_seconds()) < 60
    # Set right again, and compared: all goes on, and what waited happens once.
    clock.at -= step
    pulse.beat()
    assert pulse.trusted
    assert tick() == 1
    assert scalars(company, "SELECT count(*) FROM inbox WHERE state = 'new'") == [0]
    assert scalars(company, FIRED) == before
    # Time that passes is no step, and neither is what a clock drifts.
    clock.at += timedelta(seconds=1)
    steady.count += 2.5
    assert pulse.trusted


def test_a_step_that_a_beat_has_measured_against_the_database_is_forgotten(
    company: Engine, rulebook: Rulebook
) -> None:
    """A machine that was suspended: its clock jumps and is right."""
    clock, steady = Clock(datetime.now(UTC) - HOURS), Steady()
    house = node(company, rulebook, clock)
    pulse = Pulse(house, role="both", version="1", steady=steady)
    pulse.beat()
    put(house, sms(TANYA, WATER, clock.at))
    clock.at += HOURS
    assert not pulse.trusted
    pulse.beat()
    assert pulse.trusted
    assert intake.handle_waiting(house) == 1
