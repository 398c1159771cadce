"""Who carries how much: hours, nights, weekends and holidays on call, by the clock of each schedule.

A night (22:00 to 7:00), a weekend day or a holiday counts for everybody who is on call for an hour of it or
more. What must not live here: who is on call (roster.py), which days are holidays (the rulebook).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.opening import Weekly
from app.domain.roster import Roster, Scope
from app.domain.zones import DAY, local_instant

_HOUR: Final = DAY // 24
NIGHT_BEGINS, NIGHT_ENDS = 22, 7
_NIGHTS: Final = Weekly((((NIGHT_BEGINS * _HOUR, 24 * _HOUR + NIGHT_ENDS * _HOUR),),) * 7)
_WEEKENDS: Final = Weekly((*((),) * 5, ((0, DAY),), ((0, DAY),)))
_COUNTS: Final = timedelta(hours=1)
_NOON: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one person carried of one schedule: time on call, of it at night; counts of dates."""

    schedule: str
    person: str
    time: timedelta
    night_time: timedelta
    nights: int
    weekend_days: int
    holidays: int


@dataclass(slots=True)
class _Sum:
    time: timedelta = timedelta(0)
    nights: dict[date, timedelta] = field(default_factory=dict)
    weekend: dict[date, timedelta] = field(default_factory=dict)
    holidays: dict[date, timedelta] = field(default_factory=dict)


def shares(roster: Roster, start: datetime, end: datetime, holidays: Collection[date]) -> list[Share]:
    """Return what everybody carried of every schedule between two instants (aware), by schedule and person.

    Leave, covers and overrides are applied, as for pages. `holidays` are local dates.
    """
    found: list[Share] = []
    for name in sorted(roster.schedules):
        zone = roster.schedules[name].zone
        sums: dict[str, _Sum] = {}
        for shift in roster.course([f"schedule:{name}"], Scope(), start, end):
            for person in shift.people:
                total = sums.setdefault(person, _Sum())
                total.time += shift.end - shift.start
                for since, until in _NIGHTS.windows(shift.start, shift.end, zone):
                    # A night belongs to the date on which it begins.
                    _add(total.nights, (since.astimezone(zone) - _NOON).date(), until - since)
                for since, until in _days(_WEEKENDS.windows(shift.start, shift.end, zone), zone):
                    _add(total.weekend, since.astimezone(zone).date(), until - since)
                for day in holidays:
                    since, until = (
                        max(shift.start, _midnight(day, zone)),
                        min(shift.end, _midnight(day, zone, 1)),
                    )
                    if since < until:
                        _add(total.holidays, day, until - since)
        found += [_share(name, person, sums[person]) for person in sorted(sums)]
    return found


def at_night(instant: datetime, zone: str) -> bool:
    """Return whether it is night at an instant, by the clock of `zone`."""
    hour = instant.astimezone(ZoneInfo(zone)).hour
    return hour >= NIGHT_BEGINS or hour < NIGHT_ENDS


def _share(schedule: str, person: str, total: _Sum) -> Share:
    return Share(
        schedule=schedule,
        person=person,
        time=total.time,
        night_time=sum(total.nights.values(), timedelta(0)),
        nights=_count(total.nights),
        weekend_days=_count(total.weekend),
        holidays=_count(total.holidays),
    )


def _add(found: dict[date, timedelta], day: date, more: timedelta) -> None:
    found[day] = found.get(day, timedelta(0)) + more


def _count(days: dict[date, timedelta]) -> int:
    return sum(time >= _COUNTS for time in days.values())


def _days(spans: Iterable[tuple[datetime, datetime]], zone: ZoneInfo) -> Iterable[tuple[datetime, datetime]]:
    """Yield the spans cut at each local midnight."""
    for since, until in spans:
        at = since
        while at < until:
            cut = min(until, _midnight(at.astimezone(zone).date(), zone, 1))
            yield at, cut
            at = cut


def _midnight(day: date, zone: ZoneInfo, later: int = 0) -> datetime:
    return local_instant(datetime.combine(day + timedelta(days=later), datetime.min.time()), zone)
