"""A time zone as a line: local wall time to instants, and where the offset from UTC holds still.

Inside this package a moment is an integer of microseconds since 0001-01-01T00:00, on the UTC line or on the
wall: that day was a Monday, so days and weeks are plain divisions, and no year is out of range half-way
through a sum. What must not live here: opening hours, rotations.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from app.domain.errors import CloseloopError, NaiveInstantError
from app.domain.fields import nearest, shown

SECOND = 1_000_000
DAY = 86_400 * SECOND
WEEK = 7 * DAY
LAST_WEEK = 521_722
"""The week in which the year 9999 ends."""

_BASE = datetime(1, 1, 1, tzinfo=UTC)
_WALL_BASE = datetime(1, 1, 1)  # noqa: DTZ001 - wall time has no offset, that is the point
_LAST_DAY = 3_652_056
_BLOCK = 27  # weeks; the 20,871 weeks of the calendar's 400-year cycle are 773 such blocks
_CYCLE = 773
_PERIODIC_FROM = 4832  # the block of 2500: from 2100 on every zone follows yearly rules, so cycles repeat
_LONGEST_NAME = 64


class ZoneError(CloseloopError):
    """A time zone is an IANA name such as America/New_York."""


class RangeError(CloseloopError):
    """The answer lies outside the years 1 to 9999."""


def to_micros(instant: datetime) -> int:
    """Return the microseconds from 0001-01-01T00:00Z to `instant`. Raises NaiveInstantError."""
    if instant.tzinfo is None:
        raise NaiveInstantError
    delta = instant - _BASE
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds


def from_micros(micros: int) -> datetime:
    """Return the aware UTC instant. Raises RangeError outside the years 1 to 9999."""
    try:
        return _BASE + timedelta(microseconds=micros)
    except OverflowError:
        raise RangeError from None


def wall_micros(naive_local: datetime) -> int:
    """Return the microseconds on the wall from 0001-01-01T00:00 to `naive_local`."""
    delta = naive_local.replace(tzinfo=None) - _WALL_BASE
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds


@lru_cache(maxsize=1024)
def zone_of(name: object, where: str) -> ZoneInfo:
    """Return the zone with that IANA name. Raises ZoneError with the nearest right name."""
    if not isinstance(name, str) or not name:
        raise ZoneError(f"{where}: {shown(name)} is not a time zone; write one such as America/New_York")
    if len(name) <= _LONGEST_NAME:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise ZoneError(f"{where}: no time zone {shown(name)}{nearest(name, _zone_names())}")


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def periodic(week: int) -> int:
    """Return the week itself or, from 2500 on, one before that is like it in every zone."""
    block = week // _BLOCK
    if block < _PERIODIC_FROM:
        return week
    return week - ((block - _PERIODIC_FROM) // _CYCLE + 1) * _CYCLE * _BLOCK


def local_instant(naive_local: datetime, zone: ZoneInfo, *, end: bool = False) -> datetime:
    """Return the UTC instant of a wall time in `zone` (FORMATS, 'Calendars').

    A wall time that does not exist is the first instant after the gap. One that exists twice is its first
    occurrence, with `end` its last.
    """
    line = zone_line(zone)
    wall = wall_micros(naive_local)
    return from_micros(line.last(wall) if end else line.first(wall))


@lru_cache(maxsize=1024)
def zone_line(zone: ZoneInfo) -> ZoneLine:
    """Return the line of `zone`, which remembers what it found out."""
    return ZoneLine(zone)


class ZoneLine:
    """What calendar arithmetic asks of a zone, in integers, remembered by blocks of weeks."""

    __slots__ = ("_blocks", "_days", "_transitions", "_zone")

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._blocks: dict[int, tuple[tuple[int, int, int | None], ...]] = {}
        self._days: dict[int, int | None] = {}
        self._transitions: dict[int, int] = {}

    def offset_at(self, micros: int) -> int:
        """Return how far the wall is ahead of UTC at an instant, in microseconds."""
        instant = _BASE + timedelta(microseconds=min(max(micros, 2 * DAY), _LAST_DAY * DAY))
        offset = instant.astimezone(self._zone).utcoffset()
        return 0 if offset is None else offset // timedelta(microseconds=1)

    def first(self, wall: int) -> int:
        """Return the first instant at which the wall shows `wall` or, where it never does, more."""
        before, after = self._offsets(wall)
        return self._transition(wall, before, after) if before < after else wall - before

    def last(self, wall: int) -> int:
        """Return the last instant at which the wall shows `wall`; where it never does, the end of the gap."""
        before, after = self._offsets(wall)
        return self._transition(wall, before, after) if before < after else wall - after

    def run(self, week: int) -> tuple[int, int, int | None]:
        """Return the weeks `(from, to, offset)` around `week` that keep one offset.

        `to` is not included. `offset` is None for weeks, one by one, in which or near which (from two days
        before to two days after) the offset changes.
        """
        alike = periodic(week)
        weeks, block = week - alike, alike // _BLOCK
        runs = self._blocks.get(block)
        if runs is None:
            runs = self._blocks[block] = self._probe(block)
        for begin, end, offset in runs:
            if week < end + weeks:
                return begin + weeks, end + weeks, offset
        raise AssertionError(week)

    def day_offset(self, day: int) -> int | None:
        """Return the offset that the wall keeps on a date and the next one, or None if it changes.

        `day` counts from 0001-01-01.
        """
        found = self._days.get(day, 0)
        if found == 0 and day not in self._days:
            before, after = self._offsets(day * DAY)[0], self._offsets((day + 2) * DAY)[1]
            found = self._days[day] = before if before == after else None
        return found

    def week_at(self, micros: int) -> int:
        """Return the week of the local date at an instant."""
        guess = micros // WEEK
        offset = self.run(guess)[2]
        return (micros + (self.offset_at(micros) if offset is None else offset)) // WEEK

    def _offsets(self, wall: int) -> tuple[int, int]:
        naive = _WALL_BASE + timedelta(microseconds=min(max(wall, 2 * DAY), _LAST_DAY * DAY))
        before = self._zone.utcoffset(naive)
        after = self._zone.utcoffset(naive.replace(fold=1))
        one = timedelta(microseconds=1)
        return (before or timedelta()) // one, (after or timedelta()) // one

    def _transition(self, wall: int, before: int, after: int) -> int:
        # The change lies between the two readings of the wall time, and there the wall jumps over it.
        second = wall // SECOND
        known = self._transitions.get(second)
        if known is None:
            low, high = (wall - after) // SECOND, -((before - wall) // SECOND)
            while high - low > 1:
                middle = (low + high) // 2
                if middle * SECOND + self.offset_at(middle * SECOND) > wall:
                    high = middle
                else:
                    low = middle
            known = self._transitions[second] = high * SECOND
        return known

    def _probe(self, block: int) -> tuple[tuple[int, int, int | None], ...]:
        # A look every three days finds every change: of no zone were two of them ever so close together.
        first_week = block * _BLOCK
        noon, one = _WALL_BASE + timedelta(hours=12), timedelta(microseconds=1)
        offsets: list[int] = []
        for week in range(first_week - 1, first_week + _BLOCK + 2):
            for day in (week * 7, week * 7 + 2, week * 7 + 4):
                found = self._zone.utcoffset(noon + timedelta(days=min(max(day, 1), _LAST_DAY)))
                offsets.append((found or timedelta()) // one)
        runs: list[tuple[int, int, int | None]] = []
        for index in range(_BLOCK):
            near = offsets[index * 3 + 2 : index * 3 + 8]  # from Friday before to Wednesday after
            week = first_week + index
            offset = near[0] if near.count(near[0]) == len(near) else None
            if runs and offset is not None and runs[-1][2] == offset:
                runs[-1] = (runs[-1][0], week + 1, offset)
            else:
                runs.append((week, week + 1, offset))
        return tuple(runs)
