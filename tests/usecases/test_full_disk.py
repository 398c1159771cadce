"""A disk that is full under PostgreSQL: what is not stored is not accepted, what is stored waits, nothing is lost.

The error is the server's own (SQLSTATE 53100), raised where a row would be written, so that it can be had on every
machine; what is before it (libpq, the driver, SQLAlchemy, our reading of the code) is real.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from app.ports import Accepted, StorageUnavailableError
from app.rulebook.revision import Rulebook
from app.store import outbox as outbox_store
from app.usecases import delivery, intake, timers
from app.usecases.accept import InboxWriter
from app.usecases.gateways import Gateways
from tests import promises
from tests.nodes import DANA, NIGHT, PRIYA, TANYA, WATER, Carrier, Lines, minutes, node, put, scalars, sms

_FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device' USING ERRCODE = '53100';
END $$
"""
TABLES = ("inbox", "tickets", "events", "timers", "outbox", "delivery_attempts", "audit", "clocks")


def fill(engine: Engine) -> None:
    """Let no row be written."""
    with engine.begin() as connection:
        connection.exec_driver_sql(_FULL)
        for table in TABLES:
            connection.exec_driver_sql(
                f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION full_disk()"
            )


def make_room(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP FUNCTION full_disk() CASCADE")


@contextmanager
def full_disk(engine: Engine) -> Iterator[None]:
    fill(engine)
    yield
    make_room(engine)


@dataclass
class PassingClock:
    """Goes on by so much with each look: whoever tries again until a lease ends need not wait for it."""

    at: datetime = NIGHT
    pace: timedelta = timedelta(0)

    def now(self) -> datetime:
        self.at += self.pace
        return self.at


def test_a_full_disk_loses_nothing_and_all_goes_on_when_there_is_room(
    company: Engine, rulebook: Rulebook
) -> None:
    clock, carrier, lines = PassingClock(), Carrier(), Lines()
    house = node(company, rulebook, clock)
    writer = InboxWriter(house)
    writer.start()
    try:
        with full_disk(company), pytest.raises(StorageUnavailableError):
            asyncio.run(writer.accept([sms(TANYA, WATER)]))
        assert scalars(company, "SELECT count(*) FROM inbox") == [0]
        assert asyncio.run(writer.accept([sms(TANYA, WATER)])) == [Accepted.NEW]
    finally:
        writer.stop()
    # Stored, and no room for what it leads to: it waits and stays the next one.
    with full_disk(company):
        for _ in range(8):
            with pytest.raises(OperationalError):
                intake.handle_waiting(house)
    assert scalars(company, "SELECT state FROM inbox") == ["new"]
    assert intake.handle_waiting(house) == 1
    assert scalars(company, "SELECT state FROM tickets") == ["new"]
    assert scalars(company, "SELECT outcome FROM inbox") == [""], "it is a ticket like any other"

    def send(*, pages: tuple[bool, ...] = (True, False)) -> None:
        with ThreadPoolExecutor(2) as senders:
            gateways = Gateways(sms=carrier, mail=carrier, calls=lines)
            for which in pages:
                delivery.send_pending(house, gateways, senders, pages=which)

    # A timer that cannot be written down has not fired.
    send()
    clock.at += minutes(11)
    with full_disk(company), pytest.raises(OperationalError):
        timers.fire_due(house)
    levels = "SELECT count(*) FROM events WHERE kind = 'level_reached'"
    assert scalars(company, levels) == [1]
    assert timers.fire_due(house) == 1
    assert scalars(company, levels) == [2]
    # Claimed and sent, and the disk is full before the result is written: a lease later it is looked up and sent.
    clock.pace = timedelta(seconds=30)
    house.reach = lambda point: fill(company) if point == "outbox.sent" else None
    send(pages=(True,))
    house.reach = lambda _point: None
    make_room(company)
    clock.pace = timedelta(0)
    assert scalars(company, "SELECT count(*) FROM outbox WHERE state = 'sending'") != [0]
    assert [call.to for call in lines.placed] == [DANA, PRIYA]
    clock.at += minutes(5)
    with house.begin() as connection:
        outbox_store.release_expired(connection, clock.at)
    send()
    send()
    put(house, sms(PRIYA, "1", clock.at))
    intake.handle_waiting(house)
    send()
    promises.check(company, clock.at)
    assert scalars(company, "SELECT state FROM tickets") == ["acknowledged"]
