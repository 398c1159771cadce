"""The SLA clocks of a ticket, and every timer that a ticket needs: a pure function of its state.

The timers that should be armed are computed, never remembered: what is armed in the store is only a copy,
and the difference between before and after a command is what has to be armed or disarmed (promise 3).
What must not live here: the arithmetic of a clock (sla.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.directory import Directory
from app.domain.sla import ClockReport, Metric, Policy, explain
from app.domain.ticket import State, Ticket

ESCALATION, CLOCK, CLOSURE, HOLD, PAGE = "escalation", "clock", "closure", "hold", "page"
HOLDER, HANDOFF = "holder", "handoff"
Reports = Mapping[Metric, ClockReport]


@dataclass(frozen=True, slots=True, order=True)
class Timer:
    """Send TimerFired(kind, key, due_at) to the ticket at `due_at`, UTC. One per ticket, kind and key."""

    kind: str
    key: str
    due_at: datetime


# At the due instant itself a target is still met, so a breach is seen one tick of the database's clock later.
_JUST_AFTER = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A clock reaches `share` percent of its target at `at`; 100 and `breach` for the target itself.

    `seen_at` is the first instant at which that can be said: a warning when it is reached, a breach just
    after due; at once when a new priority's target had run out before the priority was changed.
    """

    metric: Metric
    share: int
    at: datetime
    breach: bool
    seen_at: datetime


def zone_of(ticket: Ticket, directory: Directory) -> str:
    """Return the IANA zone that `site` calendars stand for on this ticket, and that its times are shown in.

    It is stamped on the ticket with its site: what the directory says later moves no figure (promise 7).
    """
    return ticket.timezone or directory.timezone(ticket.site)


def read_clocks(ticket: Ticket, policy: Policy, now: datetime) -> Reports:
    """Return the report of each clock of the ticket as of `now`.

    A breach that was on record when the ticket was moved to another policy stays one, whatever that one says.
    """
    reports = explain(policy, ticket.history, now)
    for name, at in ticket.breaches[: ticket.kept_breaches]:
        report = reports.get(Metric(name))
        if report is not None and not report.breached and at <= now:
            reports[Metric(name)] = report.with_breach(at)
    return reports


def open_thresholds(ticket: Ticket, policy: Policy, reports: Reports) -> list[Threshold]:
    """Return the thresholds not yet recorded on the ticket, past and future, by instant."""
    found = []
    for metric, report in reports.items():
        if metric in ticket.breached:  # a breach is recorded once, and nothing warns of it later
            continue
        for share, at in zip(policy.targets[metric].warn_at, report.warnings, strict=True):
            # A new priority's later target does not warn of what is breached already.
            if at is None or (report.breached_at is not None and at > report.breached_at):
                continue
            if f"{metric}:{share}" not in ticket.warned:
                found.append(Threshold(metric, share, at, breach=False, seen_at=at))
        if report.breached_at is not None:
            found.append(Threshold(metric, 100, report.breached_at, breach=True, seen_at=report.breached_at))
        elif report.state == "running" and report.due_at is not None:
            found.append(
                Threshold(metric, 100, report.due_at, breach=True, seen_at=report.due_at + _JUST_AFTER)
            )
    return sorted(found, key=lambda t: (t.at, t.share, t.metric))


def wanted_timers(ticket: Ticket, policy: Policy, reports: Reports) -> frozenset[Timer]:
    """Return exactly the timers that this ticket needs armed."""
    timers: list[Timer] = []
    if not ticket.open:
        return frozenset()
    if ticket.escalation.next_at is not None:
        timers.append(Timer(ESCALATION, "", ticket.escalation.next_at))
        waiting: dict[str, datetime] = {}
        for step in ticket.page_steps:
            if not step.done:
                waiting[step.person] = min(step.at, waiting.get(step.person, step.at))
        timers.extend(Timer(PAGE, person, at) for person, at in waiting.items())
    if ticket.state == State.ON_HOLD and ticket.hold_until is not None:
        timers.append(Timer(HOLD, "", ticket.hold_until))
    if waits_for_holder(ticket) and ticket.ack_until is not None:
        timers.append(Timer(HOLDER, "", ticket.ack_until))
    if ticket.handoff is not None:
        timers.append(Timer(HANDOFF, "", ticket.handoff.until))
    if ticket.state == State.RESOLVED:
        timers.append(Timer(CLOSURE, "", closure_due(ticket)))
    first: dict[Metric, Threshold] = {}
    for threshold in open_thresholds(ticket, policy, reports):
        first.setdefault(threshold.metric, threshold)
    timers.extend(Timer(CLOCK, metric, threshold.seen_at) for metric, threshold in first.items())
    return frozenset(timers)


def waits_for_holder(ticket: Ticket) -> bool:
    """Return whether somebody has it from whom a sign of life is due: an arrival time, an update."""
    return ticket.state == State.ACKNOWLEDGED and ticket.assignee != "" and not ticket.escalating


def closure_due(ticket: Ticket) -> datetime:
    """Return when the unanswered closing question is next acted upon: the reminder, then the closing.

    After a reminder the customer has as long as the terms give, however late it went out. Terms that would
    remind only at the closing have no reminder. A life-safety ticket is never closed without an answer, nor
    one about which the customer has more to say: they go on reminding.
    """
    if ticket.resolved_at is None:
        raise ValueError("only a resolved ticket waits for its closure")
    if ticket.reminded_at is None and ticket.remind_after < ticket.close_after:
        return ticket.resolved_at + ticket.remind_after
    if ticket.reminded_at is None:
        return ticket.resolved_at + ticket.close_after
    if ticket.life_safety or ticket.reserved:
        return ticket.reminded_at + ticket.close_after
    return max(ticket.resolved_at, ticket.reminded_at - ticket.remind_after) + ticket.close_after


def next_due(reports: Reports) -> tuple[Metric, datetime] | None:
    """Return the running clock that is due first (or longest overdue) and its due instant, or None."""
    running = [(r.due_at, m) for m, r in reports.items() if r.state == "running" and r.due_at is not None]
    if not running:
        return None
    due, metric = min(running)
    return metric, due
