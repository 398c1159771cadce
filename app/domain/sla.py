"""SLA clocks: what a ticket's events and its policy say about each metric at an instant (FORMATS, 'SLA').

One pure function, `explain`, for the engine that arms timers, the pages, the audit and `compute` (promise 7).
What must not live here: how a policy is written (sla_policy.py), what a warning or a breach sets off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter

from app.domain.sla_clock import Clock
from app.domain.sla_policy import (
    Metric,
    OnPriorityChange,
    OnReopen,
    Policy,
    PolicyError,
    Target,
    parse_policy,
)
from app.domain.sla_report import ClockReport, ClockState, Count, Segment, SlaEvent, never_started
from app.domain.zones import to_micros

__all__ = [
    "ClockReport",
    "ClockState",
    "Count",
    "Metric",
    "OnPriorityChange",
    "OnReopen",
    "Policy",
    "PolicyError",
    "Segment",
    "SlaEvent",
    "Target",
    "Threshold",
    "ThresholdKind",
    "explain",
    "next_threshold",
    "parse_policy",
]


class ThresholdKind(StrEnum):
    """What a running clock reaches."""

    WARNING = "warning"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A running clock reaches `share` percent of its target at `at` (None: the target itself is due)."""

    kind: ThresholdKind
    share: int | None
    at: datetime


def next_threshold(report: ClockReport, target: Target, as_of: datetime) -> Threshold | None:
    """Return what a running clock reaches next after `as_of`: a warning or due, whichever is first.

    None when the clock does not run or is breached: a breach happens once, and nothing warns of it later.
    At the very due instant the target is still met, so due is returned for `as_of` equal to it.
    """
    if report.state != ClockState.RUNNING or report.breached or report.due_at is None:
        return None
    ahead = [
        Threshold(ThresholdKind.WARNING, share, at)
        for share, at in zip(target.warn_at, report.warnings, strict=True)
        if at is not None and at > as_of
    ]
    return min([*ahead, Threshold(ThresholdKind.DUE, None, report.due_at)], key=attrgetter("at"))


def explain(policy: Policy, events: Sequence[SlaEvent], as_of: datetime) -> dict[Metric, ClockReport]:
    """Return the report of each metric that has a target, as of an instant; later events are ignored.

    `events` come in any order; those of one instant count in the order given. Raises PolicyError for a
    priority that a target lacks, CalendarError or RangeError where a due instant would lie out of range.
    """
    now = to_micros(as_of)
    history = sorted(
        ((to_micros(event.at), index, event) for index, event in enumerate(events) if event.at <= as_of),
    )
    contact, priority, changes = _first_contact(event for _, _, event in history)
    reports = {}
    for metric, target in policy.targets.items():
        if contact is None or contact > now:
            reports[metric] = never_started(target, priority)
            continue
        for changed in changes if target.by_priority else ():
            target.micros(changed)  # a priority that the map lacks is an error, whatever came of it
        clock = Clock(policy, target, priority)
        if metric != Metric.CONFIRM:
            clock.start(contact)
        for at, _, event in history:
            clock.take(max(at, contact), event)
            if clock.over:
                break
        reports[metric] = clock.report(now)
    return reports


def _first_contact(history: Iterable[SlaEvent]) -> tuple[int | None, str | None, list[str | None]]:
    """Return the earliest contact, the first priority and those that it was changed to."""
    contact: int | None = None
    priority: str | None = None
    changes: list[str | None] = []
    for event in history:
        known: datetime | None = None
        if event.type == "opened":
            known, priority = event.at, priority or event.priority
        elif event.type == "merged_in":
            known = event.first_contact_at
        elif event.type == "priority_changed":
            changes.append(event.priority)
        if known is not None:
            at = to_micros(known)
            contact = at if contact is None else min(contact, at)
    return contact, priority, changes
