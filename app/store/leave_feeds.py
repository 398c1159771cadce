"""Rows of calendar feeds: which there are, which is due, which cannot be read since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from app.store.oncall_tables import leave_feeds


@dataclass(frozen=True, slots=True)
class Due:
    """A feed to read now; `failing_since` when it could not be read the last time."""

    person: str
    url: str
    failing_since: datetime | None


def know(connection: Connection, wanted: Mapping[str, str], now: datetime) -> list[str]:
    """Bring the rows to what the directory says (person -> address); return who has a feed no longer."""
    known = {
        row.person: row.url for row in connection.execute(select(leave_feeds.c.person, leave_feeds.c.url))
    }
    ended = sorted(known.keys() - wanted.keys())
    if ended:
        connection.execute(delete(leave_feeds).where(leave_feeds.c.person.in_(ended)))
    new = [
        {"person": person, "url": url, "next_at": now}
        for person, url in sorted(wanted.items())
        if known.get(person) != url
    ]
    if new:
        added = insert(leave_feeds).values(new)
        values = {"url": added.excluded.url, "next_at": now, "failing_since": None, "problem": ""}
        connection.execute(added.on_conflict_do_update(index_elements=["person"], set_=values))
    return ended


def claim(connection: Connection, now: datetime, until: datetime) -> Due | None:
    """Return a feed that is due, which no other node reads before `until`; None when none is."""
    row = connection.execute(
        select(leave_feeds.c.person, leave_feeds.c.url, leave_feeds.c.failing_since)
        .where(leave_feeds.c.next_at <= now)
        .order_by(leave_feeds.c.next_at)
        .limit(1)
        .with_for_update(skip_locked=True),
    ).first()
    if row is None:
        return None
    connection.execute(update(leave_feeds).where(leave_feeds.c.person == row.person).values(next_at=until))
    return Due(row.person, row.url, row.failing_since)


def succeeded(connection: Connection, person: str, now: datetime, next_at: datetime) -> None:
    """Note that a feed was read."""
    values = {"read_at": now, "next_at": next_at, "failing_since": None, "problem": ""}
    connection.execute(update(leave_feeds).where(leave_feeds.c.person == person).values(values))


def failed(connection: Connection, person: str, problem: str, now: datetime, next_at: datetime) -> None:
    """Note that a feed could not be read, and since when."""
    since = leave_feeds.c.failing_since
    connection.execute(
        update(leave_feeds)
        .where(leave_feeds.c.person == person, since.is_(None))
        .values(failing_since=now, problem=problem, next_at=next_at),
    )
    connection.execute(
        update(leave_feeds)
        .where(leave_feeds.c.person == person, since.is_not(None))
        .values(problem=problem, next_at=next_at),
    )
