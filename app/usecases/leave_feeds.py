"""Each person's calendar feed is read every hour; what it says is their leave.

A feed that cannot be read keeps what it said last, and whoever is on duty hears it once. Nothing is fetched
inside a transaction. What must not live here: fetching (providers/feeds.py), what counts (leave_calendar.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from app.domain.directory import Person
from app.domain.errors import CloseloopError
from app.domain.texts import TextId
from app.ports import FeedReader
from app.store import directory as directory_store
from app.store import leave_feeds as store
from app.store import outbox as outbox_store
from app.store.leave_feeds import Due
from app.usecases.house import House
from app.usecases.leave import replace_leave
from app.usecases.leave_calendar import read_calendar
from app.usecases.wording import Wording, clock_text

EVERY: Final = timedelta(hours=1)
_AGAIN: Final = timedelta(minutes=10)
_LEASE: Final = timedelta(minutes=2)
SOURCE: Final = "feed"
_BY: Final = "system"


def read_feed(house: House, reader: FeedReader) -> int:
    """Read one feed that is due; return how many were."""
    now = house.clock.now()
    with house.begin() as connection:
        if directory_store.read_version(connection) == 0:
            return 0
        people = house.roster(connection).directory.people
        wanted = {p.key: p.leave_feed for p in people.values() if p.active and p.leave_feed}
        ended = store.know(connection, wanted, now)
        due = store.claim(connection, now, now + _LEASE)
    for key in ended:
        replace_leave(house, key, SOURCE, [], by=_BY)
    if due is None:
        return len(ended)
    person = people[due.person]
    try:
        entries = read_calendar(reader.read(due.url), person.timezone, now)
        replace_leave(house, due.person, SOURCE, entries, by=_BY)
    except CloseloopError as error:
        _failed(house, person, due, str(error))
    else:
        with house.begin() as connection:
            store.succeeded(connection, due.person, house.clock.now(), now + EVERY)
    return 1


def _failed(house: House, person: Person, due: Due, problem: str) -> None:
    now = house.clock.now()
    with house.begin() as connection:
        store.failed(connection, due.person, problem[:300], now, now + _AGAIN)
        if due.failing_since is None:
            _tell(house, connection, person, problem, now)
    house.wake("saved")


def _tell(house: House, connection: Connection, person: Person, problem: str, now: datetime) -> None:
    roster = house.roster(connection)
    wording = Wording(house, roster.directory, now)
    for key in roster.alarmed(now):
        duty = roster.directory.people[key]
        facts = {"name": person.name, "reason": problem, "time": clock_text(now, now, duty.timezone)}
        outbox_store.put(connection, wording.notice(duty, TextId.LEAVE_FEED_FAILED, **facts))
