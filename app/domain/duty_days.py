"""Who is on call, cut into the days of a zone: what a calendar draws and what a feed lists. Pure.

What must not live here: who is on call (roster.py), words and colours (web).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.domain.oncall import Shift
from app.domain.zones import local_instant


@dataclass(frozen=True, slots=True)
class DaySpan:
    """A part of a day on [start, end), UTC; nobody in `people` is a gap. `whole` spans the day."""

    start: datetime
    end: datetime
    people: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a zone, from its midnight to the next: 23 or 25 hours when the clock is changed."""

    day: date
    start: datetime
    end: datetime
    spans: tuple[DaySpan, ...]


def day_edges(first: date, count: int, zone: ZoneInfo) -> list[datetime]:
    """Return the UTC instants at which `count` days from `first` begin, and where the last one ends."""
    return [
        local_instant(datetime.combine(first + timedelta(days=index), time()), zone)
        for index in range(count + 1)
    ]


def days_of(course: Sequence[Shift], first: date, count: int, zone: ZoneInfo) -> tuple[Day, ...]:
    """Return `count` days, each with the parts of `course` (in order, without holes) that lie in it."""
    edges = day_edges(first, count, zone)
    found = []
    place = 0
    for index in range(count):
        start, end = edges[index], edges[index + 1]
        while place < len(course) and course[place].end <= start:
            place += 1
        spans = []
        at = place
        while at < len(course) and course[at].start < end:
            since, until = max(course[at].start, start), min(course[at].end, end)
            spans.append(DaySpan(since, until, course[at].people, since == start and until == end))
            at += 1
        found.append(Day(first + timedelta(days=index), start, end, tuple(spans)))
    return tuple(found)


def shifts_of(course: Iterable[Shift], person: str) -> list[Shift]:
    """Return when `person` is on call, neighbours joined, with whoever shares it first to last."""
    found: list[Shift] = []
    for shift in course:
        if person not in shift.people:
            continue
        if found and found[-1].end == shift.start:
            found[-1] = Shift(found[-1].start, shift.end, (person,))
        else:
            found.append(Shift(shift.start, shift.end, (person,)))
    return found
