"""Nodes that fall silent, freeze or have a wrong clock; wake-ups across processes and cut connections."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue

import pytest
from sqlalchemy import Engine, text

from app.ports import MailOut, SmsOut
from app.rulebook.revision import Rulebook
from app.store import nodes
from app.store.claims import Wanted, claim_due
from app.usecases import delivery, intake, pulse
from app.usecases.gateways import Gateways
from app.usecases.house import House
from app.usecases.pulse import ClockSkewError, Pulse
from app.worker.node import Bell, Ear
from tests.nodes import TANYA, WATER, Carrier, Clock, node, put, scalars, sms


@dataclass(frozen=True)
class Ahead:
    """A clock that goes, and is wrong by so much."""

    by: timedelta

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


def alive(_node: str) -> bool:
    return False


def pulse_of(house: House) -> Pulse:
    return Pulse(house, role="both", version="1")


def later(engine: Engine, seconds: float, of: str = "") -> None:
    """Let that much time pass since the last sign of life of one node, or of all."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE nodes SET seen_at = seen_at - make_interval(secs => :s) WHERE node = :n OR :n = ''"),
            {"s": seconds, "n": of},
        )


def test_a_frozen_nodes_claims_go_to_another_and_its_late_results_count_for_nothing(
    company: Engine, rulebook: Rulebook, senders: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = Clock(datetime.now(UTC))
    one, two = node(company, rulebook, now), node(company, rulebook, now, "two")
    frozen, awake = pulse_of(one), pulse_of(two)
    put(one, sms(TANYA, WATER, now.at))
    intake.handle_waiting(one)
    frozen.beat()
    awake.beat()
    again = Carrier()

    def freeze(_message: SmsOut | MailOut) -> str | None:
        """While the first node waits for its provider, it stands still, and the other one goes on."""
        later(company, 11, of="one")
        awake.beat()
        assert awake.take_over(alive) == 0, "it has not listened long enough to call anybody silent"
        monkeypatch.setattr(pulse, "SILENCE", timedelta(0))
        later(company, 11, of="one")
        assert awake.take_over(alive) == 1
        with ThreadPoolExecutor(2) as others:
            assert (
                delivery.send_pending(two, Gateways(sms=again, mail=again, calls=again), others, pages=True)
                == 1
            )
        return None

    first = Carrier(freeze)
    delivery.send_pending(one, Gateways(sms=first, mail=first, calls=first), senders, pages=True)
    assert [m.outbox_id for m in first.taken] == [m.outbox_id for m in again.taken]
    sent = "SELECT attempts FROM outbox WHERE rank = 0 AND state = 'sent' AND claimed_by = ''"
    assert scalars(company, sent) == [2]


def test_an_outage_of_the_database_makes_nobody_silent_to_the_first_one_back(
    company: Engine, rulebook: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = Clock(datetime.now(UTC))
    one, two = node(company, rulebook, now), node(company, rulebook, now, "two")
    put(one, sms(TANYA, WATER, now.at))
    intake.handle_waiting(one)
    with one.begin() as connection:
        lease = timedelta(minutes=1)
        claim_due(connection, Wanted(now.at, lease, "one", 9, pages=True))
    ours, theirs = pulse_of(two), pulse_of(one)
    theirs.beat()
    ours.beat()
    monkeypatch.setattr(pulse, "_MISSED", timedelta(0))  # it was away between any two beats
    later(company, 60)
    ours.beat()
    assert ours.take_over(alive) == 0
    assert ours.take_over(lambda name: name == "one") == 1, "who is known to be dead is not waited for"


@pytest.mark.parametrize(("ahead", "fine"), [(0, True), (4, True), (-7, False), (3600, False)])
def test_a_clock_that_is_far_off_decides_nothing(
    company: Engine, rulebook: Rulebook, ahead: float, fine: bool
) -> None:
    house = node(company, rulebook, Ahead(timedelta(seconds=ahead)))
    mine = pulse_of(house)
    mine.beat()
    until = time.monotonic() + 60
    while abs(mine.skew - ahead) > 1 and time.monotonic() < until:
        mine.beat()  # on a busy machine an answer may take too long to say anything about the clock
    assert mine.trusted is fine
    with company.connect() as connection:
        (seen,) = nodes.known(connection)
    assert abs(seen.skew_seconds - ahead) < 3
    if fine:
        mine.check_clock()
    else:
        with pytest.raises(ClockSkewError, match=r"s (ahead of|behind) the database's; set both by NTP"):
            mine.check_clock()
    mine.leave()
    assert scalars(company, "SELECT count(*) FROM nodes") == [0]


def test_a_wake_up_reaches_another_process_also_after_its_connection_was_cut(
    company: Engine, rulebook: Rulebook
) -> None:
    house = node(company, rulebook, Clock())
    heard: SimpleQueue[str] = SimpleQueue()
    ear, bell = Ear(house, heard.put), Bell(house)
    ear.start()
    bell.start()
    at_connecting = [heard.get(timeout=60) for _ in range(3)]
    bell.wake("inbox")
    assert heard.get(timeout=60) == "inbox"
    with company.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%' OR query = 'SELECT 1'"
            )
        )
    assert [heard.get(timeout=60) for _ in range(3)] == at_connecting, (
        "what it missed meanwhile is looked for"
    )
    bell.wake("saved")
    assert heard.get(timeout=60) == "saved"
    stopping = threading.Thread(target=lambda: (bell.stop(), ear.stop()))
    stopping.start()
    stopping.join(60)
    assert not stopping.is_alive()
