"""Warnings and breaches: each is recorded once, at its own instant, and what its policy says is done.

What must not live here: when a clock reaches what (sla.py, clocks.py), how an action is written
(sla_actions.py).
"""

from __future__ import annotations

from app.domain import events as ev
from app.domain.clocks import Reports, Threshold, open_thresholds, read_clocks
from app.domain.drafting import Draft
from app.domain.sla import ClockReport, Metric
from app.domain.sla_actions import ASSIGNEE
from app.domain.texts import TextId
from app.domain.ticket import State
from app.domain.worsening import raise_priority


def record_thresholds(draft: Draft, had_it: str) -> Reports:
    """Record each warning and breach that lies at or before now and carry out what follows from it.

    An action may move the clocks: a higher priority has other targets. So they are read anew until nothing
    more is crossed. That ends, because a ticket has each threshold once, whatever moves. `had_it` is whose
    the ticket was before the command: a target that ran out earlier ran out with them.
    """
    policy, now = draft.setting.policy, draft.now
    while True:
        reports = read_clocks(draft.ticket, policy, now)
        ahead = open_thresholds(draft.ticket, policy, reports)
        crossed = [threshold for threshold in ahead if threshold.seen_at <= now]
        if not crossed:
            return reports
        last = {threshold.metric: threshold for threshold in crossed}
        hear: dict[Metric, set[str]] = {}
        for threshold in crossed:
            metric = threshold.metric
            _record(draft, threshold, had_it)
            hear.setdefault(metric, set()).update(_people(draft, threshold, reports[metric]))
            if last[metric] is threshold:
                _tell(draft, threshold, reports[metric], hear[metric])
        for threshold in crossed:
            _act(draft, threshold)


def _record(draft: Draft, threshold: Threshold, had_it: str) -> None:
    metric, head = threshold.metric, draft.head(threshold.at)
    if threshold.breach:
        draft.record(ev.Breached(**head, metric=metric, held_by=had_it))
    else:
        draft.record(ev.Warned(**head, metric=metric, share=threshold.share))


def _tell(draft: Draft, threshold: Threshold, report: ClockReport, people: set[str]) -> None:
    """Tell of the last of a clock's thresholds that were crossed unnoticed: it overtakes those before it."""
    text = TextId.BREACH if threshold.breach else TextId.WARNING
    due = threshold.at if threshold.breach else report.due_at or threshold.at
    for person in sorted(people):
        draft.tell(person, text, metric=threshold.metric, due=due)


def _act(draft: Draft, threshold: Threshold) -> None:
    action = draft.setting.actions.of(threshold.metric, breach=threshold.breach)
    if draft.ticket.open:
        raise_priority(draft, action.raise_priority)
    if action.escalate and draft.ticket.open and draft.ticket.state != State.RESOLVED:
        draft.record(ev.Escalated(**draft.head(), person="", text=""))
        draft.advance("breach" if threshold.breach else "warning")


def _people(draft: Draft, threshold: Threshold, report: ClockReport) -> set[str]:
    """Return whom the threshold's action tells. A clock that has ended warns nobody any longer."""
    if not threshold.breach and (not draft.ticket.open or report.stopped_at is not None):
        return set()
    action = draft.setting.actions.of(threshold.metric, breach=threshold.breach)
    named = set(draft.who(target for target in action.tell if target != ASSIGNEE))
    if ASSIGNEE in action.tell and draft.ticket.assignee:
        named.add(draft.ticket.assignee)
    return named
