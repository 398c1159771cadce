"""Who is off, and who stands in: leave and overrides entered, read from a calendar, taken back.

Each change counts the directory's version on, so that every node asks by it from then on, and tells whoever
is on duty about a gap that it opens. What must not live here: who is on call (domain/roster.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from app.domain.directory import Directory, Person
from app.domain.errors import CloseloopError
from app.domain.fields import nearest
from app.domain.instants import parse_instant
from app.domain.schedules import EVERYONE
from app.domain.uncovered import Uncovered
from app.domain.zones import local_instant
from app.store import directory as directory_store
from app.store import oncall as store
from app.store.oncall import LeaveRow, OverrideRow
from app.usecases.gap_watch import tell_gaps
from app.usecases.house import House
from app.usecases.leave_calendar import Entry

LONGEST = timedelta(days=730)


class LeaveError(CloseloopError):
    """Leave or a stand-in is entered for a person, from a start to a later end."""


@dataclass(slots=True)
class Change:
    """One change of leave or overrides in progress; `gaps` are those that it opened, once it is done."""

    connection: Connection
    now: datetime
    directory: Directory
    gaps: list[Uncovered] = field(default_factory=list)


@contextmanager
def changing(house: House) -> Iterator[Change]:
    """Give a transaction in which leave and overrides may change; others who do that take turns.

    At its end every node is made to look anew, and new gaps are told.
    """
    now = house.clock.now()
    with house.begin() as connection:
        directory_store.lock(connection)
        change = Change(connection, now, directory_store.read_directory(connection))
        yield change
        store.changed(connection, now)
        change.gaps = tell_gaps(house, connection, now)
    house.wake("saved")


def add_leave(
    house: House, person: str, start: datetime, end: datetime, *, by: str, note: str = ""
) -> tuple[LeaveRow, list[Uncovered]]:
    """Enter leave on [start, end), UTC; return it and the gaps that it opens. Raises LeaveError.

    `by` is who enters it, as events call an actor.
    """
    with changing(house) as change:
        known_person(change.directory, person)
        _check(start, end, change.now)
        row = LeaveRow(
            id=house.ids.next(),
            person=person,
            starts=start,
            ends=end,
            note=note.strip()[:200],
            entered_by=by,
            entered_at=change.now,
        )
        store.add_leave(change.connection, [row])
    return row, change.gaps


def remove_leave(house: House, leave_id: int, *, by: str) -> LeaveRow:
    """End leave that is in force; return what it was. Raises LeaveError when there is none of that number."""
    with changing(house) as change:
        row = store.leave_by_id(change.connection, leave_id)
        if row is None:
            raise LeaveError(f"there is no leave {leave_id} in force")
        store.withdraw_leave(change.connection, [leave_id], by=by, now=change.now)
    return row


def list_leave(house: House, person: str = "") -> list[LeaveRow]:
    """Return leave that is not over, of one person or of all, by its start."""
    with house.begin() as connection:
        return store.leave_ahead(connection, house.clock.now(), person=person)


def replace_leave(
    house: House, person: str, source: str, entries: Sequence[Entry], *, by: str
) -> tuple[int, int]:
    """Make what a calendar says the person's leave from that source; return how much came and went.

    What began in the past stays as it was then. A calendar that says what it said before changes nothing.
    """
    now = house.clock.now()
    with house.begin() as connection:
        if _difference(connection, person, source, entries, now) == ([], []):
            return 0, 0
    with changing(house) as change:
        known_person(change.directory, person)
        added, gone = _difference(change.connection, person, source, entries, change.now)
        store.withdraw_leave(change.connection, [row.id for row in gone], by=by, now=change.now)
        rows = [
            LeaveRow(
                id=house.ids.next(),
                person=person,
                starts=one.start,
                ends=one.end,
                note=one.note,
                source=source,
                uid=one.uid,
                entered_by=by,
                entered_at=change.now,
            )
            for one in added
        ]
        store.add_leave(change.connection, rows)
    return len(added), len(gone)


def add_override(
    house: House,
    schedule: str,
    start: datetime,
    end: datetime,
    *,
    out: str = "",
    joins: str = "",
    by: str,
    reason: str = "",
) -> tuple[OverrideRow, list[Uncovered]]:
    """Enter an override on [start, end), UTC, after all others; `out` may be `*`. Raises LeaveError."""
    with changing(house) as change:
        if schedule not in change.directory.schedules:
            raise LeaveError(f"no schedule {schedule!r}{nearest(schedule, change.directory.schedules)}")
        if not out and not joins:
            raise LeaveError("say who stands in, or who is out, or both")
        for person in {out, joins} - {"", EVERYONE}:
            known_person(change.directory, person)
        if joins == EVERYONE:
            raise LeaveError(f"{EVERYONE!r} can only be out")
        _check(start, end, change.now)
        row = OverrideRow(
            id=house.ids.next(),
            schedule=schedule,
            starts=start,
            ends=end,
            out=out,
            joins=joins,
            reason=reason.strip()[:200],
            entered_by=by,
            entered_at=change.now,
        )
        store.add_overrides(change.connection, [row])
    return row, change.gaps


def revoke_override(house: House, override_id: int, *, by: str) -> list[Uncovered]:
    """End an override that is in force; return the gaps that this opens. Raises LeaveError."""
    with changing(house) as change:
        if not store.revoke_override(change.connection, override_id, by=by, now=change.now):
            raise LeaveError(f"there is no override {override_id} in force")
    return change.gaps


def known_person(directory: Directory, key: str) -> Person:
    """Return the active person with that key. Raises LeaveError with the nearest right one."""
    person = directory.people.get(key)
    if person is None or not person.active:
        known = [p.key for p in directory.people.values() if p.active]
        raise LeaveError(f"no person {key!r}{nearest(key, known)}")
    return person


def read_moment(text: str, zone: str, *, end: bool = False) -> datetime:
    """Return the UTC instant of a date, a local time in `zone`, or an RFC 3339 instant.

    A date is whole: as an end it is the midnight after it. Raises LeaveError.
    """
    try:
        if len(text) == len("2026-07-01"):
            day = date.fromisoformat(text) + timedelta(days=1 if end else 0)
            midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - local wall time, placed in its zone below
            return local_instant(midnight, ZoneInfo(zone), end=end)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return local_instant(moment, ZoneInfo(zone), end=end)
        return parse_instant(text).astimezone(UTC)
    except (ValueError, OverflowError, CloseloopError):
        raise LeaveError(f"{text!r} is no time; write 2026-07-01, or 2026-07-01T18:00") from None


def _check(start: datetime, end: datetime, now: datetime) -> None:
    if end <= start:
        raise LeaveError("it ends before it starts")
    if end <= now:
        raise LeaveError("it is over already")
    if end - start > LONGEST:
        raise LeaveError("longer than two years; take the person out of the directory file instead")


def _difference(
    connection: Connection, person: str, source: str, entries: Sequence[Entry], now: datetime
) -> tuple[list[Entry], list[LeaveRow]]:
    known = store.leave_from(connection, person, source)
    have = {(row.uid, row.starts, row.ends): row for row in known}
    want = {(one.uid, one.start, one.end): one for one in entries if one.end > now}
    added = [one for key, one in want.items() if key not in have]
    gone = [row for key, row in have.items() if key not in want and row.ends > now]
    return added, gone
