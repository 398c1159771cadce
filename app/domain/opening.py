"""Open time on the UTC line: weekly hours in a zone with dates that differ; adding, counting, listing.

Nothing walks over days. The weeks of one offset without special dates are all alike: they are counted by a
division, and only the weeks around a change of the clocks or a special date are laid out one by one.
What must not live here: how a calendar is written (calendars.py), targets and pauses (sla.py).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.domain.errors import CloseloopError
from app.domain.zones import (
    DAY,
    LAST_WEEK,
    SECOND,
    WEEK,
    ZoneLine,
    from_micros,
    periodic,
    to_micros,
    zone_line,
)

MOST_WINDOWS = 100_000
"""A list of windows longer than this is refused: nobody reads it, and it would fill the memory."""

_SUNDAY = 6

Windows = tuple[tuple[int, int], ...]
"""The windows of one day: microseconds from local midnight to opening and to closing, in order."""


class CalendarError(CloseloopError):
    """A calendar is not written as it should be, or does not open where it is asked to."""


@dataclass(frozen=True, slots=True)
class _Week:
    """Windows that open in one week, apart and in order; `sums[i]` is the open time before window i."""

    opens: tuple[int, ...]
    closes: tuple[int, ...]
    sums: tuple[int, ...]

    @property
    def total(self) -> int:
        return self.sums[-1]

    def before(self, micros: int) -> int:
        """Return the open time before an instant."""
        index = bisect_right(self.opens, micros) - 1
        if index < 0:
            return 0
        return self.sums[index] + min(micros, self.closes[index]) - self.opens[index]

    def after(self, amount: int) -> int:
        """Return the first instant before which `amount` is open; 0 < amount <= total."""
        index = bisect_left(self.sums, amount) - 1
        return self.opens[index] + amount - self.sums[index]

    def last_after(self, amount: int) -> int:
        """Return the last instant before which no more than `amount` is open; 0 <= amount < total."""
        index = bisect_right(self.sums, amount) - 1
        return self.opens[index] + amount - self.sums[index]


def _lay_out(before: Iterable[tuple[int, int]], windows: Iterable[tuple[int, int]]) -> _Week:
    """Return `windows` (by opening), each cut to what neither those `before` nor the earlier ones cover."""
    covered = max((closing for _, closing in before), default=-WEEK)
    opens: list[int] = []
    closes: list[int] = []
    sums = [0]
    for opening, closing in windows:
        start = max(opening, covered)
        if closing > start:
            opens.append(start)
            closes.append(closing)
            sums.append(sums[-1] + closing - start)
            covered = closing
    return _Week(tuple(opens), tuple(closes), tuple(sums))


@dataclass(frozen=True, slots=True)
class Weekly:
    """Weekly hours without a zone: the windows of each day, Monday first. May be empty."""

    days: tuple[Windows, ...]

    def windows(self, start: datetime, end: datetime, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
        """Return the UTC windows in `zone` between two instants, clipped, touching ones as one."""
        return self.calendar(zone).windows(start, end)

    def calendar(self, zone: ZoneInfo) -> Calendar:
        """Return the calendar that has these hours in `zone`, without holidays; it may never open."""
        return _plain_calendar(self, zone)

    @property
    def full(self) -> bool:
        """Return whether every day is open from midnight to midnight."""
        return all(windows == ((0, DAY),) for windows in self.days)


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """Open time in a zone; `special` has the windows of dates that differ, by days since 0001-01-01.

    `always` says that it never closes: then time is just added.

    Instants are aware datetimes; answers are in UTC. Built by `parse_calendar` or `Weekly.calendar`.
    """

    timezone: str
    weekly: Weekly
    special: Mapping[int, Windows]
    always: bool
    _line: ZoneLine = field(repr=False)
    _plain: _Week = field(repr=False)
    _special_weeks: tuple[int, ...] = field(repr=False)
    _odd: dict[int, _Week] = field(repr=False, default_factory=dict)

    @property
    def never(self) -> bool:
        """Return whether this calendar never opens."""
        return not self._plain.total and not any(self._week(week).total for week in self._special_weeks)

    def add(self, start: datetime, seconds: float) -> datetime:
        """Return the instant at which `seconds` of open time have passed since `start`.

        Counts back when negative. Lands on a closing (back: on an opening) and stays there; zero returns
        `start`. Raises CalendarError or RangeError where the calendar does not open often enough.
        """
        return from_micros(self.add_micros(to_micros(start), round(seconds * SECOND)))

    def between(self, start: datetime, end: datetime) -> float:
        """Return the open seconds between two instants, an int when whole, negative when reversed."""
        micros = self.between_micros(to_micros(start), to_micros(end))
        return micros / SECOND if micros % SECOND else micros // SECOND

    def next_open(self, start: datetime) -> datetime:
        """Return the first open instant at or after `start`. Raises CalendarError if there is none."""
        micros = to_micros(start)
        if self.always:
            return from_micros(micros)
        for opening, closing in self._windows_from(micros):
            if closing > micros:
                return from_micros(max(opening, micros))
        raise self._closed_for_good()

    def windows(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Return the windows between two instants, clipped, touching ones as one. Raises CalendarError."""
        found = self.windows_micros(to_micros(start), to_micros(end))
        return [(from_micros(opening), from_micros(closing)) for opening, closing in found]

    def windows_micros(self, start: int, end: int) -> list[tuple[int, int]]:
        """Do what `windows` does, in microseconds since 0001-01-01T00:00Z."""
        if end <= start:
            return []
        if self.always:
            return [(start, end)]
        found: list[tuple[int, int]] = []
        for begin, close in self._windows_from(start):
            if begin >= end:
                break
            opening, closing = max(begin, start), min(close, end)
            if closing <= opening:
                continue
            if found and found[-1][1] == opening:
                found[-1] = (found[-1][0], closing)
            else:
                found.append((opening, closing))
                if len(found) > MOST_WINDOWS:
                    raise CalendarError(f"more than {MOST_WINDOWS} windows; ask for a shorter range")
        return found

    def between_micros(self, start: int, end: int) -> int:
        """Do what `between` does, in microseconds since 0001-01-01T00:00Z."""
        if self.always:
            return end - start
        if start > end:
            return -self.between_micros(end, start)
        first, last = self._base(start), self._base(end)
        passed = self._total(first, last) if first <= last else -self._total(last, first)
        return passed + self._before(last, end) - self._before(first, start)

    def add_micros(self, start: int, amount: int) -> int:
        """Do what `add` does, in microseconds since 0001-01-01T00:00Z."""
        if amount == 0 or (self.always):
            return start + amount
        if start + amount > (LAST_WEEK + 1) * WEEK or start + amount < 0:
            raise self._beyond()  # open time never passes faster than time
        base = self._base(start)
        needed = self._before(base, start) + amount
        return self._forward(base, needed) if amount > 0 else self._back(base, needed)

    def _forward(self, week: int, needed: int) -> int:
        plain = self._plain.total
        while week <= LAST_WEEK:
            end, offset = self._alike(week)
            if offset is None:
                total = self._odd_total(week)
                if needed <= total:
                    return self._week(week).after(needed)
                needed -= total
                week += 1
                continue
            if plain:
                whole = (needed - 1) // plain
                if whole < end - week:
                    return self._plain.after(needed - whole * plain) + (week + whole) * WEEK - offset
            elif not self._special_weeks or week > self._special_weeks[-1]:
                raise self._closed_for_good()
            needed -= (end - week) * plain
            week = end
        raise self._beyond()

    def _back(self, week: int, needed: int) -> int:
        plain = self._plain.total
        while needed < 0:
            if week < 0:
                raise self._beyond()
            begin, offset = self._alike_before(week)
            if offset is None:
                week -= 1
                needed += self._odd_total(week)
                continue
            if not plain and (not self._special_weeks or week <= self._special_weeks[0]):
                raise CalendarError("the calendar was not yet open that long ago")
            weeks = min(week - begin, -(needed // plain)) if plain else week - begin
            needed += weeks * plain
            week -= weeks
        while True:
            offset = self._alike(week)[1]
            found = self._plain if offset is not None else self._week(week)
            if needed < found.total:
                return found.last_after(needed) + (0 if offset is None else week * WEEK - offset)
            needed -= found.total
            week += 1

    def _total(self, week: int, end: int) -> int:
        total = 0
        while week < end:
            until, offset = self._alike(week)
            until = min(until, end)
            total += self._odd_total(week) if offset is None else (until - week) * self._plain.total
            week = until
        return total

    def _base(self, micros: int) -> int:
        """Return a week so early that no window of an earlier one reaches to the instant."""
        return self._line.week_at(micros) - 1

    def _before(self, base: int, micros: int) -> int:
        """Return the open time before the instant in weeks from `base`; later ones open after it."""
        total = 0
        for week in (base, base + 1, base + 2):
            offset = self._alike(week)[1]
            if offset is None:
                total += self._week(week).before(micros)
            else:
                total += self._plain.before(micros - week * WEEK + offset)
        return total

    def _windows_from(self, micros: int) -> Iterator[tuple[int, int]]:
        week = self._base(micros)
        while week <= LAST_WEEK + 1:
            end, offset = self._alike(week)
            if offset is None:
                found = self._week(week)
                yield from zip(found.opens, found.closes, strict=True)
                week += 1
            elif self._plain.total:
                shift = week * WEEK - offset
                plain = self._plain
                yield from ((o + shift, c + shift) for o, c in zip(plain.opens, plain.closes, strict=True))
                week += 1
            elif self._special_weeks and week <= self._special_weeks[-1]:
                week = end
            else:
                return

    def _alike(self, week: int) -> tuple[int, int | None]:
        """Return the end of the plain weeks from `week` on and their offset; or of one odd week, None."""
        special = self._special_weeks
        index = bisect_left(special, week)
        if index < len(special) and special[index] == week:
            return week + 1, None
        if self._plain.total:
            _, end, offset = self._line.run(week)
            if offset is None:
                return week + 1, None
        else:
            end, offset = LAST_WEEK + 2, 0  # weeks without windows are alike under any offset
        return min(end, special[index]) if index < len(special) else end, offset

    def _alike_before(self, week: int) -> tuple[int, int | None]:
        """Return the begin of the plain weeks before `week` and their offset; or of one odd week, None."""
        special = self._special_weeks
        index = bisect_left(special, week) - 1
        if index >= 0 and special[index] == week - 1:
            return week - 1, None
        if self._plain.total:
            begin, _, offset = self._line.run(week - 1)
            if offset is None:
                return week - 1, None
        else:
            begin, offset = -1, 0
        return max(begin, special[index] + 1) if index >= 0 else begin, offset

    def _odd_total(self, week: int) -> int:
        """Return the open time of a week that is not plain."""
        alike = periodic(week)
        if alike != week and (self._is_special(week) or self._is_special(alike)):
            alike = week
        return self._week(alike).total

    def _is_special(self, week: int) -> bool:
        index = bisect_left(self._special_weeks, week)
        return index < len(self._special_weeks) and self._special_weeks[index] == week

    def _week(self, week: int) -> _Week:
        """Lay out one week on the UTC line, date by date."""
        found = self._odd.get(week)
        if found is None:
            # Windows of the weekend before only cover; a window never reaches further than the next day.
            found = self._odd[week] = _lay_out(
                [span for day in range(week * 7 - 2, week * 7) for span in self._day(day)],
                [span for day in range(week * 7, week * 7 + 7) for span in self._day(day)],
            )
        return found

    def _day(self, day: int) -> list[tuple[int, int]]:
        windows = self.special.get(day)
        if windows is None:
            windows = self.weekly.days[day % 7]
        if not windows:
            return []
        first, midnight = self._line.first, day * DAY
        offset = self._line.day_offset(day)
        if offset is not None:
            midnight -= offset
            return [(midnight + opening, midnight + closing) for opening, closing in windows]
        if first(midnight) == first(midnight + DAY):  # a date that never was
            return []
        last = self._line.last
        return [(first(midnight + opening), last(midnight + closing)) for opening, closing in windows]

    def _closed_for_good(self) -> CalendarError:
        return CalendarError("the calendar does not open again")

    def _beyond(self) -> CalendarError:
        return CalendarError("the answer lies outside the years 1 to 9999")


def build_calendar(weekly: Weekly, zone: ZoneInfo, special: Mapping[int, Windows]) -> Calendar:
    """Return the calendar with these weekly hours and `special` dates; it may never open."""
    weeks = {day // 7 for day in special} | {day // 7 + 1 for day in special if day % 7 == _SUNDAY}
    sunday = [(opening - DAY, closing - DAY) for opening, closing in weekly.days[_SUNDAY]]
    week = [(day * DAY + o, day * DAY + c) for day, windows in enumerate(weekly.days) for o, c in windows]
    return Calendar(
        timezone=zone.key,
        weekly=weekly,
        special=special,
        always=weekly.full and not special,
        _line=zone_line(zone),
        _plain=_lay_out(sunday, week),
        _special_weeks=tuple(sorted(weeks)),
    )


@lru_cache(maxsize=1024)
def _plain_calendar(weekly: Weekly, zone: ZoneInfo) -> Calendar:
    return build_calendar(weekly, zone, {})
