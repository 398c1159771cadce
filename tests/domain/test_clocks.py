"""The timers that a ticket needs, as a function of its state alone."""

from __future__ import annotations

from datetime import timedelta

from app.domain import commands as cmd
from app.domain.clocks import Timer, closure_due, next_due, open_thresholds, read_clocks, wanted_timers
from app.domain.sla import Metric, Policy, parse_policy
from tests.building import MINUTE, NIGHT, POLICY_DOCUMENT, Case

JUST_AFTER = timedelta(microseconds=1)


def policy() -> Policy:
    return parse_policy(POLICY_DOCUMENT, {}, "America/New_York")


def armed(case: Case) -> dict[tuple[str, str], timedelta]:
    return {(t.kind, t.key): t.due_at - NIGHT for t in case.last.timers}


def test_each_running_clock_has_one_timer_at_its_next_threshold() -> None:
    case = Case()
    assert armed(case)["clock", "acknowledge"] == 12 * MINUTE
    case.fire("clock", "acknowledge")
    assert armed(case)["clock", "acknowledge"] == 15 * MINUTE + JUST_AFTER
    case.fire("clock", "acknowledge")
    assert ("clock", "acknowledge") not in armed(case)
    assert [e.kind for e in case.all_events if e.kind in ("warned", "breached")] == ["warned", "breached"]


def test_a_paused_clock_has_no_timer_and_its_time_is_given_back() -> None:
    case = Case()
    case.by(cmd.Acknowledge, "ana", at=1)
    case.by(cmd.Hold, "ana", at=60, reason="waiting_parts")
    assert ("clock", "resolve") not in armed(case)
    case.by(cmd.Release, "ana", at=120)
    assert armed(case)["clock", "resolve"] == 5 * 60 * MINUTE


def test_an_ended_ticket_needs_none() -> None:
    case = Case()
    case.by(cmd.Cancel, "ana", at=1)
    assert case.last.timers == frozenset()


def test_timers_are_the_same_however_often_they_are_worked_out() -> None:
    case = Case()
    case.by(cmd.Acknowledge, "ana", at=13)
    assert case.ticket is not None
    for later in (0, 1, 30):
        reports = read_clocks(case.ticket, policy(), case.now + later * MINUTE)
        assert wanted_timers(case.ticket, policy(), reports) == case.last.timers


def test_a_breach_is_not_seen_at_the_due_instant_itself() -> None:
    case = Case()
    assert case.ticket is not None
    due = NIGHT + 15 * MINUTE
    reports = read_clocks(case.ticket, policy(), due)
    breach = next(
        t for t in open_thresholds(case.ticket, policy(), reports) if t.breach and t.metric == "acknowledge"
    )
    assert (breach.at, breach.seen_at) == (due, due + JUST_AFTER)
    reports = read_clocks(case.ticket, policy(), due + JUST_AFTER)
    assert reports[Metric.ACKNOWLEDGE].breached_at == due


def test_what_is_due_next_is_a_running_clock_overdue_ones_first() -> None:
    case = Case()
    assert next_due(case.last.reports) == (Metric.ACKNOWLEDGE, NIGHT + 15 * MINUTE)
    case.by(cmd.Note, "ana", at=500, text="x")
    assert next_due(case.last.reports) == (Metric.ACKNOWLEDGE, NIGHT + 15 * MINUTE)
    case.by(cmd.Resolve, "ana", at=501, text="x")
    assert next_due(case.last.reports) == (Metric.CONFIRM, NIGHT + 501 * MINUTE + timedelta(hours=24))


def test_the_closing_is_due_after_the_reminder() -> None:
    case = Case()
    case.by(cmd.Resolve, "ana", at=0, text="x")
    assert case.ticket is not None
    assert closure_due(case.ticket) == NIGHT + timedelta(hours=2)
    case.fire("closure")
    assert closure_due(case.ticket) == NIGHT + timedelta(hours=4)
    assert Timer("closure", "", NIGHT + timedelta(hours=4)) in case.last.timers
