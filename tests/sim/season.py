"""How much a company's customers have to tell, by season, weekday, holiday and hour: believable, not measured. Pure.

What must not live here: who writes what (people.py), what the year does with it (year.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

import holidays

HOME = ZoneInfo("America/New_York")

_HOURS = (2, 2, 2, 2, 3, 6, 12, 20, 24, 22, 20, 19, 18, 18, 17, 17, 18, 17, 14, 11, 8, 6, 4, 3)
_WEEKDAYS = (1.35, 1.15, 1.1, 1.1, 1.15, 0.7, 0.45)  # what broke on Sunday is found on Monday
_MONTHS = (1.25, 1.15, 0.95, 0.9, 0.9, 1.05, 1.2, 1.15, 0.95, 0.85, 0.9, 1.0)  # frost, and heat
_MOST = max(_WEEKDAYS) * max(_MONTHS) * max(_HOURS) / (sum(_HOURS) / 24)

STORMS = (
    "roof leak over aisle 4",
    "water coming through the ceiling in the stock room",
    "power is out, whole store is dark",
    "front door blew off its hinge",
    "ice on the ramp, somebody slipped",
    "tree came down on the sign out front",
    "drain backs up, water on the floor",
)


def share(instant: datetime) -> float:
    """Return how much comes at an instant, 1 being the average of a year."""
    local = instant.astimezone(HOME)
    by_hour = _HOURS[local.hour] / (sum(_HOURS) / 24)
    weekday = 6 if local.date() in _holidays(local.year) else local.weekday()
    return by_hour * _WEEKDAYS[weekday] * _MONTHS[local.month - 1]


def emergencies(chance: Random, start: datetime, end: datetime, per_day: float) -> Iterator[datetime]:
    """Yield when there is one: chance alone, `per_day` on the average of a year."""
    at = start
    while True:
        at += timedelta(days=chance.expovariate(per_day * _MOST))
        if at >= end:
            return
        if chance.random() < share(at) / _MOST:
            yield at


def mornings_and_midnights(start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield a minute after each midnight and each 8 o'clock of the company's own zone, whatever its clocks do."""
    day = start.astimezone(HOME).replace(hour=0, minute=1, second=0, microsecond=0, tzinfo=None)
    while True:
        for hour in (0, 8):
            at = day.replace(hour=hour, tzinfo=HOME).astimezone(start.tzinfo)
            if at >= end:
                return
            if at > start:
                yield at
        day += timedelta(days=1)


@cache
def _holidays(year: int) -> frozenset[object]:
    return frozenset(holidays.country_holidays("US", years=year))
