"""One SLA clock on one ticket: fed with events in order, it tells where it stands (FORMATS, 'SLA').

What must not live here: how a policy is written (sla_policy.py), several clocks at once (sla.py).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from app.domain.calendars import Calendar
from app.domain.sla_policy import Metric, OnPriorityChange, OnReopen, Policy, Target
from app.domain.zones import SECOND, from_micros

RUNNING = "running"
CLOSED_HOURS = "closed_hours"
RESOLVED = "resolved"
PAUSED = "paused:"

_STOPS: Mapping[Metric, frozenset[str]] = {
    Metric.ACKNOWLEDGE: frozenset({"acknowledged", "eta_given", "arrived", "resolved"}),
    Metric.ARRIVE: frozenset({"arrived", "resolved"}),
    Metric.RESOLVE: frozenset({"resolved"}),
    Metric.UPDATE: frozenset({"resolved"}),
    # A ticket that is reopened without a word was answered with a no by that.
    Metric.CONFIRM: frozenset({"confirmed", "declined", "reopened"}),
}
_TOLD = frozenset({"acknowledged", "eta_given", "arrived", "updated"})

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


class Clock:
    """A clock while it is fed; instants are microseconds as in zones.py.

    A count is what one target is measured against: one link of the update chain, one cycle of resolve or
    confirm. `spans` are what the present count is made of, up to `mark`; `starts` are those of the running
    ones, `sums` the time counted before each of them and after the last. While the ticket is resolved, `gap`
    gathers the spans that count should it be reopened. Nothing changes a clock that is `over`.
    """

    __slots__ = (
        "_breached_at",
        "_gap",
        "_gap_from",
        "_goal",
        "_goal_since",
        "_holds",
        "_late",
        "_mark",
        "_pauses",
        "_policy",
        "_priority",
        "_regoal_at",
        "_spans",
        "_starts",
        "_state",
        "_stopped_at",
        "_sums",
        "_target",
        "over",
    )

    def __init__(self, policy: Policy, target: Target, priority: str | None) -> None:
        self._policy = policy
        self._target = target
        self._priority = priority
        self._pauses = policy.pause_on.get(target.metric, frozenset())
        self._holds: dict[str, None] = {}
        self._state = ClockState.NONE
        self._mark = 0
        self._spans: list[Span] = []
        self._starts: list[int] = []
        self._sums: list[int] = [0]
        self._gap: list[Span] = []
        self._gap_from = 0
        self._goal = 0
        self._goal_since = 0
        self._regoal_at: int | None = None
        self._stopped_at: int | None = None
        self._breached_at: int | None = None
        self._late: Count | None = None
        self.over = False

    def start(self, at: int) -> None:
        """Begin a new count; a breach of an earlier one stands."""
        self._clear()
        self._mark = at
        self._goal = self._target.micros(self._priority)
        self._goal_since = at
        self._stopped_at = None
        self._state = ClockState.RUNNING

    def take(self, at: int, event: SlaEvent) -> None:
        """Take the next event, at an instant not before the last one's, unless the clock is over."""
        kind = event.type
        if kind == "held":
            self._hold(at, event.reason)
        elif kind == "released":
            self._release(at, event.reason)
        elif kind == "priority_changed":
            self._reprioritise(at, event.priority)
        elif kind == "cancelled":
            if self._running:
                self._stop(at, ClockState.CANCELLED)
            self.over = True
        else:
            if kind == "resolved":
                self._release(at, None)
            self._move(at, kind)

    def report(self, now: int) -> ClockReport:
        """Return where the clock stands at an instant not before the last event's."""
        target = self._target
        if self._state == ClockState.NONE:
            return never_started(target, self._priority)
        if self._running:
            self._advance(now)
            self._settle(now)
        end = now if self._stopped_at is None else self._stopped_at
        elapsed = self._sums[-1]
        state = self._state
        if state == ClockState.RUNNING and self._holds:
            state = ClockState.PAUSED
        add = target.calendar.add_micros

        def reached(amount: int, *, ahead: bool) -> datetime | None:
            found = self._reached(amount)
            if found is None and ahead:
                found = add(end, amount - elapsed)
            return None if found is None else from_micros(found)

        breached_at = self._breached_at
        return ClockReport(
            state=state,
            due_at=reached(self._goal, ahead=state != ClockState.PAUSED),
            elapsed_seconds=_seconds(elapsed),
            target_seconds=_seconds(self._goal),
            breached=breached_at is not None,
            breached_at=None if breached_at is None else from_micros(breached_at),
            warnings=tuple(
                reached(self._goal * share // 100, ahead=state == ClockState.RUNNING)
                for share in target.warn_at
            ),
            stopped_at=None if self._stopped_at is None else from_micros(self._stopped_at),
            late=None if breached_at is None else self._late or self._breached_count(self._stopped_at),
            _spans=tuple(self._spans),
            _calendar=target.calendar,
        )

    def _breached_count(self, ended: int | None) -> Count:
        return Count(
            elapsed_seconds=_seconds(self._sums[-1]),
            target_seconds=_seconds(self._goal),
            ended_at=None if ended is None else from_micros(ended),
            _spans=tuple(self._spans),
            _calendar=self._target.calendar,
        )

    @property
    def _running(self) -> bool:
        return self._state == ClockState.RUNNING

    def _move(self, at: int, kind: str) -> None:
        metric = self._target.metric
        if self._running:
            if kind in _STOPS[metric]:
                self._stop(at, ClockState.MET)
                self.over = metric in (Metric.ACKNOWLEDGE, Metric.ARRIVE) or (
                    metric == Metric.RESOLVE and self._policy.on_reopen == OnReopen.FREEZE
                )
            elif metric == Metric.UPDATE and kind in _TOLD:
                self._advance(at)
                self._settle(at)
                self.start(at)
            elif metric == Metric.CONFIRM and kind == "closed":
                self._stop(at, ClockState.CANCELLED)
        elif metric == Metric.CONFIRM:
            if kind == "resolved":
                self.start(at)
        elif kind == "reopened" and self._stopped_at is not None:
            self._reopen(at)

    def _stop(self, at: int, state: ClockState) -> None:
        self._advance(at)
        self._settle(at)
        self._state = (
            ClockState.MISSED if state == ClockState.MET and self._breached_at is not None else state
        )
        self._stopped_at = self._gap_from = at
        self._gap = []
        self._regoal_at = None

    def _reopen(self, at: int) -> None:
        if self._target.metric == Metric.UPDATE or self._policy.on_reopen == OnReopen.RESTART:
            self.start(at)
            return
        self._advance(at)
        if self._regoal_at is not None:
            if self._policy.on_priority_change == OnPriorityChange.FROM_CHANGE:
                self._clear()
            self._goal, self._goal_since = self._target.micros(self._priority), self._regoal_at
        if self._policy.on_reopen == OnReopen.COUNT:
            for span in self._gap:
                self._count(span)
        elif at > self._gap_from:
            self._spans.append((self._gap_from, at, RESOLVED))
        self._stopped_at = None
        self._state = ClockState.RUNNING

    def _hold(self, at: int, reason: str | None) -> None:
        if reason is not None and reason in self._pauses:
            self._advance(at)
            self._holds[reason] = None

    def _release(self, at: int, reason: str | None) -> None:
        if self._holds and (reason is None or reason in self._holds):
            self._advance(at)
            if reason is None:
                self._holds.clear()
            else:
                del self._holds[reason]

    def _reprioritise(self, at: int, priority: str | None) -> None:
        mode = self._policy.on_priority_change
        if mode == OnPriorityChange.KEEP or priority == self._priority:
            return
        self._priority = priority
        if not self._target.by_priority or self._state == ClockState.NONE:
            return
        self._advance(at)
        if self._stopped_at is not None:
            # What was stopped stays as it was; the new target comes into force should the ticket be reopened.
            self._regoal_at = at
            if mode == OnPriorityChange.FROM_CHANGE:
                self._gap = []
                self._gap_from = at
            return
        self._settle(at)
        if mode == OnPriorityChange.FROM_CHANGE:
            self._clear()
        self._goal, self._goal_since = self._target.micros(priority), at

    def _clear(self) -> None:
        if self._breached_at is not None and self._late is None:
            self._late = self._breached_count(self._mark if self._stopped_at is None else self._stopped_at)
        self._spans, self._starts, self._sums = [], [], [0]

    def _count(self, span: Span) -> None:
        """Add a span to the present count."""
        self._spans.append(span)
        if span[2] == RUNNING:
            self._starts.append(span[0])
            self._sums.append(self._sums[-1] + self._target.calendar.between_micros(span[0], span[1]))

    def _advance(self, at: int) -> None:
        """Write down what the clock did since `mark`; one that has not started did nothing."""
        if at > self._mark and self._state != ClockState.NONE:
            kind = PAUSED + next(iter(self._holds)) if self._holds else RUNNING
            span = (self._mark, at, kind)
            if self._stopped_at is None:
                self._count(span)
            else:
                self._gap.append(span)
            self._mark = at

    def _settle(self, at: int) -> None:
        """Record the breach if the present target ran out before an instant up to which the clock ran."""
        if self._breached_at is None:
            ran_out = self._reached(self._goal)
            if ran_out is not None and at > ran_out:
                self._breached_at = max(ran_out, self._goal_since)

    def _reached(self, amount: int) -> int | None:
        """Return the first instant at which `amount` was counted, or None."""
        index = max(bisect_left(self._sums, amount) - 1, 0)
        if index >= len(self._starts):
            return None
        return self._target.calendar.add_micros(self._starts[index], amount - self._sums[index])


def never_started(target: Target, priority: str | None) -> ClockReport:
    """Return the report of a clock that has not started."""
    known = not target.by_priority or priority is not None
    return ClockReport(
        state=ClockState.NONE,
        target_seconds=_seconds(target.micros(priority)) if known else None,
        warnings=(None,) * len(target.warn_at),
    )


def _seconds(micros: int) -> float:
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
