"""One SLA clock on one ticket: fed with events in order, it tells where it stands (FORMATS, 'SLA').

What must not live here: how a policy is written (sla_policy.py), what a report says (sla_report.py), several
clocks at once (sla.py).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from datetime import datetime

from app.domain.sla_policy import Metric, OnPriorityChange, OnReopen, Policy, Target
from app.domain.sla_report import (
    PAUSED,
    RESOLVED,
    RUNNING,
    ClockReport,
    ClockState,
    Count,
    SlaEvent,
    Span,
    never_started,
    seconds_of,
)
from app.domain.zones import from_micros

_STOPS: Mapping[Metric, frozenset[str]] = {
    Metric.ACKNOWLEDGE: frozenset({"acknowledged", "eta_given", "arrived", "resolved"}),
    Metric.ARRIVE: frozenset({"arrived", "resolved"}),
    Metric.RESOLVE: frozenset({"resolved"}),
    Metric.UPDATE: frozenset({"resolved"}),
    # Of a ticket that is reopened without a no, the no was skipped: it counts as done at the reopening.
    Metric.CONFIRM: frozenset({"confirmed", "declined", "reopened"}),
}
_TOLD = frozenset({"acknowledged", "eta_given", "arrived", "updated"})


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
            elapsed_seconds=seconds_of(elapsed),
            target_seconds=seconds_of(self._goal),
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
            elapsed_seconds=seconds_of(self._sums[-1]),
            target_seconds=seconds_of(self._goal),
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
