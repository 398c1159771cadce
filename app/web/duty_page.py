"""What the on-call calendar's template draws: days with their people, colours by person, gaps. Pure.

What must not live here: who is on call, HTTP.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.directory import Directory, Person
from app.domain.duty_days import Day, DaySpan
from app.usecases.duty import DutyCalendar, DutyRow

WEEK, MONTH = "week", "month"
COLOURS: Final = 8
DAY_WIDTH: Final = 100
_MONTH_DAYS: Final = 42


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a day's bar, `x` and `width` of DAY_WIDTH; `colour` 0 is a gap."""

    x: float
    width: float
    colour: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Who has a part of a day: `when` is empty for the whole day."""

    who: str
    when: str
    colour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCell:
    """One day. `start` and `end` as a form's local time; `other` lies outside the month that is shown."""

    name: str
    iso: str
    start: str
    end: str
    today: bool
    other: bool
    bars: tuple[Bar, ...]
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class RowCells:
    """One schedule's days."""

    name: str
    zone: str
    cells: tuple[DayCell, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """The days that a view shows, and where its arrows lead."""

    view: str
    at: date
    first: date
    count: int
    title: str
    before: date
    after: date


def range_of(view: str, at: date) -> Range:
    """Return the week of a day, Monday to Sunday, or the weeks of its month."""
    if view != MONTH:
        first = at - timedelta(days=at.weekday())
        last = first + timedelta(days=6)
        title = f"{first:%d %b} to {last:%d %b %Y}"
        return Range(WEEK, at, first, 7, title, first - timedelta(days=7), first + timedelta(days=7))
    month = at.replace(day=1)
    first = month - timedelta(days=month.weekday())
    after = (month + timedelta(days=32)).replace(day=1)
    count = min(-(-((after - first).days) // 7) * 7, _MONTH_DAYS)
    return Range(MONTH, at, first, count, f"{month:%B %Y}", (month - timedelta(days=1)).replace(day=1), after)


def rows_of(calendar: DutyCalendar, shown: Range, now: datetime) -> tuple[RowCells, ...]:
    """Return what is drawn of each schedule."""
    colours = colours_of(calendar.rows)
    return tuple(row_cells(row, calendar.directory, colours, shown, now) for row in calendar.rows)


def row_cells(
    row: DutyRow, directory: Directory, colours: Mapping[str, int], shown: Range | None, now: datetime
) -> RowCells:
    """Return the cells of one schedule; without a range no day lies outside it."""
    today = now.astimezone(row.zone).date()
    month = shown.at.month if shown and shown.view == MONTH else 0
    cells = tuple(
        DayCell(
            name=f"{day.day:%a} {day.day.day}",
            iso=day.day.isoformat(),
            start=f"{day.day}T00:00",
            end=f"{day.day + timedelta(days=1)}T00:00",
            today=day.day == today,
            other=month not in (0, day.day.month),
            bars=tuple(_bar(day, span, colours) for span in day.spans),
            turns=tuple(_turn(span, row.zone, directory, colours) for span in day.spans),
        )
        for day in row.days
    )
    return RowCells(row.name, str(row.zone), cells)


def colours_of(rows: Iterable[DutyRow]) -> Mapping[str, int]:
    """Return a colour number (1 to COLOURS) for each person on these days."""
    people = sorted({p for row in rows for day in row.days for span in day.spans for p in span.people})
    return {person: index % COLOURS + 1 for index, person in enumerate(people)}


def _bar(day: Day, span: DaySpan, colours: Mapping[str, int]) -> Bar:
    length = (day.end - day.start).total_seconds()
    x = (span.start - day.start).total_seconds() / length * DAY_WIDTH
    width = (span.end - span.start).total_seconds() / length * DAY_WIDTH
    return Bar(round(x, 2), round(width, 2), colours[span.people[0]] if span.people else 0)


def _turn(span: DaySpan, zone: ZoneInfo, directory: Directory, colours: Mapping[str, int]) -> Turn:
    start, end = span.start.astimezone(zone), span.end.astimezone(zone)
    until = "24:00" if end.time() == end.time().min else f"{end:%H:%M}"
    when = "" if span.whole else f"{start:%H:%M} to {until}"
    names = ", ".join(short_name(directory.people.get(key), key) for key in span.people)
    return Turn(names or "nobody", when, colours[span.people[0]] if span.people else 0)


def short_name(person: Person | None, key: str) -> str:
    """Return how a person is named where room is short: `Dana R.`."""
    if person is None:
        return key
    first, *more = person.name.split()
    return f"{first} {more[-1][0]}." if more else first


def local(instant: datetime, zone: ZoneInfo) -> str:
    """Return an instant as people of that zone write it."""
    return f"{instant.astimezone(zone):%a %d %b %Y %H:%M}"
