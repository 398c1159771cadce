"""Fairness: what everybody carried in a period, with the pages that they got and took at night; as CSV too.

What must not live here: what counts as a night (domain/fairness.py), pages.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, cast
from zoneinfo import ZoneInfo

from app.domain.directory import Directory
from app.domain.errors import CloseloopError
from app.domain.fairness import Share, at_night, shares
from app.domain.zones import local_instant
from app.store import nights
from app.usecases.house import House

LONGEST: Final = 800
ALL: Final = ""
HEADINGS: Final = (
    "schedule",
    "person",
    "hours",
    "night_hours",
    "nights",
    "weekend_days",
    "holidays",
    "pages_at_night",
    "taken_at_night",
)


class PeriodError(CloseloopError):
    """A period has a first day and a last day, not before it and within about two years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One person's figures: of one schedule, or of all (`schedule` empty), then with pages."""

    schedule: str
    person: str
    name: str
    hours: float
    night_hours: float
    nights: int
    weekend_days: int
    holidays: int
    pages: int | None = None
    taken: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fairness:
    """The figures from `first` to `last`, both included."""

    first: date
    last: date
    lines: tuple[Line, ...]


def period(first: str, last: str) -> tuple[date, date]:
    """Return the dates of a period as people write them, 2026-01-31. Raises PeriodError."""
    try:
        days = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise PeriodError(f"{first!r} to {last!r} is no period; write dates like 2026-01-31") from None
    if not timedelta(0) <= days[1] - days[0] <= timedelta(days=LONGEST):
        raise PeriodError(
            f"{first} to {last}: the last day is before the first, or over {LONGEST} days later"
        )
    return days


def fairness(house: House, first: date, last: date) -> Fairness:
    """Return what everybody carried on these days, by the company's dates."""
    with house.begin() as connection:
        roster = house.roster(connection)
        directory = roster.directory
        zone = ZoneInfo(directory.company.timezone)
        start, end = _midnight(first, zone), _midnight(last + timedelta(days=1), zone)
        holidays = [day for day in _holidays(house) if first <= day <= last]
        found = shares(roster, start, end, holidays)
        pages = _nightly(directory, nights.pages(connection, start, end))
        taken = _nightly(directory, nights.taken(connection, start, end))
    lines = [_line(directory, share) for share in found]
    people = sorted({share.person for share in found} | set(pages) | set(taken))
    totals = [
        _total(directory, key, [share for share in found if share.person == key], pages[key], taken[key])
        for key in people
    ]
    return Fairness(first=first, last=last, lines=(*totals, *lines))


def as_csv(found: Fairness) -> str:
    """Return the figures as CSV: a line for each person, then one for each of their schedules."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for line in found.lines:
        writer.writerow(
            [
                line.schedule or "all",
                line.name,
                f"{line.hours:g}",
                f"{line.night_hours:g}",
                line.nights,
                line.weekend_days,
                line.holidays,
                "" if line.pages is None else line.pages,
                "" if line.taken is None else line.taken,
            ]
        )
    return out.getvalue()


def _holidays(house: House) -> list[date]:
    """Return every public holiday that a calendar of the rulebook has."""
    listed = cast("dict[str, list[str]]", house.rulebook.document["holidays"])
    return sorted({date.fromisoformat(day) for days in listed.values() for day in days})


def _nightly(directory: Directory, events: Iterable[tuple[str, datetime]]) -> Counter[str]:
    """Count by person what happened at night, by the clock of each."""
    people = directory.people
    return Counter(key for key, at in events if key in people and at_night(at, people[key].timezone))


def _line(directory: Directory, share: Share) -> Line:
    return Line(
        schedule=share.schedule,
        person=share.person,
        name=_name(directory, share.person),
        hours=_hours(share.time),
        night_hours=_hours(share.night_time),
        nights=share.nights,
        weekend_days=share.weekend_days,
        holidays=share.holidays,
    )


def _total(directory: Directory, key: str, mine: list[Share], pages: int, taken: int) -> Line:
    return Line(
        schedule=ALL,
        person=key,
        name=_name(directory, key),
        hours=_hours(sum((share.time for share in mine), timedelta(0))),
        night_hours=_hours(sum((share.night_time for share in mine), timedelta(0))),
        nights=sum(share.nights for share in mine),
        weekend_days=sum(share.weekend_days for share in mine),
        holidays=sum(share.holidays for share in mine),
        pages=pages,
        taken=taken,
    )


def _name(directory: Directory, key: str) -> str:
    person = directory.people.get(key)
    return person.name if person else key


def _hours(time: timedelta) -> float:
    return round(time / timedelta(hours=1), 2)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return local_instant(datetime.combine(day, datetime.min.time()), zone)
