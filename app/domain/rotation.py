"""Rotations: whose turn it is in a cyclic order, by local wall time (FORMATS, 'On-call').

The n-th handoff is `starts` plus n x length units of local wall time, and only then an instant. Since that
mapping never runs backwards, the turn at an instant is found by a guess from the wall clock that is put
right among its neighbours: no walk from `starts`, however long ago that was. Moments are microseconds, see
zones.py. What must not live here: who takes a turn, windows, lives, overrides (oncall.py).
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.zones import DAY, WEEK, zone_line

_HOUR: Final = DAY // 24
_MONTHS: Final = 12
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097  # after which the calendar repeats, and days can be named again


class Unit(StrEnum):
    """What a turn's length counts, in local wall time."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


_SPANS: Final = {Unit.HOURLY: _HOUR, Unit.DAILY: DAY, Unit.WEEKLY: WEEK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """Turns 0, 1, 2, ... of `length` units; turn 0 begins at the wall time `starts`, in microseconds."""

    unit: Unit
    length: int
    starts: int
    zone: ZoneInfo

    def handoff(self, turn: int) -> int:
        """Return the instant, in microseconds, at which a turn from 0 begins; it may lie beyond year 9999."""
        if self.unit is Unit.MONTHLY:
            wall = self._monthly(turn)
        else:
            wall = self.starts + _SPANS[self.unit] * self.length * turn
        return zone_line(self.zone).first(wall)

    def turn(self, at: int) -> int:
        """Return the number of the turn that runs at the instant `at`, -1 before `starts`.

        Of turns that begin at one instant (a gap in local time swallowed the others) it is the last one.
        """
        low = self._guess(at)
        high, step = low + 1, 1
        while not self._begun(low, at):
            low, high, step = low - step, low, step * 2
        while self._begun(high, at):
            low, high, step = high, high + step, step * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._begun(middle, at) else (low, middle)
        return max(low, -1)

    def _guess(self, at: int) -> int:
        wall = at + zone_line(self.zone).offset_at(at)
        if self.unit is Unit.MONTHLY:
            months = _month_of(wall)[0] - _month_of(self.starts)[0]
            return max(-1, months // self.length)
        return max(-1, (wall - self.starts) // (_SPANS[self.unit] * self.length))

    def _begun(self, turn: int, at: int) -> bool:
        return turn < 0 or self.handoff(turn) <= at

    def _monthly(self, turn: int) -> int:
        months, day = _month_of(self.starts)
        year, month = divmod(months + self.length * turn, _MONTHS)
        # Always from the day of `starts`: a 31st that February cut to the 28th is the 31st again in March.
        cycles = max(0, (year - 1) // _CYCLE_YEARS)
        year -= cycles * _CYCLE_YEARS
        days = date(year, month + 1, min(day, monthrange(year, month + 1)[1])).toordinal() - 1
        return (days + cycles * _CYCLE_DAYS) * DAY + self.starts % DAY


def _month_of(wall: int) -> tuple[int, int]:
    """Return the months since year 0, and the day of the month."""
    shown = date.fromordinal(min(max(wall // DAY + 1, 1), date.max.toordinal()))
    return shown.year * _MONTHS + shown.month - 1, shown.day
