"""The on-call calendar: schedules cut into days, overrides tried before they are saved, documents in and out.

What must not live here: who is on call (domain/roster.py), SQL (store/oncall.py), drawing (web).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from app.domain.directory import Directory, LaterOverride
from app.domain.duty_days import Day, day_edges, days_of
from app.domain.errors import CloseloopError
from app.domain.instants import format_instant
from app.domain.oncall import Shift, parse_schedule
from app.domain.roster import Roster, Scope
from app.domain.schedules import EVERYONE
from app.store import directory as directory_store
from app.store import feeds as feed_store
from app.store import oncall as oncall_store
from app.store.feeds import FeedRow
from app.store.oncall import LeaveRow, OverrideRow
from app.usecases.house import House

LONGEST_OVERRIDE: Final = timedelta(days=400)
_LISTED: Final = 100
_LOOK_AHEAD: Final = timedelta(days=30)


class DutyError(CloseloopError):
    """What was asked for cannot be; nothing is saved. The message says what would be right."""


@dataclass(frozen=True, slots=True)
class DutyRow:
    """One schedule's days; `zone` is its own, in which its days begin and end."""

    name: str
    zone: ZoneInfo
    days: tuple[Day, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyCalendar:
    """Who is on call on some days. `gaps` are times of the next 30 days when a schedule has nobody."""

    directory: Directory
    rows: tuple[DutyRow, ...]
    overrides: tuple[OverrideRow, ...]
    leave: tuple[LeaveRow, ...]
    gaps: tuple[tuple[str, datetime, datetime], ...]
    feeds: tuple[FeedRow, ...]


def read_calendar(
    house: House, first: date, count: int, *, schedule: str = "", person: str = ""
) -> DutyCalendar:
    """Return `count` days from `first` of all schedules, or of one; and the feeds that `person` may see."""
    now = house.clock.now()
    with house.begin() as connection:
        roster = house.roster(connection)
        directory = roster.directory
        names = [n for n in sorted(directory.schedules) if schedule in ("", n)]
        later = oncall_store.overrides_ahead(connection, now, schedule=schedule, limit=_LISTED)
        leave = oncall_store.leave_ahead(connection, now, limit=_LISTED)
        feeds = feed_store.in_force(connection, person, names)
    return DutyCalendar(
        directory=directory,
        rows=tuple(_row(roster, name, first, count) for name in names),
        overrides=tuple(later),
        leave=tuple(leave),
        gaps=tuple(gap for name in names for gap in _gaps(roster, name, now, now + _LOOK_AHEAD)),
        feeds=tuple(feeds),
    )


def _row(roster: Roster, name: str, first: date, count: int) -> DutyRow:
    zone = roster.schedules[name].zone
    edges = day_edges(first, count, zone)
    return DutyRow(name, zone, days_of(_course(roster, name, edges[0], edges[-1]), first, count, zone))


def _course(roster: Roster, name: str, start: datetime, end: datetime) -> tuple[Shift, ...]:
    return roster.course((f"schedule:{name}",), Scope(), start, end)


def _gaps(roster: Roster, name: str, start: datetime, end: datetime) -> list[tuple[str, datetime, datetime]]:
    return [(name, s.start, s.end) for s in _course(roster, name, start, end) if not s.people]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What an override would do: the same days before it and after it, and the gaps that it would open."""

    override: LaterOverride
    before: DutyRow
    after: DutyRow
    opened: tuple[tuple[datetime, datetime], ...]
    changes: bool


def try_override(house: House, wanted: LaterOverride) -> Trial:
    """Return what an override would change; nothing is saved. Raises DutyError."""
    with house.begin() as connection:
        return _try(house.roster(connection), wanted)


def _try(roster: Roster, wanted: LaterOverride) -> Trial:
    _check(roster, wanted)
    directory = roster.directory
    then = Roster(replace(directory, overrides=(*directory.overrides, wanted)))
    zone = roster.schedules[wanted.schedule].zone
    first = wanted.start.astimezone(zone).date()
    last = (wanted.end - timedelta(microseconds=1)).astimezone(zone).date()
    count = min((last - first).days + 1, 62)
    before = _course(roster, wanted.schedule, wanted.start, wanted.end)
    after = _course(then, wanted.schedule, wanted.start, wanted.end)
    open_before = {(s.start, s.end) for s in before if not s.people}
    opened = tuple((s.start, s.end) for s in after if not s.people and (s.start, s.end) not in open_before)
    return Trial(
        override=wanted,
        before=_row(roster, wanted.schedule, first, count),
        after=_row(then, wanted.schedule, first, count),
        opened=opened,
        changes=before != after,
    )


def _check(roster: Roster, wanted: LaterOverride) -> None:
    directory = roster.directory
    if wanted.schedule not in directory.schedules:
        raise DutyError(f"There is no schedule {wanted.schedule!r}.")
    if wanted.end <= wanted.start:
        raise DutyError("It has to end after it starts.")
    if wanted.end - wanted.start > LONGEST_OVERRIDE:
        raise DutyError("That is more than a year: change the schedule itself.")
    if not wanted.out and not wanted.joins:
        raise DutyError("Say who comes in, or who goes out.")
    for key in (wanted.out, wanted.joins):
        if key and key != EVERYONE and not roster.active(key):
            raise DutyError(f"There is nobody called {key!r} who works here.")


def enter_override(house: House, wanted: LaterOverride, *, by: str, reason: str) -> int:
    """Save an override; every node follows it at once. Return its id. Raises DutyError."""
    now = house.clock.now()
    if wanted.end <= now:
        raise DutyError("That is over already: what was is not changed.")
    with house.begin() as connection:
        _check(house.roster(connection), wanted)
        row = OverrideRow(
            id=house.ids.next(),
            schedule=wanted.schedule,
            starts=wanted.start,
            ends=wanted.end,
            out=wanted.out,
            joins=wanted.joins,
            reason=reason,
            entered_by=by,
            entered_at=now,
        )
        oncall_store.add_overrides(connection, [row])
        oncall_store.changed(connection, now)
    house.wake("saved")
    return row.id


def revoke_override(house: House, override_id: int, *, by: str) -> None:
    """Take an override back; what was before holds again. Raises DutyError when it is not in force."""
    now = house.clock.now()
    with house.begin() as connection:
        if not oncall_store.revoke_override(connection, override_id, by=by, now=now):
            raise DutyError("It was taken back already.")
        oncall_store.changed(connection, now)
    house.wake("saved")


def export_schedule(house: House, name: str) -> Mapping[str, object]:
    """Return a schedule as the document of docs/directory.md, with the overrides that were entered later.

    Raises DutyError for an unknown one.
    """
    with house.begin() as connection:
        directory = house.roster(connection).directory
    document = directory.schedules.get(name)
    if document is None:
        raise DutyError(f"there is no schedule {name!r}; known: {', '.join(sorted(directory.schedules))}")
    now = house.clock.now()
    # What is over stays with the database: an import changes nothing of the past.
    later = [_as_document(one) for one in directory.overrides if one.schedule == name and one.end > now]
    known = document.get("overrides")
    known = known if isinstance(known, list) else []
    return {**document, "overrides": [*known, *later]} if later else dict(document)


def _as_document(one: LaterOverride) -> dict[str, str]:
    ends = {"out": one.out, "in": one.joins}
    return {
        "from": format_instant(one.start),
        "to": format_instant(one.end),
        **{name: value for name, value in ends.items() if value},
    }


def import_schedule(house: House, name: str, document: Mapping[str, object], *, by: str) -> bool:
    """Put a schedule's document in place of what it was; return whether that changed anything.

    What was entered later is in an exported document, so it ends here as a row of its own. Raises
    ScheduleError for a document that cannot be, DutyError for people whom the directory does not know.
    """
    schedule = parse_schedule(document, where=f"schedule {name}")
    now = house.clock.now()
    with house.begin() as connection:
        directory_store.lock(connection)
        directory = directory_store.read_directory(connection)
        strangers = sorted(schedule.people - directory.people.keys())
        if strangers:
            raise DutyError(
                f"schedule {name}: nobody is called {', '.join(map(repr, strangers))}; load them first"
            )
        ended = _end_later(connection, name, by=by, now=now)
        if directory.schedules.get(name) == document and not ended:
            return False
        directory_store.save(
            connection,
            directory_store.Writes(
                company=directory.company, duty=directory.duty, schedules={name: document}
            ),
        )
        directory_store.bump_version(connection, now)
    house.wake("saved")
    return True


def _end_later(connection: Connection, name: str, *, by: str, now: datetime) -> bool:
    later = oncall_store.overrides_ahead(connection, now, schedule=name)
    for one in later:
        oncall_store.revoke_override(connection, one.id, by=by, now=now)
    return bool(later)
