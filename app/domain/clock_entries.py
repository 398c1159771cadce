"""What the audit keeps of each clock: one entry for a ticket and a metric, from the reports of a decision.

Figures that only a later instant can tell are None while the clock goes on, so that an entry changes only
when something happened. What must not live here: the arithmetic of a clock (sla.py), SQL (store).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.domain import events as ev
from app.domain.breach_notes import note_of
from app.domain.clocks import Reports
from app.domain.events import AnyEvent
from app.domain.sla import ClockReport, ClockState
from app.domain.sla_history import sla_event
from app.domain.ticket import Ticket

_ENDED = frozenset({ClockState.MET, ClockState.MISSED, ClockState.CANCELLED})
_TOUCHING = (
    ev.Taken,
    ev.Passed,
    ev.SiteSet,
    ev.PolicyMoved,
    ev.Breached,
    ev.BreachExplained,
    ev.BreachExcused,
    ev.BreachUnexcused,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockEntry:
    """One clock of one ticket. Instants are UTC.

    `decided_at` is when it was known whether the promise was kept: the breach, else the end of a clock that
    was met; None while that is open and for a clock that no longer counts. Of a breached clock `held_by`,
    target, elapsed and `stopped_at` are those of the count that was breached.
    """

    ticket_id: int
    metric: str
    number: int
    account: str
    site: str
    priority: str
    trade: str
    held_by: str
    opened_at: datetime
    state: str
    target_seconds: float
    elapsed_seconds: float | None
    over_seconds: float | None
    due_at: datetime | None
    breached_at: datetime | None
    stopped_at: datetime | None
    decided_at: datetime | None
    reason: str
    excused: bool


def touches(events: Iterable[AnyEvent]) -> bool:
    """Return whether any of these events can change an entry of its ticket."""
    return any(isinstance(event, _TOUCHING) or sla_event(event) is not None for event in events)


def entries(ticket: Ticket, reports: Reports) -> tuple[ClockEntry, ...]:
    """Return the entries of a ticket's clocks that have started."""
    return tuple(
        _entry(ticket, metric, report)
        for metric, report in reports.items()
        if report.state != ClockState.NONE and report.target_seconds is not None
    )


def _entry(ticket: Ticket, metric: str, report: ClockReport) -> ClockEntry:
    note, late = note_of(ticket.breach_notes, metric), report.late
    target, elapsed = report.target_seconds or 0, report.elapsed_seconds
    stopped = report.stopped_at if report.state in _ENDED else None
    if late is not None:
        target, elapsed, stopped = late.target_seconds, late.elapsed_seconds, late.ended_at
    met = report.stopped_at if report.state == ClockState.MET else None
    return ClockEntry(
        ticket_id=ticket.id,
        metric=str(metric),
        number=ticket.number,
        account=ticket.account,
        site=ticket.site,
        priority=ticket.priority,
        trade=ticket.trade,
        held_by=note.held_by if metric in ticket.breached else ticket.assignee,
        opened_at=ticket.opened_at,
        state=str(report.state),
        target_seconds=target,
        elapsed_seconds=None if stopped is None else elapsed,
        over_seconds=None if stopped is None or late is None else max(elapsed - target, 0),
        due_at=report.due_at,
        breached_at=report.breached_at,
        stopped_at=stopped,
        decided_at=report.breached_at or met,
        reason=note.reason,
        excused=note.excused,
    )
