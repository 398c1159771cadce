"""The on-call calendar: schedules cut into days, overrides tried before they are saved, documents in and out.

What must not live here: who is on call (domain/roster.py), SQL (store/oncall.py), drawing (web).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

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
from app.usecases import leave
from app.usecases.house import House
from app.usecases.leave import LeaveError

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
        off = oncall_store.leave_ahead(connection, now, limit=_LISTED)
        feeds = feed_store.in_force(connection, person, names)
    return DutyCalendar(
        directory=directory,
        rows=tuple(_row(roster, name, first, count) for name in names),
        overrides=tuple(later),
        leave=tuple(off),
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


def enter_override(house: House, wanted: LaterOverride, *, by: str, reason: str) -> None:
    """Save an override; every node follows it at once, new gaps are told. Raises DutyError."""
    if wanted.end <= house.clock.now():
        raise DutyError("That is over already: what was is not changed.")
    with house.begin() as connection:
        _check(house.roster(connection), wanted)
    try:
        leave.add_override(
            house,
            wanted.schedule,
            wanted.start,
            wanted.end,
            out=wanted.out,
            joins=wanted.joins,
            by=by,
            reason=reason,
        )
    except LeaveError as error:
        raise DutyError(f"Nothing saved: {error}.") from None


def revoke_override(house: House, override_id: int, *, by: str) -> None:
    """Take an override back; what was before holds again. Raises DutyError when it is not in force."""
    try:
        leave.revoke_override(house, override_id, by=by)
    except LeaveError:
        raise DutyError("It was taken back already.") from None


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
    if export_or_none(house, name) == document:
        return False
    with leave.changing(house) as change:
        directory = change.directory
        strangers = sorted(schedule.people - directory.people.keys())
        if strangers:
            unknown = ", ".join(map(repr, strangers))
            raise DutyError(f"schedule {name}: nobody is called {unknown}; load them first")
        for one in oncall_store.overrides_ahead(change.connection, change.now, schedule=name):
            oncall_store.revoke_override(change.connection, one.id, by=by, now=change.now)
        directory_store.save(change.connection, directory_store.Writes(schedules={name: document}))
    return True


def export_or_none(house: House, name: str) -> Mapping[str, object] | None:
    """Return what `export_schedule` does, None for an unknown one."""
    try:
        return export_schedule(house, name)
    except DutyError:
        return None
