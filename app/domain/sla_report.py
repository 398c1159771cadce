"""What a clock says when it is asked, and the segments that its figures are made of (FORMATS, 'SLA').

What must not live here: how a clock gets there (sla_clock.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from app.domain.calendars import Calendar
from app.domain.sla_policy import Target
from app.domain.zones import SECOND, from_micros

RUNNING = "running"
CLOSED_HOURS = "closed_hours"
RESOLVED = "resolved"
PAUSED = "paused:"

Span = tuple[int, int, str]
"""From, to, and `running`, `resolved` or `paused:REASON`; closed hours are not yet taken out."""


class ClockState(StrEnum):
    """Where a clock stands."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaEvent:
    """Something that happened to a ticket; types and fields as in FORMATS, other types are ignored."""

    type: str
    at: datetime
    priority: str | None = None
    reason: str | None = None
    first_contact_at: datetime | None = None
    eta: datetime | None = None
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a clock: `running`, `closed_hours`, `resolved` (not counted) or `paused:REASON`."""

    start: datetime
    end: datetime
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """The count that was breached: what the target ran out on. `ended_at` is None while it goes on."""

    elapsed_seconds: float
    target_seconds: float
    ended_at: datetime | None
    _spans: tuple[Span, ...]
    _calendar: Calendar

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Return what the count is made of, as ClockReport.segments does."""
        return _segments(self._spans, self._calendar)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReport:
    """What one clock says. Instants are UTC; seconds are ints when whole.

    `due_at` is None while paused with time left and when the clock never started. `breached_at` is when the
    target ran out, not when somebody noticed. `warnings` has an instant or None for each `warn_at`.
    `stopped_at` is when the clock ended. `late` is the count that was breached: another one than the present
    when the clock began anew since.
    """

    state: ClockState
    due_at: datetime | None = None
    elapsed_seconds: float = 0
    target_seconds: float | None = None
    breached: bool = False
    breached_at: datetime | None = None
    warnings: tuple[datetime | None, ...] = ()
    stopped_at: datetime | None = None
    late: Count | None = None
    _spans: tuple[Span, ...] = ()
    _calendar: Calendar | None = None

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Return what `elapsed_seconds` is made of: contiguous, in order, none of no length.

        Laid out when asked for. Closed hours are `closed_hours` also while paused: a pause is open time.
        """
        return () if self._calendar is None else _segments(self._spans, self._calendar)

    def with_breach(self, at: datetime) -> ClockReport:
        """Return this report with a breach that stands for another reason; its count is the present one."""
        late = None
        if self._calendar is not None:
            late = Count(
                elapsed_seconds=self.elapsed_seconds,
                target_seconds=self.target_seconds or 0,
                ended_at=self.stopped_at,
                _spans=self._spans,
                _calendar=self._calendar,
            )
        state = ClockState.MISSED if self.state == ClockState.MET else self.state
        return replace(self, state=state, breached=True, breached_at=at, late=late)


def never_started(target: Target, priority: str | None) -> ClockReport:
    """Return the report of a clock that has not started."""
    known = not target.by_priority or priority is not None
    return ClockReport(
        state=ClockState.NONE,
        target_seconds=seconds_of(target.micros(priority)) if known else None,
        warnings=(None,) * len(target.warn_at),
    )


def seconds_of(micros: int) -> float:
    """Return microseconds in seconds, an int when whole."""
    return micros / SECOND if micros % SECOND else micros // SECOND


def _segments(spans: Iterable[Span], calendar: Calendar) -> tuple[Segment, ...]:
    return tuple(
        Segment(from_micros(start), from_micros(end), kind) for start, end, kind in _by_hours(spans, calendar)
    )


def _by_hours(spans: Iterable[Span], calendar: Calendar) -> Iterator[Span]:
    """Yield the spans with closed hours taken out, neighbours of one kind as one."""
    last: Span | None = None
    for span in spans:
        for piece in _pieces(span, calendar):
            if last is None:
                last = piece
            elif last[2] == piece[2]:
                last = (last[0], piece[1], piece[2])
            else:
                yield last
                last = piece
    if last is not None:
        yield last


def _pieces(span: Span, calendar: Calendar) -> Iterator[Span]:
    start, end, kind = span
    if kind == RESOLVED:
        yield span
        return
    for opening, closing in calendar.windows_micros(start, end):
        if opening > start:
            yield start, opening, CLOSED_HOURS
        yield opening, closing, kind
        start = closing
    if end > start:
        yield start, end, CLOSED_HOURS
